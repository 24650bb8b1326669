"""No page of the server asks for anything that its content policy forbids, whatever the screen."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import MUSEUM, open_cast, say, visit

# Told to the test, not only to the console: a page that is left takes its console with it.
LISTENER = """
document.addEventListener("securitypolicyviolation", (event) =>
  tellTest(JSON.stringify([event.effectiveDirective, event.blockedURI, event.sample, event.sourceFile, event.lineNumber, location.href])))
"""


@pytest.fixture
def violations(page: Page) -> Iterator[list[str]]:
    """What the browser refused, in every page and frame of the test."""
    found: list[str] = []
    page.context.expose_binding("tellTest", lambda source, told: found.append(told))
    page.context.add_init_script(LISTENER)
    yield found
    page.goto("about:blank")


def test_s45_the_listener_hears_what_the_policy_forbids(page: Page, base_url: str, violations: list[str]) -> None:
    page.goto(f"{base_url}/sign-in")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<b style=\"color: red\">x</b><img src=\"http://127.0.0.1:9/x.png\">')")
    page.wait_for_timeout(200)

    assert {json.loads(told)[0] for told in violations} == {"style-src-attr", "img-src"}


def test_s45_no_screen_breaks_the_content_policy(page: Page, sign_in: Callable, base_url: str, world, violations: list[str]) -> None:
    cast = open_cast(world)
    page.goto(f"{base_url}/sign-in")
    page.get_by_label("User name").wait_for()
    sign_in(page, "supervisor")

    seen = [screen.name for screen in visit(page, base_url, cast, "en")]

    assert len(seen) > 20
    assert violations == []


def test_s45_the_api_pages_and_the_tables_do_not_either(page: Page, sign_in: Callable, base_url: str, world, violations: list[str]) -> None:
    world.customer("Kansallismuseo", MUSEUM)
    sign_in(page, "administrator")

    page.goto(f"{base_url}/api/docs")
    page.get_by_role("button", name="GET /api/v1/customers", exact=True).click()
    expect(page.get_by_text("Parameters").first).to_be_visible()
    for address in ("", "customers/account/", "customers/accountholder/add/", "layers/basemap/", "layers/basemap/add/", "auth/user/"):
        page.goto(f"{base_url}/admin/{address}")
        expect(page.locator("#site-name")).to_contain_text("GridAtlas")
        page.wait_for_load_state("networkidle")

    assert violations == []


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "javascript:alert(1)", "<svg/onload=alert(1)>"])
def test_s44_a_name_that_is_a_script_is_a_name(
    page: Page, sign_in: Callable, open_map: Callable, world, violations: list[str], name: str
) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    customer = world.customer(name, MUSEUM, name_en=name, name_zh=name, enterprise=name, address=name)
    world.move(customer["id"], (MUSEUM[0] + 0.0002, MUSEUM[1]), reason=name)
    sign_in(page, "supervisor")

    for address in (
        {"sel": f"customers:{customer['id']}"},
        {"sel": f"customers:{customer['id']}", "tab": "history"},
        {"drawer": "customers"},
    ):
        open_map(page, at=MUSEUM, **address)
        expect(page.get_by_text(name).first).to_be_visible()
    page.get_by_role("combobox").first.fill(name)
    expect(page.get_by_role("option").first).to_contain_text(name)
    page.goto(page.url.partition("#")[0] + f"#map=17.00/{MUSEUM[1]}/{MUSEUM[0]}&drawer=audit")
    expect(page.get_by_text(say("en", "audit:title")).first).to_be_visible()
    expect(page.get_by_text(name).first).to_be_visible()

    assert page.locator("img[src=x], svg[onload]").count() == 0
    assert (dialogs, violations) == ([], [])
