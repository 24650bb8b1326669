"""The rows of a file that leaves: a layer as its list on screen shows it, narrowed by the same filter and by the right to take it away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth.models import User
from django.contrib.gis.geos import Polygon
from django.db import connection
from django.db.models import Q, QuerySet

from layers import access
from layers.registry import LayerPart, MapLayer
from layers.tile_sql import Filters, Rows, apply_filter, rows_of
from spatial.tiles import Bbox

BATCH_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """What the screen is narrowed to; empty means everything. `located` asks for rows with, or without, a position."""

    bbox: Bbox | None = None
    located: bool | None = None
    filters: Filters = ()

    def as_json(self) -> dict[str, Any]:
        """Return the query for the audit and for `from_json`: only what narrows."""
        told: dict[str, Any] = {name: list(words) for name, words in self.filters}
        if self.bbox:
            told["bbox"] = list(self.bbox)
        if self.located is not None:
            told["located"] = self.located
        return told

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> "ExportQuery":
        """Return what `as_json` wrote."""
        bbox = Bbox(*told["bbox"]) if "bbox" in told else None
        filters = tuple((name, tuple(words)) for name, words in told.items() if name not in ("bbox", "located"))
        return ExportQuery(bbox, told.get("located"), filters)


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of feature to write: its rows as SQL, the names of its columns in order, and which of them are numbers or lists."""

    part: LayerPart
    columns: tuple[str, ...]
    rows: Rows

    @property
    def numbers(self) -> frozenset[str]:
        return self.rows.numbers


def tables(layer: MapLayer, user: User, query: ExportQuery) -> list[Table]:
    """Return what the person may see of the layer, may take away, and asked for.

    Raises:
        BadFilter: the layer knows no such filter, or not that word.
    """
    parts = [layer.listing] if layer.listing else layer.parts
    return [_table(layer, part, user, query) for part in parts]


def count(found: Sequence[Table]) -> int:
    """Return how many rows there are."""
    counts = " + ".join(f"(select count(*) from ({table.rows.sql}) r)" for table in found)
    with connection.cursor() as cursor:
        cursor.execute(f"select {counts}")
        return int(cursor.fetchone()[0])


def batches(table: Table, geometry: str) -> Iterator[list[tuple[Any, ...]]]:
    """Yield (geometry, id, *columns) in the order of ids; `geometry` is an expression of r.geom.

    Each batch is a statement of its own, by the primary key: no cursor is held open and memory stays flat, however long it takes to write.
    """
    after = -1
    names = ", ".join(f"r.{name}" for name in ("id", *table.columns))
    while True:
        with connection.cursor() as cursor:
            # The rows' SQL has its parameters bound already.
            cursor.execute(
                f"select {geometry}, {names} from ({table.rows.sql}) as r({', '.join(table.rows.columns)})"
                f" where r.id > {int(after)} order by r.id limit {BATCH_ROWS}"
            )
            rows = cursor.fetchall()
        if rows:
            yield rows
        if len(rows) < BATCH_ROWS:
            return
        after = rows[-1][1]


def _table(layer: MapLayer, part: LayerPart, user: User, query: ExportQuery) -> Table:
    queryset = part.rows(user)
    if access.areas_of(user, layer.id, access.VIEW) != access.areas_of(user, layer.id, access.EXPORT):
        takeable = part.rows(access.exporting(user, layer.id))
        queryset = queryset.filter(pk__in=takeable.order_by().values("pk"))
    for name, words in query.filters:
        queryset = apply_filter(layer, queryset, name, words)
    rows = rows_of(part, _narrowed(part, queryset, query))
    return Table(part, tuple(part.properties), rows)


def _narrowed(part: LayerPart, queryset: QuerySet, query: ExportQuery) -> QuerySet:
    if query.located is not None:
        queryset = queryset.filter(**{f"{part.geom}__isnull": not query.located})
    if query.bbox:
        # Comparing boxes is exact for points only.
        lookup = "bboverlaps" if part.geometry == "point" else "intersects"
        boxes = (Q(**{f"{part.geom}__{lookup}": Polygon.from_bbox(box)}) for box in query.bbox.halves())
        queryset = queryset.filter(reduce(or_, boxes))
    return queryset
