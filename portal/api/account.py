"""Doors of one's own account: password, second factor, open sessions.

They take no Idempotency-Key: the answers hold secrets, which must not be stored to be given again, and doing any of it twice harms nobody.
"""

from datetime import datetime

from allauth.mfa.adapter import get_adapter
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access, audit, sessions
from layers.api.messages import Strict, valid
from portal import lockout, passwords, second_factor
from portal import sessions as open_sessions
from portal.api.messages import PasswordRuleOut, SessionOut

PENDING_TOTP = "pending_totp"


class PasswordIn(Strict):
    password = serializers.CharField(max_length=500, trim_whitespace=False)


class CodeIn(Strict):
    code = serializers.CharField(max_length=20)


class NewPasswordIn(Strict):
    old = serializers.CharField(max_length=500, trim_whitespace=False)
    new = serializers.CharField(max_length=500, trim_whitespace=False)


class NewTotpOut(serializers.Serializer):
    """The shared secret, in base 32, as otpauth:// address and as the picture of it. Not active before its first code."""

    secret = serializers.CharField()
    uri = serializers.CharField()
    qr_svg = serializers.CharField()


class RecoveryCodesOut(serializers.Serializer):
    recovery_codes = serializers.ListField(child=serializers.CharField())


class PasswordProfileOut(serializers.Serializer):
    name = serializers.ChoiceField(["modern", "graded"])
    rules = PasswordRuleOut(many=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class SecurityOut(serializers.Serializer):
    has_password = serializers.BooleanField()
    totp = serializers.BooleanField()
    totp_required = serializers.BooleanField()
    recovery_codes_left = serializers.IntegerField()
    password_profile = PasswordProfileOut()


class Sessions(APIView):
    """Where I am signed in."""

    @extend_schema(operation_id="sessions_list", responses=SessionOut(many=True))
    def get(self, request: Request) -> Response:
        mine = open_sessions.open_sessions(at=timezone.now()).filter(user=request.user.pk)
        return Response(open_sessions.rows(mine, current_key=request.session.session_key))

    @extend_schema(operation_id="sessions_end_others", responses={204: None})
    def delete(self, request: Request) -> Response:
        _end_others(request, timezone.now())
        return Response(status=204)


class OneSession(APIView):
    @extend_schema(operation_id="sessions_end", responses={204: None})
    def delete(self, request: Request, sid: str) -> Response:
        at, me = timezone.now(), _me(request)
        open_sessions.end_one(open_sessions.open_sessions(at=at).filter(user=me), sid, by=me, at=at)
        return Response(status=204)


class Security(APIView):
    """How my account is guarded."""

    @extend_schema(operation_id="account_security", responses=SecurityOut)
    def get(self, request: Request) -> Response:
        me = _me(request)
        expires_at = passwords.expires_at(me)
        return Response(
            {
                "has_password": me.has_usable_password(),
                "totp": second_factor.has_totp(me),
                "totp_required": settings.SECOND_FACTOR == "staff" and access.is_staff_role(me),
                "recovery_codes_left": second_factor.recovery_codes_left(me),
                "password_profile": {
                    "name": settings.PASSWORD_PROFILE,
                    "rules": passwords.rules(),
                    "expires_at": expires_at.isoformat() if expires_at else None,
                },
            }
        )


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Totp(APIView):
    """My authenticator app. When it is set up, changed or taken away, all other sessions end: they had shown less."""

    @extend_schema(operation_id="account_totp_begin", request=PasswordIn, responses=NewTotpOut)
    def post(self, request: Request) -> Response:
        me = _confirmed(request, timezone.now(), "password")
        secret, adapter = second_factor.new_secret(), get_adapter()
        request.session[PENDING_TOTP] = adapter.encrypt(secret)
        uri = adapter.build_totp_url(me, secret)
        return Response({"secret": secret, "uri": uri, "qr_svg": adapter.build_totp_svg(uri)})

    @extend_schema(operation_id="account_totp_confirm", request=CodeIn, responses=RecoveryCodesOut)
    def put(self, request: Request) -> Response:
        code, me, at = valid(CodeIn, request.data)["code"], _me(request), timezone.now()
        secret = request.session.get(PENDING_TOTP)
        if not secret:
            raise second_factor.BadCode
        codes = second_factor.set_totp(me, get_adapter().decrypt(secret), code, at=at)
        _end_others(request, at)
        del request.session[PENDING_TOTP]
        if sessions.begun_of(request.session).how in ("", sessions.PASSWORD):
            sessions.change(request.session, how=sessions.TOTP)
        return Response({"recovery_codes": codes})

    @extend_schema(operation_id="account_totp_remove", request=PasswordIn, responses={204: None})
    def delete(self, request: Request) -> Response:
        at = timezone.now()
        me = _confirmed(request, at, "password")
        second_factor.remove(me, by=me, at=at)
        _end_others(request, at)
        if sessions.begun_of(request.session).how != sessions.OIDC:
            sessions.change(request.session, how=sessions.PASSWORD)
        return Response(status=204)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class RecoveryCodes(APIView):
    @extend_schema(operation_id="account_recovery_codes_renew", request=PasswordIn, responses=RecoveryCodesOut)
    def post(self, request: Request) -> Response:
        at = timezone.now()
        me = _confirmed(request, at, "password")
        if not second_factor.has_totp(me):
            raise serializers.ValidationError({"password": [_("Set up the authenticator app first.")]})
        return Response({"recovery_codes": second_factor.renew_recovery_codes(me, at=at)})


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Password(APIView):
    """My password. All other sessions end."""

    @extend_schema(operation_id="account_password", request=NewPasswordIn, responses={204: None})
    def post(self, request: Request) -> Response:
        new, at = valid(NewPasswordIn, request.data)["new"], timezone.now()
        me = _confirmed(request, at, "old")
        try:
            validate_password(new, me)
        except ValidationError as error:
            raise serializers.ValidationError({"new": error.messages}) from error
        passwords.change(me, new, at=at, staying=request.session.session_key)
        # The session id is renewed, and this session goes on under the new password.
        update_session_auth_hash(request, me)
        sessions.change(request.session, is_password_due=False)
        return Response(status=204)


def _end_others(request: Request, at: datetime) -> None:
    """End every session of the person who asks but the one they ask with."""
    me = _me(request)
    others = open_sessions.open_sessions(at=at).filter(user=me).exclude(session_key=request.session.session_key)
    open_sessions.end(others, by=me, at=at)


def _confirmed(request: Request, at: datetime, field: str) -> User:
    """Return the person who asks, once they have shown their password again: a screen left open is not enough."""
    me = _me(request)
    message = NewPasswordIn if field == "old" else PasswordIn
    password = valid(message, request.data)[field]
    tried = lockout.reserve(request, username=me.username, kind="password", at=at)
    if not me.check_password(password):
        audit.sign_in_refused(username=me.username, at=at, why="bad_password_again")
        raise serializers.ValidationError({field: [_("Your password is not right.")]})
    lockout.succeeded(tried)
    return me


def _me(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
