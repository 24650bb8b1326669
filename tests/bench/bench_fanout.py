"""G9 and the server's part of commit-to-browser: one change to 1,000 and 5,000 open sockets.

Three ways for the same text to the same number of connections, read by the same client code on the other core: our hub (from the COMMIT on),
a bare Redis PUBLISH to as many TCP subscribers, and a Channels group over channels_redis.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.bench.harness import ROOT, Result, database, free_port, session_cookie

SIZES = tuple(int(size) for size in os.environ.get("FANOUT_SIZES", "1000,5000").split(","))
SINGLE_EVENTS = int(os.environ.get("FANOUT_EVENTS", "100"))
BURST_EVENTS = 100
# A Channels group takes seconds for one event to thousands: fewer of them say the same.
CHANNELS_DELIVERIES = 10_000
# Below the server's own ration of handshakes.
HANDSHAKES_PER_SECOND = 180


class Reader(asyncio.Protocol):
    """One connection of the crowd. What it reads is only searched for the token: parsing would measure the client."""

    def __init__(self, crowd: "Crowd", greeting: bytes) -> None:
        self.crowd = crowd
        self.greeting = greeting
        self.is_ready = False
        self.is_upgraded = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.greeting)

    def data_received(self, data: bytes) -> None:
        if self.is_ready:
            self.crowd.got(data.count(self.crowd.token))
            return
        if not self.is_upgraded and b" 503 " in data[:20]:
            self.crowd.refused += 1
            return
        if not self.is_upgraded and b" 101 " in data[:20]:
            self.is_upgraded = True
            self.transport.write(self.crowd.hello)
        if self.crowd.ready_mark in data:
            self.is_ready = True
            self.crowd.joined()

    def connection_lost(self, error: Exception | None) -> None:
        self.crowd.lost += self.is_ready and not self.crowd.is_over


@dataclass
class Crowd:
    """Many connections that wait for the same events."""

    size: int
    ready_mark: bytes
    hello: bytes = b""
    token: bytes = b"-"
    ready: int = 0
    received: int = 0
    wanted: int = 0
    refused: int = 0
    lost: int = 0
    is_over: bool = False
    stamps: list[float] = field(default_factory=list)
    everyone: asyncio.Event = field(default_factory=asyncio.Event)

    def joined(self) -> None:
        self.ready += 1

    def got(self, events: int) -> None:
        if not events:
            return
        self.received += events
        self.stamps.append(time.monotonic())
        if self.received >= self.wanted:
            self.everyone.set()

    def expect(self, token: str, events: int) -> None:
        self.token, self.received, self.wanted, self.stamps = token.encode(), 0, events * self.size, []
        self.everyone.clear()


def masked(text: bytes) -> bytes:
    """Return a client's text frame; a mask of zeros is a mask."""
    length = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0x80 | 126]) + len(text).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + text


def upgrade(port: int, cookie: str) -> bytes:
    return (
        f"GET /ws/map HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
    ).encode()


def redis_command(*words: str) -> bytes:
    """Return a Redis command as bytes on the wire (RESP)."""
    return b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words)])


HELLO = masked(b'{"type":"hello","streams":[{"key":"customers","epoch":null,"cursor":null}]}')


@asynccontextmanager
async def crowd_of(size: int, port: int, greeting: bytes, *, mark: bytes, per_second: float) -> AsyncIterator[Crowd]:
    crowd = Crowd(size, mark, HELLO)
    loop = asyncio.get_running_loop()
    connections = []
    began = time.monotonic()
    while crowd.ready < size:
        assert time.monotonic() < began + 180, f"{crowd.ready} of {size} connected, {crowd.refused} refused"
        # Refused ones (503, the server's ration) come again, as browsers do.
        if len(connections) < size + crowd.refused:
            connections.append((await loop.create_connection(lambda: Reader(crowd, greeting), "127.0.0.1", port))[0])
        await asyncio.sleep(max(0.001, began + len(connections) / per_second - time.monotonic()))
    print(f"{size} connected in {time.monotonic() - began:.1f} s, {crowd.refused} refused at first", file=sys.stderr)
    yield crowd
    crowd.is_over = True
    for connection in connections:
        connection.abort()
    await asyncio.sleep(0.5)


