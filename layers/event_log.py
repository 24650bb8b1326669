"""Reads of the log of changes, for the hub: what is new, what a returning socket missed, which sessions are still good."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from layers.db_pool import Pool
from layers.frames import LoggedEvent, event_text


@dataclass(frozen=True, slots=True)
class News:
    """A stream's present epoch and seq, and its events after the seq asked about, oldest first (at most a page)."""

    epoch: str
    head: int
    events: list[LoggedEvent]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a socket's rights hang on. When it changes the socket is closed."""

    password_md5: str
    groups: tuple[str, ...]
    is_superuser: bool


_POSITION_SQL = "select epoch::text, seq from layers_stream where key = %s"


def position(key: str) -> tuple[str, int]:
    """Return the stream's epoch and seq; a stream that nobody has published to yet is created at 0.

    A snapshot reads this before its rows, then no change falls between them. One that commits in the meantime is in the rows and comes
    as an event again, which is harmless: events carry whole features.
    """
    with connection.cursor() as cursor:
        cursor.execute(_POSITION_SQL, [key])
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                "insert into layers_stream (key, epoch, seq) values (%s, gen_random_uuid(), 0) on conflict (key) do nothing", [key]
            )
            cursor.execute(_POSITION_SQL, [key])
            row = cursor.fetchone()
    return row


# One statement, so one snapshot: all events up to the head it reports are in it, because a stream's row is locked until commit.
# The lateral part walks the primary key (stream_id, seq).
_NEWS_SQL = """
select s.key, s.epoch::text, s.seq, e.seq, e.kind, e.feature_id, e.at, e.body::text
from unnest({keys}, {seqs}) as seen (key, seq)
join layers_stream s on s.key = seen.key
left join lateral (
    select seq, kind, feature_id, at, body from layers_event where stream_id = s.id and seq > seen.seq order by seq limit {limit}
) e on true
order by s.key, e.seq
"""
_NEWS_IN_THREAD = _NEWS_SQL.format(keys="%s::text[]", seqs="%s::bigint[]", limit="%s")
_NEWS_ON_LOOP = _NEWS_SQL.format(keys="$1", seqs="$2", limit="$3")


def read_after(seen: Mapping[str, int], limit: int) -> dict[str, News]:
    """Return the news of every stream in `seen` (key -> last seq known) in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWS_IN_THREAD, [list(seen), list(seen.values()), limit])
        return _news_of(cursor.fetchall())


async def read_news(pool: Pool, seen: Mapping[str, int], limit: int) -> dict[str, News]:
    """Return the same as `read_after`, asked on the event loop: handing the question to a thread and back costs more than the question.

    Raises:
        DatabaseTooSlow, DatabaseUnavailable: see `Pool.run`.
    """
    args = [list(seen), list(seen.values()), limit]
    return _news_of(await pool.run(_NEWS_ON_LOOP, "text[], bigint[], int", "%s::text[], %s::bigint[], %s", args))


def _news_of(rows: Iterable[tuple[Any, ...]]) -> dict[str, News]:
    news: dict[str, News] = {}
    for key, epoch, head, seq, kind, feature_id, at, body in rows:
        stream = news.setdefault(key, News(epoch, head, []))
        if seq is not None:
            text = event_text(key=key, epoch=epoch, seq=seq, kind=kind, feature_id=feature_id, at=at, body_json=body)
            stream.events.append(LoggedEvent(seq, feature_id, kind == "delete", text))
    return news


_STANDINGS_SQL = """
select s.session_key, md5(u.password), u.is_superuser,
    array(select g.name from auth_user_groups m join auth_group g on g.id = m.group_id where m.user_id = u.id order by g.name)
from unnest(%s::text[], %s::bigint[]) as asked (session_key, user_id)
join django_session s on s.session_key = asked.session_key and s.expire_date > now()
join auth_user u on u.id = asked.user_id and u.is_active
"""


def standings(sessions: Collection[tuple[str, int]]) -> dict[str, Standing]:
    """Return session key -> standing of the (session key, user id) pairs that are still signed in: one query for all sockets."""
    keys = [key for key, _ in sessions]
    with connection.cursor() as cursor:
        cursor.execute(_STANDINGS_SQL, [keys, [user_id for _, user_id in sessions]])
        return {key: Standing(password, tuple(groups), superuser) for key, password, superuser, groups in cursor.fetchall()}
