"""Doors of access tokens: one's own, and everybody's for administrators."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access, tokens
from layers.api.commands import KEY, run_command
from layers.api.messages import Strict, Text, valid
from layers.models import AccessToken
from portal.api.messages import asked_person

MAX_LISTED = 1000


class TokenOut(serializers.ModelSerializer):
    """A token as lists show it; the token itself is told once, to whoever made it."""

    class Meta:
        model = AccessToken
        fields = ["id", "name", "layers", "prefix", "created_at", "expires_at", "last_used_at"]


class NewToken(Strict):
    """What a token shall open, and for how long."""

    name = Text(max_length=80)
    layers = serializers.ListField(child=serializers.CharField(max_length=40), allow_empty=False, max_length=50)
    days = serializers.IntegerField(min_value=1, max_value=366)


class TokenMade(TokenOut):
    """`token` is null when the command is answered again: nobody can read it a second time."""

    token = serializers.CharField(allow_null=True)

    class Meta(TokenOut.Meta):
        fields = [*TokenOut.Meta.fields, "token"]


class OwnedToken(TokenOut):
    """A token, and whose it is."""

    user_id = serializers.IntegerField()
    username = serializers.CharField(source="user.username")
    owner = serializers.SerializerMethodField()

    class Meta(TokenOut.Meta):
        fields = [*TokenOut.Meta.fields, "user_id", "username", "owner"]

    def get_owner(self, token: AccessToken) -> str:
        return token.user.get_full_name() or token.user.username


class Tokens(APIView):
    """My access tokens."""

    @extend_schema(operation_id="tokens_list", responses=TokenOut(many=True))
    def get(self, request: Request) -> Response:
        mine = AccessToken.objects.filter(user=access.somebody(request.user))
        return Response(TokenOut(mine.order_by("-created_at"), many=True).data)

    @extend_schema(request=NewToken, parameters=[KEY], responses={201: TokenMade})
    def post(self, request: Request) -> Response:
        wanted = valid(NewToken, request.data)
        user = access.somebody(request.user)
        # Kept out of the stored answer, which would be the token in plain text.
        made: list[str] = []

        def run(at: datetime) -> Any:
            token, secret = tokens.make_token(user=user, name=wanted["name"], layer_ids=wanted["layers"], days=wanted["days"], at=at)
            made.append(secret)
            return TokenOut(token).data

        answer = run_command(request, user, run, status=201)
        answer.data = {**answer.data, "token": made[0] if made else None}
        return answer


class OneToken(APIView):
    """Revoke one of my access tokens."""

    @extend_schema(parameters=[KEY], responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        user = access.somebody(request.user)

        def run(at: datetime) -> None:
            tokens.revoke_token(token_id, by=user, at=at, owner=user)

        return run_command(request, user, run, status=204)


class AllTokens(APIView):
    """Everybody's access tokens, for administrators; the newest first."""

    @extend_schema(operation_id="admin_tokens_list", parameters=[OpenApiParameter("user", int)], responses=OwnedToken(many=True))
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        rows = AccessToken.objects.select_related("user").order_by("-created_at")
        user_id = asked_person(request)
        return Response(OwnedToken((rows.filter(user_id=user_id) if user_id else rows)[:MAX_LISTED], many=True).data)


class AnyToken(APIView):
    """Revoke anybody's access token, for administrators."""

    @extend_schema(operation_id="admin_tokens_revoke", parameters=[KEY], responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        user = access.require_administrator(request.user)

        def run(at: datetime) -> None:
            tokens.revoke_token(token_id, by=user, at=at)

        return run_command(request, user, run, status=204)
