"""Is this process alive, and can it serve? The supervisor and the proxy ask here."""

import urllib.error
import urllib.request
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

PATIENCE_S = 1.0


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that the process runs; asks nothing of anybody else."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when people can be served. Without Redis or the map proxy they can: that is "degraded", not down."""
    parts = {"database": migrations_state(), "redis": redis_state(), "mapproxy": mapproxy_state()}
    ready = parts["database"] == "ok"
    degraded = sorted(name for name, state in parts.items() if state != "ok")
    status = "ready" if ready and not degraded else "degraded" if ready else "not ready"
    body: dict[str, Any] = {"status": status, "parts": parts}
    return JsonResponse(body, status=200 if ready else 503)


def migrations_state() -> str:
    """Return "ok" when the database answers and is migrated, else what is wrong."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return type(error).__name__
    return f"{len(waiting)} migrations waiting" if waiting else "ok"


def redis_state() -> str:
    """Return "ok", or what is wrong."""
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S).ping()
    except redis.RedisError as error:
        return type(error).__name__
    return "ok"


def mapproxy_state() -> str:
    """Return "ok", or what is wrong."""
    try:
        # The address comes from the operator's settings, never from a person.
        urllib.request.urlopen(settings.MAPPROXY_URL, timeout=PATIENCE_S).close()  # noqa: S310
    except urllib.error.HTTPError:
        return "ok"
    except OSError as error:
        return type(error).__name__
    return "ok"
