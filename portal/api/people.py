"""Doors for administrators: the people of this installation."""

from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access
from layers.api.commands import KEY, run_command
from layers.api.messages import Strict, Text, valid
from portal import selectors
from portal.services import people

MAX_PEOPLE = 500


class _Names(Strict):
    first_name = Text(max_length=150, required=False, allow_blank=True)
    last_name = Text(max_length=150, required=False, allow_blank=True)


class NewPerson(_Names):
    """Whom to invite. The e-mail address is where the link goes by which they choose a password."""

    username = serializers.RegexField(r"^[\w.@+-]{1,150}$", max_length=150)
    email = serializers.EmailField(max_length=254)
    groups = serializers.ListField(child=serializers.CharField(max_length=150), max_length=50)


class PersonPatch(_Names):
    """What changes about a person; what is left out stays."""

    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    groups = serializers.ListField(child=serializers.CharField(max_length=150), required=False, max_length=50)
    is_active = serializers.BooleanField(required=False)


class PersonOut(serializers.Serializer):
    """A person; `sessions` are the open ones, `invited_at` when the last invitation was sent."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()
    first_name = serializers.CharField(allow_blank=True)
    last_name = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    role = serializers.CharField(allow_blank=True)
    groups = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField()
    is_superuser = serializers.BooleanField()
    has_totp = serializers.BooleanField()
    invited_at = serializers.DateTimeField(allow_null=True)
    last_login = serializers.DateTimeField(allow_null=True)
    sessions = serializers.IntegerField()


class People(APIView):
    """The people of this installation, by name; the door for a new one."""

    @extend_schema(parameters=[OpenApiParameter("q", OpenApiTypes.STR)], responses=PersonOut(many=True))
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        return Response(selectors.people(text=request.query_params.get("q", "").replace("\0", "")[:100], limit=MAX_PEOPLE))

    @extend_schema(request=NewPerson, parameters=[KEY], responses={201: PersonOut})
    def post(self, request: Request) -> Response:
        user = access.require_administrator(request.user)
        wanted = {"first_name": "", "last_name": ""} | valid(NewPerson, request.data)

        def run(at: datetime) -> Any:
            return selectors.person_row(people.invite_person(**wanted, by=user, at=at).pk)

        return run_command(request, user, run, status=201)


class Person(APIView):
    """One person: their names, their groups, and whether they may come in."""

    @extend_schema(request=PersonPatch, parameters=[KEY], responses=PersonOut)
    def patch(self, request: Request, user_id: int) -> Response:
        user = access.require_administrator(request.user)
        wanted = valid(PersonPatch, request.data)
        fields = {name: wanted[name] for name in people.EDITABLE if name in wanted}

        def run(at: datetime) -> Any:
            people.edit_person(user_id, fields, groups=wanted.get("groups"), is_active=wanted.get("is_active"), by=user, at=at)
            return selectors.person_row(user_id)

        return run_command(request, user, run)


class InvitationAgain(APIView):
    """Send the invitation once more."""

    @extend_schema(request=None, parameters=[KEY], responses={204: None})
    def post(self, request: Request, user_id: int) -> Response:
        user = access.require_administrator(request.user)
        return run_command(request, user, lambda at: people.invite_again(user_id, by=user, at=at), status=204)


class LostSecondFactor(APIView):
    """Take away a second factor that was lost."""

    @extend_schema(parameters=[KEY], responses={204: None})
    def delete(self, request: Request, user_id: int) -> Response:
        user = access.require_administrator(request.user)
        return run_command(request, user, lambda at: people.remove_second_factor(user_id, by=user, at=at), status=204)


class Unlock(APIView):
    """Let somebody try their password again at once."""

    @extend_schema(request=None, parameters=[KEY], responses={204: None})
    def post(self, request: Request, user_id: int) -> Response:
        user = access.require_administrator(request.user)
        return run_command(request, user, lambda at: people.unlock(user_id, by=user, at=at), status=204)
