"""A client of the raw tile application: its own event loop in a thread, so that tests stay plain functions beside real concurrency."""

import asyncio
import gzip
import threading
from dataclasses import dataclass
from typing import Any

import mapbox_vector_tile
from django.contrib.auth.models import User
from django.test import Client

from layers import tile_app


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> bytes:
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body

    def features(self, part: str) -> list[dict[str, Any]]:
        """Return the part's features: id, properties, x and y in tile units (0 to 4096, y down)."""
        decoded = mapbox_vector_tile.decode(self.content, default_options={"y_coord_down": True}) if self.body else {}
        return decoded.get(part, {}).get("features", [])


class TileClient:
    """Asks the tile application as a browser would; `cookie_of` signs a person in."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="tile loop", daemon=True)
        self._thread.start()
        self._cookies: dict[int, str] = {}

    def cookie_of(self, user: User) -> str:
        if user.pk not in self._cookies:
            client = Client()
            client.force_login(user)
            self._cookies[user.pk] = f"csrftoken=x; sessionid={client.cookies['sessionid'].value}"
        return self._cookies[user.pk]

    def get(self, path: str, user: User | None = None, **options: Any) -> Answer:
        return self.submit(path, user, **options).result(timeout=30)

    def submit(self, path: str, user: User | None = None, **options: Any):
        """Send without waiting; returns a concurrent future."""
        cookie = options.pop("cookie", None) or (self.cookie_of(user) if user else None)
        return asyncio.run_coroutine_threadsafe(fetch(path, cookie=cookie, **options), self.loop)

    @property
    def server(self) -> tile_app.TileServer:
        return self.call(tile_app.server)

    def call(self, function, *args: Any) -> Any:
        """Run a plain function on the tile application's loop."""

        async def run() -> Any:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(timeout=30)

    def close(self) -> None:
        self.call(lambda: tile_app.server().close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=10)
        self.loop.close()


async def fetch(
    path: str,
    *,
    cookie: str | None = None,
    authorization: str | None = None,
    gzip_wanted: bool = True,
    tag: str | None = None,
    method: str = "GET",
) -> Answer:
    path, _, query = path.partition("?")
    headers = [(b"host", b"gridatlas.test")]
    if gzip_wanted:
        headers.append((b"accept-encoding", b"gzip, br"))
    if cookie:
        headers.append((b"cookie", cookie.encode()))
    if authorization:
        headers.append((b"authorization", authorization.encode()))
    if tag:
        headers.append((b"if-none-match", tag.encode()))
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "scheme": "http", "path": path, "query_string": query.encode("latin-1"), "headers": headers}
    await tile_app.tile_app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, body)
