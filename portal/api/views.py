"""Doors of the portal: sign-in in one or two steps, and who am I."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.contrib.auth.models import User
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers.selectors import person_name
from layers import access, audit, sessions
from layers.api.messages import Strict, valid
from portal import lockout, passwords, second_factor, selectors
from portal.api.authentication import Session as CookieSession
from portal.api.messages import PasswordRuleOut

PENDING, PENDING_FOR = "pending", timedelta(minutes=5)


class SignInIn(Strict):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=500, trim_whitespace=False)
    remember_device = serializers.BooleanField(default=True)


class SecondFactorIn(Strict):
    code = serializers.CharField(max_length=20)


class SecondFactorNeeded(serializers.Serializer):
    needs = serializers.ChoiceField(["second_factor"])
    ways = serializers.ListField(child=serializers.ChoiceField(["totp", "recovery_code"]))


class ProviderOut(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField()


class SignInFrameOut(serializers.Serializer):
    providers = ProviderOut(many=True)
    idle_minutes = serializers.IntegerField()
    password_profile = serializers.ChoiceField(["modern", "graded"])
    password_rules = PasswordRuleOut(many=True)
    second_factor = serializers.ChoiceField(["off", "staff"])


class AreaOut(serializers.Serializer):
    kind = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    name_zh = serializers.CharField()
    bbox = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)


class UtilityOut(serializers.Serializer):
    name = serializers.CharField()
    zone = serializers.CharField()
    guard_distance_m = serializers.FloatField()
    home = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4, allow_null=True)
    areas = AreaOut(many=True)


class MySessionOut(serializers.Serializer):
    idle_minutes = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class MeOut(serializers.Serializer):
    username = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    actions = serializers.ListField(child=serializers.CharField())
    must_set_up = serializers.ListField(child=serializers.ChoiceField(["totp", "password"]))
    session = MySessionOut()
    utility = UtilityOut()


class BadCredentials(exceptions.APIException):
    status_code = 400
    default_detail = "Name or password is not right."
    default_code = "bad_credentials"


class NotPending(exceptions.APIException):
    status_code = 401
    default_detail = "Sign in with your password first; its five minutes are over."
    default_code = "not_pending"


class SignInFrame(APIView):
    """What a page needs before anybody is signed in: other ways to sign in, and the rules."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(operation_id="sign_in_frame", responses=SignInFrameOut)
    def get(self, request: Request) -> Response:
        get_token(request)
        issuer = {"id": settings.OIDC_ID, "name": settings.OIDC_NAME, "url": f"/oidc/{settings.OIDC_ID}/login/"}
        return Response(
            {
                "providers": [issuer] if settings.OIDC_SERVER_URL else [],
                "idle_minutes": settings.SESSION_IDLE_MINUTES,
                "password_profile": settings.PASSWORD_PROFILE,
                "password_rules": passwords.rules(),
                "second_factor": settings.SECOND_FACTOR,
            }
        )


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Session(APIView):
    """Sign in and out."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(request=SignInIn, responses={200: MeOut, 202: SecondFactorNeeded})
    def post(self, request: Request) -> Response:
        # SessionAuthentication checks CSRF for signed-in people only; sign-in itself must be guarded too.
        CookieSession().enforce_csrf(request)
        fields = valid(SignInIn, request.data)
        username, at = fields["username"], timezone.now()
        tried = lockout.reserve(request, username=username, kind="password", at=at)
        user = authenticate(request, username=username, password=fields["password"])
        if not isinstance(user, User) or not access.role_of(user):
            _record_refusal(tried, username, at, "no_role" if user else "bad_credentials")
            raise BadCredentials
        lockout.succeeded(tried)
        if second_factor.has_totp(user):
            _wait_for_second_factor(request, user, at, remember_device=fields["remember_device"])
            ways = ["totp", "recovery_code"] if second_factor.recovery_codes_left(user) else ["totp"]
            return Response({"needs": "second_factor", "ways": ways}, status=202)
        return _signed_in(request, user, how=sessions.PASSWORD, at=at, remember_device=fields["remember_device"])

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        if isinstance(request.user, User):
            audit.signed_out(user=request.user, at=timezone.now())
        logout(request)
        return Response(status=204)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SecondFactor(APIView):
    """The second step: a code of the authenticator app, or a recovery code."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(request=SecondFactorIn, responses=MeOut)
    def post(self, request: Request) -> Response:
        CookieSession().enforce_csrf(request)
        code, at = valid(SecondFactorIn, request.data)["code"], timezone.now()
        user, remember_device = _pending(request, at)
        tried = lockout.reserve(request, username=user.username, kind="code", at=at)
        try:
            factor = second_factor.take_code(user, code, at=at)
        except second_factor.BadCode:
            _record_refusal(tried, user.username, at, "bad_code")
            raise
        lockout.succeeded(tried)
        return _signed_in(request, user, how=f"{sessions.PASSWORD}+{factor}", at=at, remember_device=remember_device)


