"""The map's socket, /ws/map: signs in by the session cookie, checks the origin, keeps the limits and hands over to the hub."""

import asyncio
import json
import time
import uuid
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.contrib import auth
from django.db import DatabaseError, InterfaceError
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from layers import access, event_log, frames, hub, origins, refusals, registry, visibility
from layers.event_log import Standing
from layers.frames import CloseCode
from layers.sessions import SessionStore
from layers.sockets import MapSocket, Send, SocketClosed

log = structlog.get_logger()
MAX_FRAME_CHARACTERS = 65_536
MAX_MESSAGES_PER_SECOND = 50
MAX_SUBSCRIPTIONS = 200


class Abuse(ValueError):
    """A frame that no honest client sends; the socket is closed with `code`."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


class BadMessage(ValueError):
    """The frame is JSON, but not a message of the protocol."""


class MapConsumer(AsyncConsumer):
    """One browser's socket. Messages are taken one after the other; sending is the business of `MapSocket.run`."""

    socket: MapSocket | None = None
    writer: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.recent: deque[float] = deque(maxlen=MAX_MESSAGES_PER_SECOND)
        self.request_id = str(uuid.uuid4())
        structlog.contextvars.bind_contextvars(request_id=self.request_id)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self.socket is not None:
            self.socket.close(CloseCode.RESTART)
            hub.this_process().detach(self.socket)
        if self.writer is not None:
            self.writer.cancel()

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own dispatch goes through a thread for every message, to close old database connections. This consumer has none.
        handlers = {
            "websocket.connect": self.websocket_connect,
            "websocket.receive": self.websocket_receive,
            "websocket.disconnect": self.websocket_disconnect,
        }
        await handlers[message["type"]](message)

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        the_hub = hub.this_process()
        if not is_origin_allowed(self.scope):
            # Before the socket is accepted this is answered as HTTP 403.
            await self.base_send({"type": "websocket.close"})
            await self._record(None, "foreign_origin", wanted=f"/ws/map from {(_header(self.scope, b'origin') or 'no origin')[:200]}")
            return
        if not the_hub.handshakes.take():
            await _refuse_for_now(self.scope, self.base_send)
            return
        try:
            signed_in = await the_hub.ask(_sign_in, _session_key(self.scope))
        except (DatabaseError, InterfaceError):
            await _refuse_for_now(self.scope, self.base_send)
            return
        # Accepted even when nobody is signed in: browsers show a page the close code, but not the status of a refused handshake.
        await self.base_send({"type": "websocket.accept"})
        if signed_in is None:
            await self.base_send({"type": "websocket.close", "code": CloseCode.SIGNED_OUT})
            return
        user, session_key, standing = signed_in
        self.socket = MapSocket(cast(Send, self.base_send), user, partial(access.scope_of, user), session_key, standing, self.request_id)
        the_hub.attach(self.socket)
        self.writer = asyncio.create_task(self._write(self.socket), name="map-socket")

    async def _write(self, socket: MapSocket) -> None:
        try:
            await socket.run()
        except OSError:
            # The peer went away in the middle of a send (uvicorn's ClientDisconnected); the disconnect message follows.
            log.debug("peer_went_away")
        except Exception:
            log.exception("socket_writer_crashed")
            await self.base_send({"type": "websocket.close", "code": CloseCode.RESTART})
        finally:
            # Wakes a replay that waits for room in the queue.
            socket.close(CloseCode.RESTART)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        socket = self.socket
        if socket is None or socket.close_code is not None:
            return
        try:
            self._count(time.monotonic())
            await self._take(socket, parsed(message))
        except Abuse as abuse:
            log.info("socket_closed_for_abuse", code=int(abuse.code))
            socket.close(abuse.code)
        except BadMessage as problem:
            socket.tell(frames.error("bad_message", str(problem)))
        except SocketClosed:
            log.debug("socket_closed_during_replay")

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer

    def _count(self, now: float) -> None:
        if len(self.recent) == MAX_MESSAGES_PER_SECOND and now - self.recent[0] < 1.0:
            raise Abuse(CloseCode.TOO_MANY_MESSAGES)
        self.recent.append(now)

    async def _take(self, socket: MapSocket, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "ping":
                socket.tell(frames.pong(timezone.now()))
            case "hello":
                for key, epoch, cursor in subscriptions(message):
                    await self._subscribe(socket, key, epoch, cursor)
            case _:
                raise BadMessage("A message has the type hello or ping.")

    async def _subscribe(self, socket: MapSocket, key: str, epoch: str | None, cursor: int | None) -> None:
        try:
            is_allowed = visibility.may_subscribe(socket.user, key)
        except registry.UnknownLayer as unknown:
            socket.tell(frames.error("unknown_stream", str(unknown), key=key[:40]))
            await self._record(socket.user.pk, "unknown_stream", stream=key[:40])
            return
        if not is_allowed:
            socket.tell(frames.error("forbidden", "Your role may not follow this layer.", key=key))
            await self._record(socket.user.pk, "forbidden", stream=key[:40])
            return
        try:
            await hub.this_process().subscribe(socket, key=key, epoch=epoch, cursor=cursor)
        except (DatabaseError, InterfaceError):
            # Without the log there is no answer; the browser comes back by itself.
            socket.close(CloseCode.RESTART)

    async def _record(self, user_id: int | None, code: str, *, stream: str = "", wanted: str = "/ws/map") -> None:
        """Leave a row of the refusal in the audit."""
        refusal = refusals.Refusal(code, stream or "ws", wanted)
        if work := refusals.recording(self.scope, user_id, refusal, at=timezone.now(), request_id=self.request_id):
            await hub.this_process().ask(work)


def parsed(message: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON object in a received frame.

    Raises:
        Abuse: it is binary, too big or no JSON.
        BadMessage: it is JSON, but no object.
    """
    text = message.get("text")
    if text is None:
        raise Abuse(CloseCode.BAD_TEXT)
    if len(text) > MAX_FRAME_CHARACTERS:
        raise Abuse(CloseCode.TOO_BIG)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Abuse(CloseCode.BAD_TEXT) from None
    if not isinstance(content, dict):
        raise BadMessage("A message is a JSON object.")
    return content


def subscriptions(hello: dict[str, Any]) -> list[tuple[str, str | None, int | None]]:
    """Return key, epoch and cursor of each stream that a hello names.

    Raises:
        BadMessage: with a sentence that names the first fault.
    """
    streams = hello.get("streams")
    if not isinstance(streams, list) or len(streams) > MAX_SUBSCRIPTIONS:
        raise BadMessage(f"A hello carries a list of at most {MAX_SUBSCRIPTIONS} streams.")
    return [_subscription(stream) for stream in streams]


def _subscription(stream: Any) -> tuple[str, str | None, int | None]:
    if not isinstance(stream, dict) or not isinstance(stream.get("key"), str):
        raise BadMessage("A stream is named by its key.")
    epoch, cursor = stream.get("epoch"), stream.get("cursor")
    if epoch is not None and not isinstance(epoch, str):
        raise BadMessage("An epoch is a text or null.")
    if cursor is not None and (isinstance(cursor, bool) or not isinstance(cursor, int)):
        raise BadMessage("A cursor is a whole number or null.")
    return stream["key"], epoch, cursor


def is_origin_allowed(scope: Any) -> bool:
    """Tell whether the handshake comes from one of our own pages: the host it was sent to, PUBLIC_URL or CSRF_TRUSTED_ORIGINS."""
    asked = _header(scope, b"origin")
    return asked is not None and origins.is_ours(asked, trusted=_own_origins(scope))


def _own_origins(scope: Any) -> list[str]:
    own = list(settings.CSRF_TRUSTED_ORIGINS)
    if settings.PUBLIC_URL:
        public = urlsplit(settings.PUBLIC_URL)
        own.append(f"{public.scheme}://{public.netloc}")
    host = _header(scope, b"host")
    if host and validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        is_secure = settings.HTTPS or scope.get("scheme") in ("wss", "https")
        own.append(f"{'https' if is_secure else 'http'}://{host}")
    return own


def _header(scope: Any, name: bytes) -> str | None:
    """Return the header's value if it is there exactly once."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def _session_key(scope: Any) -> str | None:
    return parse_cookie(_header(scope, b"cookie") or "").get(settings.SESSION_COOKIE_NAME)


def _sign_in(session_key: str | None) -> tuple[Any, str, Standing] | None:
    """Return the person of a session and what their rights hang on; None when nobody is signed in.

    `auth.get_user` would do, but it may renew or flush the session, and a socket cannot send the cookie back.
    """
    if not session_key:
        return None
    session = SessionStore(session_key)
    user_id, backend_path = session.get(auth.SESSION_KEY), session.get(auth.BACKEND_SESSION_KEY)
    if user_id is None or backend_path not in settings.AUTHENTICATION_BACKENDS:
        return None
    user: Any = auth.load_backend(str(backend_path)).get_user(user_id)
    if user is None or not _is_hash_good(user, session.get(auth.HASH_SESSION_KEY, "")):
        return None
    standing = event_log.standings([(session_key, user.pk)]).get(session_key)
    if standing is None:
        return None
    # The rights that the watch compares with are the rights in use, and the event loop never has to query for them.
    return access.person(user.pk, access.parse_rights(standing.rights)), session_key, standing


def _is_hash_good(user: Any, session_hash: str) -> bool:
    hashes: Iterable[str] = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(session_hash, good) for good in hashes)


async def _refuse_for_now(scope: Any, send: Any) -> None:
    """Answer the handshake with 503: too many at once, or no database."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.http.response.start", "status": 503, "headers": [(b"retry-after", b"2")]})
    await send({"type": "websocket.http.response.body", "body": b"Too busy to open a socket; try again in two seconds."})
