"""Doors of the portal: sign-in, and who am I."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import User
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers.selectors import person_name
from layers import access, audit
from portal import selectors
from portal.api.authentication import Session as CookieSession
from portal.api.throttles import SignInThrottle


class SignIn(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=500, trim_whitespace=False)


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


class MeOut(serializers.Serializer):
    username = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    actions = serializers.ListField(child=serializers.CharField())
    utility = UtilityOut()


class BadCredentials(exceptions.APIException):
    status_code = 400
    default_detail = "Name or password is not right."
    default_code = "bad_credentials"


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Session(APIView):
    """Sign in and out."""

    permission_classes = [permissions.AllowAny]
    throttle_classes = [SignInThrottle]

    @extend_schema(request=SignIn, responses=MeOut)
    def post(self, request: Request) -> Response:
        fields = SignIn(data=request.data)
        fields.is_valid(raise_exception=True)
        # SessionAuthentication checks CSRF for signed-in people only; sign-in itself must be guarded too.
        CookieSession().enforce_csrf(request)
        user = authenticate(request, **fields.validated_data)
        if user is None or not access.role_of(user):
            why = "no_role" if user else "bad_credentials"
            audit.sign_in_refused(username=fields.validated_data["username"], at=timezone.now(), why=why)
            raise BadCredentials
        login(request, user)
        audit.signed_in(user=user, at=timezone.now())
        return Response(me(request))

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        if isinstance(request.user, User):
            audit.signed_out(user=request.user, at=timezone.now())
        logout(request)
        return Response(status=204)


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
    """Return the signed-in person and the utility's frame."""
    user = request.user
    return {
        "username": user.username,
        "name": person_name(user) if isinstance(user, User) else "",
        "role": access.role_of(user),
        "actions": sorted(access.actions_of(user)),
        "utility": {
            "name": settings.UTILITY_NAME,
            "zone": settings.TIME_ZONE,
            "guard_distance_m": settings.GUARD_DISTANCE_M,
            **selectors.utility_frame(user=user),
        },
    }
