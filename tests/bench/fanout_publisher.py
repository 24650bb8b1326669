"""Publishes on command, in a process of its own so that it costs neither the server's loop nor the clients'.

A line `hub 3 token` on stdin publishes 3 events back to back; the answer on stdout is one JSON line with CLOCK_MONOTONIC stamps
(shared by all processes of a machine): `asked` before the first, `committed` after each.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import redis
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from layers import live
from tests.bench.fanout_peer import GROUP

_redis = redis.Redis.from_url(settings.REDIS_URL)


# Where the customer of `through_moves` stands in turn: 100 CSS pixels apart at zoom 17.
PLACES = ((24.9316, 60.1751), (24.9316 + 100 * 360 / (256 * 2**17), 60.1751))


def feature(number: int, token: str, place: tuple[float, float] = PLACES[0]) -> dict:
    """Return an event body that makes a frame of about 400 bytes, as a customer's is."""
    properties = {
        "name": f"Customer {number}",
        "grade": "first",
        "classes": "large,top100",
        "status": "normal",
        "v": number,
        "token": token,
    }
    return {"type": "Feature", "id": number, "geometry": {"type": "Point", "coordinates": place}, "properties": properties}


def text_of(number: int, token: str) -> str:
    """Return the same frame as the hub would send, for the two that have no hub."""
    event = {"type": "event", "s": "customers", "e": "0d6a4a3e-0000-4000-8000-000000000001", "q": number, "p": number - 1}
    return json.dumps(
        event | {"at": timezone.now().isoformat(), "k": "upsert", "id": number, "b": feature(number, token)}, separators=(",", ":")
    )


def through_hub(count: int, token: str) -> list[float]:
    committed = []
    for number in range(count):
        with transaction.atomic():
            live.publish("customers", [live.FeatureChange(number + 1, feature(number + 1, token))], at=timezone.now())
            transaction.on_commit(lambda: committed.append(time.monotonic()))
    return committed


def through_moves(count: int, token: str) -> list[float]:
    """Move customer 1 to PLACES[int(token)], once, for a page that waits for its symbol there."""
    committed: list[float] = []
    with transaction.atomic():
        live.publish("customers", [live.FeatureChange(1, feature(1, token, PLACES[int(token)]))], at=timezone.now())
        transaction.on_commit(lambda: committed.append(time.monotonic()))
    return committed


def through_redis(count: int, token: str) -> list[float]:
    committed = []
    for number in range(count):
        committed.append(time.monotonic())
        _redis.publish("bench", text_of(number + 1, token))
    return committed


def through_group(count: int, token: str) -> list[float]:
    return asyncio.run(_group_send(count, token))


async def _group_send(count: int, token: str) -> list[float]:
    from channels.layers import get_channel_layer

    layer = get_channel_layer()
    committed = []
    for number in range(count):
        committed.append(time.monotonic())
        await layer.group_send(GROUP, {"type": "bench.event", "text": text_of(number + 1, token)})
    return committed


WAYS: dict[str, Callable[[int, str], list[float]]] = {
    "hub": through_hub,
    "moves": through_moves,
    "redis": through_redis,
    "channels": through_group,
}

if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        way, count, token = line.split()
        asked = time.monotonic()
        print(json.dumps({"asked": asked, "committed": WAYS[way](int(count), token)}), flush=True)
