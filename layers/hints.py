"""A hint through Redis that a stream has news. Losing one costs at most a second: the hub also polls."""

import redis
import structlog
from django.conf import settings

log = structlog.get_logger()
CHANNEL = "gridatlas.streams"
# The cap on what a hint may cost the request that sends it.
TIMEOUT_S = 0.2
_client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=None)


def send(stream_key: str, seq: int) -> None:
    """Publish the hint; a Redis that is down or slow is logged and otherwise ignored."""
    try:
        _client.publish(CHANNEL, f"{stream_key} {seq}")
    except redis.RedisError as error:
        log.info("hint_not_sent", stream=stream_key, error=type(error).__name__)
