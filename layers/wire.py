"""The connection under an ASGI socket, where uvicorn lets us see it: ASGI can neither share one encoded frame among sockets nor cut a line.

A server's frame is the same bytes for every client (only clients mask), so the hub encodes it once and each socket gets the same object.
Through ASGI the server would frame it again for each of them (docs/decisions/0006-frames-go-straight-to-the-transport.md has the figures).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

_FINAL_TEXT = 0x81


@dataclass(frozen=True, slots=True)
class Frame:
    """A text frame, once as text for ASGI and once as the bytes of RFC 6455 section 5.2."""

    text: str
    wire: bytes

    @classmethod
    def of(cls, text: str) -> Self:
        payload = text.encode()
        size = len(payload)
        if size < 126:
            head = bytes([_FINAL_TEXT, size])
        elif size < 65_536:
            head = bytes([_FINAL_TEXT, 126]) + size.to_bytes(2, "big")
        else:
            head = bytes([_FINAL_TEXT, 127]) + size.to_bytes(8, "big")
        return cls(text, head + payload)


class Wire:
    """Uvicorn's protocol object behind an ASGI `send`."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        # A bound method and a flag, looked up once: this is asked for every frame and every socket.
        self._has_room: Callable[[], bool] = protocol.writable.is_set

    @classmethod
    def under(cls, send: Any) -> Self | None:
        """Return the wire under a `send` of uvicorn's websockets-sansio implementation; None under any other server."""
        protocol = getattr(send, "__self__", None)
        parts = ("transport", "writable", "close_sent", "handshake_complete")
        return cls(protocol) if all(hasattr(protocol, part) for part in parts) else None

    def write(self, frame: bytes) -> bool:
        """Write a whole frame if there is room for it; False when the peer is slower than we are or the socket is closing."""
        if not self._has_room() or self._protocol.close_sent or self._transport.is_closing():
            return False
        self._transport.write(frame)
        return True

    def abort(self) -> None:
        """Drop the connection and what is buffered for it."""
        self._transport.abort()
