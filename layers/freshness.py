"""What has changed, and who is asking: one query, made after the requests that wait for it arrived and shared by all of them.

Nothing that decides what a person may see is remembered beyond that query, so a sign-out, a lost role or a commit counts from the next request on.
"""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import structlog
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.utils.crypto import constant_time_compare

from layers import access, registry, sessions
from layers.db_pool import Pool

log = structlog.get_logger()
# Beyond this many unseen events a layer is dropped as a whole: cheaper than reading them.
MAX_GAP = 2000
_SESSIONS_REMEMBERED = 10_000
_SESSION_KEY_SHAPE = re.compile(r"[a-z0-9]{20,64}")
_BEARER = "bearer:"
_BEARER_SHAPE = re.compile(r"bearer:[0-9a-f]{64}")

# Streams are few rows. Sessions, tokens and users are found by their primary keys. Everything comes as text, so that "nothing new" is one comparison.
_READ = f"""
select (select string_agg(key || ' ' || epoch || ' ' || seq, ',') from (select key, epoch, seq from layers_stream order by key) s),
    (
        select string_agg(concat_ws(' ', k.key, md5(s.session_data), md5(u.password), {access.RIGHTS_TEXT}), E'\\n' order by k.key)
        from unnest($1, $2) k(key, user_id)
        join layers_session s on s.session_key = k.key and s.expire_date > now()
        join auth_user u on u.id = k.user_id and u.is_active
    )
"""
# Only when somebody among those who wait brought an access token. Tokens are found by their digest, which is unique.
_READ_TOKENS = f""",
    (
        select string_agg(concat_ws(' ', k.digest, u.id, t.id, array_to_string(t.layers, ','), {access.RIGHTS_TEXT}), E'\\n' order by k.digest)
        from unnest($3) k(digest)
        join layers_accesstoken t on t.digest = k.digest and t.expires_at > now()
        join auth_user u on u.id = t.user_id and u.is_active
    )
"""
_SESSION_DATA = "select session_key, session_data from layers_session where session_key = any($1) and expire_date > now()"
_PASSWORDS = "select id, password from auth_user where id = any($1) and is_active"
_TOUCHED = """
select e.touched from layers_event e where e.stream_id = (select id from layers_stream where key = $1) and e.seq > $2 and e.seq <= $3 order by e.seq
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking, as of the freshness query: `user` answers the predicates, `scope` keys what may be shared."""

    user: Any
    # Of the access token they brought; then `user` has no more rights than the token opens.
    token_id: int | None = None
    _scopes: dict[str, str] = field(default_factory=dict)

    def scope(self, layer_id: str) -> str:
        """Return the person's scope on a layer; worked out once, for it is asked with every tile."""
        scope = self._scopes.get(layer_id)
        if scope is None:
            scope = access.scope_of(self.user, layer_id)
            # Layer names come from addresses, so only those that mean something are remembered.
            if layer_id in registry.layer_ids():
                self._scopes[layer_id] = scope
        return scope


@dataclass(slots=True)
class _KnownSession:
    """A session whose signature and password hash were checked once; `mark` is the last text the query gave for it."""

    user_id: int
    begun: sessions.Begun
    checked: str
    mark: str = ""
    person: Person | None = None


class _Question(NamedTuple):
    """One read: the statement, the types of its parameters, and these written out."""

    sql: str
    types: str
    arguments: str


