"""The list as a file: chosen format and datum, the screen's own filter, and the files of the last day to fetch again."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from spatial import datums
from tests.browser.screens import prefer, say

MUSEUM = (24.9316, 60.1751)
THEATRE = (24.9472, 60.1716)


@pytest.fixture
def two(world) -> dict[str, Any]:
    return {
        "museum": world.customer("Kansallismuseo", MUSEUM, name_en="National Museum", grade="special", contract_kva=1250),
        "theatre": world.customer("Kansallisteatteri", THEATRE, name_en="National Theatre", grade="second"),
    }


def rows_of(download: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(download.path()).read_text("utf-8-sig").splitlines()))


def dialog(page: Page) -> Any:
    return page.get_by_role("dialog")


def test_the_list_is_downloaded_as_csv_in_the_datum_chosen_with_the_filter_of_the_screen(page, sign_in, open_map, two):
    sign_in(page)
    open_map(page, at=MUSEUM, zoom=15, drawer="customers", grade="special")

    page.get_by_role("button", name="Export", exact=True).click()
    expect(dialog(page)).to_contain_text("1 customer, with the filters of the screen.")
    dialog(page).get_by_label("Format").select_option("csv")
    dialog(page).get_by_label("Coordinates in").select_option("EPSG:3067")
    with page.expect_download() as download:
        dialog(page).get_by_role("button", name="Export", exact=True).click()

    [row] = rows_of(download.value)
    assert re.fullmatch(r"customers-\d{8}-\d{6}\.csv", download.value.suggested_filename)
    assert (row["Name"], row["Account number"]) == ("Kansallismuseo", two["museum"]["account_no"])
    place = datums.to_wgs84(float(row["Easting (EPSG:3067)"]), float(row["Northing (EPSG:3067)"]), "EPSG:3067")
    assert place == pytest.approx(MUSEUM, abs=1e-7)

    # It waits for a day, and what was chosen is chosen again.
    file = dialog(page).get_by_role("listitem").first
    expect(file).to_contain_text("Customers · CSV (spreadsheet text) · EPSG:3067")
    with page.expect_download() as again:
        file.get_by_role("link", name="Download").click()
    assert rows_of(again.value) == [row]
    page.reload()
    expect(dialog(page).get_by_label("Coordinates in")).to_have_value("EPSG:3067")
    dialog(page).get_by_label("Format").select_option("geojson")
    expect(dialog(page).get_by_label("Coordinates in")).to_have_value("WGS84")
    before = dialog(page).get_by_role("listitem").count()
    dialog(page).get_by_role("listitem").first.get_by_role("button", name="Remove").click()
    expect(dialog(page).get_by_role("listitem")).to_have_count(before - 1)


def test_a_layer_is_taken_from_the_layers_panel_in_chinese(page, sign_in, open_map, two):
    prefer(page, language="zh", theme="light")
    sign_in(page)
    open_map(page, at=MUSEUM, zoom=15, panel="layers")

    page.get_by_role("button", name=say("zh", "exports:openOf", layer="区域")).click()
    with page.expect_download() as download:
        dialog(page).get_by_role("button", name=say("zh", "exports:export"), exact=True).click()

    assert {row["编号"] for row in rows_of(download.value)} >= {"HEL"}


def test_who_may_not_export_is_not_offered_it(page, sign_in, open_map, two):
    sign_in(page, "inspector")
    open_map(page, at=MUSEUM, zoom=15, drawer="customers", panel="layers")

    expect(page.locator("[role=row][data-index]").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Export"))).to_have_count(0)


def test_coordinates_are_read_and_copied_in_the_datum_of_ones_choice(page, sign_in, open_map, two):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page)
    open_map(page, at=MUSEUM, zoom=16, sel=f"customers:{two['museum']['id']}")
    card = page.get_by_role("complementary", name="Selected customer")
    expect(card).to_contain_text("24.931600, 60.175100")

    page.get_by_role("contentinfo").get_by_label("Datum").select_option("TM35FIN")

    e, n = (float(value[0]) for value in datums.from_wgs84_many([MUSEUM[0]], [MUSEUM[1]], "EPSG:3067")[:2])
    expect(card).to_contain_text(f"{e:.3f}, {n:.3f}")
    expect(card).to_contain_text("EPSG:3067")
    expect(page.get_by_role("contentinfo")).to_contain_text("EPSG:3067")
    card.get_by_role("button", name=f"Copy: {e:.3f}, {n:.3f}").click()
    assert page.evaluate("navigator.clipboard.readText()") == f"{e:.3f}, {n:.3f}"
    page.reload()
    expect(card).to_contain_text(f"{e:.3f}, {n:.3f}")


def test_the_place_that_was_pointed_at_is_copied_by_the_button_that_shows_it(page, sign_in, open_map, two):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page)
    open_map(page, at=MUSEUM, zoom=16)
    footer = page.get_by_role("contentinfo")
    page.mouse.move(900, 300)
    copy = footer.get_by_title(say("en", "common:atPointer"))
    shown = copy.inner_text()
    assert shown.split(",")[0] != f"{MUSEUM[0]:.5f}"

    copy.click()

    lon = float(page.evaluate("navigator.clipboard.readText()").split(",")[0])
    assert copy.inner_text() == shown, "the way to the button does not change what it says"
    assert abs(lon - float(shown.split(",")[0])) < 1e-4
    assert abs(lon - MUSEUM[0]) > 1e-4
    page.get_by_role("button", name="Zoom in").click()
    expect(footer.get_by_title(say("en", "common:atCentre"))).to_be_visible()
