"""Leave a row in the audit for what somebody wanted and may not: bounded, so that nobody can fill the audit by asking.

Every door uses it: the API, Django's other pages, the tile routes and the socket.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import DatabaseError, close_old_connections, connection

from layers import audit

log = structlog.get_logger()
ROWS_A_MINUTE = 60
_WANTED_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused: `layer` and `object_id` as far as the address names them, `wanted` the address itself, without its query."""

    code: str
    layer: str
    wanted: str
    object_id: int | str = ""


@dataclass(slots=True)
class Limit:
    """The same refusal of a person is written once a minute, and all their refusals together `rows_a_minute` times, per process.

    What is left out is counted, and the person's next row tells how many there were. Nobody signed in counts as one person.
    """

    rows_a_minute: int
    _minute: int = 0
    _written: dict[int | None, set[Refusal]] = field(default_factory=dict)
    _left_out: Counter[int | None] = field(default_factory=Counter)

    def take(self, user_id: int | None, refusal: Refusal, at: datetime) -> int | None:
        """Return how many were left out before this one, or None when this one is left out too."""
        minute = int(at.timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            self._written.clear()
        written = self._written.setdefault(user_id, set())
        if refusal in written or len(written) >= self.rows_a_minute:
            self._left_out[user_id] += 1
            return None
        written.add(refusal)
        return self._left_out.pop(user_id, 0)


_limit = Limit(ROWS_A_MINUTE)


def record(user: User | None, refusal: Refusal, *, at: datetime) -> None:
    """Write the row if the limit lets it."""
    left_out = _limit.take(user.pk if user else None, refusal, at)
    if left_out is not None:
        _write(user, refusal, at, left_out)


def recording(scope: Any, user_id: int | None, refusal: Refusal, *, at: datetime, request_id: str) -> Callable[[], None] | None:
    """Return the work of writing the row, for an event loop to hand to a thread; None when the limit leaves it out."""
    left_out = _limit.take(user_id, refusal, at)
    if left_out is None:
        return None
    origin = origin_of(scope)

    def work() -> None:
        # The thread's connection may have died with a restart of the database; the row must not be lost for that.
        close_old_connections()
        try:
            with audit.coming_from(origin), structlog.contextvars.bound_contextvars(request_id=request_id):
                _write(User.objects.filter(pk=user_id).first() if user_id else None, refusal, at, left_out)
        finally:
            # Rare enough that no thread keeps a connection for it.
            connection.close()

    return work


def origin_of(scope: Any) -> audit.Origin:
    """Return from where an ASGI request comes."""
    device = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent"), "")
    return audit.Origin(ip=(scope.get("client") or [""])[0], device=device)


def _write(user: User | None, refusal: Refusal, at: datetime, left_out: int) -> None:
    try:
        audit.refused(
            user=user,
            at=at,
            code=refusal.code,
            layer=refusal.layer,
            object_id=refusal.object_id,
            wanted=refusal.wanted[:_WANTED_CHARACTERS],
            left_out=left_out,
        )
    except DatabaseError as why:
        # The refusal itself must not fail because the audit is out of reach.
        log.warning("refusal_not_recorded", error=type(why).__name__)
