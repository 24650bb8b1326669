"""The one file that knows uvicorn's protocol object, against uvicorn's protocol object."""

import asyncio
from types import SimpleNamespace

import pytest
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.uri import parse_uri

from layers.wire import Frame, Wire

pytestmark = pytest.mark.unit


class Transport:
    """A transport that remembers what was written."""

    def __init__(self) -> None:
        self.written = b""
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True

    def get_extra_info(self, name: str) -> None:
        return None


@pytest.fixture
async def protocol() -> WebSocketsSansIOProtocol:
    async def app(scope, receive, send) -> None: ...

    protocol = WebSocketsSansIOProtocol(Config(app, log_config=None), ServerState(), {}, asyncio.get_running_loop())
    protocol.connection_made(Transport())
    return protocol


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_frame_is_read_by_a_real_client(size: int) -> None:
    text = "电" * (size // 3) + "x" * (size % 3)
    client = ClientProtocol(parse_uri("ws://localhost/"), max_size=None)
    client.state = client.state.OPEN
    client.receive_data(b"")
    client.parser = client.parse()
    next(client.parser)

    client.receive_data(Frame.of(text).wire)

    (frame,) = client.events_received()
    assert (frame.opcode, frame.fin, frame.data.decode()) == (Opcode.TEXT, True, text)


async def test_uvicorns_own_protocol_has_a_wire(protocol: WebSocketsSansIOProtocol) -> None:
    wire = Wire.under(protocol.send)
    assert wire

    assert wire.write(b"frame")
    assert protocol.transport.written == b"frame"


async def test_without_room_nothing_is_written(protocol: WebSocketsSansIOProtocol) -> None:
    wire = Wire.under(protocol.send)
    assert wire
    protocol.pause_writing()

    assert not wire.write(b"frame")
    protocol.resume_writing()
    protocol.close_sent = True
    assert not wire.write(b"frame")
    assert protocol.transport.written == b""


async def test_cutting_the_line_closes_the_transport(protocol: WebSocketsSansIOProtocol) -> None:
    wire = Wire.under(protocol.send)
    assert wire

    wire.abort()

    assert protocol.transport.aborted
    assert not wire.write(b"frame")


def test_another_server_has_no_wire() -> None:
    async def send(message: dict) -> None: ...

    assert Wire.under(send) is None
    assert Wire.under(SimpleNamespace(send=send).send) is None
