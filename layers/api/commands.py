"""The door of every write command: the key makes it happen once, the clock is read here. The right was checked by whoever calls."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from layers import idempotency, row_security

# For the OpenAPI document: what the door of every command takes.
KEY = OpenApiParameter("Idempotency-Key", OpenApiTypes.UUID, OpenApiParameter.HEADER, required=True)


def run_command(request: Request, user: User, run: Callable[[datetime], Any], *, status: int = 200) -> Response:
    """Run once per Idempotency-Key, answer. `user` comes from `access.require`; `run(at)` returns the JSON answer.

    A stored answer is given again without asking anything: the door makes sure first that the person may still see what it tells.

    Raises:
        idempotency.BadKey, idempotency.KeyReused, and what `run` raises.
    """
    at = timezone.now()
    with row_security.writing():
        (code, answer), replayed = idempotency.run_once(
            user=user,
            key=request.headers.get("Idempotency-Key"),
            command=f"{request.method} {request.path}",
            body=json.dumps(request.data, sort_keys=True).encode(),
            run=lambda: (status, run(at)),
        )
    headers = {"Idempotent-Replay": "true"} if replayed else {}
    return Response(answer, status=code, headers=headers)
