"""Our side of django-allauth: secrets are stored encrypted, and nobody signs in or up by its own pages."""

from typing import Any, NoReturn

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone

from layers import sealing
from portal import oidc

log = structlog.get_logger()


class Accounts(DefaultAccountAdapter):
    """People are invited by an administrator or come by their organisation's sign-in; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SecondFactors(DefaultMFAAdapter):
    """The shared secrets in the database are worth nothing without SECRET_KEY."""

    def encrypt(self, text: str) -> str:
        return sealing.fernet("second_factor").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.fernet("second_factor").decrypt(encrypted_text.encode()).decode()

    def _get_user_identifier(self, user: Any) -> str:
        # The sign-in name, not the e-mail address: it stands on a screen that others may see.
        return str(user.get_username())


class Issuers(DefaultSocialAccountAdapter):
    """Whom the issuer names, `portal.oidc` admits or not; either way the person ends on our own page."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> NoReturn:
        known = sociallogin.user if sociallogin.is_existing else None
        claims = sociallogin.account.extra_data.get("id_token") or {}
        try:
            oidc.sign_in(request, claims, known=known if isinstance(known, User) else None, at=timezone.now())
        except oidc.NotAdmitted as refused:
            raise ImmediateHttpResponse(HttpResponseRedirect(f"/sign-in?problem={refused.code}")) from refused
        raise ImmediateHttpResponse(HttpResponseRedirect("/"))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Exception | None = None, extra_context: Any = None
    ) -> NoReturn:
        log.warning("oidc_failed", error=str(error), cause=type(exception).__name__)
        oidc.failed(at=timezone.now(), why=f"oidc_{getattr(error, 'value', error)}")
        raise ImmediateHttpResponse(HttpResponseRedirect("/sign-in?problem=oidc_failed"))