class _Marks(NamedTuple):
    """What the read said of the sessions and of the tokens, a line each."""

    sessions: str | None
    tokens: str | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The last read: for whom, and what came back."""

    keys: set[str]
    question: _Question
    marks: _Marks
    people: dict[str, Person | None]


class Freshness:
    """Answers `person` and `bearer` with a read of the database that began after the call, and reports changed layers before it answers.

    `on_touched(layer_id, boxes)` gets the boxes of the events that are new, or None when everything of the layer may have changed.
    """

    def __init__(self, on_touched: Callable[[str, Sequence[Any] | None], None]) -> None:
        self._on_touched = on_touched
        self._pool = Pool(1)
        # Who waits for the next read: their session or token, and the future that gets the answer.
        self._gathering: list[tuple[str, asyncio.Future[Person | None]]] = []
        self._reader: asyncio.Task[None] | None = None
        self._streams_text: str | None = None
        self._streams: dict[str, tuple[str, int]] = {}
        self._sessions: OrderedDict[str, _KnownSession] = OrderedDict()
        self._bearers: OrderedDict[str, tuple[str, Person]] = OrderedDict()
        self._last = _Asked(set(), _Question("", "", ""), _Marks(None, None), {})

    async def person(self, session_key: str) -> Person | None:
        """Return who holds the session, or None; by then every change committed before the call has been reported.

        Raises:
            DatabaseUnavailable, DatabaseTooSlow: nothing can be said, so nothing may be served.
        """
        return await self._asked(session_key)

    async def bearer(self, digest: str) -> Person | None:
        """Return whose access token has this digest, with no more rights than it opens, or None; as `person` does.

        Raises:
            DatabaseUnavailable, DatabaseTooSlow: see `person`.
        """
        return await self._asked(_BEARER + digest)

    async def _asked(self, key: str) -> Person | None:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Person | None] = loop.create_future()
        self._gathering.append((key, answer))
        if self._reader is None:
            self._reader = loop.create_task(self._read_batches())
        return await answer

    def close(self) -> None:
        if self._reader:
            self._reader.cancel()
        self._pool.close()

    async def _read_batches(self) -> None:
        """Serve one batch after the other; who comes during a read waits for the next one, which sees what they may have committed."""
        try:
            while self._gathering:
                # One turn of the loop: whoever's request is on the wire already shares this read.
                await asyncio.sleep(0)
                waiting, self._gathering = self._gathering, []
                try:
                    people = await self._read({key for key, _ in waiting})
                except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who wait
                    for _, answer in waiting:
                        if not answer.done():
                            answer.set_exception(error)
                else:
                    for key, answer in waiting:
                        if not answer.done():
                            answer.set_result(people[key])
        finally:
            self._reader = None

    async def _read(self, keys: set[str]) -> dict[str, Person | None]:
        last = self._last
        if keys == last.keys:
            # The same people as a moment ago: if the database says the same of them as then, so do we.
            marks = await self._read_once(last.question)
            if marks == last.marks:
                return last.people
        usable = sorted(key for key in keys if _SESSION_KEY_SHAPE.fullmatch(key))
        digests = sorted(key.removeprefix(_BEARER) for key in keys if _BEARER_SHAPE.fullmatch(key))
        known = self._sessions
        await self._check([key for key in usable if key not in known])
        question = self._question(usable, digests)
        marks = await self._read_once(question)
        lines = _lines(marks.sessions)
        changed = [key for key, line in lines.items() if line.split(" ")[1:3] != known[key].checked.split(" ")]
        if changed:
            await self._check(changed)
            question = self._question(usable, digests)
            marks = await self._read_once(question)
            lines = _lines(marks.sessions)
        for key in usable:
            if key not in lines:
                known.pop(key, None)
        bearers = _lines(marks.tokens)
        people = {
            key: self._bearer(key, bearers.get(key.removeprefix(_BEARER))) if key.startswith(_BEARER) else self._person(key, lines.get(key))
            for key in keys
        }
        if None not in people.values():
            self._last = _Asked(keys, question, marks, people)
        return people

    def _question(self, session_keys: list[str], digests: list[str]) -> _Question:
        """Write out the arrays; keys and digests have passed their shapes, so nothing in them needs quoting."""
        keys = [key for key in session_keys if key in self._sessions]
        arguments = f"'{{{','.join(keys)}}}','{{{','.join(str(self._sessions[key].user_id) for key in keys)}}}'"
        if not digests:
            return _Question(_READ, "text[], int[]", arguments)
        return _Question(_READ + _READ_TOKENS, "text[], int[], text[]", f"{arguments},'{{{','.join(digests)}}}'")

    async def _read_once(self, question: _Question) -> _Marks:
        [(streams_text, session_lines, *token_lines)] = await self._pool.run(*question)
        if streams_text != self._streams_text:
            await self._report(streams_text or "")
        return _Marks(session_lines, token_lines[0] if token_lines else None)

    def _bearer(self, key: str, line: str | None) -> Person | None:
        if line is None:
            self._bearers.pop(key, None)
            return None
        known = self._bearers.get(key)
        if known is None or known[0] != line:
            _, user_id, token_id, layer_ids, rights = line.split(" ", 4)
            narrowed = access.narrowed(access.parse_rights(rights), layer_ids.split(","))
            known = self._bearers[key] = line, Person(access.person(int(user_id), narrowed), token_id=int(token_id))
            while len(self._bearers) > _SESSIONS_REMEMBERED:
                self._bearers.popitem(last=False)
        return known[1]

    def _person(self, session_key: str, mark: str | None) -> Person | None:
        known = self._sessions.get(session_key)
        if known is None or mark is None:
            return None
        if known.mark != mark:
            _, session_md5, password_md5, rights = mark.split(" ", 3)
            if f"{session_md5} {password_md5}" != known.checked:
                return None
            known.mark, known.person = mark, _person_of(known, access.parse_rights(rights))
        self._sessions.move_to_end(session_key)
        return known.person

    async def _check(self, session_keys: list[str]) -> None:
        """Check the signature and the password hash inside sessions seen for the first time or changed since."""
        if not session_keys:
            return
        rows = await self._pool.run(_SESSION_DATA, "text[]", "%s::text[]", [session_keys])
        decoded = {key: (sessions.SessionStore().decode(text), text) for key, text in rows}
        user_ids = {key: int(session[SESSION_KEY]) for key, (session, _) in decoded.items() if str(session.get(SESSION_KEY, "")).isdigit()}
        passwords = dict(await self._pool.run(_PASSWORDS, "int[]", "%s::int[]", [list(user_ids.values())]))
        for key in decoded:
            self._sessions.pop(key, None)
        for key, user_id in user_ids.items():
            session, text = decoded[key]
            if user_id in passwords and _hash_fits(session, user_id, passwords[user_id]):
                self._sessions[key] = _KnownSession(user_id, sessions.begun_of(session), f"{_md5(text)} {_md5(passwords[user_id])}")
        while len(self._sessions) > _SESSIONS_REMEMBERED:
            self._sessions.popitem(last=False)

    async def _report(self, streams_text: str) -> None:
        """Say which layers changed, and where; only then take the new state as known."""
        now = {key: (epoch, int(seq)) for key, epoch, seq in (line.split(" ") for line in streams_text.split(",") if line)}
        for key in self._streams.keys() | now.keys():
            before, after = self._streams.get(key), now.get(key)
            if before == after:
                continue
            boxes = await self._touched(key, before, after)
            self._on_touched(key, boxes)
        self._streams, self._streams_text = now, streams_text

    async def _touched(self, key: str, before: tuple[str, int] | None, after: tuple[str, int] | None) -> list[Any] | None:
        if before is None or after is None or before[0] != after[0] or not 0 < after[1] - before[1] <= MAX_GAP:
            return None
        rows = await self._pool.run(_TOUCHED, "text, bigint, bigint", "%s, %s, %s", [key, before[1], after[1]])
        if len(rows) != after[1] - before[1]:
            # Old events were cleared away meanwhile: what they touched is unknown.
            log.info("tile_events_missing", stream=key, wanted=after[1] - before[1], found=len(rows))
            return None
        return [box for (boxes,) in rows for box in boxes]


def _person_of(known: _KnownSession, rights: access.Rights) -> Person | None:
    # Whoever still has to set up a second factor or a new password is nobody yet.
    if sessions.missing(known.begun.how, known.begun.is_password_due, rights):
        return None
    return Person(access.person(known.user_id, rights))


def _lines(text: str | None) -> dict[str, str]:
    return {line.split(" ", 1)[0]: line for line in (text or "").split("\n") if line}


def _hash_fits(session: dict[str, Any], user_id: int, password: str) -> bool:
    user = get_user_model()(pk=user_id, password=password)
    given = session.get(HASH_SESSION_KEY, "")
    return any(constant_time_compare(given, wanted) for wanted in [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()])


def _md5(text: str) -> str:
    # Compared with PostgreSQL's md5() of the same text: tells "changed", protects nothing.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
