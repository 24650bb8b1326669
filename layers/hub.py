"""One per web process: reads the log of changes once and hands each event to every open socket.

Tasks of the hub, each supervised: `_follow_log` (woken by hints, else every second), `_follow_hints` (the Redis subscription),
`_tell_restricted` (people who may see only some features), `_watch_sessions` and `_beat`.
"""

import asyncio
import random
import time
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from socket import TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL
from typing import Any, TypeVar

import psycopg2
import redis.asyncio
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from layers import event_log, frames, hints, visibility
from layers.db_pool import DatabaseTooSlow, DatabaseUnavailable, Pool
from layers.frames import CloseCode, LoggedEvent
from layers.sockets import MapSocket
from layers.wire import Frame

log = structlog.get_logger()
T = TypeVar("T")

POLL_S = 1.0
PAGE_EVENTS = 1000
RING_EVENTS = 5000
HEARTBEAT_S = 20.0
# While the log cannot be read, screens are told more often, so that silence shows within seconds.
HEARTBEAT_WHEN_BEHIND_S = 5.0
BEHIND_S = 3.0
SESSIONS_S = 3.0
RETRY_MAX_S = 2.0
# A Redis that vanished without a word is found out by the kernel; until then polling serves.
HALF_OPEN_AFTER_25_S = {TCP_KEEPIDLE: 10, TCP_KEEPINTVL: 5, TCP_KEEPCNT: 3}


@dataclass(eq=False)
class _Follower:
    """The sockets of people with one restricted scope on one stream, and how far they have been told."""

    user: Any
    told: int
    sockets: set[MapSocket] = field(default_factory=set)


@dataclass(eq=False)
class _Stream:
    """One stream as this process knows it. `ring` holds the newest events without a gap, ending at `head`."""

    key: str
    epoch: str
    head: int
    ring: deque[LoggedEvent] = field(default_factory=lambda: deque(maxlen=RING_EVENTS))
    staff: set[MapSocket] = field(default_factory=set)
    restricted: dict[str, _Follower] = field(default_factory=dict)

    def sockets(self) -> Iterator[MapSocket]:
        yield from self.staff
        for follower in self.restricted.values():
            yield from follower.sockets

    def ring_after(self, seq: int, limit: int) -> list[LoggedEvent] | None:
        """Return up to `limit` events after `seq`, or None when the ring does not reach back that far."""
        if not self.ring or seq < self.ring[0].seq - 1:
            return None
        start = seq + 1 - self.ring[0].seq
        return [self.ring[number] for number in range(start, min(start + limit, len(self.ring)))]

    def add(self, socket: MapSocket) -> None:
        if socket.is_restricted(self.key):
            self.restricted.setdefault(socket.scope(self.key), _Follower(socket.user, self.head)).sockets.add(socket)
        else:
            self.staff.add(socket)

    def discard(self, socket: MapSocket) -> None:
        self.staff.discard(socket)
        scope = socket.scope(self.key)
        follower = self.restricted.get(scope)
        if follower:
            follower.sockets.discard(socket)
            if not follower.sockets:
                del self.restricted[scope]


