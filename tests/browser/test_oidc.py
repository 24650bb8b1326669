"""Signing in by the organisation's issuer, as a browser does it: there by a form that the content policy lets through, and back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screens import MUSEUM, prefer, say
from tests.browser.signing_in import expect_map, open_account

OLGA = {"sub": "olga-1", "preferred_username": "olga", "given_name": "Olga", "family_name": "Ohm", "groups": ["grid-planners"]}


def come_in_by_the_issuer(page: Page, language: str = "en") -> None:
    page.get_by_role("button", name=say(language, "sign-in:with", name="Utility")).click()
    expect(page.get_by_role("heading", name="Utility sign-in")).to_be_visible()
    page.get_by_role("link", name="Continue").click()


def test_one_press_leads_to_the_issuer_and_back_to_where_one_wanted_to_go(first_page, strict_url, issuer):
    page, issuer.person, issuer.token_changes = first_page, OLGA, {}
    page.goto(f"{strict_url}/#map=15.00/{MUSEUM[1]}/{MUSEUM[0]}&panel=layers")

    come_in_by_the_issuer(page)

    expect_map(page)
    expect(page).to_have_url(re.compile(re.escape(strict_url) + r"/#map=15\.00/60\.1751\d*/24\.9316\d*&panel=layers"))
    open_account(page, "Password and second step")
    expect(page.get_by_text("You sign in by your organisation's own page")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_is_refused_is_told_why(first_page, strict_url, issuer, language):
    page = first_page
    prefer(page, language=language, theme="light")
    page.goto(strict_url)
    for problem, claims, spoilt in (
        ("not_admitted", {"sub": "nobody", "groups": ["cyclists"]}, {}),
        ("name_taken", OLGA | {"sub": "another", "preferred_username": "aino"}, {}),
        ("oidc_failed", OLGA, {"aud": "another client"}),
    ):
        issuer.person, issuer.token_changes = claims, spoilt

        come_in_by_the_issuer(page, language)

        expect(page.get_by_role("alert")).to_have_text(say(language, f"sign-in:problems.{problem}"))
        expect(page.locator("#map")).to_have_count(0)
        # Said once: a reload asks anew.
        expect(page).to_have_url(re.compile(r"/sign-in$|/$"))
