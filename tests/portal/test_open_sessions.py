"""S62: the session's id and cookie; where one is signed in, how to end it, and what being idle means."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone

from layers import sessions
from layers.models import AuditRow, Session
from tests.cast import MONDAY, PASSWORD, Browser

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def signed_in(username: str = "pekka", **headers) -> Client:
    client = Client(**headers)
    answer = client.post("/api/v1/session", {"username": username, "password": PASSWORD}, content_type="application/json")
    assert answer.status_code == 200
    return client


def key_of(client: Client) -> str:
    return client.cookies[configured.SESSION_COOKIE_NAME].value


def test_s62_a_session_id_from_before_the_sign_in_is_worth_nothing_after(planner):
    attacker = Client()
    attacker.get("/api/v1/me")
    planted = Browser(planner).client
    planted_key = key_of(planted)
    victim = Client()
    victim.cookies[configured.SESSION_COOKIE_NAME] = planted_key

    victim.post("/api/v1/session", {"username": "pekka", "password": PASSWORD}, content_type="application/json")

    assert key_of(victim) != planted_key
    assert planted.get("/api/v1/me").status_code == 401


def test_s62_the_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http(settings, planner):
    settings.SESSION_COOKIE_SECURE = True

    cookie = signed_in().cookies[configured.SESSION_COOKIE_NAME]

    assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"]) == (True, "Lax", True, "/")


def test_s62_a_hundred_sessions_at_once_are_a_hundred_sessions(planner):
    clients = [signed_in() for _ in range(100)]

    assert len({key_of(client) for client in clients}) == 100
    assert {client.get("/api/v1/me").status_code for client in clients} == {200}
    assert len(clients[0].get("/api/v1/sessions").json()) == 100


def test_s62_a_cookie_kept_from_before_the_sign_out_is_401(planner):
    client = signed_in()
    kept = key_of(client)
    client.delete("/api/v1/session")
    thief = Client()
    thief.cookies[configured.SESSION_COOKIE_NAME] = kept

    assert thief.get("/api/v1/me").status_code == 401
    assert not Session.objects.filter(pk=kept).exists()


def test_the_list_says_where_one_is_signed_in_and_never_the_key(planner):
    here = signed_in(HTTP_USER_AGENT="Firefox at the desk", REMOTE_ADDR="203.0.113.7")
    signed_in(HTTP_USER_AGENT="Tablet in the van", REMOTE_ADDR="198.51.100.9")

    answer = here.get("/api/v1/sessions")

    rows = {row["device"]: row for row in answer.json()}
    assert {(name, row["ip"], row["current"]) for name, row in rows.items()} == {
        ("Firefox at the desk", "203.0.113.7", True),
        ("Tablet in the van", "198.51.100.9", False),
    }
    assert key_of(here) not in answer.content.decode()


def test_one_session_is_ended_from_another_and_the_audit_says_so(planner):
    here, tablet = signed_in(), signed_in(HTTP_USER_AGENT="Tablet in the van")
    [sid] = [row["id"] for row in here.get("/api/v1/sessions").json() if not row["current"]]

    assert here.delete(f"/api/v1/sessions/{sid}").status_code == 204

    assert (here.get("/api/v1/me").status_code, tablet.get("/api/v1/me").status_code) == (200, 401)
    assert AuditRow.objects.get(action="session.revoke").before["device"] == "Tablet in the van"
    assert here.delete(f"/api/v1/sessions/{sid}").status_code == 404


def test_another_persons_session_cannot_be_ended(planner, dispatcher):
    other = Browser(dispatcher).client
    sid = Session.objects.get(pk=key_of(other)).sid

    assert signed_in().delete(f"/api/v1/sessions/{sid}").status_code == 404
    assert other.get("/api/v1/me").status_code == 200


def test_all_other_sessions_are_ended_at_once(planner):
    here, *others = [signed_in() for _ in range(4)]

    assert here.delete("/api/v1/sessions").status_code == 204

    assert here.get("/api/v1/me").status_code == 200
    assert {other.get("/api/v1/me").status_code for other in others} == {401}


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one_under_a_new_id(planner):
    here, other = signed_in(), signed_in()
    before = key_of(here)
    body = {"old": PASSWORD, "new": "an even longer staple of batteries"}

    assert here.post("/api/v1/account/password", body, content_type="application/json").status_code == 204

    assert (here.get("/api/v1/me").status_code, other.get("/api/v1/me").status_code) == (200, 401)
    assert key_of(here) != before
    assert AuditRow.objects.filter(action="person.password", actor=planner).exists()


def test_an_idle_session_ends_and_a_busy_one_goes_on_until_its_twelve_hours(settings, planner):
    settings.SESSION_IDLE_MINUTES = 30
    with time_machine.travel(timezone.now(), tick=False) as clock:
        idle, busy = signed_in(), signed_in()
        # Every process remembers whom it saw in the last minute; here the database's clock stands still, so the end is moved by hand.
        Session.objects.filter(pk=key_of(idle)).update(expire_date=timezone.now() - timedelta(seconds=1))

        assert idle.get("/api/v1/customers").status_code == 401
        assert busy.get("/api/v1/customers").status_code == 200
        row = Session.objects.get(pk=key_of(busy))
        assert row.expire_date - row.last_seen_at == timedelta(minutes=30)
        assert row.ends_at - row.begun_at == timedelta(hours=12)
        clock.shift(timedelta(hours=12, seconds=1))
        assert busy.get("/api/v1/customers").status_code == 401


def test_a_request_moves_the_end_on_at_most_once_a_minute_and_never_past_the_last(settings, planner, monkeypatch):
    settings.SESSION_IDLE_MINUTES = 30
    client = signed_in()
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1), last_seen_at=MONDAY)
    touched = lambda: Session.objects.get().last_seen_at  # noqa: E731 - one word for one question

    client.get("/api/v1/customers")
    assert touched() == MONDAY, "within the first minute nothing is written"
    monkeypatch.setattr(sessions, "last_seen", sessions.LastSeen())
    client.get("/api/v1/me")
    assert touched() == MONDAY, "asking how much time is left is no sign of life"
    client.get("/api/v1/customers")
    assert touched() > MONDAY
    assert Session.objects.get().expire_date > timezone.now() + timedelta(minutes=29)

    Session.objects.update(ends_at=timezone.now() + timedelta(minutes=2))
    monkeypatch.setattr(sessions, "last_seen", sessions.LastSeen())
    client.get("/api/v1/customers")
    assert Session.objects.get().expire_date <= timezone.now() + timedelta(minutes=2)


def test_idle_time_can_be_turned_off_for_a_wall(settings, planner):
    settings.SESSION_IDLE_MINUTES = 0

    answer = signed_in().get("/api/v1/me").json()["session"]

    row = Session.objects.get()
    assert (answer["idle_minutes"], row.expire_date) == (0, row.ends_at)


def test_the_page_learns_before_anybody_signs_in_what_it_needs(settings):
    answer = Client().get("/api/v1/sign-in")

    assert answer.json() == {
        "providers": [],
        "idle_minutes": 60,
        "password_profile": "modern",
        "password_rules": [{"code": "min_length", "value": 12}, {"code": "not_common"}],
        "second_factor": "off",
    }
    assert "csrftoken" in answer.cookies
