"""Signing in by the organisation's OpenID Connect issuer. django-allauth speaks the protocol; who may come in is decided here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from layers import access, audit, one_at_a_time, refusals, sessions
from layers import services as rights
from portal.models import MappedPerson

log = structlog.get_logger()


class NotAdmitted(Exception):
    """The issuer vouches for the person, but GridAtlas has no place for them. `code` is for the page: not_admitted, name_taken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@require_POST
def start(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to the issuer. Only by a form of ours (CSRF), else another site could sign somebody in unasked."""
    try:
        return views.login(request, provider_id)
    except RequestException:
        return HttpResponseRedirect("/sign-in?problem=oidc_unreachable")


@require_safe
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the browser back from the issuer."""
    return views.callback(request, provider_id)


def sign_in(request: HttpRequest, claims: Mapping[str, Any], *, known: User | None, at: datetime) -> None:
    """Begin the session of the person in these claims, which django-allauth has checked; `known` came this way before.

    Raises:
        NotAdmitted: recorded in the audit.
    """
    try:
        user = _person(claims, known, at)
    except NotAdmitted as refused:
        audit.sign_in_refused(username=known.username if known else "", at=at, why=f"oidc_{refused.code}")
        raise
    # The issuer has asked for the second factor, or the organisation wants none: it is not asked again.
    sessions.begin(request, user, how=sessions.OIDC, at=at)
    audit.signed_in(user=user, at=at, how=sessions.OIDC)


def failed(*, at: datetime, why: str) -> None:
    """Record that the issuer refused, or sent what does not hold. Anybody may call the return address, so the row is bounded."""
    refusals.record(None, refusals.Refusal(why, "people", "GET /oidc"), at=at)


def mapped_groups(claims: Mapping[str, Any]) -> list[str]:
    """Return the groups here that OIDC_GROUP_MAP gives for the groups in the claims."""
    named = claims.get(settings.OIDC_GROUPS_CLAIM) or []
    theirs = [named] if isinstance(named, str) else [str(group) for group in named]
    return sorted({settings.OIDC_GROUP_MAP[group] for group in theirs if group in settings.OIDC_GROUP_MAP})


def _person(claims: Mapping[str, Any], known: User | None, at: datetime) -> User:
    groups = mapped_groups(claims)
    with transaction.atomic():
        one_at_a_time.hold(one_at_a_time.What.SIGN_IN_BY_ISSUER, str(claims["sub"]))
        # A first sign-in in another window may have linked them just now.
        found = known or _linked(claims) or _same_address(claims)
        user = found or _new_person(claims, groups)
        # The claims themselves are not kept (the library would): what we need of a person is in their own row.
        _, is_new_link = SocialAccount.objects.update_or_create(
            provider=settings.OIDC_ID, uid=str(claims["sub"]), defaults={"extra_data": {}}, create_defaults={"user": user, "extra_data": {}}
        )
        # Whom the map brought in, the map governs, at every sign-in; whom an administrator made, the administrator.
        if MappedPerson.objects.filter(user=user).exists() and {group.name for group in user.groups.all()} != set(groups):
            try:
                rights.set_groups([user.pk], groups, by=None, at=at)
            except rights.LastAdministrator:
                # An installation without an administrator could not be repaired: this one stays until there is another.
                log.warning("last_administrator_kept")
            user = User.objects.get(pk=user.pk)
        if is_new_link:
            after = {"username": user.username, "email": user.email, "issuer": settings.OIDC_NAME}
            audit.record([audit.about(user, "person.linked" if found else "person.add", after=after)], user=None, at=at)
    if not user.is_active or not access.role_of(user):
        raise NotAdmitted("not_admitted")
    return user


def _linked(claims: Mapping[str, Any]) -> User | None:
    link = SocialAccount.objects.filter(provider=settings.OIDC_ID, uid=str(claims["sub"])).select_related("user").first()
    return link.user if link else None


def _same_address(claims: Mapping[str, Any]) -> User | None:
    """Return the one person with the e-mail address that the issuer has verified. Never by name: names can be chosen."""
    email = str(claims.get("email") or "")
    if not email or claims.get("email_verified") is not True:
        return None
    found = list(User.objects.filter(email__iexact=email)[:2])
    return found[0] if len(found) == 1 else None


def _new_person(claims: Mapping[str, Any], groups: list[str]) -> User:
    if not any(access.role_named(group) for group in groups):
        raise NotAdmitted("not_admitted")
    username = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])[:150]
    if User.objects.filter(username__iexact=username).exists():
        raise NotAdmitted("name_taken")
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username,
                email=str(claims.get("email") or "")[:254],
                first_name=str(claims.get("given_name") or "")[:150],
                last_name=str(claims.get("family_name") or "")[:150],
            )
    except IntegrityError:
        # Somebody else of that name came first, a moment ago.
        raise NotAdmitted("name_taken") from None
    MappedPerson.objects.create(user=user)
    return user
