"""Customers without a location wait in the tray and come onto the map by drag, by click, by key and by finger."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.on_the_map import LonLat, OpenMap, metres_between
from tests.browser.world import World

SQUARE = (24.9440, 60.1710)
SPOT = (24.9444, 60.1711)


@pytest.fixture
def waiting(world: World) -> dict:
    world.customer("Toinen talo")
    return world.customer("Kadonnut talo", address="Jossakin 1")


@pytest.fixture
def tray(page: Page, sign_in: Callable, open_map: Callable, waiting: dict) -> OpenMap:
    sign_in(page, "planner")
    on_map = open_map(page, at=SQUARE, zoom=17, panel="tray")
    expect(page.get_by_role("list", name="Without location")).to_contain_text("Kadonnut talo")
    return on_map


def place_of(world: World, customer: dict) -> LonLat:
    card = world.card(customer["id"])
    return card["lon"], card["lat"]


def drag_out(page: Page, on_map: OpenMap, name: str, to: LonLat) -> None:
    target = on_map.pixel_of(to)
    box = page.get_by_role("listitem").filter(has_text=name).get_by_role("button", name=name).first.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(*target, steps=6)
    page.mouse.up()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def test_the_rail_says_how_many_wait(page, tray):
    expect(page.get_by_role("button", name="Tray")).to_contain_text("2")
    expect(page.get_by_text("2 customers are not on the map yet.")).to_be_visible()


def test_one_is_dragged_onto_the_map_and_other_trays_lose_it(page, tray, another_context, sign_in, open_map, world, waiting):
    other = another_context().new_page()
    sign_in(other, "planner2")
    open_map(other, at=SQUARE, panel="tray")
    expect(other.get_by_role("list", name="Without location")).to_contain_text("Kadonnut talo")

    drag_out(page, tray, "Kadonnut talo", SPOT)
    expect(page.get_by_role("region", name="Place Kadonnut talo")).to_be_visible()
    assert place_of(world, waiting) == (None, None)
    save(page)

    expect(page.get_by_text("Kadonnut talo is on the map now.")).to_be_visible()
    assert metres_between(place_of(world, waiting), SPOT) < 3
    expect(other.get_by_role("list", name="Without location")).not_to_contain_text("Kadonnut talo", timeout=2_000)
    expect(page.get_by_role("list", name="Without location")).not_to_contain_text("Kadonnut talo")


def test_a_placing_is_undone_from_the_message_back_into_the_tray(page, tray, world, waiting):
    drag_out(page, tray, "Kadonnut talo", SPOT)
    expect(page.get_by_role("region", name="Place Kadonnut talo")).to_be_visible()
    save(page)
    message = page.get_by_text("Kadonnut talo is on the map now.")
    expect(message).to_be_visible()

    page.get_by_role("button", name="Undo", exact=True).click()

    expect(page.get_by_text("Kadonnut talo is without location again, in the tray.")).to_be_visible()
    expect(page.get_by_role("list", name="Without location")).to_contain_text("Kadonnut talo")
    assert place_of(world, waiting) == (None, None)
    assert [row["kind"] for row in world.history(waiting["id"])] == ["undo", "place"]

    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(page.get_by_role("list", name="Without location")).not_to_contain_text("Kadonnut talo")
    assert metres_between(place_of(world, waiting), SPOT) < 3


def test_one_dropped_beside_the_map_stays_in_the_tray(page, tray, world, waiting):
    box = page.get_by_role("listitem").filter(has_text="Kadonnut talo").get_by_role("button").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 80, steps=4)
    page.mouse.up()

    expect(page.get_by_role("region", name="Place Kadonnut talo")).to_be_hidden()
    expect(page.get_by_role("list", name="Without location")).to_contain_text("Kadonnut talo")


def test_one_is_placed_by_button_and_click(page, tray, world, waiting):
    page.get_by_role("button", name="Place Kadonnut talo on the map").click()
    # The panel covers a part of the map: look for the spot once it is there.
    expect(page.get_by_role("region", name="Place Kadonnut talo")).to_be_visible()
    tray.click(SPOT)
    save(page)

    expect(page.get_by_text("Kadonnut talo is on the map now.")).to_be_visible()
    assert metres_between(place_of(world, waiting), SPOT) < 3


def test_one_is_placed_by_keyboard_alone(page, tray, world, waiting):
    page.get_by_role("button", name="Place Kadonnut talo on the map").focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Place Kadonnut talo")
    expect(panel).to_be_visible()
    panel.get_by_label("Longitude, latitude").focus()
    page.keyboard.type("24.9444 60.1711".replace(" ", ", "))
    page.keyboard.press("Tab")
    panel.get_by_label("Reason").focus()
    page.keyboard.type("asked the owner")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Kadonnut talo is on the map now.")).to_be_visible()
    assert place_of(world, waiting) == SPOT
    (row,) = world.history(waiting["id"])
    assert (row["kind"], row["base_version"], row["reason"]) == ("place", 0, "asked the owner")


def test_somebody_placed_it_first(page, tray, world, waiting):
    page.get_by_role("button", name="Place Kadonnut talo on the map").click()
    # The panel covers a part of the map: look for the spot once it is there.
    expect(page.get_by_role("region", name="Place Kadonnut talo")).to_be_visible()
    tray.click(SPOT)
    world.move(waiting["id"], (24.9436, 60.1709))
    save(page)

    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("24.943600, 60.170900")
    question.get_by_role("button", name="Keep theirs").click()

    assert place_of(world, waiting) == (24.9436, 60.1709)


def test_a_finger_drags_one_out_of_the_tray(another_context, sign_in, open_map, world, waiting):
    page = another_context(has_touch=True, viewport={"width": 1280, "height": 800}).new_page()
    sign_in(page, "inspector")
    on_map = open_map(page, at=SQUARE, zoom=17, panel="tray")
    row = page.get_by_role("listitem").filter(has_text="Kadonnut talo")
    expect(row).to_be_visible()
    target = on_map.pixel_of(SPOT)
    grip = row.get_by_title("Drag onto the map").bounding_box()
    assert grip
    start = (grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)

    touch = page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [start]),
        ("touchMove", [(start[0] + 60, start[1] + 20)]),
        ("touchMove", [target]),
        ("touchMove", [target]),
        ("touchEnd", []),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    expect(page.get_by_role("region", name="Place Kadonnut talo")).to_be_visible()
    save(page)
    expect(page.get_by_text("Kadonnut talo is on the map now.")).to_be_visible()
    assert metres_between(place_of(world, waiting), SPOT) < 3
