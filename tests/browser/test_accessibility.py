"""Every screen, in both themes and on a phone, has 0 violations of WCAG 2.2 AA that axe can find."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.screens import ADMIN_SCREENS, open_cast, prefer, visit
from tests.browser.world import Person

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# On a phone a card and a panel share the lower edge: these screens are reached by other presses there.
NOT_ON_A_PHONE = {"delete", "move", "several at one place", "areas"}


def violations(page: Page) -> list[str]:
    """Run axe on the page as it stands; one line per violated rule and element."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", TAGS)
    return [
        f"{rule['id']}: {node['html'][:160]} ({'; '.join(check['message'] for check in node['any'] + node['all'] + node['none'])[:200]})"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_screen_violates_wcag(another_context, sign_in, base_url, world, theme):
    cast = open_cast(world)
    page = another_context(**DESK).new_page()
    prefer(page, language="en", theme=theme)
    sign_in(page)

    found = []
    for screen in visit(page, base_url, cast, "en"):
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        found += [f"{screen.name}: {wrong}" for wrong in violations(page)]

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


@pytest.mark.parametrize(("theme", "screen"), [("light", DESK), ("dark", DESK), ("light", PHONE)])
def test_no_screen_of_the_administration_violates_wcag(another_context, sign_in, base_url, theme, screen):
    cast = {"administrator": Person(base_url, "administrator").get("/api/v1/admin/people?q=administrator")[0]["id"]}
    page = another_context(**screen).new_page()
    prefer(page, language="en", theme=theme)
    sign_in(page, "administrator")

    found = []
    for shown in visit(page, base_url, cast, "en", screens=ADMIN_SCREENS):
        found += [f"{shown.name}: {wrong}" for wrong in violations(page)]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_page_does_not_either(another_context, base_url, theme):
    page = another_context(**DESK).new_page()
    prefer(page, language="en", theme=theme)
    page.goto(base_url)
    page.get_by_role("button", name="Sign in").click()

    assert violations(page) == []
