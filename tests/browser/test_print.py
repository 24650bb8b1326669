"""The view as a sheet of paper: its size, its scale against the ground, its words, its place in the audit."""

import json
import re
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from pyproj import Geod

from tests.browser.on_the_map import wait_until_complete
from tests.browser.screens import prefer, say

MUSEUM = (24.9377, 60.1735)
THEATRE = (24.9507, 60.1716)
MIDDLE = (24.9395, 60.1725)
DPI = 300
GREEN = (26, 122, 85)


@pytest.fixture
def two(world) -> dict[str, Any]:
    """Two customers without grade: their symbols are discs, whose middle is where they stand."""
    return {
        "museum": world.customer("Kansallismuseo", MUSEUM, name_en="National Museum", name_zh="国家博物馆", grade="none"),
        "theatre": world.customer("Kansallisteatteri", THEATRE, name_en="National Theatre", name_zh="国家剧院", grade="none"),
    }


def made(page: Page) -> Path:
    with page.expect_download(timeout=60_000) as download:
        page.locator("form button[type=submit]").click()
    assert re.fullmatch(r"[\w-]+-[0-9A-F]{8}\.pdf", download.value.suggested_filename)
    return Path(download.value.path())


def read(path: Path) -> tuple[PdfReader, str]:
    reader = PdfReader(path, strict=True)
    return reader, reader.pages[0].extract_text()


def size_mm(reader: PdfReader) -> tuple[float, float]:
    box = reader.pages[0].mediabox
    return float(box.width) / 72 * 25.4, float(box.height) / 72 * 25.4


def picture_of(path: Path) -> Image.Image:
    """Return the page as another reader draws it, at DPI."""
    return pypdfium2.PdfDocument(path)[0].render(scale=DPI / 72).to_pil().convert("RGB")


def mm(pixels: float) -> float:
    return pixels / DPI * 25.4


