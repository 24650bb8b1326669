"""The door of every write command: the role's action is checked, the key makes it happen once, the clock is read here."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from layers import access, idempotency


def run_command(request: Request, action: str, run: Callable[[datetime], Any], *, status: int = 200) -> Response:
    """Check the action, run once per Idempotency-Key, answer. `run(at)` returns the JSON answer.

    Raises:
        access.NotAllowed, idempotency.BadKey, idempotency.KeyReused, and what `run` raises.
    """
    user = access.require(request.user, action)
    at = timezone.now()
    (code, answer), replayed = idempotency.run_once(
        user=user,
        key=request.headers.get("Idempotency-Key"),
        command=f"{request.method} {request.path}",
        body=json.dumps(request.data, sort_keys=True).encode(),
        run=lambda: (status, run(at)),
    )
    headers = {"Idempotent-Replay": "true"} if replayed else {}
    return Response(answer, status=code, headers=headers)
