"""Reads of the log of changes, for the hub: what is new, what a returning socket missed, which sessions are still good."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from layers import access, registry
from layers.db_pool import Pool
from layers.frames import LoggedEvent, event_text
from layers.sessions import missing


@dataclass(frozen=True, slots=True)
class News:
    """A stream's present epoch and seq, and its events after the seq asked about, oldest first (at most a page)."""

    epoch: str
    head: int
    events: list[LoggedEvent]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a socket's rights hang on, as texts (`access.RIGHTS_TEXT`, `MapLayer.holdings`). When it changes the socket is closed."""

    password_md5: str
    rights: str
    holdings: str = ""


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


_STANDINGS_SQL = f"""
select s.session_key, u.id, md5(u.password), {access.RIGHTS_TEXT}, s.how, s.is_password_due
from unnest(%s::text[], %s::bigint[]) as asked (session_key, user_id)
join layers_session s on s.session_key = asked.session_key and s.expire_date > now()
join auth_user u on u.id = asked.user_id and u.is_active
"""


def standings(sessions: Collection[tuple[str, int]]) -> dict[str, Standing]:
    """Return session key -> standing of the (session key, user id) pairs that are still signed in: one query for all sockets.

    What customers hold is one more query per layer of which something can be held, and only while customers are there.
    """
    keys = [key for key, _ in sessions]
    with connection.cursor() as cursor:
        cursor.execute(_STANDINGS_SQL, [keys, [user_id for _, user_id in sessions]])
        rows = [
            row
            for *row, how, is_password_due in cursor.fetchall()
            # Whoever still has to set up a second factor or a new password follows nothing yet.
            if not missing(how, is_password_due, access.parse_rights(row[3]))
        ]
    holders = {user_id for _, user_id, _, rights in rows if access.parse_rights(rights).role == access.CUSTOMER}
    held = [layer.holdings(holders) for layer in registry.layers() if layer.holdings] if holders else []
    return {key: Standing(password, rights, " ".join(found.get(user_id, "") for found in held)) for key, user_id, password, rights in rows}


# ST_Envelope makes a point of a box without extent; as a polygon (ST_MakeEnvelope) it would intersect nothing.
_TOUCHED_SQL = """
select e.seq from layers_event e, jsonb_array_elements(e.touched) box, spatial_area a,
    ST_MakeLine(ST_MakePoint((box->>0)::float8, (box->>1)::float8), ST_MakePoint((box->>2)::float8, (box->>3)::float8)) diagonal
where e.stream_id = (select id from layers_stream where key = %s) and e.seq = any(%s) and a.id = any(%s)
    and ST_Intersects(a.geom, ST_Envelope(ST_SetSRID(diagonal, 4326)))
"""


def touched_inside(key: str, seqs: Collection[int], area_ids: Collection[int]) -> set[int]:
    """Return which of these events touched one of the areas: where their feature stood before, or stands since."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED_SQL, [key, list(seqs), list(area_ids)])
        return {seq for (seq,) in cursor.fetchall()}