def middles_of_two(picture: Image.Image, colour: tuple[int, int, int]) -> list[tuple[float, float]]:
    """Return the middles of the two spots of that colour, left one first, in pixels."""
    width, _ = picture.size
    unlike = ImageChops.difference(picture, Image.new("RGB", picture.size, colour)).split()
    like = ImageChops.lighter(ImageChops.lighter(unlike[0], unlike[1]), unlike[2]).point(lambda value: 255 * (value <= 12)).tobytes()
    near = [(spot.start() % width, spot.start() // width) for spot in re.finditer(rb"\xff", like)]
    between = (min(x for x, _ in near) + max(x for x, _ in near)) / 2
    sides = ([spot for spot in near if spot[0] < between], [spot for spot in near if spot[0] >= between])
    for side in sides:
        assert len(side) > 100, "a symbol is missing"
        assert max(x for x, _ in side) - min(x for x, _ in side) < 60, "more than one symbol"
    return [
        ((min(x for x, _ in side) + max(x for x, _ in side)) / 2, (min(y for _, y in side) + max(y for _, y in side)) / 2) for side in sides
    ]


def longest_dark_run(picture: Image.Image) -> int:
    """Return the pixels of the longest horizontal dark line."""
    width, height = picture.size
    grey = picture.convert("L").tobytes()
    return max(len(run) for y in range(height) for run in re.findall(rb"[\x00-\x60]+", grey[y * width : (y + 1) * width]) or [b""])


def test_an_a4_sheet_is_true_to_the_ground_and_says_all_that_a_map_must(page, sign_in, open_map, two):
    sign_in(page)
    open_map(page, at=MIDDLE, zoom=16, print="1")

    page.get_by_label("Title").fill("Museum & theatre")
    page.get_by_label("Scale", exact=True).select_option("5000")
    page.get_by_label("Legend").uncheck()
    path = made(page)

    reader, text = read(path)
    assert size_mm(reader) == pytest.approx((297, 210), abs=0.2)
    for said in ("Museum & theatre", "Pekka Planner", "1 : 5,000", "200 m", "EPSG:3857", "WGS 84", "© OpenStreetMap contributors", "N"):
        assert said in text
    assert re.search(r"\d{1,2} \w{3} \d{4}, \d\d:\d\d \(China Standard Time\)", text)
    assert reader.metadata.title == "Museum & theatre"
    assert reader.metadata.author == "Pekka Planner"

    # 1 mm is 5 m, between two customers and on the bar.
    picture = picture_of(path)
    (x, y), (other_x, other_y) = middles_of_two(picture, GREEN)
    on_paper = mm(((other_x - x) ** 2 + (other_y - y) ** 2) ** 0.5)
    _, _, on_ground = Geod(ellps="WGS84").inv(*MUSEUM, *THEATRE)
    assert on_paper * 5 == pytest.approx(on_ground, rel=0.005)
    beside_the_map = picture.crop((round(233 / 25.4 * DPI), 0, *picture.size))
    assert mm(longest_dark_run(beside_the_map)) == pytest.approx(40.2, abs=0.25)

    # And readers that know where the page lies find the customers there.
    [port] = reader.pages[0]["/VP"]
    west, south, east, north = (float(edge) / 72 * 25.4 for edge in port["/BBox"])
    lats, lons = ([float(number) for number in port["/Measure"]["/GPTS"][start::2]] for start in (0, 1))
    assert min(lons) + (mm(x) - west) / (east - west) * (max(lons) - min(lons)) == pytest.approx(MUSEUM[0], abs=2e-5)
    assert min(lats) + (210 - mm(y) - south) / (north - south) * (max(lats) - min(lats)) == pytest.approx(MUSEUM[1], abs=2e-5)


def test_an_a3_sheet_in_chinese_has_its_legend_and_its_filter_in_words(page, sign_in, open_map, two, world, supervisor):
    world.customer("Rautatieasema", MIDDLE, name_en="Railway Station", name_zh="火车站", grade="special", status="changing")
    prefer(page, language="zh", theme="dark")
    sign_in(page)
    open_map(page, at=MIDDLE, zoom=15.5, print="1", grade="special,first")

    page.get_by_label(say("zh", "print:sheetTitle")).fill("停电处置：国家博物馆")
    page.get_by_label("A3").check()
    page.get_by_label(say("zh", "print:portrait")).check()
    page.get_by_label(say("zh", "print:dots")).select_option("150")
    path = made(page)

    reader, text = read(path)
    assert size_mm(reader) == pytest.approx((297, 420), abs=0.2)
    assert "停电处置：国家博物馆" in text
    assert say("zh", "print:only") in text
    assert "特级、一级" in text
    legend = text[text.index(say("zh", "print:legend")) :]
    assert say("zh", "domain:status.changing") in legend
    # What is not on the sheet is not in its legend.
    assert "二级" not in text
    assert say("zh", "domain:status.closed") not in text
    # On paper the map is light, whatever the screen is.
    colours = picture_of(path).crop((200, 400, 3300, 2000)).resize((60, 40)).convert("L").tobytes()
    assert sum(colours) / len(colours) > 150

    [row] = [row for row in supervisor.get("/api/v1/audit?action=map")["results"] if row["object_id"] in text]
    assert (row["after"]["paper"], row["after"]["orientation"], row["after"]["dpi"]) == ("A3", "portrait", 150)
    assert row["after"]["filter"] == {"grade": "special,first"}
    assert f"1 : {row['after']['scale']:,}" in text
    assert "停电" not in json.dumps(row, ensure_ascii=False)
    page.keyboard.press("Escape")
    expect(page.locator("#map canvas").first).to_be_visible()


def test_the_key_opens_it_a_frame_shows_what_is_printed_and_escape_closes_it(page, sign_in, open_map, two):
    sign_in(page)
    open_map(page, at=MIDDLE, zoom=16, sel=f"customers:{two['museum']['id']}")
    page.locator("#map").focus()

    page.keyboard.press("p")

    # Who looks at a customer prints that customer's sheet.
    expect(page.get_by_label("Title")).to_have_value("National Museum")
    preview = page.get_by_role("img", name="Preview of the sheet")
    expect(preview).to_have_attribute("data-drawn", "")
    frame = page.locator("#map [aria-hidden] > div")
    box = frame.bounding_box()
    assert box
    assert box["width"] / box["height"] == pytest.approx(217 / 173, rel=0.02)
    page.get_by_label("Portrait").check()
    page.wait_for_function("box => box.offsetWidth / box.offsetHeight < 1.1", arg=frame.element_handle())
    page.get_by_label("Scale", exact=True).select_option("100000")
    expect(page.get_by_text("The sheet shows more than the screen")).to_be_visible()

    page.locator("#map").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(frame).to_have_count(0)


def test_without_its_row_in_the_audit_nothing_is_made(page, sign_in, open_map, two):
    sign_in(page)
    open_map(page, at=MIDDLE, zoom=16, print="1")
    page.route("**/api/v1/prints", lambda route: route.abort())
    files: list[Any] = []
    page.on("download", lambda file: files.append(file))

    page.locator("form button[type=submit]").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("button", name="Make the PDF")).to_be_enabled()
    assert files == []
    page.unroute("**/api/v1/prints")
    assert made(page).stat().st_size > 10_000


def test_a_phone_prints_from_the_map_s_column(another_context, sign_in, open_map, two):
    page = sign_in(another_context(viewport={"width": 390, "height": 844}, has_touch=True).new_page())
    open_map(page, at=MIDDLE, zoom=15)
    wait_until_complete(page)

    page.get_by_role("button", name="Print this view").click()

    size, _ = size_mm(read(made(page))[0])
    assert size == pytest.approx(297, abs=0.2)
    expect(page.get_by_text("The PDF is ready.")).to_be_visible()


def test_the_browser_s_own_print_shows_the_map_alone(page, sign_in, open_map, two):
    sign_in(page)
    open_map(page, at=MIDDLE, zoom=16, panel="layers")

    page.emulate_media(media="print")

    for hidden in (page.get_by_role("banner"), page.get_by_role("navigation", name="Sections"), page.get_by_role("heading", name="Layers")):
        expect(hidden).to_be_hidden()
    expect(page.locator("#map canvas").first).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_contain_text("OpenStreetMap")
