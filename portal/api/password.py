"""Doors for people without a session who choose a password: with the key they were sent, or to be sent one."""

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers.api.messages import Strict, Text, valid
from portal import lockout
from portal.api.authentication import Session as CookieSession
from portal.services import people


class KeyAndPassword(Strict):
    """The key from behind the # of the link, and the password that shall be."""

    key = serializers.CharField(max_length=400)
    password = serializers.CharField(max_length=500, trim_whitespace=False)


class WhoForgot(Strict):
    username_or_email = Text(max_length=254)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SetPassword(APIView):
    """Choose a password with a key. It works once, so it needs no Idempotency-Key."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(request=KeyAndPassword, responses={204: None})
    def post(self, request: Request) -> Response:
        CookieSession().enforce_csrf(request)
        wanted = valid(KeyAndPassword, request.data)
        try:
            people.set_password(wanted["key"], wanted["password"], at=timezone.now())
        except ValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return Response(status=204)


class PasswordReset(APIView):
    """Be sent a key, if one is known here. The answer is the same for everybody."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(request=WhoForgot, responses={204: None})
    def post(self, request: Request) -> Response:
        CookieSession().enforce_csrf(request)
        name, at = valid(WhoForgot, request.data)["username_or_email"], timezone.now()
        # Counted by what was typed and from where, whether or not anybody is called so.
        lockout.reserve(request, username=name, kind="reset", at=at)
        people.ask_for_reset(name, at=at)
        return Response(status=204)
