"""The audit on the screen: a supervisor finds who did what, opens a row to its before and after, and takes the rows as a file."""

import csv
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.on_the_map import OpenMap
from tests.browser.screens import prefer, say
from tests.browser.world import Person, World

SQUARE = (24.9440, 60.1710)
EAST = (24.9444, 60.1710)
Opening = Callable[..., OpenMap]


@pytest.fixture
def moved(base_url: str, world: World) -> dict[str, Any]:
    customer = world.customer("Tarkastustalo", SQUARE)
    world.move(customer["id"], EAST, reason="wrong gate", by=Person(base_url, "planner"))
    return customer


def rows(page: Page, language: str = "en") -> Any:
    return page.get_by_role("table", name=say(language, "audit:rows")).locator("tbody > tr:has(> td[data-column])")


def show(page: Page, **typed: str) -> None:
    """Fill the fields of these names and press Show."""
    for field, text in typed.items():
        page.locator(f"form input[name={field}]").fill(text)
    page.get_by_role("button", name=say("en", "audit:filter.show"), exact=True).click()


def choose(page: Page, field: str, value: str) -> None:
    page.get_by_label(say("en", f"audit:filter.{field}"), exact=True).select_option(value)


def test_a_supervisor_finds_who_moved_it_opens_before_and_after_and_takes_the_file(
    page: Page, sign_in: Callable[..., Page], open_map: Opening, moved: dict[str, Any]
) -> None:
    sign_in(page, "supervisor")
    open_map(page, at=SQUARE, drawer="audit")

    expect(page.get_by_text(re.compile(r"^Times are in .+ Time\.$"))).to_be_visible()
    show(page, object=f"customers:{moved['id']}")
    expect(rows(page)).to_have_count(2)
    show(page, person="Pekka")
    expect(rows(page)).to_have_count(1)
    for words in ("Pekka Planner", "Moved", "Tarkastustalo", "wrong gate"):
        expect(rows(page).first).to_contain_text(words)

    rows(page).first.get_by_role("button").click()
    values = page.locator("tbody tr:has(> th[scope=row])")
    expect(values.filter(has_text="Longitude")).to_contain_text("24.944000")
    expect(values.filter(has_text="Longitude")).to_contain_text("24.944400")
    expect(page.get_by_text("127.0.0.1", exact=True)).to_be_visible()
    expect(page.get_by_text("Python", exact=True)).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name=say("en", "audit:export")).click()
    lines = list(csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert [(line["action"], line["object_id"]) for line in lines] == [("customer.move", str(moved["id"]))]


def test_it_is_narrowed_by_kind_area_and_time(page: Page, sign_in: Callable[..., Page], open_map: Opening, moved: dict[str, Any]) -> None:
    sign_in(page, "supervisor")
    open_map(page, at=SQUARE, drawer="audit")
    expect(rows(page).first).to_be_visible()

    choose(page, "kind", "session")
    expect(rows(page).filter(has_text="Moved")).to_have_count(0)
    expect(rows(page).first).to_contain_text("Signed in")
    choose(page, "kind", "customer")
    choose(page, "area", "HEL")
    expect(rows(page).first).to_contain_text("Moved")
    expect(rows(page).filter(has_text="Signed in")).to_have_count(0)
    show(page, to=time.strftime("%Y-%m-%d", time.gmtime(time.time() - 3 * 86_400)))
    expect(page.get_by_text(say("en", "audit:empty.title"))).to_be_visible()


def test_the_same_in_chinese(page: Page, sign_in: Callable[..., Page], open_map: Opening, moved: dict[str, Any]) -> None:
    prefer(page, language="zh", theme="light")
    sign_in(page, "supervisor")
    open_map(page, at=SQUARE, drawer="audit")

    first = rows(page, "zh").filter(has_text="Tarkastustalo").first
    expect(first).to_contain_text(say("zh", "audit:action.customer.move"))
    expect(first).to_contain_text("wrong gate")


def test_on_a_tablet_the_rows_come_first(
    another_context: Callable[..., Any], sign_in: Callable[..., Page], open_map: Opening, world: World
) -> None:
    for number in range(6):
        world.customer(f"Tarkastustalo {number}", SQUARE)
    page = another_context(viewport={"width": 1024, "height": 768}).new_page()
    sign_in(page, "supervisor")
    open_map(page, at=SQUARE, drawer="audit")
    expect(rows(page).nth(5)).to_be_attached()

    bottom = rows(page).nth(3).bounding_box()
    assert bottom
    assert bottom["y"] + bottom["height"] <= 768
    page.get_by_text(say("en", "audit:filter.fold")).click()
    expect(page.get_by_label(say("en", "audit:filter.person"), exact=True)).to_be_visible()


def test_a_planner_has_no_audit(page: Page, sign_in: Callable[..., Page], open_map: Opening, moved: dict[str, Any]) -> None:
    sign_in(page, "planner")
    open_map(page, at=SQUARE, drawer="audit")

    expect(page.get_by_role("button", name=say("en", "audit:rail"), exact=True)).to_have_count(0)
    expect(rows(page)).to_have_count(0)
