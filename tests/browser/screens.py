"""Every screen of the application, and how to bring a page there whatever its language and theme.

A new screen is one entry of SCREENS: the accessibility and language tests then look at it.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Request, expect

from tests.browser.on_the_map import wait_until_complete
from tests.cast import PASSWORD

LOCALES = Path(__file__).resolve().parents[2] / "frontend" / "src" / "locales"
MUSEUM = (24.9316, 60.1751)
THEATRE = (24.9472, 60.1716)


@dataclass(frozen=True)
class Screen:
    """`address` is what follows the view in the address; `{museum}` there is a customer's id. `reach` presses the rest."""

    name: str
    address: str = ""
    reach: Callable[[Page, str], None] | None = None


def open_cast(world) -> dict[str, int]:
    """Open customers whose names are Chinese in Chinese, so that a Latin word on a Chinese screen is a leftover."""
    museum = world.customer(
        "Kansallismuseo",
        MUSEUM,
        name_en="National Museum",
        name_zh="国家博物馆",
        grade="special",
        classes=["large", "top100", "key100", "growth100", "own_transformer", "dedicated_feeder"],
        contract_kva=1250,
        address="Mannerheimintie 34",
        contacts=[{"name": "Mikko", "phone": "+358 9 4050 9552", "role": "duty", "is_duty": True}],
    )
    world.customer("Museokahvila", MUSEUM, name_en="Museum Café", name_zh="博物馆咖啡厅", grade="none", status="changing")
    world.customer("Kansallisteatteri", THEATRE, name_en="National Theatre", name_zh="国家剧院", grade="second", status="commissioning")
    world.customer("Varikko", name_en="Tram Depot", name_zh="电车车库", grade="temporary", status="closed")
    world.move(museum["id"], (MUSEUM[0] + 0.0001, MUSEUM[1]), reason="测量")
    world.move(museum["id"], MUSEUM, reason="复核")
    gone = world.customer("Poistettu", THEATRE, name_en="Gone", name_zh="已拆除")
    world.supervisor.send("DELETE", f"/api/v1/customers/{gone['id']}", {"base_version": gone["version"], "reason": "拆除"})
    return {"museum": museum["id"]}


def say(language: str, key: str, **values: Any) -> str:
    """Return a text of the interface: `say("zh", "draw:title")`."""
    namespace, path = key.split(":")
    text: Any = texts(language)[namespace]
    for part in path.split("."):
        text = text[part]
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", str(value))
    return text


@cache
def texts(language: str) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text()) for path in sorted((LOCALES / language).glob("*.json"))}


def visit(
    page: Page,
    base_url: str,
    cast: dict[str, int],
    language: str,
    *,
    but: Set[str] = frozenset(),
    screens: Sequence["Screen"] | None = None,
) -> Iterator["Screen"]:
    """Bring a signed-in page to every screen in turn. It is loaded afresh after a screen that was reached by presses."""
    lon, lat = MUSEUM
    loading: set[Request] = set()
    page.on("request", lambda request: loading.add(request))
    page.on("requestfinished", lambda request: loading.discard(request))
    page.on("requestfailed", lambda request: loading.discard(request))
    afresh = True
    for screen in screens or SCREENS:
        if screen.name in but:
            continue
        if afresh:
            # Another path first: a change after # alone does not load the page.
            page.goto(f"{base_url}/healthz")
        page.goto(f"{base_url}/#map=17.00/{lat:.5f}/{lon:.5f}{screen.address.format(**cast)}")
        wait_until_complete(page)
        _settle(page, loading)
        if screen.reach:
            screen.reach(page, language)
            _settle(page, loading)
        yield screen
        afresh = screen.reach is not None


def _settle(page: Page, loading: Set[Request]) -> None:
    """Wait until nothing has been loaded, and the page had time to draw, three times in a row."""
    until, calm = time.monotonic() + 30, 0
    while calm < 3:
        assert time.monotonic() < until, f"still loading: {[request.url for request in loading]}"
        page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 50)))")
        calm = 0 if loading else calm + 1
    expect(page.locator("[class*=spinner]")).to_have_count(0)


def prefer(page: Page, *, language: str, theme: str) -> None:
    """Set language and theme as the person's own choice on this device."""
    choice = json.dumps({"theme": theme, "language": language, "singleKeys": True, "datum": "WGS84"})
    page.add_init_script(f"localStorage.setItem('gridatlas.preferences', JSON.stringify({choice}))")


def _press(*keys: str, wait_for: str | None = None) -> Callable[[Page, str], None]:
    def reach(page: Page, language: str) -> None:
        page.locator("#map").focus()
        for key in keys:
            page.keyboard.press(key)
        if wait_for:
            page.locator(wait_for).first.wait_for()

    return reach


def _search(page: Page, language: str) -> None:
    page.get_by_role("combobox").first.fill("kansallis")
    page.get_by_role("option").first.wait_for()


def _account(page: Page, language: str) -> None:
    page.locator("header button[aria-expanded]").last.click()
    page.get_by_text(say(language, "account:signOut")).wait_for()


def _delete(page: Page, language: str) -> None:
    page.get_by_role("button", name=say(language, "edit:delete.open"), exact=True).click()
    page.locator("dialog[open]").wait_for()


