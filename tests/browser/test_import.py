"""A planner imports a file: sees what will change in the table and on the map, commits it, and takes it back."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.screens import say
from tests.browser.world import World

ROOT = Path(__file__).resolve().parents[2]
SQUARE = (24.9440, 60.1710)
CORNER = (24.9444, 60.1712)
HALL = (24.9446, 60.1706)
COLUMNS = "Account no.,Customer,Longitude,Latitude,Grade\n"


@pytest.fixture(scope="module")
def worker(base_url: str, server_env: dict[str, str]) -> Iterator[None]:
    """Run the worker beside the web process: it reads files and commits them."""
    with subprocess.Popen([sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=server_env, stdout=subprocess.DEVNULL) as process:
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
    return people | {"file": {"name": "ledger.csv", "mimeType": "text/csv", "buffer": (COLUMNS + "\n".join(lines)).encode()}}


def tab(page: Page, name: str) -> Locator:
    return page.get_by_role("tab", name=re.compile(say("en", f"import:tab.{name}")))


def rows(page: Page) -> Locator:
    return page.get_by_role("grid").locator("tbody tr")


def bring(page: Page, file: dict) -> None:
    page.locator("input[type=file]").set_input_files([file])
    expect(tab(page, "new")).to_be_visible(timeout=60_000)


def press(page: Page, key: str) -> None:
    page.get_by_role("button", name=say("en", key), exact=True).click()


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
    file = {"name": "survey.csv", "mimeType": "text/csv", "buffer": text.encode()}
    open_map(sign_in(page), at=SQUARE, **{"import": "new"})

    page.locator("input[type=file]").set_input_files([file])
    account = page.get_by_label(re.compile("^" + re.escape(say("en", "import:target.account_no"))))
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
    expect(page.get_by_role("button", name=re.compile(r"survey\.csv.*" + say("en", "import:state.cancelled")))).to_be_visible()


def test_a_file_that_is_none_is_refused_with_a_sentence(page: Page, sign_in: Callable, open_map: Callable) -> None:
    open_map(sign_in(page), at=SQUARE, **{"import": "new"})

    page.locator("input[type=file]").set_input_files([{"name": "grid.shp", "mimeType": "application/octet-stream", "buffer": b"x"}])
    expect(page.get_by_role("alert")).to_contain_text(say("en", "import:start.refusal.part"))
    page.locator("input[type=file]").set_input_files([{"name": "empty.csv", "mimeType": "text/csv", "buffer": b""}])
    expect(page.get_by_role("alert")).to_contain_text(say("en", "import:start.refusal.empty"))


def test_whoever_may_only_look_has_no_import(page: Page, sign_in: Callable, open_map: Callable) -> None:
    open_map(sign_in(page, "dispatcher"), at=SQUARE, **{"import": "new"})

    expect(page.get_by_role("button", name=say("en", "import:rail"), exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name=say("en", "import:title"))).to_have_count(0)
