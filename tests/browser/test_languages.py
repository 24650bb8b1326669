"""Every screen is wholly Chinese in Chinese: no text of ours is left in English, and no key shows instead of its text."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.on_the_map import wait_until_complete
from tests.browser.screens import ADMIN_SCREENS, open_cast, prefer, texts, visit
from tests.browser.world import Person

READ_ALL = """() => {
    const found = new Set();
    const seen = (node) => {
        const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        return element && !element.closest("script, style, canvas");
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!seen(node)) continue;
        if (node.nodeType === Node.TEXT_NODE) { if (node.data.trim()) found.add(node.data.trim()); continue; }
        for (const name of ["aria-label", "title", "placeholder", "alt", "aria-description", "aria-roledescription"])
            if (node.getAttribute(name)?.trim()) found.add(node.getAttribute(name).trim());
    }
    return [...found];
}"""
RAW_KEY = re.compile(r"^[a-z][\w-]*(?::[\w-]+)?(?:\.[\w-]+)+$")


def flat(entries: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return path -> text of a namespace; plural forms under their own path."""
    found: dict[str, str] = {}
    for key, value in entries.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def english_only() -> dict[str, re.Pattern[str]]:
    """Return key -> pattern of every English text that the Chinese side says otherwise."""
    patterns: dict[str, re.Pattern[str]] = {}
    for namespace, entries in texts("en").items():
        chinese = flat(texts("zh").get(namespace, {}))
        for key, text in flat(entries).items():
            literal = re.sub(r"\{\{.*?\}\}", "", text)
            if text in chinese.values() or len(re.findall("[A-Za-z]", literal)) < 4:
                continue
            parts = [re.escape(part) for part in re.split(r"\{\{.*?\}\}", text)]
            patterns[f"{namespace}:{key}"] = re.compile(".*".join(parts))
    return patterns


def leftovers(page: Page, patterns: dict[str, re.Pattern[str]]) -> list[str]:
    shown = page.evaluate(READ_ALL)
    english = [f"{text!r} is {key}" for text in shown for key, pattern in patterns.items() if pattern.fullmatch(text)]
    return english + [f"{text!r} looks like a key" for text in shown if RAW_KEY.match(text)]


def test_no_screen_has_english_left_in_chinese(another_context, sign_in, base_url, world):
    cast = open_cast(world)
    patterns = english_only()
    page = another_context(locale="zh-CN").new_page()
    prefer(page, language="zh", theme="light")
    sign_in(page)

    found = []
    for screen in visit(page, base_url, cast, "zh"):
        assert page.evaluate("document.documentElement.lang") == "zh-Hans"
        found += [f"{screen.name}: {wrong}" for wrong in leftovers(page, patterns)]

    assert not found, "\n".join(found)


def test_no_screen_of_the_administration_has_either(another_context, sign_in, base_url):
    cast = {"administrator": Person(base_url, "administrator").get("/api/v1/admin/people?q=administrator")[0]["id"]}
    page = another_context(locale="zh-CN").new_page()
    prefer(page, language="zh", theme="light")
    sign_in(page, "administrator")

    found = []
    for screen in visit(page, base_url, cast, "zh", screens=ADMIN_SCREENS):
        found += [f"{screen.name}: {wrong}" for wrong in leftovers(page, english_only())]

    assert not found, "\n".join(found)


def test_the_sign_in_page_has_none_either(another_context, base_url):
    page = another_context(locale="zh-CN").new_page()
    page.goto(base_url)
    page.get_by_role("button", name="登录").click()

    assert leftovers(page, english_only()) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_its_language_and_the_switch_is_remembered(another_context, sign_in, base_url, world, language):
    other = {"en": ("zh", "简体中文", "zh-Hans"), "zh": ("en", "English", "en")}[language]
    page = another_context(locale={"en": "en-GB", "zh": "zh-CN"}[language]).new_page()
    sign_in(page)
    page.goto(f"{base_url}/#map=17.00/60.17510/24.93160")
    wait_until_complete(page)

    page.locator("header button[aria-expanded]").last.click()
    page.get_by_text(other[1], exact=True).click()
    page.wait_for_function("(lang) => document.documentElement.lang === lang", arg=other[2])
    page.reload()
    wait_until_complete(page)

    assert page.evaluate("document.documentElement.lang") == other[2]
