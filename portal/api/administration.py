"""Doors for administrators: the grants of the groups, the people, and what one person can see."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access
from layers import services as rights
from layers.api.commands import run_command
from portal import selectors

KEY = OpenApiParameter("Idempotency-Key", OpenApiTypes.UUID, OpenApiParameter.HEADER, required=True)
MAX_PEOPLE = 500


class Strict(serializers.Serializer):
    """Refuses fields it does not know: a misspelt `area` must not become a right everywhere."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({name: ["This field is not known here."] for name in unknown[:20]})
        return super().to_internal_value(data)


class GrantMessage(Strict):
    """One right; `area` is an area's code, null means everywhere and has to be said."""

    action = serializers.ChoiceField(access.ALL_ACTIONS)
    area = serializers.CharField(max_length=40, allow_null=True)


class GrantSet(Strict):
    """All rights of a group on a layer ("*": on every layer). A group named role:team is made when it does not exist."""

    group = serializers.CharField(max_length=150)
    layer = serializers.CharField(max_length=40)
    grants = serializers.ListField(child=GrantMessage(), max_length=500)


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


class Grants(APIView):
    """Who may do what where."""

    @extend_schema(operation_id="admin_grants_list", responses=GrantSet(many=True))
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        return Response(selectors.grant_sets())

    @extend_schema(operation_id="admin_grants_set", request=GrantSet, parameters=[KEY], responses=GrantSet(many=True))
    def put(self, request: Request) -> Response:
        user = access.require_administrator(request.user)
        wanted = _valid(GrantSet, request.data)
        grants = {rights.Grant(row["action"], row["area"] or "") for row in wanted["grants"]}

        def run(at: datetime) -> Any:
            rights.set_grants(wanted["group"], wanted["layer"], grants, by=user, at=at)
            return selectors.grant_sets(group=wanted["group"])

        return run_command(request, user, run)


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
        wanted = _valid(PersonPatch, request.data)

        def run(at: datetime) -> Any:
            if "groups" in wanted:
                rights.set_groups([user_id], wanted["groups"], by=user, at=at)
            if "is_active" in wanted:
                rights.set_active([user_id], is_active=wanted["is_active"], by=user, at=at)
            return selectors.person_row(_person(user_id))

        return run_command(request, user, run)


class SeeAs(APIView):
    """What can this person see? Their areas as GeoJSON, and how much of each layer that is."""

    @extend_schema(parameters=[OpenApiParameter("user", OpenApiTypes.INT, required=True)], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        text = request.query_params.get("user", "")
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise serializers.ValidationError({"user": ["Give the number of a person."]})
        return Response(selectors.seen_by(_person(int(text))))


def _person(user_id: int) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise rights.UnknownPerson("There is no such person.")
    return user


def _valid(serializer: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    checked = serializer(data=data)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)
