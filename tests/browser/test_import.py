"""A planner imports a file: sees what will change in the table and on the map, commits it, and takes it back."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.screens import prefer, say
from tests.browser.test_accessibility import DESK, PHONE, violations
from tests.browser.test_languages import english_only, leftovers
from tests.browser.world import World

ROOT = Path(__file__).resolve().parents[2]
SQUARE = (24.9440, 60.1710)
CORNER = (24.9444, 60.1712)
HALL = (24.9446, 60.1706)
COLUMNS = "户号,户名,经度,纬度,等级\n"


@pytest.fixture(scope="module")
def worker(base_url: str, server_env: dict[str, str]) -> Iterator[None]:
    """Run the worker beside the web process: it reads files and commits them."""
    with subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=server_env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        yield
        process.terminate()


@pytest.fixture
def ledger(world: World) -> dict[str, dict]:
    """Three customers, and a file in which one stands elsewhere, one has another grade, one is the same, one is new, one has no number."""
    people = {
        "moved": world.customer("Asematalo", SQUARE, grade="first"),
        "changed": world.customer("Postitalo", CORNER, grade="second"),
        "same": world.customer("Rautatientori", HALL, grade="none"),
    }
    number = {who: card["account_no"] for who, card in people.items()}
    lines = [
        f"{number['moved']},Asematalo,24.944400,60.171000,first",
        f"{number['changed']},Postitalo,{CORNER[0]},{CORNER[1]},special",
        f"{number['same']},Rautatientori,{HALL[0]},{HALL[1]},none",
        "7999999999,Uusitalo,24.943600,60.171200,first",
        ",Nimeton,24.943600,60.171200,first",
    ]
    return people | {"file": {"name": "Ledger.csv", "mimeType": "text/csv", "buffer": (COLUMNS + "\n".join(lines)).encode()}}


def tab(page: Page, name: str, language: str = "en") -> Locator:
    return page.get_by_role("tab", name=re.compile(say(language, f"import:tab.{name}")))


def rows(page: Page) -> Locator:
    return page.get_by_role("grid").locator("tbody tr")


def bring(page: Page, file: dict, language: str = "en") -> None:
    page.locator("input[type=file]").set_input_files([file])
    expect(tab(page, "new", language)).to_be_visible(timeout=60_000)


def press(page: Page, key: str, language: str = "en") -> None:
    page.get_by_role("button", name=say(language, key), exact=True).last.click()


@pytest.mark.usefixtures("worker")
def test_a_file_is_checked_committed_seen_by_others_and_taken_back(
    page: Page, another_context: Callable, sign_in: Callable, open_map: Callable, world: World, ledger: dict[str, dict]
) -> None:
    other = sign_in(another_context().new_page(), "dispatcher")
    open_map(other, at=SQUARE, sel=f"customers:{ledger['moved']['id']}")
    expect(other.get_by_text("24.944000, 60.171000")).to_be_visible()
    on_map = open_map(sign_in(page), at=SQUARE, **{"import": "new"})

    bring(page, ledger["file"])
    for name in ("new", "moved", "changed", "unchanged", "rejected"):
        expect(tab(page, name)).to_contain_text("1")
    page.reload()
    tab(page, "changed").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("Second grade")
    expect(rows(page)).to_contain_text("Special grade")
    tab(page, "moved").click()
    expect(rows(page)).to_contain_text("22 m east")

    # The new one is selected on the map, and the table turns to it.
    on_map.click((24.9436, 60.1712))
    expect(rows(page).filter(has_text="Uusitalo")).to_have_attribute("aria-selected", "true")
    expect(tab(page, "new")).to_have_attribute("aria-selected", "true")

    tab(page, "rejected").click()
    expect(rows(page)).to_contain_text("There is no account number.")
    with page.expect_download() as download:
        page.get_by_role("link", name=say("en", "import:check.rejects")).click()
    assert "Nimeton" in Path(download.value.path()).read_text("utf-8-sig")
    assert world.named("Uusitalo") == []

    press(page, "import:check.commit")
    expect(page.get_by_role("heading", name=say("en", "import:done.committed"), exact=True)).to_be_visible(timeout=60_000)
    expect(other.get_by_text("24.944400, 60.171000")).to_be_visible()
    assert [row["grade"] for row in world.named("Postitalo")] == ["special"]

    press(page, "import:revert.open")
    press(page, "import:revert.yes")
    expect(page.get_by_role("heading", name=say("en", "import:done.reverted"), exact=True)).to_be_visible(timeout=60_000)
    expect(other.get_by_text("24.944000, 60.171000")).to_be_visible()
    assert world.named("Uusitalo") == []


@pytest.mark.usefixtures("worker")
def test_what_cannot_be_guessed_is_asked_and_a_far_move_is_asked_about_once(
    page: Page, sign_in: Callable, open_map: Callable, world: World, ledger: dict[str, dict]
) -> None:
    number = ledger["moved"]["account_no"]
    text = f"no,remark,lon,lat\n{number},here,24.9800,60.1800\nX,there,24.9800,60.1800\n"
    file = {"name": "Survey.csv", "mimeType": "text/csv", "buffer": text.encode()}
    open_map(sign_in(page), at=SQUARE, **{"import": "new"})

    page.locator("input[type=file]").set_input_files([file])
    account = page.get_by_label(re.compile("^" + re.escape(say("en", "domain:field.accountNo"))))
    expect(account).to_have_attribute("aria-invalid", "true", timeout=60_000)
    account.select_option("no")
    press(page, "import:columns.check")
    tab(page, "moved").click(timeout=60_000)
    expect(rows(page)).to_contain_text("far")

    press(page, "import:check.commit")
    expect(page.get_by_role("dialog")).to_contain_text("1 customer moves far")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert world.card(ledger["moved"]["id"])["lon"] == SQUARE[0]

    press(page, "import:giveUp")
    expect(page.get_by_role("button", name=re.compile(r"Survey\.csv.*" + say("en", "import:state.cancelled")))).to_be_visible()


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("screen", "theme", "language"), [(DESK, "light", "en"), (DESK, "dark", "zh"), (PHONE, "light", "zh")])
def test_no_step_violates_wcag_or_speaks_english_in_chinese(
    another_context: Callable, sign_in: Callable, open_map: Callable, ledger: dict[str, dict], screen: dict, theme: str, language: str
) -> None:
    page = another_context(**screen).new_page()
    prefer(page, language=language, theme=theme)
    open_map(sign_in(page), at=SQUARE, **{"import": "new"})
    patterns = english_only() if language == "zh" else {}
    found: list[str] = []

    def look(step: str) -> None:
        page.wait_for_load_state("networkidle")
        found.extend(f"{step}: {wrong}" for wrong in [*violations(page), *leftovers(page, patterns)])

    look("file")
    bring(page, ledger["file"], language)
    for name in ("moved", "changed", "rejected"):
        tab(page, name, language).click()
        rows(page).first.click()
        look(name)
    press(page, "import:check.columns", language)
    page.locator("form").get_by_role("combobox", name=say(language, "import:columns.crs")).click()
    page.get_by_role("listbox").get_by_role("option").first.wait_for()
    look("columns")
    page.keyboard.press("Escape")
    press(page, "import:columns.back", language)
    press(page, "import:check.commit", language)
    page.get_by_role("heading", name=say(language, "import:done.committed"), exact=True).wait_for(timeout=60_000)
    look("done")
    press(page, "import:revert.open", language)
    look("question")
    press(page, "import:revert.yes", language)
    page.get_by_role("heading", name=say(language, "import:done.reverted"), exact=True).wait_for(timeout=60_000)
    look("taken back")

    assert not found, "\n".join(found)


def test_a_file_that_is_none_is_refused_with_a_sentence(page: Page, sign_in: Callable, open_map: Callable) -> None:
    open_map(sign_in(page), at=SQUARE, **{"import": "new"})

    page.locator("input[type=file]").set_input_files([{"name": "grid.shp", "mimeType": "application/octet-stream", "buffer": b"x"}])
    expect(page.get_by_role("alert")).to_contain_text(say("en", "import:start.refusal.part"))
    page.locator("input[type=file]").set_input_files([{"name": "empty.csv", "mimeType": "text/csv", "buffer": b""}])
    expect(page.get_by_role("alert")).to_contain_text(say("en", "import:start.refusal.empty"))
    page.locator("input[type=file]").set_input_files([{"name": "photo.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n" * 9}])
    expect(page.get_by_role("alert")).to_contain_text("This is not a file that can be read here")


def test_whoever_may_only_look_has_no_import(page: Page, sign_in: Callable, open_map: Callable) -> None:
    open_map(sign_in(page, "dispatcher"), at=SQUARE, **{"import": "new"})

    expect(page.get_by_role("button", name=say("en", "import:rail"), exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name=say("en", "import:title"))).to_have_count(0)


def test_a_file_with_nothing_to_change_is_finished_and_says_which_columns_it_left_out(
    page: Page, worker: None, ledger: dict, sign_in: Callable, open_map: Callable
) -> None:
    sign_in(page)
    open_map(page, at=SQUARE, zoom=17, **{"import": "new"})
    number = ledger["same"]["account_no"]
    text = f"户号,经度,纬度,备注\n{number},{HALL[0]},{HALL[1]},quiet\n"

    page.locator("input[type=file]").set_input_files({"name": "Same.csv", "mimeType": "text/csv", "buffer": text.encode()})

    expect(page.get_by_role("heading", name=say("en", "import:done.nothing"), exact=True)).to_be_visible(timeout=60_000)
    expect(page.get_by_text(say("en", "import:columns.unused_one").replace("{{names}}", "备注"))).to_be_visible()
    expect(page.get_by_text("Datum: WGS 84. Guessed from the values: please check.")).to_be_visible()
    expect(page.get_by_role("button", name=say("en", "import:check.commit"))).to_have_count(0)
    press(page, "import:done.another")
    expect(page.get_by_role("button", name=re.compile("Same.csv.*Nothing to change", re.DOTALL))).to_be_visible()


def test_between_import_and_card_nothing_lies_over_the_datum_at_the_lower_edge(
    page: Page, ledger: dict, sign_in: Callable, open_map: Callable
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    sign_in(page)
    open_map(page, at=SQUARE, zoom=17, sel=f"customers:{ledger['same']['id']}", **{"import": "new"})
    page.get_by_role("complementary", name="Selected customer").wait_for()

    datum = page.get_by_role("contentinfo").get_by_label("Datum")
    datum.wait_for()

    datum.click(trial=True)
    box = datum.bounding_box()
    for name in ("Zoom in", "Zoom out"):
        other = page.get_by_role("button", name=name).bounding_box()
        assert box["y"] >= other["y"] + other["height"] or box["x"] >= other["x"] + other["width"] or other["x"] >= box["x"] + box["width"]
