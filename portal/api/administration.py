"""Doors for administrators: the groups, their grants, and what one person can see."""

from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access
from layers import services as rights
from layers.api.commands import KEY, run_command
from layers.api.messages import Strict, valid
from portal import selectors
from portal.api.messages import asked_person


class GrantMessage(Strict):
    """One right; `area` is an area's code, null means everywhere and has to be said."""

    action = serializers.ChoiceField(access.ALL_ACTIONS)
    area = serializers.CharField(max_length=40, allow_null=True)


class GrantSet(Strict):
    """All rights of a group on a layer ("*": on every layer). A group named role:team is made when it does not exist."""

    group = serializers.CharField(max_length=150)
    layer = serializers.CharField(max_length=40)
    grants = serializers.ListField(child=GrantMessage(), max_length=500)


class GrantWish(GrantSet):
    """`base` are the group's rights on the layer as they were looked at: 409 `rights_changed` when they are others by now."""

    base = serializers.ListField(child=GrantMessage(), max_length=500)


class RoleGrant(serializers.Serializer):
    layer = serializers.CharField()
    action = serializers.ChoiceField(access.ALL_ACTIONS)
    area = serializers.CharField(allow_null=True)


class RoleOut(serializers.Serializer):
    """A group: a role, or a team of one. `people` counts everybody in it, locked out or not."""

    group = serializers.CharField()
    role = serializers.CharField(allow_blank=True)
    people = serializers.IntegerField()
    grants = RoleGrant(many=True)


class Grants(APIView):
    """Who may do what where."""

    @extend_schema(operation_id="admin_grants_list", responses=GrantSet(many=True))
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        return Response(selectors.grant_sets())

    @extend_schema(operation_id="admin_grants_set", request=GrantWish, parameters=[KEY], responses=GrantSet(many=True))
    def put(self, request: Request) -> Response:
        user = access.require_administrator(request.user)
        wanted = valid(GrantWish, request.data)
        base, grants = ({rights.Grant(row["action"], row["area"] or "") for row in wanted[name]} for name in ("base", "grants"))

        def run(at: datetime) -> Any:
            rights.set_grants(wanted["group"], wanted["layer"], grants, base=base, by=user, at=at)
            return selectors.grant_sets(group=wanted["group"])

        return run_command(request, user, run)


class Roles(APIView):
    """The groups with their people and rights."""

    @extend_schema(responses=RoleOut(many=True))
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        return Response(selectors.roles())


class SeeAs(APIView):
    """What can this person see? Their areas as GeoJSON, and how much of each layer that is."""

    @extend_schema(parameters=[OpenApiParameter("user", OpenApiTypes.INT, required=True)], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        user_id = asked_person(request)
        if user_id is None:
            raise serializers.ValidationError({"user": ["Give the number of a person."]})
        return Response(selectors.seen_by(user_id))