def _draw_polygon(page: Page, language: str) -> None:
    page.get_by_role("button", name=say(language, "draw:kinds.polygon"), exact=True).click()
    page.get_by_role("toolbar").wait_for()


def _type_shape(page: Page, language: str) -> None:
    page.get_by_text(say(language, "draw:typed.title")).click()
    page.get_by_role("button", name=say(language, "draw:typed.show")).click()
    page.get_by_text(say(language, "draw:errors.least.circle")).wait_for()


def _areas(page: Page, language: str) -> None:
    page.get_by_role("button", name=say(language, "areas-home:areas")).click()
    page.get_by_role("region", name=say(language, "areas-home:areas")).wait_for()


def _offer(page: Page, language: str) -> None:
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()


def _totp(page: Page, language: str) -> None:
    page.get_by_role("button", name=say(language, "my-account:totp.setUp")).click()
    page.get_by_label(say(language, "my-account:password.current")).fill(PASSWORD)
    page.get_by_role("button", name=say(language, "my-account:totp.next")).click()
    page.get_by_text(say(language, "my-account:totp.scan")).wait_for()


def _new_password(page: Page, language: str) -> None:
    page.get_by_role("button", name=say(language, "my-account:password.change")).click()
    page.get_by_label(say(language, "my-account:password.new"), exact=True).fill("short")
    page.get_by_role("button", name=say(language, "my-account:password.change")).click()
    page.get_by_text(say(language, "my-account:password.notYet")).wait_for()


def _new_token(page: Page, language: str) -> None:
    page.get_by_role("button", name=say(language, "my-account:tokens.add")).click()
    page.get_by_role("button", name=say(language, "my-account:tokens.make")).click()
    page.get_by_text(say(language, "my-account:tokens.noLayer")).wait_for()


SCREENS = (
    Screen("map"),
    Screen("layers", "&panel=layers"),
    Screen("filters", "&panel=customers&grade=special,first&class=large&status=normal&area=HEL&q=kansallis"),
    Screen("list", "&drawer=customers"),
    Screen("list in view, sorted, with a card", "&drawer=customers&inview=1&sort=-contract_kva&sel=customers:{museum}"),
    Screen("export of the list", "&drawer=customers&export=customers"),
    Screen("export of a layer", "&panel=layers&export=network"),
    Screen("empty list", "&drawer=customers&q=zzzz"),
    Screen("card", "&sel=customers:{museum}"),
    Screen("history", "&sel=customers:{museum}&tab=history"),
    Screen("edit", "&sel=customers:{museum}&panel=edit"),
    Screen("delete", "&sel=customers:{museum}", _delete),
    Screen("move", "&sel=customers:{museum}", _press("m")),
    Screen("add", "&panel=add"),
    Screen("tray", "&panel=tray"),
    Screen("deleted", "&panel=deleted"),
    Screen("draw, nothing yet", "&panel=draw"),
    Screen("drawing", "&panel=draw", _draw_polygon),
    Screen("typed shape with errors", "&panel=draw", _type_shape),
    Screen("drawn circle", "&panel=draw&draw=circle:150~24.9316,60.1751"),
    Screen("drawn corridor without its panel", "&draw=corridor:150~24.9316,60.1751~24.9400,60.1751"),
    Screen("import", "&import=new"),
    Screen("print", "&print=1"),
    Screen("several at one place", "", _offer),
    Screen("areas", "", _areas),
    Screen("search results", "", _search),
    Screen("account menu", "", _account),
    Screen("my account: sessions", "&account=sessions"),
    Screen("my account: second step", "&account=security", _totp),
    Screen("my account: password", "&account=security", _new_password),
    Screen("my account: tokens", "&account=tokens"),
    Screen("my account: new token", "&account=tokens", _new_token),
    Screen("keys", "", _press("?", wait_for="dialog[open]")),
)


def _invite(page: Page, language: str) -> None:
    page.get_by_role("button", name=say(language, "administration:invite.open")).click()
    page.locator("dialog[open]").wait_for()


def _where(page: Page, language: str) -> None:
    page.locator("td button[data-where]").first.click()
    page.locator("dialog[open] input[type=radio]").nth(2).check()


def _draw_area(page: Page, language: str) -> None:
    page.get_by_role("toolbar", name=say(language, "administration:areas.drawing")).wait_for()


def _open_row(page: Page, language: str) -> None:
    page.locator("tbody button[aria-expanded]").first.click()


# Signed in as the administrator.
ADMIN_SCREENS = (
    Screen("people", "&admin=people"),
    Screen("person", "&admin=people/{administrator}"),
    Screen("invitation", "&admin=people", _invite),
    Screen("roles", "&admin=roles"),
    Screen("rights", "&admin=roles/planner"),
    Screen("where a right holds", "&admin=roles/planner", _where),
    Screen("areas of the administration", "&admin=areas/HEL"),
    Screen("new area", "&admin=areas/new area", _draw_area),
    Screen("choose whose view", "&admin=see"),
    Screen("somebody's view", "&admin=see&seeas={administrator}"),
    Screen("somebody's view on the map", "&seeas={administrator}"),
    Screen("sessions and tokens", "&admin=access"),
    Screen("system", "&admin=system"),
    Screen("audit", "&drawer=audit"),
    Screen("audit, one row", "&drawer=audit", _open_row),
)
