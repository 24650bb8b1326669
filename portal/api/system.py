"""Doors for administrators: how the installation is, and another try for a failed job."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access
from layers.api.commands import KEY, run_command
from portal import system
from portal.services import jobs


class State(serializers.Serializer):
    """One part's health. `detail` says what is wrong."""

    ok = serializers.BooleanField()
    detail = serializers.CharField(allow_blank=True)
    ms = serializers.FloatField()


class Health(serializers.Serializer):
    database = State()
    redis = State()
    migrations = State()
    worker = State()
    mapproxy = State()


class Versions(serializers.Serializer):
    gridatlas = serializers.CharField()
    python = serializers.CharField()
    django = serializers.CharField()
    postgresql = serializers.CharField()
    postgis = serializers.CharField()
    gdal = serializers.CharField()
    proj = serializers.CharField()
    redis = serializers.CharField(allow_blank=True)


class TableSize(serializers.Serializer):
    """A table with its indexes; `rows` is PostgreSQL's estimate."""

    name = serializers.CharField()
    bytes = serializers.IntegerField()
    rows = serializers.IntegerField()


class Storage(serializers.Serializer):
    database_bytes = serializers.IntegerField()
    files_bytes = serializers.IntegerField()
    disk_free_bytes = serializers.IntegerField()
    tables = TableSize(many=True)


class ScheduleRow(serializers.Serializer):
    name = serializers.CharField()
    next_run = serializers.DateTimeField(allow_null=True)
    last_run = serializers.DateTimeField(allow_null=True)
    last_ok = serializers.BooleanField(allow_null=True)


class JobFailure(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    at = serializers.DateTimeField()
    error = serializers.CharField(allow_blank=True)


class Jobs(serializers.Serializer):
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    failed = serializers.IntegerField()
    schedules = ScheduleRow(many=True)
    failures = JobFailure(many=True)


class StreamRow(serializers.Serializer):
    """A stream's position, and how many of its events are still kept since when."""

    key = serializers.CharField()
    seq = serializers.IntegerField()
    epoch = serializers.UUIDField()
    events = serializers.IntegerField()
    oldest_at = serializers.DateTimeField(allow_null=True)


class SystemOut(serializers.Serializer):
    health = Health()
    versions = Versions()
    storage = Storage()
    jobs = Jobs()
    streams = StreamRow(many=True)


class System(APIView):
    """Health, versions, storage, jobs and streams of this installation."""

    @extend_schema(responses=SystemOut)
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        return Response(system.system_report())


class JobRetry(APIView):
    """Run a failed job again."""

    @extend_schema(request=None, parameters=[KEY], responses={204: None})
    def post(self, request: Request, job_id: str) -> Response:
        user = access.require_administrator(request.user)

        def run(at: datetime) -> Any:
            jobs.retry_job(job_id, by=user, at=at)

        return run_command(request, user, run, status=204)
