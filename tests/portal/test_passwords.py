"""Two profiles of password rules."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from portal import passwords
from portal.models import PasswordUsed
from tests.cast import PASSWORD, Browser

pytestmark = [pytest.mark.db, pytest.mark.django_db]
GOOD = [f"Grid-Atlas-2026-{letter * 3}" for letter in "abcdefgh"]


@pytest.fixture
def graded(settings):
    settings.PASSWORD_PROFILE = "graded"
    settings.AUTH_PASSWORD_VALIDATORS = settings.PASSWORD_PROFILES["graded"]
    return settings


def change(browser: Browser, old: str, new: str):
    return browser.client.post("/api/v1/account/password", {"old": old, "new": new}, content_type="application/json")


@pytest.mark.parametrize(
    ("password", "is_good"),
    [("elevenchars", False), ("q1w2e3r4t5y6", False), ("tin lamp river oak", True), ("密码也可以很长很长很长的", True)],
)
def test_modern_asks_for_length_and_nothing_else_but_that_it_is_not_common(planner, password, is_good):
    if is_good:
        validate_password(password, planner)
    else:
        with pytest.raises(ValidationError):
            validate_password(password, planner)


@pytest.mark.parametrize("password", ["tin lamp river oak", "tinlampriver2026", "Pekka-Pekka-2026", "Short-2026!"])
def test_graded_refuses_what_modern_takes(graded, planner, password):
    with pytest.raises(ValidationError):
        validate_password(password, planner)
    validate_password(GOOD[0], planner)


def test_graded_takes_none_of_the_last_five_again(graded, planner):
    browser = Browser(planner)
    for old, new in zip([PASSWORD, *GOOD], GOOD[:5], strict=False):
        assert change(browser, old, new).status_code == 204

    for used in GOOD[:5]:
        refused = change(browser, GOOD[4], used)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["new"])
    assert change(browser, GOOD[4], GOOD[5]).status_code == 204
    assert change(browser, GOOD[5], GOOD[0]).status_code == 204, "the sixth before this one"


def test_of_used_passwords_as_many_are_kept_as_the_rule_asks_for(graded, planner):
    for number in range(9):
        planner.set_password(f"Long and different {number}")
        planner.save()

    kept = PasswordUsed.objects.filter(user=planner).order_by("pk")
    assert [check_password(f"Long and different {number}", used.password) for number, used in enumerate(kept, start=4)] == [True] * 5


def test_graded_shuts_every_other_door_after_ninety_days(graded, planner):
    planner.set_password(GOOD[0])
    planner.save()
    PasswordUsed.objects.update(at=timezone.now() - timedelta(days=91))
    client = Client()
    answer = client.post("/api/v1/session", {"username": "pekka", "password": GOOD[0]}, content_type="application/json")
    assert answer.json()["must_set_up"] == ["password"]
    assert client.get("/api/v1/customers").json()["code"] == "setup_needed"

    assert client.post("/api/v1/account/password", {"old": GOOD[0], "new": GOOD[1]}, content_type="application/json").status_code == 204

    assert client.get("/api/v1/me").json()["must_set_up"] == []
    assert client.get("/api/v1/customers").status_code == 200


def test_modern_never_asks_for_another_password(planner):
    planner.date_joined = timezone.now() - timedelta(days=4000)
    planner.save()

    told = Browser(planner).get("/api/v1/account/security").json()["password_profile"]

    assert told == {"name": "modern", "rules": [{"code": "min_length", "value": 12}, {"code": "not_common"}], "expires_at": None}


def test_the_old_password_is_asked_for_and_guessing_it_is_slowed_too(planner):
    browser = Browser(planner)

    answers = [change(browser, f"guess {number}", "tin lamp river oak") for number in range(6)]

    assert [answer.status_code for answer in answers] == [400] * 5 + [429]
    assert list(answers[0].json()["errors"]) == ["old"]


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "不能包含您的姓名"), ("en", "Leave your name out of it.")])
def test_what_is_wrong_with_a_password_is_said_in_the_persons_language(graded, planner, language, words):
    browser = Browser(planner)

    refused = browser.client.post(
        "/api/v1/account/password",
        {"old": PASSWORD, "new": "Pekka-Pekka-2026"},
        content_type="application/json",
        HTTP_ACCEPT_LANGUAGE=language,
    )

    assert words in " ".join(refused.json()["errors"]["new"])


def test_the_screens_have_words_for_every_rule_in_both_languages(graded):
    # How old a password may get is told by its date.
    shown = {rule["code"] for rule in passwords.rules()} - {"max_age_days"}

    for language in ("en", "zh"):
        words = json.loads((graded.BASE_DIR / f"frontend/src/locales/{language}/my-account.json").read_text("utf-8"))
        assert {name.removesuffix("_other").removesuffix("_one") for name in words["password"]["rule"]} == shown
