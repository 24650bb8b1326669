"""Invite people, change what is known of them, and let them choose a password by the key they were sent."""

from collections.abc import Collection, Mapping
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.db.models import Q
from django_q.tasks import async_task

from customers.selectors import person_name
from layers import audit
from layers import services as rights
from portal import keys, lockout, passwords, second_factor
from portal import sessions as open_sessions
from portal.models import Invitation

# Of several people behind one address, so many get a link.
MAX_RESETS = 5
EDITABLE = ("first_name", "last_name", "email")


class UsernameTaken(Exception):
    """Somebody has this user name."""


class NotInvitable(Exception):
    """There is nothing to invite the person to, or no address to write to."""


def invite_person(*, username: str, first_name: str, last_name: str, email: str, groups: Collection[str], by: User, at: datetime) -> User:
    """Make a person without a password, put them into the groups and send them the link to choose one.

    Raises:
        UsernameTaken, rights.UnknownGroup: nobody is made.
    """
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise UsernameTaken(f"The user name “{username}” is taken.")
        user = User(username=username, first_name=first_name, last_name=last_name, email=email)
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as error:
            raise UsernameTaken(f"The user name “{username}” is taken.") from error
        rights.set_groups([user.pk], groups, by=by, at=at)
        _send_invitation(user, by=by, at=at)
    return user


def invite_again(user_id: int, *, by: User, at: datetime) -> None:
    """Send the invitation once more; links sent before stay valid until they run out.

    Raises:
        rights.UnknownPerson; NotInvitable: the person has a password, signs in by the organisation's issuer, is locked out, or has no e-mail address.
    """
    with transaction.atomic():
        user = _locked(user_id)
        if user.has_usable_password():
            raise NotInvitable(f"{person_name(user)} has a password already; who forgot it asks for a new one on the sign-in page.")
        if SocialAccount.objects.filter(user=user).exists():
            raise NotInvitable(f"{person_name(user)} signs in by {settings.OIDC_NAME} and needs no password here.")
        if not user.is_active:
            raise NotInvitable(f"{person_name(user)} is locked out; let them in first.")
        if not user.email:
            raise NotInvitable(f"{person_name(user)} has no e-mail address to write to.")
        _send_invitation(user, by=by, at=at)


def edit_person(
    user_id: int, fields: Mapping[str, str], *, groups: Collection[str] | None = None, is_active: bool | None = None, by: User, at: datetime
) -> None:
    """Change names and e-mail address, the groups, and whether the person may come in; None leaves as it is.

    With another address, links sent to the old one are dead.

    Raises:
        rights.UnknownPerson, rights.UnknownGroup, rights.LastAdministrator: nothing is stored.
    """
    with transaction.atomic():
        user = _locked(user_id)
        before, after = audit.changed({name: getattr(user, name) for name in fields}, fields)
        if after:
            User.objects.filter(pk=user.pk).update(**after)
            audit.record([audit.about(user, "person.edit", before=before, after=after)], user=by, at=at)
        if groups is not None:
            rights.set_groups([user_id], groups, by=by, at=at)
        if is_active is not None:
            rights.set_active([user_id], is_active=is_active, by=by, at=at)


def unlock(user_id: int, *, by: User, at: datetime) -> None:
    """Let somebody who tried too often try again at once.

    Raises:
        rights.UnknownPerson.
    """
    with transaction.atomic():
        lockout.unlock([_locked(user_id)], by=by, at=at)


def remove_second_factor(user_id: int, *, by: User, at: datetime) -> None:
    """Take away the second factor of somebody who lost it; their open sessions end, since whoever has the telephone may have one.

    Raises:
        rights.UnknownPerson.
    """
    with transaction.atomic():
        user = _locked(user_id)
        if second_factor.has_totp(user):
            second_factor.remove(user, by=by, at=at)
            open_sessions.end(open_sessions.open_sessions(at=at).filter(user=user), by=by, at=at)


def ask_for_reset(username_or_email: str, *, at: datetime) -> None:
    """Have the worker send a link to whoever is called so. One job either way: how long it takes tells nobody who has an account."""
    named = Q(username__iexact=username_or_email) | Q(email__iexact=username_or_email)
    people = User.objects.filter(named, is_active=True).exclude(email="").order_by("pk")[:MAX_RESETS]
    # Who was invited and never came has no password to reset; who signs in elsewhere (OpenID Connect) must not get one this way.
    user_ids = [user.pk for user in people if user.has_usable_password()]
    origin = audit.present_origin()
    async_task("portal.mail.send_password_resets", user_ids, origin.ip, origin.device)


def set_password(key: str, password: str, *, at: datetime) -> None:
    """Give the person whom the key names this password; all their sessions end, and no key sent to them works any more.

    Raises:
        keys.BadKey; django.core.exceptions.ValidationError: the password breaks the rules. Nothing has changed.
    """
    with transaction.atomic():
        user = keys.person_with(key, User.objects.select_for_update())
        validate_password(password, user)
        passwords.change(user, password, at=at)


def _send_invitation(user: User, *, by: User, at: datetime) -> None:
    Invitation.objects.update_or_create(user=user, defaults={"sent_at": at})
    # The queue is a table: the e-mail is sent if, and only if, this transaction commits.
    async_task("portal.mail.send_invitation", user.pk)
    audit.record([audit.about(user, "person.invite", after={"username": user.username, "email": user.email})], user=by, at=at)


def _locked(user_id: int) -> User:
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise rights.UnknownPerson("There is no such person.")
    return user
