"""Keys that let somebody choose a password: in the link of an invitation, or of a reset.

A key is signed, names its purpose, runs out, and is dead once the password or the e-mail address has changed: so it works once, and
nothing has to be stored to make it end. It stands behind the # of a link, which no browser sends to a server, so it is in no log.
"""

from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

Purpose = Literal["invitation", "reset"]
RESET_VALID = timedelta(hours=1)


class BadKey(ValueError):
    """The key is not ours, has run out, or was used. Which of these, it does not say."""

    def __init__(self) -> None:
        super().__init__("This link is not valid any more. Ask for a new one.")


def valid_for(purpose: Purpose) -> timedelta:
    """Return how long a key lasts."""
    return timedelta(hours=settings.INVITATION_HOURS) if purpose == "invitation" else RESET_VALID


def make_key(user: User, purpose: Purpose) -> str:
    """Return a key for this person."""
    return signing.dumps([user.pk, _state(user)], salt=_salt(purpose))


def person_with(key: str, people: QuerySet[User]) -> User:
    """Return the person, among these, whose password the key may set.

    Raises:
        BadKey.
    """
    for purpose in ("invitation", "reset"):
        try:
            user_id, state = signing.loads(key, salt=_salt(purpose), max_age=valid_for(purpose))
        except signing.BadSignature:
            continue
        user = people.filter(pk=user_id, is_active=True).first()
        if user and constant_time_compare(state, _state(user)):
            return user
    raise BadKey


def _salt(purpose: Purpose) -> str:
    return f"gridatlas.password.{purpose}"


def _state(user: User) -> str:
    """Return what changes when the password or the address does; it tells neither."""
    return salted_hmac("gridatlas.password.state", f"{user.password} {user.email}").hexdigest()
