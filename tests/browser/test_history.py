"""The journal in words, its replay on the map, and undo on any day."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.on_the_map import OpenMap
from tests.browser.screens import prefer
from tests.browser.world import Person, World

SQUARE = (24.9440, 60.1710)
EAST = (24.9444, 60.1710)
NORTH = (24.9444, 60.1713)


@pytest.fixture
def planner(base_url: str) -> Person:
    return Person(base_url, "planner")


@pytest.fixture
def wanderer(world: World, planner: Person) -> dict:
    """Placed, moved east by the planner, moved north by the supervisor."""
    customer = world.customer("Kulkutalo", SQUARE)
    world.move(customer["id"], EAST, reason="wrong gate", by=planner)
    world.move(customer["id"], NORTH, reason="seen on site")
    return customer


@pytest.fixture
def history(page: Page, sign_in: Callable, open_map: Callable, wanderer: dict) -> OpenMap:
    sign_in(page, "planner")
    on_map = open_map(page, at=SQUARE, zoom=17, sel=f"customers:{wanderer['id']}", tab="history")
    expect(rows(page)).to_have_count(3)
    return on_map


def rows(page: Page):
    return page.get_by_role("list", name="Changes, newest first").get_by_role("listitem")


def place_of(world: World, customer: dict):
    card = world.card(customer["id"])
    return card["lon"], card["lat"]


def test_the_journal_tells_who_moved_it_how_far_and_why(page, history):
    expect(rows(page).nth(0)).to_contain_text("Moved 33 m north by Supervisor Tester, reason: seen on site")
    expect(rows(page).nth(1)).to_contain_text("Moved 22 m east by Pekka Planner, reason: wrong gate")
    expect(rows(page).nth(2)).to_contain_text("Placed on the map by Supervisor Tester")
    expect(rows(page).nth(0)).to_contain_text("just now")
    expect(page.get_by_text("Times are in China Standard Time.")).to_be_visible()


def test_the_journal_tells_the_same_in_chinese(page, sign_in, open_map, wanderer):
    prefer(page, language="zh", theme="light")
    sign_in(page, "planner")
    open_map(page, at=SQUARE, zoom=17, sel=f"customers:{wanderer['id']}", tab="history")

    told = page.get_by_role("list", name="变更记录，最新在前").get_by_role("listitem")
    expect(told.nth(0)).to_contain_text("Supervisor Tester向北移动 33")
    expect(told.nth(0)).to_contain_text("，原因：seen on site")
    expect(told.nth(1)).to_contain_text("Pekka Planner向东移动 22")
    expect(told.nth(1)).to_contain_text("，原因：wrong gate")
    expect(told.nth(2)).to_contain_text("Supervisor Tester标注到地图上")


def test_the_moves_are_replayed_step_by_step(page, history):
    slider = page.get_by_role("slider", name="Place in the history")
    expect(slider).to_have_value("3")

    page.get_by_role("button", name="Place before").click()
    expect(slider).to_have_value("2")
    expect(page.get_by_role("region", name="Replay on the map")).to_contain_text("2 of 3: Moved 22 m east")

    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("region", name="Replay on the map")).to_contain_text("1 of 3: Placed on the map")

    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(slider).to_have_value("3", timeout=8_000)
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_an_older_move_is_undone_with_a_reason(page, history, world, wanderer):
    rows(page).nth(1).get_by_role("button", name="Undo").click()
    rows(page).nth(1).get_by_label("Why").fill("the gate was right")
    rows(page).nth(1).get_by_role("button", name="Undo").click()

    expect(rows(page)).to_have_count(4)
    expect(rows(page).nth(0)).to_contain_text("Taken back")
    expect(rows(page).nth(0)).to_contain_text("the gate was right")
    expect(rows(page).nth(2)).to_contain_text("Taken back later by Pekka Planner")
    assert place_of(world, wanderer) == SQUARE


def test_its_placing_is_undone_into_the_tray_and_put_back(page, history, world, wanderer):
    placing = rows(page).nth(2)
    placing.get_by_role("button", name="Undo").click()
    expect(placing).to_contain_text("The customer goes back to those without location.")
    placing.get_by_role("button", name="Undo").click()

    expect(rows(page)).to_have_count(4)
    expect(rows(page).nth(0)).to_contain_text("Placing taken back by Pekka Planner: without location again")
    assert place_of(world, wanderer) == (None, None)

    rows(page).nth(0).get_by_role("button", name="Undo").click()
    rows(page).nth(0).get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(5)
    expect(rows(page).nth(0)).to_contain_text("Put back on the map by Pekka Planner")
    assert place_of(world, wanderer) == NORTH


def test_the_key_u_takes_back_my_last_move_and_asks_when_somebody_came_after(page, history, world, wanderer):
    page.keyboard.press("u")
    dialog = page.get_by_role("dialog", name="Somebody moved it after you")
    expect(dialog).to_contain_text("Supervisor Tester moved it")
    dialog.get_by_role("button", name="Leave it").click()
    assert place_of(world, wanderer) == NORTH

    page.keyboard.press("u")
    dialog.get_by_role("button", name="Undo my move").click()

    expect(page.get_by_text(re.compile("Taken back: Kulkutalo"))).to_be_visible()
    assert place_of(world, wanderer) == SQUARE


def test_the_key_u_goes_back_one_move_after_the_other(page, sign_in, open_map, world, planner):
    customer = world.customer("Askeltalo", SQUARE)
    world.move(customer["id"], EAST, by=planner)
    world.move(customer["id"], NORTH, by=planner)
    sign_in(page, "planner")
    open_map(page, at=SQUARE, sel=f"customers:{customer['id']}", tab="history")
    expect(rows(page)).to_have_count(3)

    page.keyboard.press("u")
    expect(rows(page)).to_have_count(4)
    assert place_of(world, customer) == EAST
    page.keyboard.press("u")
    expect(rows(page)).to_have_count(5)
    assert place_of(world, customer) == SQUARE
    page.keyboard.press("u")
    expect(page.get_by_text("You have no move of this customer to take back")).to_be_visible()


def test_an_edit_is_undone_as_long_as_its_fields_stand(page, sign_in, open_map, world, planner):
    customer = world.customer("Muutostalo", SQUARE, address="Old street 1", contract_kva=1250)
    edit(planner, world, customer, address="New street 2", contract_kva=800, classes=["large"])
    edit(planner, world, customer, contacts=[{"name": "Mikko", "phone": "+358 9 4050 9552"}])
    sign_in(page, "planner")
    open_map(page, at=SQUARE, sel=f"customers:{customer['id']}", tab="history")
    undo = rows(page).filter(has_text="New street 2").get_by_role("button", name="Undo")
    # Of the contacts the journal keeps only how a number ends.
    expect(rows(page).filter(has_text="Mikko").get_by_role("button")).to_have_count(0)
    expect(rows(page).filter(has_text="Mikko")).to_contain_text("the journal keeps only the last four digits")
    expect(page.get_by_text("only the last four digits")).to_have_count(1)

    undo.click()

    expect(page.get_by_text("The edit of Muutostalo was taken back.")).to_be_visible()
    expect(rows(page).nth(0)).to_contain_text("Address: New street 2 → Old street 1")
    expect(undo).to_have_count(1)
    card = world.card(customer["id"])
    assert (card["address"], card["contract_kva"], card["classes"], len(card["contacts"])) == ("Old street 1", 1250, [], 1)


def edit(person: Person, world: World, customer: dict, **fields) -> None:
    base = {"base_version": world.card(customer["id"])["version"]}
    person.send("PATCH", f"/api/v1/customers/{customer['id']}", base | fields)


def test_history_is_read_only_for_a_dispatcher(page, sign_in, open_map, wanderer):
    sign_in(page, "dispatcher")
    open_map(page, at=SQUARE, sel=f"customers:{wanderer['id']}", tab="history")

    expect(rows(page)).to_have_count(3)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
