"""A session that nobody uses ends; what a page asks by itself is no use of it."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from layers import sessions
from layers.models import Session
from tests.cast import Browser


@pytest.fixture
def pekka(planner):
    return Browser(planner)


@pytest.fixture
def near_its_end(pekka, monkeypatch):
    """The planner's session, with one minute left; its last request is longer ago than the server remembers."""
    session = Session.objects.get(session_key=pekka.client.session.session_key)
    session.expire_date = timezone.now() + timedelta(minutes=1)
    session.save(update_fields=["expire_date"])
    monkeypatch.setattr(sessions, "last_seen", sessions.LastSeen())
    return session


def minutes_left(session: Session) -> int:
    session.refresh_from_db()
    return round((session.expire_date - timezone.now()).total_seconds() / 60)


def test_what_a_person_asks_keeps_the_session_alive(pekka, near_its_end):
    pekka.get("/api/v1/sign-in")

    assert minutes_left(near_its_end) == settings.SESSION_IDLE_MINUTES


@pytest.mark.parametrize(("path", "headers"), [("/api/v1/layers", {"X-Idle": "1"}), ("/api/v1/me", {})])
def test_what_a_page_asks_by_itself_does_not(pekka, near_its_end, path, headers):
    assert pekka.client.get(path, headers=headers).status_code == 200

    assert minutes_left(near_its_end) == 1


def test_the_page_is_told_how_much_time_is_left(pekka, near_its_end):
    told = pekka.get("/api/v1/me").json()["session"]

    assert told["expires_at"] == near_its_end.expire_date.isoformat()
