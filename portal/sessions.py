"""People's open sessions: list them, end them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from layers import audit
from layers.models import Session


class UnknownSession(LookupError):
    """There is no such open session, or it is another person's."""


def open_sessions(*, at: datetime) -> QuerySet[Session]:
    """Return everybody's sessions that have not run out, the newest first."""
    return Session.objects.filter(user__isnull=False, expire_date__gt=at).select_related("user").order_by("-last_seen_at")


def rows(sessions: Iterable[Session], *, current_key: str | None) -> list[dict[str, Any]]:
    """Return the sessions as a list for people; `current_key` is the key of the one that asks."""
    return [
        {
            "id": session.sid,
            "device": session.device,
            "ip": session.ip,
            "created_at": session.begun_at.isoformat(),
            "last_seen_at": session.last_seen_at.isoformat(),
            "current": session.session_key == current_key,
        }
        for session in sessions
    ]


def end(sessions: QuerySet[Session], *, by: User, at: datetime) -> int:
    """End these sessions: their next request is 401, their sockets close within 5 s. Return how many there were."""
    with transaction.atomic():
        # Locked, so that each is recorded by whoever ended it.
        ended = list(sessions.select_related(None).select_for_update())
        Session.objects.filter(pk__in=[session.pk for session in ended]).delete()
        people = User.objects.in_bulk({session.user_id for session in ended})
        audit.record(
            [
                audit.about(person, "session.revoke", before={"ip": session.ip, "device": session.device})
                for session in ended
                if (person := people.get(session.user_id or 0))
            ],
            user=by,
            at=at,
        )
    return len(ended)


def end_one(sessions: QuerySet[Session], sid: str, *, by: User, at: datetime) -> None:
    """End the session of this public id among `sessions`.

    Raises:
        UnknownSession.
    """
    if not end(sessions.filter(sid=sid), by=by, at=at):
        raise UnknownSession("There is no such session.")