class Publisher:
    """The process that publishes."""

    def __init__(self, env: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.bench.fanout_publisher"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout and self.process.stdout.readline() == "ready\n"

    async def publish(self, way: str, count: int, token: str) -> dict[str, Any]:
        return await asyncio.to_thread(self.publish_now, way, count, token)

    def publish_now(self, way: str, count: int, token: str) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{way} {count} {token}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@dataclass
class Figures:
    """What one way did with one size. Times in ms from the publish (the COMMIT's return for the hub) until the last has it."""

    last_ms: list[float] = field(default_factory=list)
    each_ms: list[float] = field(default_factory=list)
    deliveries_per_s: float = 0.0
    lost: int = 0

    def row(self) -> dict[str, float]:
        return {
            "events": len(self.last_ms),
            "last_p50_ms": round(statistics.median(self.last_ms), 1),
            "last_p99_ms": round(percentile(self.last_ms, 99), 1),
            "each_p50_ms": round(statistics.median(self.each_ms), 1),
            "each_p99_ms": round(percentile(self.each_ms, 99), 1),
            "deliveries_per_s": round(self.deliveries_per_s),
            "lost_sockets": self.lost,
        }


def percentile(values: Sequence[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


async def one_event(crowd: Crowd, publisher: Publisher, way: str, figures: Figures) -> None:
    token = f"{way}-{crowd.size}-{len(figures.last_ms):04d}"
    crowd.expect(token, 1)
    stamps = await publisher.publish(way, 1, token)
    await _all_here(crowd)
    start = stamps["committed"][0]
    figures.last_ms.append((crowd.stamps[-1] - start) * 1000)
    figures.each_ms += [(stamp - start) * 1000 for stamp in crowd.stamps]
    figures.lost = crowd.lost
    await asyncio.sleep(0.02)


async def back_to_back(crowd: Crowd, publisher: Publisher, way: str, figures: Figures, events: int) -> None:
    token = f"{way}-{crowd.size}-burst"
    crowd.expect(token, events)
    stamps = await publisher.publish(way, events, token)
    await _all_here(crowd)
    figures.deliveries_per_s = events * crowd.size / (crowd.stamps[-1] - stamps["asked"])


async def _all_here(crowd: Crowd) -> None:
    async with asyncio.timeout(180):
        await crowd.everyone.wait()


async def serving(app: str, env: dict[str, str], port: int) -> asyncio.subprocess.Process:
    command = ["-m", "uvicorn", app, "--port", str(port), "--no-access-log", "--log-level", "warning", "--ws", "websockets-sansio"]
    # The crowd answers no pings.
    command += ["--ws-ping-interval", "3600"]
    command += ["--ws-max-size", "65536", "--ws-per-message-deflate", "false", "--backlog", "8192"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, env=env)
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        await asyncio.sleep(0.1)
    raise AssertionError(f"{app} did not start")


@asynccontextmanager
async def web_crowd(size: int, app: str, env: dict[str, str], cookie: str) -> AsyncIterator[Crowd]:
    port = free_port()
    server = await serving(app, env, port)
    try:
        async with crowd_of(size, port, upgrade(port, cookie), mark=b'"reset"', per_second=HANDSHAKES_PER_SECOND) as crowd:
            yield crowd
    finally:
        server.terminate()
        await server.wait()


async def fan_out(size: int, env: dict[str, str], cookie: str) -> dict[str, Figures]:
    """Measure the three ways with `size` connections each: hub and Redis in turns, so that a noisy second hits both, the group after them."""
    publisher = Publisher(env)
    found = {"redis": Figures(), "hub": Figures(), "channels": Figures()}
    at_redis = urlsplit(env["REDIS_URL"])
    subscribe = (redis_command("AUTH", at_redis.password) if at_redis.password else b"") + redis_command("SUBSCRIBE", "bench")
    try:
        async with (
            crowd_of(size, at_redis.port or 6379, subscribe, mark=b"subscribe", per_second=5000) as subscribers,
            web_crowd(size, "config.asgi:application", env, cookie) as browsers,
        ):
            for _ in range(SINGLE_EVENTS):
                await one_event(subscribers, publisher, "redis", found["redis"])
                await one_event(browsers, publisher, "hub", found["hub"])
            await back_to_back(subscribers, publisher, "redis", found["redis"], BURST_EVENTS)
            await back_to_back(browsers, publisher, "hub", found["hub"], BURST_EVENTS)
        async with web_crowd(size, "tests.bench.fanout_peer:application", env, cookie) as members:
            events = max(3, CHANNELS_DELIVERIES // size)
            for _ in range(events):
                await one_event(members, publisher, "channels", found["channels"])
            await back_to_back(members, publisher, "channels", found["channels"], events)
    finally:
        publisher.stop()
    return found


async def few(env: dict[str, str], cookie: str) -> Figures:
    """Measure the hub alone with a control room's ten screens."""
    publisher = Publisher(env)
    figures = Figures()
    try:
        async with web_crowd(10, "config.asgi:application", env, cookie) as browsers:
            for _ in range(SINGLE_EVENTS):
                await one_event(browsers, publisher, "hub", figures)
    finally:
        publisher.stop()
    return figures


def run() -> list[Result]:
    """Measure G9 and the server's part of commit-to-browser."""
    import uvloop

    # A database of its own: the events say things of customers that are not so.
    made = database(10_000)
    env = made.env(
        REDIS_URL=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"), LOG_LEVEL="ERROR", DJANGO_SETTINGS_MODULE="config.settings"
    )
    cookie = session_cookie(made)
    screens = uvloop.run(few(env, cookie))
    found = {size: uvloop.run(fan_out(size, env, cookie)) for size in SIZES}
    return [_goal(found), _commit_to_frame({10: screens} | {size: ways["hub"] for size, ways in found.items()})]


def _goal(found: dict[int, dict[str, Figures]]) -> Result:
    rows = {str(size): {way: figures.row() for way, figures in ways.items()} for size, ways in found.items()}
    return goal_of(rows)


def goal_of(rows: dict[str, dict[str, dict[str, float]]]) -> Result:
    """Judge the rows of every size by the largest one."""
    size = max(rows, key=int)
    hub, redis, channels = (rows[size][way] for way in ("hub", "redis", "channels"))
    p50, p99 = (hub[f"last_{which}_ms"] / redis[f"last_{which}_ms"] for which in ("p50", "p99"))
    to_channels = hub["deliveries_per_s"] / channels["deliveries_per_s"]
    text = (
        f"{int(size):,} sockets, until the last has it: p99 {hub['last_p99_ms']:.0f} ms = {p99:.2f} × bare Redis, p50 {hub['last_p50_ms']:.0f} ms = {p50:.2f} ×; "
        f"back to back {hub['deliveries_per_s'] / 1000:.0f} k deliveries/s = {to_channels:.0f} × a Channels group"
    )
    met = p99 <= 1.0 and hub["deliveries_per_s"] >= 100_000 and to_channels >= 15
    reason = (
        f"the tail, on a machine with load {os.getloadavg()[1]:.0f} on {os.cpu_count()} cores; the median is level"
        if p50 <= 1.05 and p99 > 1
        else ""
    )
    return Result("G9", text, met, dict(rows), reason)


def _commit_to_frame(found: dict[int, Figures]) -> Result:
    rows = {size: figures.row() for size, figures in found.items()}
    text = "; ".join(f"{size:,} sockets: p50 {row['each_p50_ms']} ms, p99 {row['each_p99_ms']} ms" for size, row in rows.items())
    return Result("FRAME", text, rows[10]["each_p50_ms"] <= 5, {str(size): row for size, row in rows.items()})
