"""The net beneath the predicate: people who only see what they hold read as a database role to which no other row exists.

The role's policies (migration customers.0002) ask `gridatlas.person`. Both are set for one transaction only, never for a connection:
the next transaction on it may be anybody's. See docs/decisions/0013-row-level-security.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet

from layers import access

# How people are called: all that the net lets through of those who changed something of one's own (migration customers.0003).
NAMES = ("id", "username", "first_name", "last_name")
# Under this name a request carries the ExitStack that holds its net.
NET = "gridatlas.net"
# The person for whom this thread reads at the moment.
_READER: ContextVar[int | None] = ContextVar("reader", default=None)


def is_for(user: Any) -> bool:
    """Return whether this person reads through the net: somebody signed in who does not work for the utility."""
    return bool(user.is_authenticated) and not access.is_staff_role(user)


def is_in_force() -> bool:
    """Return whether this thread reads through the net at the moment."""
    return _READER.get() is not None


@contextmanager
def reading_as(user: Any) -> Iterator[None]:
    """Run every query inside as the portal's role for this person, in one transaction. For staff nothing is changed, nor costs anything."""
    if not is_for(user) or _READER.get() == user.pk:
        yield
        return
    # Only a savepoint's end leaves the settings in force; a transaction's own takes them away.
    is_nested = connection.in_atomic_block
    token = _READER.set(user.pk)
    try:
        with transaction.atomic():
            _execute(becoming(user.pk))
            yield
            if is_nested:
                _execute(_BEING_ONESELF)
    finally:
        _READER.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """Step out of the net for a command: the right to it was granted and checked, and what it writes is the application's to write."""
    user_id = _READER.get()
    if user_id is None:
        yield
        return
    token = _READER.set(None)
    try:
        # A savepoint, so that a command that fails leaves the net as it found it.
        with transaction.atomic():
            _execute(_BEING_ONESELF)
            yield
            _execute(becoming(user_id))
    finally:
        _READER.reset(token)


def names_of_people() -> QuerySet[User]:
    """Return everybody, read only as far as the net lets through."""
    return User.objects.only(*NAMES)


def all_but_names(relation: str) -> list[str]:
    """Return what to `defer` of the people whom a queryset selects along this relation, so that customers may read it too."""
    return [f"{relation}__{field.name}" for field in User._meta.concrete_fields if field.name not in NAMES]


def becoming(user_id: int) -> str:
    """Return the statement that makes the rest of its transaction read for this person: to run first, wherever queries are sent by hand.

    Sent in one string with what follows it, the two are one transaction.
    """
    told = {"role": settings.DATABASE_PORTAL_ROLE, "gridatlas.person": str(int(user_id)), "gridatlas.zone": settings.TIME_ZONE}
    return "select " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in told.items())


_BEING_ONESELF = "select set_config('role', 'none', true), set_config('gridatlas.person', '', true)"


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
