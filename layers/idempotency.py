"""A write command sent twice happens once: its answer is stored in the transaction that made it true."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from layers.models import IdempotencyKey

Answer = tuple[int, Any]


class KeyReused(Exception):
    """The same key came with another command or body."""


class BadKey(ValueError):
    """The key is missing or not a UUID."""


def run_once(*, user: User, key: str | None, command: str, body: bytes, run: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Run the command unless its key was answered before; return ((status, answer), replayed).

    A refused command (an exception) rolls back and leaves the key free, so a person may correct it and try again.
    Two at once: the second waits on the key's unique index for the first one's transaction, then replays it.

    Raises:
        BadKey, KeyReused.
    """
    try:
        uid = uuid.UUID(key or "")
    except ValueError:
        raise BadKey("Send an Idempotency-Key header with a UUID, made anew for every command.") from None
    command = command[:200]
    digest = hashlib.sha256(body).hexdigest()
    with transaction.atomic():
        row, created = IdempotencyKey.objects.get_or_create(user=user, key=uid, defaults={"command": command, "body_sha256": digest})
        if not created:
            if (row.command, row.body_sha256) != (command, digest):
                raise KeyReused("This Idempotency-Key already belongs to another command; make a new one.")
            return (row.status or 200, row.answer), True
        status, answer = run()
        row.status, row.answer = status, answer
        row.save(update_fields=["status", "answer"])
        return (status, answer), False
