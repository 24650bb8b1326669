"""Every screen, in both themes and on a phone, has 0 violations of WCAG 2.2 AA that axe can find."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import ADMIN_SCREENS, open_cast, prefer, visit
from tests.browser.world import Person

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# Colours on their way to the other theme are nobody's to judge. What inherits one sets out when that has arrived.
FINISH_TRANSITIONS = """() => {
    for (let depth = 0; depth < 50; depth++)
        for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish();
}"""
# On a phone a card and a panel share the lower edge: these screens are reached by other presses there.
NOT_ON_A_PHONE = {"delete", "move", "several at one place", "areas"}


def violations(page: Page) -> list[str]:
    """Run axe on the page as it stands; one line per violated rule and element."""
    if page.evaluate("!window.axe"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", TAGS)
    return [
        f"{rule['id']}: {node['html'][:160]} ({'; '.join(check['message'] for check in node['any'] + node['all'] + node['none'])[:200]})"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def violations_in_both_themes(page: Page) -> list[str]:
    """Run axe twice, the second time after the device went over to the other theme under the open screen."""
    found = []
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator(f"html[data-theme={theme}]")).to_be_attached()
        page.evaluate(FINISH_TRANSITIONS)
        found += [f"{theme}: {wrong}" for wrong in violations(page)]
    return found


def test_no_screen_violates_wcag(another_context, sign_in, base_url, world):
    cast = open_cast(world)
    page = another_context(**DESK).new_page()
    prefer(page, language="en", theme="system")
    sign_in(page)

    found = []
    for screen in visit(page, base_url, cast, "en"):
        found += [f"{screen.name}: {wrong}" for wrong in violations_in_both_themes(page)]

    assert not found, "\n".join(found)


def test_no_screen_violates_wcag_on_a_phone(another_context, sign_in, base_url, world):
    cast = open_cast(world)
    page = another_context(**PHONE).new_page()
    prefer(page, language="zh", theme="dark")
    sign_in(page)

    found = []
    for screen in visit(page, base_url, cast, "zh", but=NOT_ON_A_PHONE):
        found += [f"{screen.name}: {wrong}" for wrong in violations(page)]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_screen_of_the_administration_violates_wcag(another_context, sign_in, base_url, size):
    cast = {"administrator": Person(base_url, "administrator").get("/api/v1/admin/people?q=administrator")[0]["id"]}
    page = another_context(**size).new_page()
    prefer(page, language="en", theme="system")
    sign_in(page, "administrator")

    found = []
    for screen in visit(page, base_url, cast, "en", screens=ADMIN_SCREENS):
        found += [f"{screen.name}: {wrong}" for wrong in violations_in_both_themes(page)]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_page_does_not_either(another_context, base_url, theme):
    page = another_context(**DESK).new_page()
    prefer(page, language="en", theme=theme)
    page.goto(base_url)
    page.get_by_role("button", name="Sign in").click()

    assert violations(page) == []
