"""Real processes for the live tests: the web application under uvicorn, a Redis of its own, and a browser's socket."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import redis as redis_client
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from layers import hints
from tests.layers.live_client import ReferenceMap


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(is_so: Callable[[], Any], *, within_s: float, what: str) -> None:
    """Wait for something; fail with a sentence when it does not come."""
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end, f"{what} within {within_s} s"
        time.sleep(0.02)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Redis:
    """A Redis server that a test may kill."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(lambda: _is_open(self.port), within_s=5, what="Redis listens")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def hints_through(redis: Redis) -> Iterator[None]:
    """Send the hints of this process through that Redis."""
    usual, hints._client = hints._client, redis_client.Redis.from_url(redis.url, socket_timeout=0.2, socket_connect_timeout=0.2, retry=None)
    hints._resting_until = 0.0
    yield
    hints._client = usual


@dataclass
class WebProcess:
    """One web process on the test database, as production runs it but on a port of its own."""

    redis_url: str
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> "WebProcess":
        database = connection.settings_dict
        environment = os.environ | {
            "DATABASE_URL": f"postgis://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}",
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": settings.SECRET_KEY,
            "WEB_THREADS": "2",
            # Some tests wait for a line of the log, whatever the caller's shell says.
            "LOG_LEVEL": "INFO",
            **self.environment,
        }
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(self.port), "--ws", "websockets-sansio"]
        command += ["--ws-max-size", "65536", "--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "3"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)
        until(lambda: _is_open(self.port), within_s=30, what="The web process listens")
        return self

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)

    def said(self, words: str) -> bool:
        return words in self.log.read_text()


@contextlib.contextmanager
def web_process(redis_url: str, log: Path, **environment: str) -> Iterator[WebProcess]:
    process = WebProcess(redis_url, log, environment)
    try:
        yield process.start()
    finally:
        process.kill()


def session_of(user: User) -> str:
    """Sign the person in and return the session key."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@dataclass(frozen=True)
class Door:
    """Where browsers knock when it is not a web process itself: the proxy before it."""

    port: int


class LiveBrowser:
    """A browser's page with its socket and its map, on the reference client. `origin` "" is the server's own, None sends none."""

    opened: ClassVar[list["LiveBrowser"]] = []

    def __init__(
        self, server: WebProcess | Door, user: User | None, *, session: str = "", origin: str | None = "", receive_buffer: int = 0
    ) -> None:
        self.server = server
        self.session = session or (session_of(user) if user else "")
        self.origin = origin
        self.receive_buffer = receive_buffer
        self.map = ReferenceMap()
        self.frames: list[dict[str, Any]] = []
        self.socket: ClientConnection | None = None

    def open(self, server: WebProcess | Door | None = None) -> "LiveBrowser":
        self.server = server or self.server
        sock = socket.socket()
        if self.receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        sock.connect(("127.0.0.1", self.server.port))
        opening = connect(
            f"ws://127.0.0.1:{self.server.port}/ws/map",
            sock=sock,
            origin=f"http://127.0.0.1:{self.server.port}" if self.origin == "" else self.origin,
            additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={self.session}"},
            compression=None,
            close_timeout=1,
            max_size=None,
            max_queue=1 if self.receive_buffer else None,
        )
        self.opened.append(self)
        self.socket = opening.__enter__()  # The test reads on after the block that would close it.
        return self

    def follow(self) -> "LiveBrowser":
        """Say hello and wait until the map is filled."""
        self.say(self.map.hello())
        self.until(lambda: self.map.cursor is not None and any(frame["type"] in ("reset", "resumed") for frame in self.frames))
        return self

    def say(self, text: str | bytes) -> None:
        assert self.socket
        self.socket.send(text)

    def hear(self, within_s: float = 5.0) -> dict[str, Any]:
        """Return the next frame that is no heartbeat, already applied to the map."""
        assert self.socket
        end = time.monotonic() + within_s
        while (frame := json.loads(self.socket.recv(max(0.01, end - time.monotonic()))))["type"] == "heartbeat":
            continue
        self.frames.append(frame)
        need = self.map.take(frame)
        if need == "snapshot":
            need = self.map.load(self.fetch(frame["snapshot_url"]))
        if need == "hello":
            self.say(self.map.hello())
        return frame

    def until(self, is_so: Callable[[], Any], within_s: float = 5.0) -> float:
        """Hear frames until something is so; return the seconds it took."""
        began = time.monotonic()
        while not is_so():
            self.hear(max(0.01, began + within_s - time.monotonic()))
        return time.monotonic() - began

    def close_code(self, within_s: float = 5.0) -> int:
        """Read what still comes and return the code that the server closes with."""
        end = time.monotonic() + within_s
        try:
            while True:
                self.hear(max(0.01, end - time.monotonic()))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    def fetch(self, path: str) -> dict[str, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.server.port}{path}")
        request.add_header("Cookie", f"{settings.SESSION_COOKIE_NAME}={self.session}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def close(self) -> None:
        if self.socket:
            self.socket.close()

    @classmethod
    def close_all(cls) -> None:
        while cls.opened:
            cls.opened.pop().close()
