"""Rules for passwords beyond Django's own, for the profile `graded` (GB/T 22239 level 3)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from layers import audit
from portal import sessions
from portal.models import PasswordUsed

KINDS, KEEP = 3, 5
MAX_AGE = timedelta(days=90)


class ThreeKinds:
    """Three of: small letters, capital letters, digits, anything else."""

    def validate(self, password: str, user: User | None = None) -> None:
        if kinds(password) < KINDS:
            raise ValidationError(self.get_help_text(), code="password_three_kinds")

    def get_help_text(self) -> str:
        return _("Use at least three of: small letters, capital letters, digits, other characters.")


class NotTheName:
    """No part of the person's name. (Django's own similarity asks how much of the whole is alike, and lets Pekka-Pekka-2026 pass.)"""

    def validate(self, password: str, user: User | None = None) -> None:
        names = [user.username, user.first_name, user.last_name] if user else []
        if any(len(name) > 2 and name.casefold() in password.casefold() for name in names):
            raise ValidationError(self.get_help_text(), code="password_has_name")

    def get_help_text(self) -> str:
        return _("Leave your name out of it.")


class NotUsedLately:
    """None of the last five passwords. Django itself calls `password_changed` whenever a person's new password is stored."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or user.pk is None:
            return
        used = [user.password, *_used_lately(user).values_list("password", flat=True)]
        # The present one is usually the newest of the list as well: judge it once.
        if any(check_password(password, known) for known in dict.fromkeys(used)):
            raise ValidationError(self.get_help_text(), code="password_used_lately")

    def password_changed(self, password: str, user: User | None = None) -> None:
        if user is not None and user.pk is not None:
            PasswordUsed.objects.create(user=user, password=user.password)
            PasswordUsed.objects.filter(user=user).exclude(pk__in=_used_lately(user).values("pk")).delete()

    def get_help_text(self) -> str:
        return _("Use none of your last five passwords.")


def change(user: User, new: str, *, at: datetime, staying: str | None = None) -> None:
    """Store the person's new password, which has been judged. Their sessions end, but the one whose key is `staying`."""
    user.set_password(new)
    with transaction.atomic():
        user.save(update_fields=["password"])
        sessions.end(sessions.open_sessions(at=at).filter(user=user).exclude(session_key=staying), by=user, at=at)
        audit.record([audit.about(user, "person.password")], user=user, at=at)


def _used_lately(user: User) -> QuerySet[PasswordUsed]:
    return PasswordUsed.objects.filter(user=user).order_by("-at", "-pk")[:KEEP]


def kinds(password: str) -> int:
    """Return how many kinds of characters the password has.

    >>> kinds("correct horse"), kinds("Correct horse 1")
    (2, 4)
    """
    return sum(
        (
            any(letter.islower() for letter in password),
            any(letter.isupper() for letter in password),
            any(letter.isdigit() for letter in password),
            any(not letter.isalnum() for letter in password),
        )
    )


def expires_at(user: User) -> datetime | None:
    """Return when the person's password has to be changed; None where the profile asks for no change, or there is no password.

    One whose age nobody knows, from before the profile was chosen, counts from when the person was made.
    """
    if settings.PASSWORD_PROFILE != "graded" or not user.has_usable_password():
        return None
    newest = PasswordUsed.objects.filter(user=user).order_by("-at").first()
    return (newest.at if newest else user.date_joined) + MAX_AGE


def rules() -> list[dict[str, object]]:
    """Return the rules of the profile for people who choose a password: codes, for the page has the words."""
    modern: list[dict[str, object]] = [{"code": "min_length", "value": 12}, {"code": "not_common"}]
    if settings.PASSWORD_PROFILE == "modern":
        return modern
    return [
        *modern,
        {"code": "not_the_name"},
        {"code": "kinds", "value": KINDS},
        {"code": "not_used_lately", "value": KEEP},
        {"code": "max_age_days", "value": MAX_AGE.days},
    ]
