"""Tell every open map that features changed. Only services call this, as the last statement of their transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Func

from layers import hints, pyramid
from layers.models import Event, Stream

PRUNE_EVERY = 1000
# Layers of which no events are logged at the moment.
_QUIET: ContextVar[frozenset[str]] = ContextVar("quiet", default=frozenset())
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a point feature stands for the map: WGS 84 degrees and its bucket in the cluster pyramid."""

    lon: float
    lat: float
    bucket: int


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """One feature's change. `body` is its GeoJSON Feature, or None when it left the map.

    `before` and `after` are given for point layers with clusters; `touched` boxes for everything else (EPSG:4326 degrees).
    """

    feature_id: int
    body: dict[str, Any] | None
    before: Spot | None = None
    after: Spot | None = None
    touched: Sequence[Box] = ()

    def boxes(self) -> list[Box]:
        spots = [spot for spot in (self.before, self.after) if spot]
        return [*self.touched, *((spot.lon, spot.lat, spot.lon, spot.lat) for spot in spots)]


@contextmanager
def events(layer_id: str, *, wanted: bool) -> Iterator[None]:
    """Unless they are wanted, let `publish` inside bring the pyramid of this layer up to date but log no events.

    For work on many rows that ends in a `reload`: until then, open maps show what was.
    """
    token = _QUIET.set(_QUIET.get() if wanted else _QUIET.get() | {layer_id})
    try:
        yield
    finally:
        _QUIET.reset(token)


def publish(layer_id: str, changes: Sequence[FeatureChange], *, at: datetime) -> int:
    """Append one event per change to the layer's stream, bring its cluster pyramid up to date, hint after commit; return the new seq.

    The stream's row stays locked until commit: that makes seq gapless and in commit order, and keeps two writers
    from updating the pyramid's cells in different orders. Publishing nothing returns the present seq.

    Raises:
        TransactionManagementError: called outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("live.publish belongs inside the transaction that changes the features.")
    is_quiet = layer_id in _QUIET.get()
    stream_id, seq = _advance(layer_id, 0 if is_quiet else len(changes))
    if not changes:
        return seq
    pyramid.apply_changes(layer_id, [(change.feature_id, change.before, change.after) for change in changes])
    if is_quiet:
        return seq
    Event.objects.bulk_create(
        Event(
            stream_id=stream_id,
            seq=seq - len(changes) + number,
            kind=Event.Kind.UPSERT if change.body else Event.Kind.DELETE,
            feature_id=change.feature_id,
            body=change.body,
            touched=change.boxes(),
            at=at,
        )
        for number, change in enumerate(changes, start=1)
    )
    _forget_old(stream_id, seq, len(changes))
    transaction.on_commit(lambda: hints.send(layer_id, seq), robust=True)
    return seq


def reload(layer_id: str) -> None:
    """Start a new epoch of the layer: every map loads it afresh. For what is too much for single events: many rows, large polygons."""
    _, seq = _advance(layer_id, 0)
    Stream.objects.filter(key=layer_id).update(epoch=Func(function="gen_random_uuid"))
    transaction.on_commit(lambda: hints.send(layer_id, seq), robust=True)


def void_cursors() -> int:
    """Start a new epoch in every stream and return their number: every map loads afresh. Due after the database went back in time."""
    return Stream.objects.update(epoch=Func(function="gen_random_uuid"))


def _forget_old(stream_id: int, seq: int, steps: int) -> None:
    """Keep the newest EVENT_RETENTION_ROWS events. Looked at once in PRUNE_EVERY, so that it costs a publish next to nothing."""
    if seq // PRUNE_EVERY > (seq - steps) // PRUNE_EVERY:
        Event.objects.filter(stream_id=stream_id, seq__lte=seq - settings.EVENT_RETENTION_ROWS).delete()


def _advance(layer_id: str, steps: int) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into layers_stream as s (key, epoch, seq) values (%s, gen_random_uuid(), %s)
            on conflict (key) do update set seq = s.seq + excluded.seq returning id, seq
            """,
            [layer_id, steps],
        )
        return cursor.fetchone()
