"""S61: the second factor, and that nobody is signed in before it was shown."""

import base64
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from layers.models import AuditRow
from portal import second_factor
from tests.cast import MONDAY, PASSWORD, Browser, person

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def code_of(secret: str, at: datetime) -> str:
    """The app in the telephone, written from RFC 6238 without the server's code."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at.timestamp()) // 30), hashlib.sha1).digest()
    return f"{(struct.unpack('>I', mac[mac[-1] & 15 :][:4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def with_phone(user: User, at: datetime = MONDAY - timedelta(days=1)) -> tuple[str, list[str]]:
    """Give the person an authenticator app; return its secret and the recovery codes."""
    secret = second_factor.new_secret()
    return secret, second_factor.set_totp(user, secret, code_of(secret, at), at=at)


def first_step(user: User, client: Client | None = None) -> Client:
    client = client or Client()
    answer = client.post("/api/v1/session", {"username": user.username, "password": PASSWORD}, content_type="application/json")
    assert answer.status_code == 202, answer.content
    return client


def second_step(client: Client, code: str) -> int:
    return client.post("/api/v1/session/second-factor", {"code": code}, content_type="application/json").status_code


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")])
def test_codes_are_those_of_rfc_6238(seconds, code):
    secret = base64.b32encode(b"12345678901234567890").decode()

    assert second_factor.matching_step(secret, code, at=datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_s61_the_password_alone_gives_nothing_anywhere(planner, museum):
    with_phone(planner)

    client = first_step(planner)

    for address in ("me", "customers", "sessions", "account/security", f"customers/{museum.pk}", "layers"):
        assert client.get(f"/api/v1/{address}").status_code == 401, address
    assert client.get("/imagery/esri/1/0/0.png").status_code == 401
    assert client.get("/admin/customers/account/").status_code == 302


def test_s61_password_and_code_sign_in(planner):
    secret, _ = with_phone(planner)
    with time_machine.travel(MONDAY, tick=False):
        client = first_step(planner)

        answer = client.post("/api/v1/session/second-factor", {"code": code_of(secret, MONDAY)}, content_type="application/json")

        assert (answer.status_code, answer.json()["username"]) == (200, "pekka")
        assert client.get("/api/v1/me").status_code == 200
    row = AuditRow.objects.filter(action="session.sign_in").latest("seq")
    assert row.after == {"how": "password+totp"}


def test_s61_a_code_is_taken_once(planner):
    secret, _ = with_phone(planner)
    with time_machine.travel(MONDAY, tick=False) as clock:
        assert second_step(first_step(planner), code_of(secret, MONDAY)) == 200
        # Also not after the half minute in which the code is shown, while it is still good, nor by another process.
        for later_s in (0, 29, 31, 45):
            clock.move_to(MONDAY + timedelta(seconds=later_s))
            assert second_step(first_step(planner), code_of(secret, MONDAY)) == 400, later_s


@pytest.mark.parametrize(("steps", "status"), [(-2, 400), (-1, 200), (0, 200), (1, 200), (2, 400)])
def test_s61_a_clock_may_be_half_a_minute_wrong_and_not_a_whole(planner, steps, status):
    secret, _ = with_phone(planner)
    with time_machine.travel(MONDAY, tick=False):
        assert second_step(first_step(planner), code_of(secret, MONDAY + timedelta(seconds=30 * steps))) == status


def test_s61_after_a_code_of_the_next_step_an_older_one_is_refused(planner):
    secret, _ = with_phone(planner)
    with time_machine.travel(MONDAY, tick=False):
        assert second_step(first_step(planner), code_of(secret, MONDAY + timedelta(seconds=30))) == 200
        assert second_step(first_step(planner), code_of(secret, MONDAY)) == 400


def test_s61_each_recovery_code_signs_in_once(planner):
    _, codes = with_phone(planner)
    assert len(set(codes)) == 10

    assert second_step(first_step(planner), codes[3]) == 200
    assert second_step(first_step(planner), codes[3]) == 400
    assert second_step(first_step(planner), codes[4]) == 200
    assert second_factor.recovery_codes_left(planner) == 8


def test_s61_the_first_step_is_good_for_five_minutes(planner):
    secret, _ = with_phone(planner)
    with time_machine.travel(MONDAY, tick=False) as clock:
        client = first_step(planner)
        clock.move_to(MONDAY + timedelta(minutes=5, seconds=1))

        assert second_step(client, code_of(secret, MONDAY + timedelta(minutes=5))) == 401


def test_s61_without_the_first_step_a_code_is_nothing(planner):
    secret, _ = with_phone(planner)

    with time_machine.travel(MONDAY, tick=False):
        assert second_step(Client(), code_of(secret, MONDAY)) == 401


def test_s61_a_password_changed_between_the_steps_voids_the_first(planner):
    secret, _ = with_phone(planner)
    with time_machine.travel(MONDAY, tick=False):
        client = first_step(planner)
        planner.set_password("another long password")
        planner.save()

        assert second_step(client, code_of(secret, MONDAY)) == 401


def test_s61_five_wrong_codes_and_even_the_right_one_has_to_wait(planner):
    secret, _ = with_phone(planner)
    with time_machine.travel(MONDAY, tick=False):
        client = first_step(planner)

        assert [second_step(client, "000000") for _ in range(5)] == [400] * 5
        assert second_step(client, code_of(secret, MONDAY)) == 429


def test_s61_staff_without_a_second_factor_reach_nothing_until_they_set_it_up(settings, planner, museum):
    settings.SECOND_FACTOR = "staff"
    client = Client()
    answer = client.post("/api/v1/session", {"username": "pekka", "password": PASSWORD}, content_type="application/json")
    assert (answer.status_code, answer.json()["must_set_up"]) == (200, ["totp"])

    for address in ("/api/v1/customers", "/api/v1/layers", "/api/v1/sessions", "/api/schema", "/admin/", "/imagery/esri/1/0/0.png"):
        refused = client.get(address)
        assert (refused.status_code, refused.json()["code"]) == (403, "setup_needed"), address

    secret = client.post("/api/v1/account/totp", {"password": PASSWORD}, content_type="application/json").json()["secret"]
    body = {"code": code_of(secret, datetime.now(UTC))}
    codes = client.put("/api/v1/account/totp", body, content_type="application/json").json()["recovery_codes"]

    assert len(codes) == 10
    assert client.get("/api/v1/me").json()["must_set_up"] == []
    assert client.get(f"/api/v1/customers/{museum.pk}").status_code == 200


def test_s61_customers_need_no_second_factor(settings, holder):
    settings.SECOND_FACTOR = "staff"

    assert Browser(holder).get("/api/v1/me").json()["must_set_up"] == []
    assert Browser(holder).get("/api/v1/customers").status_code == 200


def test_s61_whoever_becomes_staff_while_signed_in_has_to_set_it_up_at_once(settings, holder):
    settings.SECOND_FACTOR = "staff"
    browser = Browser(holder)
    assert browser.get("/api/v1/customers").status_code == 200

    person("planner", "other").groups.first().user_set.add(holder)
    holder.groups.remove(holder.groups.get(name="customer"))

    assert browser.get("/api/v1/customers").json()["code"] == "setup_needed"


def test_setting_up_asks_for_the_password_and_a_first_code(planner):
    client = Browser(planner).client

    refused = client.post("/api/v1/account/totp", {"password": "wrong"}, content_type="application/json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["password"])

    begun = client.post("/api/v1/account/totp", {"password": PASSWORD}, content_type="application/json").json()
    assert begun["uri"].startswith("otpauth://totp/pekka?secret=" + begun["secret"])
    assert begun["qr_svg"].lstrip().startswith("<?xml") or "<svg" in begun["qr_svg"]
    assert client.put("/api/v1/account/totp", {"code": "000000"}, content_type="application/json").json()["code"] == "bad_code"
    assert not second_factor.has_totp(planner)


def test_setting_up_ends_the_other_sessions_which_the_password_alone_had_opened(planner):
    here, elsewhere = Browser(planner), Browser(planner)
    secret = here.client.post("/api/v1/account/totp", {"password": PASSWORD}, content_type="application/json").json()["secret"]

    answer = here.client.put("/api/v1/account/totp", {"code": code_of(secret, timezone.now())}, content_type="application/json")

    assert answer.status_code == 200
    assert (here.get("/api/v1/me").status_code, elsewhere.get("/api/v1/me").status_code) == (200, 401)


def test_the_secret_is_not_readable_in_the_database(planner):
    secret, codes = with_phone(planner)

    stored = " ".join(str(row.data) for row in Authenticator.objects.all())
    assert secret not in stored
    assert not any(code in stored for code in codes)


def test_taking_the_app_away_ends_the_other_sessions_and_is_in_the_audit(planner):
    with_phone(planner)
    here, elsewhere = Browser(planner), Browser(planner)

    answer = here.client.delete("/api/v1/account/totp", {"password": PASSWORD}, content_type="application/json")

    assert answer.status_code == 204
    assert (here.get("/api/v1/me").status_code, elsewhere.get("/api/v1/me").status_code) == (200, 401)
    assert not second_factor.has_totp(planner)
    assert AuditRow.objects.filter(action="second_factor.remove", actor=planner, object_id=str(planner.pk)).exists()


def test_fresh_recovery_codes_void_the_old_ones(planner):
    _, old = with_phone(planner)
    browser = Browser(planner)

    fresh = browser.client.post("/api/v1/account/recovery-codes", {"password": PASSWORD}, content_type="application/json").json()

    assert second_step(first_step(planner), old[0]) == 400
    assert second_step(first_step(planner), fresh["recovery_codes"][0]) == 200