class Me(APIView):
    """Who is signed in, and what the page needs to know about the utility."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        get_token(request)
        if not request.user.is_authenticated or not access.role_of(request.user):
            raise exceptions.NotAuthenticated("Sign in first.")
        return Response(me(request))


def me(request: Request) -> dict[str, Any]:
    """Return the signed-in person, what they still have to set up, and the utility's frame."""
    user = request.user
    begun = sessions.begun_of(request.session)
    must_set_up = sessions.missing(begun.how, begun.is_password_due, access.rights_of(user))
    frame = {"home": None, "areas": []} if must_set_up else selectors.utility_frame(user=user)
    return {
        "username": user.username,
        "name": person_name(user) if isinstance(user, User) else "",
        "role": access.role_of(user),
        "actions": sorted(access.actions_of(user)),
        "must_set_up": must_set_up,
        "session": {"idle_minutes": settings.SESSION_IDLE_MINUTES, "expires_at": sessions.expires_at(request.session).isoformat()},
        "utility": {
            "name": settings.UTILITY_NAME,
            "zone": settings.TIME_ZONE,
            "guard_distance_m": settings.GUARD_DISTANCE_M,
            **frame,
        },
    }


def _wait_for_second_factor(request: Request, user: User, at: datetime, *, remember_device: bool) -> None:
    """Keep the first factor in a session that is nobody's: half signed in is not signed in."""
    logout(request)
    # The password's hash is part of it: a password that changes meanwhile has not been shown.
    request.session[PENDING] = [user.pk, at.isoformat(), user.get_session_auth_hash(), remember_device]


def _pending(request: Request, at: datetime) -> tuple[User, bool]:
    user_id, since, auth_hash, remember_device = request.session.get(PENDING) or (0, at.isoformat(), "", False)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    is_fresh = at - datetime.fromisoformat(since) < PENDING_FOR
    if user is None or not is_fresh or not constant_time_compare(auth_hash, user.get_session_auth_hash()):
        raise NotPending
    return user, remember_device


def _signed_in(request: Request, user: User, *, how: str, at: datetime, remember_device: bool) -> Response:
    request.session.pop(PENDING, None)
    due = passwords.expires_at(user)
    sessions.begin(request, user, how=how, at=at, is_password_due=due is not None and due <= at)
    audit.signed_in(user=user, at=at, how=how)
    # Who they are was read before: now for this session.
    request.user = user
    response = Response(me(request))
    if remember_device:
        lockout.remember_device(request, response, username=user.username)
    return response


def _record_refusal(tried: lockout.Try, username: str, at: datetime, why: str) -> None:
    audit.sign_in_refused(username=username, at=at, why=why)
    if tried.is_last:
        # From here on tries are answered 429 and not written: nobody may fill the audit from outside.
        audit.sign_in_refused(username=username, at=at, why="locked_out")
