"""Sessions: who signed in, how, on which device, and until when. Named in settings as SESSION_ENGINE.

The end of a session is one column, `expire_date`, which pages, tiles and sockets all check in the query that they make anyhow.
A busy session's end is moved on at most once a minute, so being idle is measured to a minute and costs no write per request.
"""

import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY, login
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from layers import access
from layers.models import Session

PASSWORD, TOTP, RECOVERY_CODE, OIDC = "password", "password+totp", "password+recovery_code", "oidc"
BEGUN = "begun"
# Of a session that is nobody's: long enough to fetch the telephone, or to sign in at the organisation's own page.
NOBODYS = timedelta(minutes=15)
SEEN_EVERY_S = 60.0
# The page sets it on what it asks by itself, while nobody touches it: news that come in keep no session alive.
IDLE_HEADER = "X-Idle"
_SEEN_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Begun:
    """How a session began. It is part of the session's signed data; the row's columns repeat it."""

    at: str = ""
    how: str = ""
    ip: str = ""
    device: str = ""
    is_password_due: bool = False


class SessionStore(DatabaseStore):
    """Django's sessions in the database, with columns that tell people of them."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        begun, now = begun_of(data), timezone.now()
        user_id = str(data.get(SESSION_KEY, ""))
        row.user_id = int(user_id) if user_id.isdigit() else None
        row.how, row.is_password_due, row.ip, row.device = begun.how, begun.is_password_due, begun.ip, begun.device
        row.begun_at = datetime.fromisoformat(begun.at) if begun.at else now
        row.last_seen_at = now
        row.ends_at = row.begun_at + timedelta(seconds=settings.SESSION_COOKIE_AGE) if row.user_id else now + NOBODYS
        row.expire_date = min(row.ends_at, now + _idle()) if row.user_id else row.ends_at
        # What is about to be written is as good as touched.
        last_seen.is_due(row.session_key)
        return row


class LastSeen:
    """Remembers, per process, when a session's end was moved on last."""

    def __init__(self) -> None:
        self._at: OrderedDict[str, float] = OrderedDict()

    def is_due(self, session_key: str) -> bool:
        """Tell whether the row should be touched now; asking counts as doing it."""
        now = time.monotonic()
        if now - self._at.get(session_key, -SEEN_EVERY_S) < SEEN_EVERY_S:
            return False
        self._at.pop(session_key, None)
        self._at[session_key] = now
        while len(self._at) > _SEEN_REMEMBERED:
            self._at.popitem(last=False)
        return True


# One for pages and tiles: both are served by the same process.
last_seen = LastSeen()


def begin(request: HttpRequest, user: User, *, how: str, at: datetime, is_password_due: bool = False) -> None:
    """Sign the person in: a new session id, whatever the browser held before. All factors have been judged by the caller."""
    # Also when the browser holds a session of the same person, whose id Django would keep: somebody else may know it.
    request.session.flush()
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    device = request.headers.get("User-Agent", "")[:200].replace("\0", "")
    ip = request.META.get("REMOTE_ADDR", "")[:45]
    request.session[BEGUN] = asdict(Begun(at.isoformat(), how, ip, device, is_password_due))


def change(session: SessionBase, **fields: Any) -> None:
    """Note that the person did what was missing, e.g. how="password+totp"."""
    session[BEGUN] = asdict(begun_of(session)) | fields


def begun_of(data: Any) -> Begun:
    """Return how the session with this data began; a session made without `begin`, as tests do, knows nothing."""
    return Begun(**(data.get(BEGUN) or {}))


def expires_at(session: SessionBase) -> datetime:
    """Return when this session ends if nothing more is done in it."""
    row = Session.objects.filter(pk=session.session_key).only("expire_date").first()
    # Just begun: the row is written when the answer leaves.
    return row.expire_date if row else timezone.now() + _idle()


def missing(how: str, is_password_due: bool, rights: access.Rights) -> list[str]:
    """Return what the person has to set up before this session gives any right: [], ["totp"] or ["password"]."""
    is_staff = rights.role not in ("", access.CUSTOMER)
    if settings.SECOND_FACTOR == "staff" and is_staff and how in ("", PASSWORD):
        return ["totp"]
    return ["password"] if is_password_due else []


def touch_sql() -> str:
    """Return the statement that moves a session's end on; its parameter is the key. One for both drivers: fill in the placeholder."""
    idle_s = int(_idle().total_seconds())
    return (
        f"update layers_session set last_seen_at = now(), expire_date = least(ends_at, now() + interval '{idle_s} seconds') "
        "where session_key = {key} and user_id is not null and expire_date > now() returning 1"
    )


def touch(session_key: str) -> None:
    """Move the session's end on, unless it is over."""
    with connection.cursor() as cursor:
        cursor.execute(touch_sql().format(key="%s"), [session_key])


def _idle() -> timedelta:
    return (
        timedelta(minutes=settings.SESSION_IDLE_MINUTES)
        if settings.SESSION_IDLE_MINUTES
        else timedelta(seconds=settings.SESSION_COOKIE_AGE)
    )
