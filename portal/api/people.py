"""Doors for administrators: the people of this installation."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers.api.serializers import Strict
from layers import access
from layers import services as rights
from layers.api.commands import run_command
from layers.api.views import KEY
from portal import selectors
from portal.api.checked import valid

MAX_PEOPLE = 500


class PersonPatch(Strict):
    """What changes about a person; what is left out stays."""

    groups = serializers.ListField(child=serializers.CharField(max_length=150), required=False, max_length=50)
    is_active = serializers.BooleanField(required=False)


class PersonOut(serializers.Serializer):
    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    groups = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField()
    is_superuser = serializers.BooleanField()
    last_login = serializers.DateTimeField(allow_null=True)


class People(APIView):
    """The people of this installation, by name."""

    @extend_schema(parameters=[OpenApiParameter("q", OpenApiTypes.STR)], responses=PersonOut(many=True))
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        return Response(selectors.people(text=request.query_params.get("q", "")[:100], limit=MAX_PEOPLE))


class Person(APIView):
    """One person: their groups, and whether they may come in."""

    @extend_schema(request=PersonPatch, parameters=[KEY], responses=PersonOut)
    def patch(self, request: Request, user_id: int) -> Response:
        user = access.require_administrator(request.user)
        wanted = valid(PersonPatch, request.data)

        def run(at: datetime) -> Any:
            if "groups" in wanted:
                rights.set_groups([user_id], wanted["groups"], by=user, at=at)
            if "is_active" in wanted:
                rights.set_active([user_id], is_active=wanted["is_active"], by=user, at=at)
            return selectors.person_row(find_person(user_id))

        return run_command(request, user, run)


def find_person(user_id: int) -> User:
    """Return the person of that number.

    Raises:
        rights.UnknownPerson: there is none.
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise rights.UnknownPerson("There is no such person.")
    return user