class Hub:
    """See the module. Lives in one event loop; every method runs there, reads of the database in its threads."""

    def __init__(self) -> None:
        self.sockets: set[MapSocket] = set()
        self.handshakes = HandshakeBudget()
        self.checked_at = datetime.now(UTC)
        self._streams: dict[str, _Stream] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._woken = asyncio.Event()
        self._occupied = asyncio.Event()
        self._restricted_news = asyncio.Event()
        # The log has a connection of its own, so that a storm of resumes never delays the events themselves.
        self._log = Pool(1)
        # An executor queues when all its threads are busy; a connection pool that raises instead once lost events.
        self._threads = ThreadPoolExecutor(2, "hub-ask")

    # Sockets come and go

    def attach(self, socket: MapSocket) -> None:
        if not self._tasks:
            works = (self._follow_log, self._follow_hints, self._tell_restricted, self._watch_sessions, self._beat)
            self._tasks = [asyncio.create_task(self._supervised(work), name=f"hub{work.__name__}") for work in works]
        if not self.sockets:
            # The log was not read while nobody looked; what the first socket says hello to is read now.
            self.checked_at = datetime.now(UTC)
        self.sockets.add(socket)
        self._occupied.set()

    def detach(self, socket: MapSocket) -> None:
        self.sockets.discard(socket)
        for stream in self._streams.values():
            stream.discard(socket)
        if not self.sockets:
            # Nobody looks: stop polling. The ring would have a gap afterwards; the database serves the first resume instead.
            self._occupied.clear()
            self._streams.clear()

    async def stop(self) -> None:
        """End the hub's tasks and close its database connections (for tests; a server ends it with its loop)."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._log.close()
        await asyncio.gather(*(self._ask(time.sleep, 0.01, last=True) for _ in range(self._threads._max_workers)))
        self._threads.shutdown()

    async def subscribe(self, socket: MapSocket, *, key: str, epoch: str | None, cursor: int | None) -> None:
        """Answer one entry of a hello: replay what the socket missed, or order a reset; from then on it gets every event.

        Raises:
            SocketClosed: it closed during the replay.
        """
        stream = await self._stream(key)
        stream.discard(socket)
        if cursor is None or epoch != stream.epoch or not 0 <= cursor <= stream.head:
            self._reset(stream, socket)
            return
        await socket.put(Frame.of(frames.resumed(key=key, epoch=stream.epoch, seq=stream.head)))
        if await self._replay(stream, socket, cursor):
            # No await since the last look at stream.head: nothing can fall between the replay and the live events.
            self._join(stream, socket)
        else:
            self._reset(await self._stream(key), socket)

    def _join(self, stream: _Stream, socket: MapSocket) -> None:
        if socket in self.sockets and self._streams.get(stream.key) is stream:
            stream.add(socket)

    def _reset(self, stream: _Stream, socket: MapSocket) -> None:
        socket.tell(frames.reset(key=stream.key, epoch=stream.epoch, seq=stream.head))
        self._join(stream, socket)

    async def _stream(self, key: str) -> _Stream:
        if key not in self._streams:
            epoch, head = await self._ask(event_log.position, key)
            self._streams.setdefault(key, _Stream(key, epoch, head))
        return self._streams[key]

    async def _replay(self, stream: _Stream, socket: MapSocket, cursor: int) -> bool:
        """Send the events after `cursor` page by page; False when some are no longer kept or history was cut meanwhile."""
        while cursor < stream.head:
            events = stream.ring_after(cursor, PAGE_EVENTS)
            if events is None:
                news = (await self._ask(event_log.read_after, {stream.key: cursor}, PAGE_EVENTS)).get(stream.key)
                events = news.events if news and news.epoch == stream.epoch else []
            if not events or events[0].seq != cursor + 1 or self._streams.get(stream.key) is not stream:
                return False
            for frame in await self._frames_for(stream, socket.user if socket.is_restricted(stream.key) else None, events):
                await socket.put(frame)
            cursor = events[-1].seq
        return self._streams.get(stream.key) is stream

    async def _frames_for(self, stream: _Stream, restricted_user: Any, events: Sequence[LoggedEvent]) -> list[Frame]:
        heard = None
        if restricted_user is not None:
            heard = await self._ask(visibility.heard, restricted_user, stream.key, events)
        texts = (frames.texts_for(part, key=stream.key, epoch=stream.epoch, heard=heard) for part in frames.parts(events))
        return [Frame.of(frames.packed(part)) for part in texts]

    # The log

    def wake(self) -> None:
        """Look at the log now rather than at the next poll."""
        self._woken.set()

    async def _follow_log(self) -> None:
        retry_s = 0.1
        while True:
            await self._occupied.wait()
            try:
                is_complete = await self._read_log()
                retry_s = 0.1
            except (psycopg2.Error, DatabaseTooSlow, DatabaseUnavailable) as failure:
                retry_s = min(retry_s * 2, RETRY_MAX_S)
                log.warning("log_not_read", error=type(failure).__name__, retry_s=retry_s)
                await asyncio.sleep(retry_s)
                continue
            if is_complete:
                await self._sleep_until_woken(POLL_S)

    async def _sleep_until_woken(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _read_log(self) -> bool:
        """Deliver one page of every stream's news; True when nothing is left to read."""
        seen = {stream.key: stream.head for stream in self._streams.values()}
        if seen:
            asked = dict(self._streams)
            news = await event_log.read_news(self._log, seen, PAGE_EVENTS)
            self.checked_at = datetime.now(UTC)
            # A stream dropped or replaced while the query ran has nothing to do with this answer.
            complete = [await self._take(asked[key], found) for key, found in news.items() if self._streams.get(key) is asked[key]]
            return all(complete)
        self.checked_at = datetime.now(UTC)
        return True

    async def _take(self, stream: _Stream, news: event_log.News) -> bool:
        """Bring the stream up to the news and tell its sockets; True when it is at its head."""
        first = news.events[0].seq if news.events else stream.head + 1
        is_gap = first != stream.head + 1 or (news.head > stream.head and not news.events)
        if news.epoch != stream.epoch or news.head < stream.head or is_gap:
            self._start_over(stream, news)
            return True
        for part in frames.parts(news.events):
            stream.ring.extend(part)
            stream.head = part[-1].seq
            frame = Frame.of(frames.packed([event.text for event in part]))
            for socket in stream.staff:
                socket.offer(frame)
            # The writers get their turn before the next frame: a burst must not look like a slow reader.
            await asyncio.sleep(0)
        if stream.restricted:
            self._restricted_news.set()
        return stream.head >= news.head

    def _start_over(self, stream: _Stream, news: event_log.News) -> None:
        """History was cut (a restore, a new epoch) or is no longer kept: everyone on the stream loads afresh."""
        log.warning("stream_reset", stream=stream.key, head=stream.head, new_head=news.head, new_epoch=news.epoch != stream.epoch)
        fresh = self._streams[stream.key] = _Stream(stream.key, news.epoch, news.head)
        for socket in list(stream.sockets()):
            self._reset(fresh, socket)

    async def _tell_restricted(self) -> None:
        """Tell people who may see only some features. On its own, so that their queries never delay the others."""
        while True:
            await self._restricted_news.wait()
            self._restricted_news.clear()
            try:
                for stream in list(self._streams.values()):
                    for follower in list(stream.restricted.values()):
                        await self._tell_follower(stream, follower)
            except (DatabaseError, InterfaceError) as failure:
                log.warning("visibility_not_judged", error=type(failure).__name__)
                self._restricted_news.set()
                await asyncio.sleep(RETRY_MAX_S)

    async def _tell_follower(self, stream: _Stream, follower: _Follower) -> None:
        while follower.told < stream.head and follower.sockets:
            events = stream.ring_after(follower.told, PAGE_EVENTS)
            if events is None:
                follower.told = stream.head
                for socket in list(follower.sockets):
                    self._reset(stream, socket)
                return
            # Those who join while the query runs were brought to a later position by their replay.
            sockets = list(follower.sockets)
            told = await self._frames_for(stream, follower.user, events)
            follower.told = events[-1].seq
            for frame in told:
                for socket in sockets:
                    socket.offer(frame)

    # Hints

    async def _follow_hints(self) -> None:
        pause = 0.1
        while True:
            client = redis.asyncio.Redis.from_url(
                settings.REDIS_URL,
                socket_connect_timeout=1,
                socket_keepalive=True,
                socket_keepalive_options=HALF_OPEN_AFTER_25_S,
                decode_responses=True,
                retry=None,
            )
            try:
                async with client, client.pubsub() as subscription:
                    await subscription.subscribe(hints.CHANNEL)
                    log.info("hints_connected")
                    pause = 0.1
                    self.wake()
                    async for message in subscription.listen():
                        self._hear(message)
            except (redis.RedisError, OSError, TimeoutError) as failure:
                # Full jitter: every process of a site loses the same Redis in the same second.
                pause = min(pause * 2, RETRY_MAX_S)
                log.info("hints_lost", error=type(failure).__name__, retry_s=pause)
                await asyncio.sleep(random.uniform(0, pause))  # noqa: S311

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] != "message":
            return
        key, _, seq = str(message["data"]).partition(" ")
        stream = self._streams.get(key)
        if stream and not (seq.isdigit() and int(seq) <= stream.head):
            self.wake()

    # Watching over the sockets

    async def _watch_sessions(self) -> None:
        while True:
            await asyncio.sleep(SESSIONS_S)
            self._cut_stuck()
            try:
                await self._close_ended()
            except (DatabaseError, InterfaceError) as failure:
                # Rights are judged anew as soon as the database answers; until then nothing new can be read from it either.
                log.warning("sessions_not_checked", error=type(failure).__name__)

    def _cut_stuck(self) -> None:
        now = time.monotonic()
        for socket in [socket for socket in self.sockets if socket.is_stuck(now)]:
            log.info("stuck_socket_cut", request_id=socket.request_id)
            socket.cut()

    async def _close_ended(self) -> None:
        sockets = list(self.sockets)
        asked = {(socket.session_key, socket.user.pk) for socket in sockets}
        if not asked:
            return
        standings = await self._ask(event_log.standings, asked)
        for socket in sockets:
            now = standings.get(socket.session_key)
            if now is None or now.password_md5 != socket.standing.password_md5:
                socket.close(CloseCode.SIGNED_OUT)
            elif now != socket.standing:
                socket.close(CloseCode.RIGHTS_CHANGED)

    async def _beat(self) -> None:
        silent_s, was_behind = 0.0, False
        while True:
            await asyncio.sleep(HEARTBEAT_WHEN_BEHIND_S)
            silent_s += HEARTBEAT_WHEN_BEHIND_S
            is_behind = self._is_behind()
            # Once more after the log is read again: screens show the delay until they hear otherwise.
            if is_behind or was_behind or silent_s >= HEARTBEAT_S:
                frame = Frame.of(frames.heartbeat(at=datetime.now(UTC), checked_at=self.checked_at))
                for socket in list(self.sockets):
                    socket.offer(frame)
                silent_s, was_behind = 0.0, is_behind

    def _is_behind(self) -> bool:
        return (datetime.now(UTC) - self.checked_at).total_seconds() > BEHIND_S

    async def _supervised(self, work: Callable[[], Awaitable[None]]) -> None:
        """Keep a task of the hub running. After a crash sockets are closed, because a silent hub would starve them unseen."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("hub_task_crashed", task=work.__name__)
                self._streams.clear()
                for socket in list(self.sockets):
                    socket.close(CloseCode.RESTART)
                await asyncio.sleep(RETRY_MAX_S)

    async def ask(self, question: Callable[..., T], *args: Any) -> T:
        """Run a read of the database in one of the hub's threads."""
        return await self._ask(question, *args)

    async def _ask(self, question: Callable[..., T], *args: Any, last: bool = False) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _answer, question, args, last)


def _answer(question: Callable[..., T], args: Sequence[Any], last: bool) -> T:
    """Ask on this thread's own connection, once more on a new one when the database was restarted in between."""
    try:
        return question(*args)
    except (DatabaseError, InterfaceError):
        connection.close()
        return question(*args)
    finally:
        if last:
            connection.close()


@dataclass
class HandshakeBudget:
    """A token bucket: after a restart everyone comes back at once, and each handshake costs a query."""

    per_second: float = 200.0
    tokens: float = 200.0
    filled_at: float = field(default_factory=time.monotonic)

    def take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(self.per_second, self.tokens + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def this_process() -> Hub:
    """Return the hub of the running event loop, of which a web process has exactly one."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
