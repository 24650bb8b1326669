"""Planners open customers, edit, delete and restore them; a refusal or a closed panel loses nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.on_the_map import OpenMap, metres_between
from tests.browser.world import World

SQUARE = (24.9440, 60.1710)
CORNER = (24.9450, 60.1713)


@pytest.fixture
def adding(page: Page, sign_in: Callable, open_map: Callable, world: World) -> OpenMap:
    """A planner with the panel open."""
    sign_in(page, "planner")
    on_map = open_map(page, at=SQUARE, zoom=17, panel="add")
    expect(page.get_by_role("heading", name="Add a customer")).to_be_visible()
    return on_map


def fill_in(page: Page, name: str, account_no: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Account number").fill(account_no)


def add(page: Page) -> None:
    page.get_by_role("button", name="Add customer").click()


def test_a_customer_is_added_by_a_click_on_the_map(page, adding, world):
    adding.click(CORNER)
    fill_in(page, "Kulmatalo", "8100000001")
    page.get_by_label("Grade").select_option("special")
    page.get_by_role("button", name="Large customer").click()
    page.get_by_label("Contracted capacity (kVA)").fill("1 250")
    page.get_by_label("Person").fill("Mikko")
    page.get_by_label("Phone").fill("+358 9 4050")

    add(page)

    expect(page.get_by_text("Kulmatalo is added.")).to_be_visible()
    expect(page.get_by_role("heading", name="Kulmatalo")).to_be_visible()
    (row,) = world.named("Kulmatalo")
    card = world.card(row["id"])
    assert metres_between((card["lon"], card["lat"]), CORNER) < 3
    assert (card["grade"], card["classes"], card["contract_kva"]) == ("special", ["large"], 1250)
    assert (card["point"]["source"], card["contacts"][0]["is_duty"]) == ("map_click", True)


def test_a_click_places_the_customer_at_once(page, adding, world):
    # No timer of the page runs from here on: whoever presses "Add customer" a moment later finds the place set.
    place = adding.pixel_of(CORNER)
    page.evaluate("window.setTimeout = () => 0")
    page.mouse.click(*place)

    expect(page.get_by_text("Placed on the map")).to_be_visible()


def test_a_customer_is_added_by_typed_degrees_minutes_and_seconds(page, adding, world):
    page.get_by_role("radio", name="Coordinates").check()
    page.get_by_label("Longitude, latitude").fill("60°10′16.7″N 24°56′42.0″E")
    expect(page.get_by_text("Read as 24.945000, 60.171306")).to_be_visible()
    fill_in(page, "Mittatalo", "8100000002")

    add(page)

    expect(page.get_by_text("Mittatalo is added.")).to_be_visible()
    (row,) = world.named("Mittatalo")
    assert metres_between((row["lon"], row["lat"]), (24.945, 60.171306)) < 0.2
    assert world.card(row["id"])["point"]["source"] == "typed"


def test_a_position_in_another_datum_is_stored_with_it(page, adding, world):
    page.get_by_role("radio", name="Coordinates").check()
    page.get_by_label("Longitude, latitude").fill("24.945, 60.1713")
    page.get_by_label("Datum of the coordinates").select_option("CGCS2000")
    fill_in(page, "Datumtalo", "8100000003")

    add(page)

    expect(page.get_by_text("Datumtalo is added.")).to_be_visible()
    (row,) = world.named("Datumtalo")
    assert world.card(row["id"])["point"]["datum"] == "CGCS2000"


def test_the_position_of_the_device_is_taken_with_its_accuracy(another_context, sign_in, open_map, world):
    here = {"longitude": 24.9447, "latitude": 60.1711, "accuracy": 8}
    page = another_context(geolocation=here, permissions=["geolocation"]).new_page()
    sign_in(page, "planner")
    open_map(page, at=SQUARE, panel="add")
    page.get_by_role("radio", name="My position").check()
    page.get_by_role("button", name="Use my position").click()
    expect(page.get_by_label("Accuracy (m)")).to_have_value("8")
    fill_in(page, "Laitetalo", "8100000004")

    add(page)

    expect(page.get_by_text("Laitetalo is added.")).to_be_visible()
    (row,) = world.named("Laitetalo")
    point = world.card(row["id"])["point"]
    assert (point["lon"], point["lat"], point["accuracy_m"], point["source"]) == (24.9447, 60.1711, 8, "device")


def test_an_address_of_the_basemap_is_found_and_taken(page, adding, world):
    page.get_by_role("radio", name="Address").check()
    page.get_by_label("Street, address or place").fill("Finlandia")
    page.get_by_role("button", name="Finlandia-talo").click()
    fill_in(page, "Konserttitalo", "8100000005")

    add(page)

    expect(page.get_by_text("Konserttitalo is added.")).to_be_visible()
    (row,) = world.named("Konserttitalo")
    assert metres_between((row["lon"], row["lat"]), (24.9336, 60.1757)) < 1
    assert world.card(row["id"])["point"]["source"] == "address"


def test_without_a_location_a_customer_waits_in_the_tray(page, adding, world):
    page.get_by_role("radio", name="Not known yet").check()
    fill_in(page, "Huomistalo", "8100000006")

    add(page)

    expect(page.get_by_text("Huomistalo is added and waits in the tray")).to_be_visible()
    expect(page.get_by_role("button", name="Tray")).to_contain_text("1")
    (row,) = world.named("Huomistalo")
    assert row["lon"] is None


def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(page, adding, world):
    world.customer("Ensimmäinen", account_no="8100000007")
    page.get_by_role("radio", name="Not known yet").check()
    fill_in(page, "Toinen", "81 0000 0007")
    add(page)

    expect(page.get_by_label("Account number")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Account number")).to_be_focused()

    page.get_by_label("Account number").fill("8100000007")
    add(page)

    expect(page.get_by_text("This account number belongs to another customer already.").first).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Toinen")
    assert world.named("Toinen") == []


def test_what_was_typed_survives_closing_the_panel_and_a_reload(page, adding):
    adding.click(CORNER)
    fill_in(page, "Kesken", "8100000008")
    page.get_by_role("complementary", name="Add a customer").get_by_role("button", name="Close").click()
    page.reload()

    page.get_by_role("button", name="Add", exact=True).click()

    expect(page.get_by_label("Name", exact=True)).to_have_value("Kesken")
    expect(page.get_by_text("You began this")).to_be_visible()

    page.get_by_role("button", name="Discard").first.click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("")


def test_an_addition_is_taken_back_from_its_message(page, adding, world):
    page.get_by_role("radio", name="Not known yet").check()
    fill_in(page, "Erehdys", "8100000009")
    add(page)

    page.get_by_role("button", name="Undo", exact=True).click()

    expect(page.get_by_text("Erehdys is removed again.")).to_be_visible()
    assert world.named("Erehdys") == []


def test_the_ledger_is_edited_and_the_edit_undone(page, sign_in, open_map, world):
    customer = world.customer("Kirjatalo", SQUARE, address="Vanha katu 1")
    sign_in(page, "planner")
    open_map(page, at=SQUARE, sel=f"customers:{customer['id']}")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Address").fill("Uusi katu 2")
    page.get_by_label("Grade").select_option("second")
    page.get_by_role("button", name="Save changes").click()

    expect(page.get_by_text("Changes of Kirjatalo are saved.")).to_be_visible()
    card = world.card(customer["id"])
    assert (card["address"], card["grade"]) == ("Uusi katu 2", "second")

    page.get_by_role("button", name="Undo", exact=True).click()

    expect(page.get_by_text("The former values of Kirjatalo are back.")).to_be_visible()
    card = world.card(customer["id"])
    assert (card["address"], card["grade"]) == ("Vanha katu 1", "first")


def test_contacts_are_added_changed_and_taken_away_on_the_card(page, sign_in, open_map, world):
    mikko = {"name": "Mikko", "phone": "+358 9 4050 9552", "role": "duty", "is_duty": True}
    customer = world.customer("Puhelintalo", SQUARE, contacts=[mikko])
    sign_in(page, "planner")
    open_map(page, at=SQUARE, sel=f"customers:{customer['id']}", panel="edit")
    first, second = (page.get_by_role("group", name=f"Contact {number}", exact=True) for number in (1, 2))
    expect(first.get_by_label("Phone")).to_have_value("+358 9 4050 9552")

    first.get_by_label("Answers day and night").uncheck()
    page.get_by_role("button", name="Add a contact").click()
    second.get_by_label("Name").fill("Aino")
    second.get_by_label("Phone").fill("call me")
    second.get_by_label("Role").select_option("electrician")
    second.get_by_label("Answers day and night").check()
    page.get_by_role("button", name="Save changes").click()
    expect(second.get_by_label("Phone")).to_have_attribute("aria-invalid", "true")
    second.get_by_label("Phone").fill("+358 40 123 4567")
    page.get_by_role("button", name="Save changes").click()

    card = page.get_by_role("complementary", name="Selected customer")
    expect(card.get_by_role("region", name="Duty phones")).to_have_text("+358 40 123 4567Aino · Electrician")
    card.get_by_role("tab", name="History").click()
    expect(card).to_contain_text(
        "Contacts: Mikko …9552 (Duty, day and night) → Aino …4567 (Electrician, day and night), Mikko …9552 (Duty)"
    )

    card.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("button", name="Take away Mikko").click()
    page.get_by_role("button", name="Save changes").click()

    # The panel closes when it is saved; the message of the first edit may still be there.
    expect(page.get_by_role("heading", name="Edit customer")).to_be_hidden()
    assert [contact["name"] for contact in world.card(customer["id"])["contacts"]] == ["Aino"]


def test_two_people_edit_the_same_field_and_the_second_chooses(page, sign_in, open_map, world):
    customer = world.customer("Riitatalo", SQUARE, address="Katu 1")
    sign_in(page, "planner")
    open_map(page, at=SQUARE, sel=f"customers:{customer['id']}", panel="edit")
    page.get_by_label("Address").fill("Katu 2")
    edit = {"base_version": customer["version"], "address": "Katu 3", "voltage": "20 kV"}
    world.supervisor.send("PATCH", f"/api/v1/customers/{customer['id']}", edit)
    page.get_by_role("button", name="Save changes").click()

    expect(page.get_by_role("heading", name="Somebody changed it too")).to_be_visible()
    # The card beside it hears of the change as well.
    expect(page.get_by_role("complementary", name="Edit customer").get_by_text("20 kV")).to_be_visible()
    page.get_by_label("Theirs: Katu 3").check()
    page.get_by_label("Mine: Katu 2").check()
    page.get_by_role("button", name="Save this choice").click()

    expect(page.get_by_text("Changes of Riitatalo are saved.")).to_be_visible()
    card = world.card(customer["id"])
    assert (card["address"], card["voltage"]) == ("Katu 2", "20 kV")


def test_deleting_needs_a_reason_and_is_restored_from_the_message_or_the_list(page, sign_in, open_map, world):
    customer = world.customer("Purettu", SQUARE)
    sign_in(page, "planner")
    open_map(page, at=SQUARE, sel=f"customers:{customer['id']}")
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog", name="Delete Purettu")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_contain_text("Say why")

    dialog.get_by_label("Reason").fill("house is gone")
    dialog.get_by_role("button", name="Delete", exact=True).click()

    expect(page.get_by_text("Purettu is deleted.")).to_be_visible()
    assert world.card(customer["id"])["delete_reason"] == "house is gone"

    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Purettu is back.")).to_be_visible()
    assert world.card(customer["id"])["deleted_at"] is None

    body = {"base_version": world.card(customer["id"])["version"], "reason": "again"}
    world.supervisor.send("DELETE", f"/api/v1/customers/{customer['id']}", body)
    page.get_by_role("button", name="Tray").click()
    page.get_by_role("button", name="Deleted customers").click()
    page.get_by_role("list", name="Deleted customers").get_by_role("button", name="Restore Purettu").click()

    expect(page.get_by_role("button", name="Restore Purettu")).to_be_hidden()
    assert world.card(customer["id"])["deleted_at"] is None
