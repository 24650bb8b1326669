"""An administrator uploads a picture, goes on after a reload, and it is on everybody's map until it is removed."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import ROOT, _run, _web_process
from tests.browser.screens import prefer, say
from tests.browser.test_accessibility import DESK, PHONE, violations
from tests.layers.test_imagery import free_port, wait_for
from tests.spatial.test_rasters import photo, written

STATION = (24.9409, 60.1725)
PART_BYTES = 4 * 1024**2


@pytest.fixture(scope="module")
def basemaps_url(base_url: str, server_env: dict[str, str]) -> Iterator[str]:
    """A web process with a map proxy and a worker beside it; on the way every basemap of before is kept."""
    env = server_env | {"MAPPROXY_URL": f"http://127.0.0.1:{free_port()}", "no_proxy": "127.0.0.1"}
    _run(["manage.py", "write_mapproxy_config"], env)
    quiet = {"cwd": ROOT, "env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with (
        subprocess.Popen([sys.executable, "mapproxy/serve.py"], **quiet) as proxy,
        subprocess.Popen([sys.executable, "manage.py", "qcluster"], **quiet) as worker,
    ):
        try:
            wait_for(env["MAPPROXY_URL"])
            with _web_process(env) as address:
                yield address
        finally:
            worker.terminate()
            proxy.terminate()


@pytest.fixture(scope="session")
def geotiff(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve megabytes: three parts, each of four but the last."""
    folder = written(tmp_path_factory.mktemp("geotiff") / "a", photo(size=2000))
    return (folder / "upload").rename(folder / "Station_2025.tif")


@pytest.fixture
def open_basemaps(page: Page, basemaps_url: str, sign_in: Callable) -> Callable[..., Page]:
    def go(on: Page = page, language: str = "en") -> Page:
        on.goto(f"{basemaps_url}/#map=14.00/{STATION[1]}/{STATION[0]}&admin=basemaps")
        expect(on.get_by_text(say(language, "administration:basemaps.drop"))).to_be_visible()
        return on

    sign_in(page, "administrator")
    return go


def upload_row(page: Page, language: str = "en") -> Locator:
    return page.get_by_role("list", name=say(language, "administration:basemaps.uploads")).get_by_role("listitem")


def card(page: Page, title: str, language: str = "en") -> Locator:
    cards = page.get_by_role("list", name=say(language, "administration:basemaps.list"), exact=True).get_by_role("listitem")
    return cards.filter(has=page.get_by_role("heading", name=re.compile(f"^{title}")))


def test_a_picture_is_uploaded_with_a_reload_in_the_middle_shown_to_all_and_removed(
    page: Page, open_basemaps: Callable, basemaps_url: str, another_context: Callable, sign_in: Callable, geotiff: Path
) -> None:
    other = sign_in(another_context().new_page(), "dispatcher")
    other.goto(f"{basemaps_url}/#map=14.00/{STATION[1]}/{STATION[0]}&panel=layers")
    expect(other.get_by_role("radio", name=re.compile(r"^Map\b"))).to_be_visible()
    open_basemaps()
    offsets: list[int] = []

    def hold(route: Route) -> None:
        offset = int(parse_qs(urlsplit(route.request.url).query)["offset"][0])
        offsets.append(offset)
        if offset == 0:
            route.continue_()

    page.route("**/parts?*", hold)
    page.locator("input[type=file]").first.set_input_files(geotiff)
    expect(page.get_by_label("Title", exact=True)).to_have_value("Station 2025")
    page.get_by_label("Title in Chinese").fill("车站 2025")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(upload_row(page)).to_contain_text(re.compile(r"Uploading: 4\.2 MB of 12(\.0)? MB"))
    upload_row(page).get_by_role("button", name="Pause").click()
    expect(upload_row(page)).to_contain_text("Paused at 4.2 MB")

    page.reload()
    expect(upload_row(page)).to_contain_text("Paused at 4.2 MB")
    page.unroute("**/parts?*")
    page.on("request", lambda request: "/parts?" in request.url and offsets.append(int(parse_qs(urlsplit(request.url).query)["offset"][0])))
    upload_row(page).locator("input[type=file]").set_input_files(geotiff)

    expect(card(page, "Station 2025")).to_be_visible(timeout=90_000)
    assert offsets == [0, PART_BYTES, PART_BYTES, 2 * PART_BYTES]
    expect(upload_row(page)).to_have_count(0)
    expect(card(page, "Station 2025")).to_contain_text("EPSG:3067")
    expect(card(page, "Station 2025")).to_contain_text("50 cm per pixel")
    preview = card(page, "Station 2025").get_by_role("img")
    page.wait_for_function("image => image.complete && image.naturalWidth === 256", arg=preview.element_handle())
    expect(other.get_by_role("radio", name="Station 2025", exact=True)).to_be_visible()

    with page.expect_response(lambda answer: "/imagery/u" in answer.url and answer.status == 200, timeout=60_000):
        card(page, "Station 2025").get_by_role("button", name="Show on the map").click()
    expect(page).to_have_url(re.compile(r"base=imagery(:|%3A)u"))
    open_basemaps()
    card(page, "Station 2025").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    expect(card(page, "Station 2025")).to_have_count(0)
    expect(other.get_by_role("radio", name="Station 2025", exact=True)).to_have_count(0)


def test_the_page_of_basemaps_speaks_both_languages_on_every_screen(
    page: Page, open_basemaps: Callable, basemaps_url: str, tmp_path: Path
) -> None:
    (tmp_path / "plain.tif").write_bytes(b"<html>")
    for language, theme, size in (("en", "light", DESK), ("zh", "dark", PHONE)):
        page.set_viewport_size(size["viewport"])
        prefer(page, language=language, theme=theme)
        page.goto(f"{basemaps_url}/healthz")  # another document, so that the choice is read again
        open_basemaps(language=language)
        page.locator("input[type=file]").first.set_input_files(tmp_path / "plain.tif")
        expect(page.get_by_label(say(language, "administration:basemaps.field.title_en"), exact=True)).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name=say(language, "administration:basemaps.upload"), exact=True).click()
        expect(upload_row(page, language)).to_contain_text(say(language, "administration:refused.unsupported"))
        if shots := os.environ.get("BASEMAP_SHOTS"):
            page.screenshot(path=f"{shots}/{language}-{theme}.png")
        upload_row(page, language).get_by_role("button", name=say(language, "administration:basemaps.giveUp")).click()
        page.get_by_role("dialog").get_by_role("button", name=say(language, "administration:basemaps.giveUp")).click()
        expect(upload_row(page, language)).to_have_count(0)
