"""The hub by itself: no database, no Redis, sockets that only remember what they were sent."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError

from layers import access, event_log, hub, visibility
from layers.db_pool import DatabaseUnavailable
from layers.event_log import News, Standing
from layers.frames import CloseCode, Heard, LoggedEvent, event_text
from layers.sockets import MAX_QUEUED_FRAMES, MapSocket, SocketClosed
from layers.wire import Frame
from tests.layers.live_client import ReferenceMap

pytestmark = pytest.mark.unit
EPOCH = "0d6a4a3e-0000-4000-8000-000000000001"
STANDING = Standing("md5", "dispatcher")
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Log:
    """A log of changes in memory, in place of the database."""

    def __init__(self) -> None:
        self.epoch = EPOCH
        self.events: list[LoggedEvent] = []
        self.reads = 0
        self.broken: Exception | None = None
        self.slow_s = 0.0

    def append(self, count: int, feature_id: int = 1) -> None:
        for _ in range(count):
            seq = len(self.events) + 1
            body = json.dumps({"type": "Feature", "id": feature_id, "geometry": None, "properties": {"v": seq}})
            text = event_text(key="customers", epoch=EPOCH, seq=seq, kind="upsert", feature_id=feature_id, at=AT, body_json=body)
            self.events.append(LoggedEvent(seq, feature_id, False, text))

    def position(self, key: str) -> tuple[str, int]:
        return self.epoch, len(self.events)

    async def read_news(self, pool: Any, seen: dict[str, int], limit: int) -> dict[str, News]:
        return await asyncio.to_thread(self.read_after, seen, limit)

    def read_after(self, seen: dict[str, int], limit: int) -> dict[str, News]:
        self.reads += 1
        time.sleep(self.slow_s)
        if self.broken:
            raise self.broken
        return {key: News(self.epoch, len(self.events), self.events[seq : seq + limit]) for key, seq in seen.items()}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    for name in ("position", "read_after", "read_news"):
        monkeypatch.setattr(event_log, name, getattr(log, name))
    monkeypatch.setattr(event_log, "standings", lambda asked: {key: STANDING for key, _ in asked})
    # Redis is not there: the hub lives by polling, ten times faster than in earnest.
    monkeypatch.setattr("django.conf.settings.REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(hub, "POLL_S", 0.1)
    monkeypatch.setattr(hub, "RETRY_MAX_S", 0.1)
    return log


@pytest.fixture
async def the_hub(log: Log) -> AsyncIterator[hub.Hub]:
    the_hub = hub.Hub()
    yield the_hub
    await the_hub.stop()


class Peer:
    """The far end of a socket: a map on the reference client."""

    def __init__(self, scope: str = access.EVERYTHING) -> None:
        self.map = ReferenceMap()
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.reads = asyncio.Event()
        self.reads.set()
        self.socket = MapSocket(self.send, SimpleNamespace(pk=7), lambda key: scope, f"session-{id(self)}", STANDING)

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        if message["type"] == "websocket.close":
            self.closed = message["code"]
            return
        self.frames.append(json.loads(message["text"]))
        self.map.take(self.frames[-1])

    async def join(self, the_hub: hub.Hub, cursor: int | None = 0, epoch: str | None = EPOCH) -> "Peer":
        the_hub.attach(self.socket)
        self.writing = asyncio.create_task(self.socket.run())
        self.map.cursor, self.map.epoch = cursor, epoch
        await the_hub.subscribe(self.socket, key="customers", epoch=epoch, cursor=cursor)
        return self

    async def until(self, seq: int) -> None:
        async with asyncio.timeout(5):
            while self.map.cursor != seq:
                await asyncio.sleep(0.005)

    async def until_closed(self) -> int | None:
        async with asyncio.timeout(5):
            while self.closed is None:
                await asyncio.sleep(0.005)
        return self.closed


async def test_one_read_serves_all_sockets(the_hub: hub.Hub, log: Log) -> None:
    peers = [await Peer().join(the_hub) for _ in range(20)]
    await asyncio.sleep(0.15)
    reads = log.reads

    log.append(3)
    the_hub.wake()
    await asyncio.gather(*(peer.until(3) for peer in peers))

    assert log.reads <= reads + 2
    assert [frame["type"] for frame in peers[0].frames] == ["resumed", "batch"]


async def test_resumes_come_from_the_ring(the_hub: hub.Hub, log: Log) -> None:
    first = await Peer().join(the_hub)
    log.append(300)
    await first.until(300)
    reads = log.reads
    log.broken = DatabaseUnavailable("the database is away")

    later = await Peer().join(the_hub, cursor=100)
    await later.until(300)

    assert later.map.applied == list(range(101, 301))
    assert log.reads <= reads + 1


async def test_fifty_resumes_at_once_on_one_thread_lose_nothing(the_hub: hub.Hub, log: Log) -> None:
    the_hub._threads = ThreadPoolExecutor(1)
    log.append(2500)
    log.slow_s = 0.005

    peers = await asyncio.gather(*(Peer().join(the_hub, cursor=number) for number in range(50)))
    log.append(10)
    await asyncio.gather(*(peer.until(2510) for peer in peers))

    assert [peer.map.applied for peer in peers] == [list(range(number + 1, 2511)) for number in range(50)]


async def test_a_replay_waits_for_a_slow_reader_instead_of_closing_it(the_hub: hub.Hub, log: Log) -> None:
    log.append(4000)
    peer = Peer()
    peer.reads.clear()
    joining = asyncio.create_task(peer.join(the_hub))
    await asyncio.sleep(0.2)

    assert peer.socket.close_code is None
    assert not joining.done()
    peer.reads.set()
    await peer.until(4000)


async def test_events_during_a_replay_are_neither_lost_nor_doubled(the_hub: hub.Hub, log: Log) -> None:
    log.append(3000)

    async def keep_writing() -> None:
        while True:
            log.append(1)
            the_hub.wake()
            await asyncio.sleep(0.001)

    writing = asyncio.create_task(keep_writing())
    peers = [await Peer().join(the_hub) for _ in range(5)]
    await asyncio.sleep(0.05)
    writing.cancel()
    await asyncio.gather(*(peer.until(len(log.events)) for peer in peers))

    assert all(peer.map.applied == list(range(1, len(log.events) + 1)) for peer in peers)


async def test_a_crash_of_a_task_closes_the_sockets_and_the_hub_lives_on(the_hub: hub.Hub, log: Log) -> None:
    peer = await Peer().join(the_hub)
    log.broken = RuntimeError("a bug")
    assert await peer.until_closed() == CloseCode.RESTART

    log.broken = None
    the_hub.detach(peer.socket)
    again = await Peer().join(the_hub)
    log.append(1)

    await again.until(1)


async def test_a_database_that_is_away_closes_nothing_and_shows_in_the_heartbeat(
    the_hub: hub.Hub, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT_S", 0.3)
    monkeypatch.setattr(hub, "HEARTBEAT_WHEN_BEHIND_S", 0.1)
    monkeypatch.setattr(hub, "BEHIND_S", 0.2)
    peer = await Peer().join(the_hub)
    log.broken = DatabaseUnavailable("the database is away")
    await asyncio.sleep(0.8)

    beat = [frame for frame in peer.frames if frame["type"] == "heartbeat"][-1]
    assert datetime.fromisoformat(beat["at"]) - datetime.fromisoformat(beat["checked_at"]) > timedelta(seconds=0.2)
    log.broken = None
    log.append(1)
    await peer.until(1)
    assert peer.closed is None


async def test_a_new_epoch_resets_everyone(the_hub: hub.Hub, log: Log) -> None:
    staff, customer = await Peer().join(the_hub), await Peer("user-7").join(the_hub)

    log.epoch = "0d6a4a3e-0000-4000-8000-000000000002"
    await asyncio.sleep(0.3)

    assert [peer.frames[-1]["type"] for peer in (staff, customer)] == ["reset", "reset"]


async def test_a_head_that_went_back_resets_everyone(the_hub: hub.Hub, log: Log) -> None:
    log.append(5)
    peer = await Peer().join(the_hub, cursor=5)

    del log.events[3:]
    await asyncio.sleep(0.3)

    assert (peer.frames[-1]["type"], peer.frames[-1]["seq"]) == ("reset", 3)


async def test_a_restricted_person_gets_skips_and_never_delays_staff(the_hub: hub.Hub, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(user: Any, key: str, events: list[LoggedEvent]) -> Heard:
        time.sleep(0.5)
        return Heard({event.seq for event in events if event.feature_id == 2})

    monkeypatch.setattr(visibility, "heard", slowly)
    staff, customer = await Peer().join(the_hub), await Peer("user-7").join(the_hub)
    log.append(3, feature_id=1)
    log.append(1, feature_id=2)
    log.append(2, feature_id=1)
    the_hub.wake()

    began = time.monotonic()
    await staff.until(6)
    assert time.monotonic() - began < 0.4
    await customer.until(6)

    assert customer.map.applied == [4]
    told = [event for frame in customer.frames for event in frame.get("events", [])]
    assert [(event["type"], event["p"], event["q"]) for event in told] == [("skip", 0, 3), ("event", 3, 4), ("skip", 4, 6)]


async def test_a_database_that_is_away_for_a_moment_delays_only_the_restricted(
    the_hub: hub.Hub, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = [OperationalError("away"), OperationalError("still away"), Heard({1, 2})]

    def judged(user: Any, key: str, events: list[LoggedEvent]) -> Heard:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(visibility, "heard", judged)
    staff, customer = await Peer().join(the_hub), await Peer("user-7").join(the_hub)
    log.append(2)

    await staff.until(2)
    await customer.until(2)
    assert (customer.map.applied, staff.closed) == ([1, 2], None)


async def test_a_reader_that_stalls_is_closed_and_cut(the_hub: hub.Hub, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SESSIONS_S", 0.05)
    monkeypatch.setattr("layers.sockets.CLOSING_S", 0.2)
    monkeypatch.setattr(hub.Hub, "_close_ended", lambda self: asyncio.sleep(0))
    cuts: list[MapSocket] = []
    monkeypatch.setattr(MapSocket, "cut", lambda self: cuts.append(self))
    stalled, other = await Peer().join(the_hub), await Peer().join(the_hub)
    stalled.reads.clear()

    for number in range(MAX_QUEUED_FRAMES + 5):
        log.append(1)
        the_hub.wake()
        await other.until(number + 1)
    assert stalled.socket.close_code == CloseCode.SLOW_READER
    assert not stalled.socket.queue
    await asyncio.sleep(0.5)

    assert stalled.socket in cuts
    assert other.closed is None
    with pytest.raises(SocketClosed):
        await stalled.socket.put(Frame.of("more"))


async def test_a_single_huge_event_closes_nobody(the_hub: hub.Hub, log: Log) -> None:
    peer = await Peer().join(the_hub)
    text = event_text(key="customers", epoch=EPOCH, seq=1, kind="upsert", feature_id=1, at=AT, body_json=json.dumps("x" * 2_000_000))

    log.events.append(LoggedEvent(1, 1, False, text))

    await peer.until(1)
    assert peer.closed is None


def test_handshakes_are_rationed() -> None:
    budget = hub.HandshakeBudget(per_second=10, tokens=10)

    assert [budget.take() for _ in range(12)].count(True) == 10
