"""Planners move customers: by drag, keys and typed position; far moves ask, conflicts are compared, nothing typed is lost."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.on_the_map import LonLat, OpenMap, metres_between
from tests.browser.world import World

SQUARE = (24.9440, 60.1710)
GATE = (24.9446, 60.1712)
FAR_AWAY = (24.9520, 60.1710)


def the_panel(page: Page, name: str = "Asematalo"):
    return page.get_by_role("region", name=f"Move {name}")


def begin_move(page: Page, name: str = "Asematalo"):
    page.get_by_role("button", name="Move", exact=True).click()
    panel = the_panel(page, name)
    expect(panel).to_be_visible()
    return panel


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


@pytest.fixture
def station(world: World) -> dict:
    return world.customer("Asematalo", SQUARE)


@pytest.fixture
def planner_at_station(page: Page, sign_in: Callable, open_map: Callable, station: dict) -> OpenMap:
    sign_in(page, "planner")
    return open_map(page, at=SQUARE, zoom=17, sel=f"customers:{station['id']}")


def place_of(world: World, customer: dict) -> LonLat:
    card = world.card(customer["id"])
    return card["lon"], card["lat"]


def test_a_drag_is_provisional_until_it_is_saved_as_one_request(page, planner_at_station, world, station):
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" and "/move" in request.url else None)
    panel = begin_move(page)

    planner_at_station.drag(SQUARE, GATE)

    expect(panel).to_contain_text(re.compile(r"4\d m north-east"))
    assert place_of(world, station) == SQUARE
    assert sent == []

    panel.get_by_role("button", name="Wrong gate").click()
    save(page)

    expect(page.get_by_text(re.compile(r"Asematalo moved 4\d m north-east"))).to_be_visible()
    assert len(sent) == 1
    assert sent[0].headers["idempotency-key"]
    assert metres_between(place_of(world, station), GATE) < 3
    newest = world.history(station["id"])[0]
    assert (newest["reason"], newest["source"], newest["actor"]) == ("Wrong gate", "map_click", "planner")


def test_another_browser_sees_the_move_within_two_seconds(page, planner_at_station, another_context, sign_in, open_map, world, station):
    other = another_context().new_page()
    sign_in(other, "dispatcher")
    open_map(other, at=SQUARE, zoom=17, sel=f"customers:{station['id']}")
    expect(other.get_by_text("24.944000, 60.171000")).to_be_visible()
    panel = begin_move(page)
    panel.get_by_label("Longitude, latitude").fill("24.944600, 60.171200")

    save(page)
    expect(page.get_by_text(re.compile("Asematalo moved"))).to_be_visible()
    saved = time.monotonic()

    expect(other.get_by_text("24.944600, 60.171200")).to_be_visible(timeout=2_000)
    assert time.monotonic() - saved < 2


def test_a_move_by_keyboard_alone(page, planner_at_station, world, station):
    page.keyboard.press("m")
    expect(the_panel(page)).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(the_panel(page)).to_contain_text("30 m east")

    page.keyboard.press("Enter")

    expect(page.get_by_text("Asematalo moved 30 m east.")).to_be_visible()
    moved = place_of(world, station)
    assert metres_between(moved, SQUARE) == pytest.approx(30, abs=0.3)
    assert moved[1] > SQUARE[1]


def test_escape_leaves_everything_as_it_was_and_can_be_taken_back(page, planner_at_station, world, station):
    panel = begin_move(page)
    planner_at_station.drag(SQUARE, GATE)
    panel.get_by_label("Reason").fill("measured twice")

    page.keyboard.press("Escape")

    expect(panel).to_be_hidden()
    assert place_of(world, station) == SQUARE

    page.get_by_role("button", name="Bring back").click()

    expect(the_panel(page).get_by_label("Reason")).to_have_value("measured twice")
    expect(the_panel(page)).to_contain_text(re.compile(r"4\d m north-east"))


def test_outside_of_the_mode_a_drag_pans_the_map_and_moves_nobody(page, planner_at_station, world, station):
    planner_at_station.drag(SQUARE, GATE)

    expect(the_panel(page)).to_be_hidden()
    assert place_of(world, station) == SQUARE


def test_a_far_move_asks_with_the_distance(page, planner_at_station, world, station):
    panel = begin_move(page)
    panel.get_by_label("Longitude, latitude").fill("24.952000, 60.171000")
    save(page)

    dialog = page.get_by_role("dialog", name="That is far")
    expect(dialog).to_contain_text(re.compile(r"by 44\d m. Moves over 200 m"))
    assert place_of(world, station) == SQUARE

    dialog.get_by_role("button", name="Back to the map").click()
    expect(panel.get_by_label("Longitude, latitude")).to_have_value("24.952000, 60.171000")
    save(page)
    page.get_by_role("button", name=re.compile("Move by 44")).click()

    expect(page.get_by_text(re.compile("Asematalo moved 44"))).to_be_visible()
    assert place_of(world, station) == FAR_AWAY


def test_swapped_coordinates_are_noticed(page, planner_at_station, world, station):
    panel = begin_move(page)
    panel.get_by_label("Longitude, latitude").fill("60.1712, 24.9446")
    expect(panel.get_by_role("button", name="Did you mean 24.9446, 60.1712?")).to_be_visible()
    save(page)

    expect(panel).to_contain_text("look swapped")
    panel.get_by_role("button", name="Use this").click()
    save(page)

    expect(page.get_by_text(re.compile("Asematalo moved 4"))).to_be_visible()
    assert metres_between(place_of(world, station), GATE) < 1


def test_the_second_of_two_people_compares_and_keeps_theirs(page, planner_at_station, world, station):
    panel = begin_move(page)
    planner_at_station.drag(SQUARE, GATE)
    world.move(station["id"], (24.9436, 60.1708), reason="seen on site")
    save(page)

    question = page.get_by_role("alertdialog", name="Supervisor Tester moved it first")
    expect(question).to_contain_text("Where you started")
    expect(question).to_contain_text("24.943600, 60.170800")
    expect(question).to_contain_text("seen on site")
    expect(question).to_contain_text(re.compile(r"7\d m lie between B and C"))

    question.get_by_role("button", name="Keep theirs").click()

    expect(panel).to_be_hidden()
    assert place_of(world, station) == (24.9436, 60.1708)
    assert len(world.history(station["id"])) == 2


def test_the_second_of_two_people_compares_and_puts_their_own(page, planner_at_station, world, station):
    panel = begin_move(page)
    planner_at_station.drag(SQUARE, GATE)
    panel.get_by_label("Reason").fill("wrong gate")
    world.move(station["id"], (24.9436, 60.1708), reason="seen on site")
    save(page)

    page.get_by_role("button", name="Use mine").click()

    expect(page.get_by_text(re.compile("Asematalo moved 7"))).to_be_visible()
    assert metres_between(place_of(world, station), GATE) < 3
    newest = world.history(station["id"])[0]
    assert (newest["reason"], newest["base_version"]) == ("wrong gate", 2)


def test_without_network_nothing_typed_is_lost_and_the_retry_moves_once(page: Page, planner_at_station, world, station):
    context: BrowserContext = page.context
    panel = begin_move(page)
    panel.get_by_label("Longitude, latitude").fill("24.944600, 60.171200")
    panel.get_by_label("Reason").fill("from the site plan")
    keys: list[str] = []
    page.on("request", lambda request: keys.append(request.headers.get("idempotency-key", "")) if "/move" in request.url else None)
    context.set_offline(True)
    save(page)

    expect(panel.get_by_role("alert")).to_contain_text("The server did not answer")
    expect(panel.get_by_label("Reason")).to_have_value("from the site plan")
    expect(panel.get_by_label("Longitude, latitude")).to_have_value("24.944600, 60.171200")

    context.set_offline(False)
    panel.get_by_role("button", name="Try again").click()

    expect(page.get_by_text(re.compile("Asematalo moved"))).to_be_visible()
    assert len(keys) == 2
    assert keys[0] == keys[1] != ""
    assert len(world.history(station["id"])) == 2


def test_undo_stands_in_the_message_right_after_the_move(page, planner_at_station, world, station):
    begin_move(page)
    planner_at_station.drag(SQUARE, GATE)
    save(page)

    page.get_by_role("button", name="Undo", exact=True).click()

    expect(page.get_by_text(re.compile("Taken back"))).to_be_visible()
    assert place_of(world, station) == SQUARE
    assert [row["kind"] for row in world.history(station["id"])] == ["undo", "move", "place"]


def test_a_dispatcher_sees_no_buttons_that_change_anything(page, sign_in, open_map, station):
    sign_in(page, "dispatcher")
    open_map(page, at=SQUARE, sel=f"customers:{station['id']}")
    expect(page.get_by_role("heading", name="Asematalo")).to_be_visible()

    for name in ("Move", "Edit", "Delete", "Add", "Tray"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    page.keyboard.press("m")
    expect(the_panel(page)).to_be_hidden()


def test_an_inspector_may_move_and_nothing_else(page, sign_in, open_map, station):
    sign_in(page, "inspector")
    open_map(page, at=SQUARE, sel=f"customers:{station['id']}")

    expect(page.get_by_role("button", name="Move", exact=True)).to_be_visible()
    for name in ("Edit", "Delete", "Add"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_a_finger_can_drag_too(another_context, sign_in, open_map, world, station):
    page = another_context(has_touch=True, viewport={"width": 1280, "height": 800}).new_page()
    sign_in(page, "inspector")
    on_map = open_map(page, at=SQUARE, zoom=17, sel=f"customers:{station['id']}")
    start, end = on_map.pixel_of(SQUARE), on_map.pixel_of(GATE)
    panel = begin_move(page)

    touch = page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [start]),
        ("touchMove", [((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)]),
        ("touchMove", [end]),
        ("touchEnd", []),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    expect(panel).to_contain_text(re.compile(r"4\d m north-east"))
    save(page)
    expect(page.get_by_text(re.compile("Asematalo moved"))).to_be_visible()
    assert metres_between(place_of(world, station), GATE) < 3
