"""Doors for administrators: everybody's open sessions."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers.selectors import person_name
from layers import access
from layers.api.commands import KEY, run_command
from portal import sessions as open_sessions
from portal.api.messages import SessionOut, asked_person

MAX_LISTED = 1000


class PersonsSession(SessionOut):
    user_id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()


class AllSessions(APIView):
    """Who is signed in, the latest seen first."""

    @extend_schema(operation_id="admin_sessions_list", parameters=[OpenApiParameter("user", int)], responses=PersonsSession(many=True))
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        sessions, user_id = open_sessions.open_sessions(at=timezone.now()), asked_person(request)
        found = list((sessions.filter(user_id=user_id) if user_id else sessions)[:MAX_LISTED])
        rows = open_sessions.rows(found, current_key=request.session.session_key)
        return Response([row | _owner(session.user) for row, session in zip(rows, found, strict=True)])


class AnySession(APIView):
    """End anybody's session."""

    @extend_schema(operation_id="admin_sessions_end", parameters=[KEY], responses={204: None})
    def delete(self, request: Request, sid: str) -> Response:
        user = access.require_administrator(request.user)

        def run(at: datetime) -> None:
            open_sessions.end_one(open_sessions.open_sessions(at=at), sid, by=user, at=at)

        return run_command(request, user, run, status=204)


def _owner(user: Any) -> dict[str, Any]:
    return {"user_id": user.pk, "username": user.username, "name": person_name(user)}
