"""A hint through Redis that a stream has news. Losing one costs at most a second: the hub also polls."""

import time

import redis
import structlog
from django.conf import settings

log = structlog.get_logger()
CHANNEL = "gridatlas.streams"
# The cap on what a hint may cost the request that sends it.
TIMEOUT_S = 0.2
# After a failure no hint is sent for this long, so that a Redis that hangs does not cost every request the cap.
REST_S = 1.0
_client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=None)
_resting_until = 0.0


def send(stream_key: str, seq: int) -> None:
    """Publish the hint; a Redis that is down or slow is logged and otherwise ignored."""
    global _resting_until
    if time.monotonic() < _resting_until:
        return
    try:
        _client.publish(CHANNEL, f"{stream_key} {seq}")
    except redis.RedisError as error:
        _resting_until = time.monotonic() + REST_S
        log.info("hint_not_sent", stream=stream_key, error=type(error).__name__)
