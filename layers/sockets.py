"""The sending side of one browser's socket: straight to the wire while it takes everything, else a bounded queue and the task that empties it."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from layers import access
from layers.event_log import Standing
from layers.frames import CloseCode
from layers.wire import Frame, Wire

log = structlog.get_logger()
MAX_QUEUED_FRAMES = 256
MAX_QUEUED_BYTES = 1_000_000
# A replay waits while this much is queued, so that it never trips the limits above by itself.
REPLAY_QUEUED_FRAMES = 8
# How long a peer that takes nothing may hold its socket: a send that hangs, and after that the close that hangs too.
STALLED_S = 30.0
CLOSING_S = 5.0

Send = Callable[[dict[str, Any]], Awaitable[None]]


class SocketClosed(ConnectionError):
    """The socket is closed or closing; nothing more can be queued."""


@dataclass(eq=False, slots=True)
class MapSocket:
    """One open socket: who it belongs to and what waits to be sent. Only `run` sends."""

    send: Send
    user: Any
    # The person's scope on a stream (`access.scope_of`); rights are read with the handshake, so asking costs nothing.
    scope: Callable[[str], str]
    session_key: str
    standing: Standing
    # Names this socket in the log and in the audit, as a request's id does.
    request_id: str = ""
    queue: deque[Frame] = field(default_factory=deque)
    queued_bytes: int = 0
    close_code: int | None = None
    # When the send under way began (monotonic); None between sends.
    sending_since: float | None = None
    closing_since: float | None = None
    _wire: Wire | None = None
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    def is_restricted(self, key: str) -> bool:
        return self.scope(key) != access.EVERYTHING

    def __post_init__(self) -> None:
        self._wire = Wire.under(self.send)

    def offer(self, frame: Frame) -> None:
        """Send or queue a frame without waiting. A reader too slow for the limits is closed: its cursor lets it resume."""
        if self.close_code is not None:
            return
        # Only past an empty queue and an idle writer, else frames would overtake each other.
        if not self.queue and self.sending_since is None and self._wire and self._wire.write(frame.wire):
            return
        # An empty queue takes any frame: a single huge event must not close everyone for ever.
        if self.queue and (len(self.queue) >= MAX_QUEUED_FRAMES or self.queued_bytes + len(frame.wire) > MAX_QUEUED_BYTES):
            log.info("slow_reader_closed", request_id=self.request_id, frames=len(self.queue), bytes=self.queued_bytes)
            self.close(CloseCode.SLOW_READER)
            return
        self.queue.append(frame)
        self.queued_bytes += len(frame.wire)
        self._ready.set()

    def tell(self, text: str) -> None:
        """Offer a frame that is for this socket alone."""
        self.offer(Frame.of(text))

    async def put(self, frame: Frame) -> None:
        """Queue a frame of a replay, waiting until the ones before it are mostly gone.

        Raises:
            SocketClosed: it closed in the meantime.
        """
        while len(self.queue) >= REPLAY_QUEUED_FRAMES and self.close_code is None:
            self._room.clear()
            await self._room.wait()
        if self.close_code is not None:
            raise SocketClosed("The socket closed during a replay.")
        self.offer(frame)

    def close(self, code: int) -> None:
        """Drop what is queued and close with `code`; the first code counts."""
        if self.close_code is not None:
            return
        self.close_code = code
        self.closing_since = time.monotonic()
        self.queue.clear()
        self.queued_bytes = 0
        self._ready.set()
        self._room.set()

    def is_stuck(self, now: float) -> bool:
        """Tell whether the peer has taken nothing for so long that only cutting the line helps."""
        if self.closing_since is not None:
            return now - self.closing_since > CLOSING_S
        return self.sending_since is not None and now - self.sending_since > STALLED_S

    def cut(self) -> None:
        """Abort the connection: a server's `send` waits for room even to say goodbye, so a peer that never reads could hold it for ever."""
        if self._wire:
            self._wire.abort()

    async def run(self) -> None:
        """Send what is queued until the socket closes."""
        while self.close_code is None:
            await self._ready.wait()
            self._ready.clear()
            await self._drain()
        await self.send({"type": "websocket.close", "code": self.close_code})

    async def _drain(self) -> None:
        while self.queue:
            frame = self.queue.popleft()
            self.queued_bytes -= len(frame.wire)
            self.sending_since = time.monotonic()
            await self.send({"type": "websocket.send", "text": frame.text})
            self.sending_since = None
            self._room.set()
