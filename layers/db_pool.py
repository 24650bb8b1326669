"""PostgreSQL connections driven by the event loop: psycopg2 in its asynchronous mode, prepared statements, a bounded pool that waits.

No threads: a thread hand-over costs more than the freshness query it would carry (docs/decisions/0008-tiles-on-the-event-loop.md).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import psycopg2
import psycopg2.extensions
from django.db import connections

CONNECT_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_MS = 2000
# Statements a connection keeps prepared; the least used is forgotten. Few scopes and filters are in use at a time.
PREPARED_PER_CONNECTION = 64
_SESSION = f"set statement_timeout = {STATEMENT_TIMEOUT_MS}; set jit = off; set plan_cache_mode = force_generic_plan; set application_name = 'gridatlas tiles'"


class DatabaseTooSlow(RuntimeError):
    """A statement ran into its time limit."""


class DatabaseUnavailable(RuntimeError):
    """The database cannot be reached or went away twice in a row."""


class LoopConnection:
    """One connection that belongs to the running event loop; at most one statement at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._writing = False
        self._prepared: OrderedDict[str, str] = OrderedDict()
        self._names = 0
        self._raw: Any = None
        self._cursor: Any = None
        self._fd = -1

    @property
    def broken(self) -> bool:
        return self._raw is None or bool(self._raw.closed)

    async def open(self) -> None:
        """Connect as Django would (same settings, so also the same test database).

        Raises:
            psycopg2.OperationalError: the server refused or did not answer in time.
        """
        params = connections["default"].get_connection_params()
        dsn = {key: value for key, value in params.items() if key != "cursor_factory"}
        self._raw = psycopg2.connect(**dsn, async_=True)
        self._fd = self._raw.fileno()
        self._loop.add_reader(self._fd, self._poll)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._wait()
                self._cursor = self._raw.cursor()
                await self.fetch(_SESSION, rows=False)
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise psycopg2.OperationalError("The database did not answer in time.") from None
            raise

    async def fetch(self, sql: str, args: Sequence[Any] | None = None, *, rows: bool = True) -> list[tuple[Any, ...]]:
        """Send one string of SQL and return the rows of its last statement."""
        try:
            self._cursor.execute(sql, args)
            await self._wait()
            return self._cursor.fetchall() if rows else []
        except (asyncio.CancelledError, psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            # A cancelled statement still runs on the server: its answer must not be taken for the next one's.
            if not isinstance(error, psycopg2.extensions.QueryCanceledError):
                self.close()
            raise

    async def run(self, sql: str, types: str, args: str, values: Sequence[Any] | None = None, *, after: str = "") -> list[tuple[Any, ...]]:
        """Prepare `sql` once per connection (parameters `$1` of the listed types), then execute it with the `args` written out.

        `after` is a statement to run before it in the same transaction: sent in one string, the two are one.
        """
        first = f"{after}; " if after else ""
        name = self._prepared.get(sql)
        if name is not None:
            self._prepared.move_to_end(sql)
            return await self.fetch(f"{first}execute {name}({args})", values)
        self._names += 1
        name = f"t{self._names}"
        forget = ""
        if len(self._prepared) >= PREPARED_PER_CONNECTION:
            forget = f"deallocate {self._prepared.popitem(last=False)[1]}"
        if forget:
            await self.fetch(forget, rows=False)
        await self.fetch(f"prepare {name} ({types}) as {sql}", rows=False)
        self._prepared[sql] = name
        return await self.fetch(f"{first}execute {name}({args})", values)

    def close(self) -> None:
        if self._raw is None:
            return
        self._loop.remove_reader(self._fd)
        if self._writing:
            self._loop.remove_writer(self._fd)
        self._raw.close()
        self._raw = None
        if self._waiter and not self._waiter.done():
            self._waiter.set_exception(psycopg2.OperationalError("The connection was closed."))

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        self._poll()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _poll(self) -> None:
        """Advance libpq; called when the socket is readable or writable, and right after a statement was sent."""
        try:
            state = self._raw.poll()
        except psycopg2.Error as error:
            self._watch_writing(False)
            waiter = self._waiter
            if self._raw.closed:
                self.close()
            if waiter and not waiter.done():
                waiter.set_exception(error)
            return
        self._watch_writing(state == psycopg2.extensions.POLL_WRITE)
        if state == psycopg2.extensions.POLL_OK and self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _watch_writing(self, wanted: bool) -> None:
        if wanted == self._writing:
            return
        self._writing = wanted
        if wanted:
            self._loop.add_writer(self._fd, self._poll)
        else:
            self._loop.remove_writer(self._fd)


class Pool:
    """At most `size` connections; who comes when all are busy waits in line."""

    def __init__(self, size: int) -> None:
        self._free: list[LoopConnection] = []
        self._all: set[LoopConnection] = set()
        self._turns = asyncio.Semaphore(size)

    async def run(self, sql: str, types: str, args: str, values: Sequence[Any] | None = None, *, after: str = "") -> list[tuple[Any, ...]]:
        """Execute the prepared statement (see `LoopConnection.run`) on a free connection; once more on a new one when the old one had died.

        Raises:
            DatabaseTooSlow: the statement hit `STATEMENT_TIMEOUT_MS`.
            DatabaseUnavailable: no connection could be had.
        """
        async with self._turns:
            for last_try in (False, True):
                try:
                    connection = await self._take()
                    try:
                        return await connection.run(sql, types, args, values, after=after)
                    finally:
                        self._give_back(connection)
                except psycopg2.extensions.QueryCanceledError as error:
                    raise DatabaseTooSlow("The map's query took longer than two seconds.") from error
                except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                    # After a restart of the database every kept connection is dead, so the second try is a fresh one.
                    self._drop_free()
                    if last_try:
                        raise DatabaseUnavailable("The database is not reachable at the moment.") from error
            raise AssertionError("unreachable")

    def close(self) -> None:
        for connection in list(self._all):
            connection.close()
        self._free.clear()
        self._all.clear()

    async def _take(self) -> LoopConnection:
        while self._free:
            connection = self._free.pop()
            if not connection.broken:
                return connection
            self._all.discard(connection)
        connection = LoopConnection()
        await connection.open()
        self._all.add(connection)
        return connection

    def _give_back(self, connection: LoopConnection) -> None:
        if connection.broken:
            self._all.discard(connection)
        else:
            self._free.append(connection)

    def _drop_free(self) -> None:
        for connection in self._free:
            connection.close()
            self._all.discard(connection)
        self._free.clear()
