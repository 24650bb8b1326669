"""The SQL of a tile: one fenced statement per layer, zoom band, scope and filters, built from the declared rows.

Every statement takes numbers only ($1, $2, ...); what the person may see and the filters are inside its text,
bound by the driver. `tile_arguments` writes the numbers for one tile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import DecimalField, F, FloatField, ForeignKey, IntegerField, QuerySet, TextField
from django.db.models.expressions import ExpressionWrapper

from layers.registry import BadFilter, LayerPart, MapLayer
from spatial.tiles import MAX_LAT, WORLD_BITS, latitude_of, tile_bounds

EXTENT = 4096
# How far a tile reads beyond its edge, in units of EXTENT. OpenLayers clips what it draws to the tile, so a symbol near the edge
# must be in both tiles: 160 units are 20 px of a 512 px tile, the largest symbol's half. Lines need only their width.
# Every unit costs: see docs/decisions/0008-tiles-on-the-event-loop.md.
POINT_BUFFER = 160
SHAPE_BUFFER = 64
# Clusters of the pyramid: 8 x 8 cells per tile, and one ring of cells around it.
CELL_BITS = 3
RING_CELLS = 1
CLUSTERS = "clusters"

Filters = tuple[tuple[str, tuple[str, ...]], ...]

# Position on the zoom-31 grid. The database alone computes it (also in `pyramid`): one libm, one rounding, so cells never disagree.
WORLD_X = f"least({(1 << WORLD_BITS) - 1}, greatest(0, floor(({{lon}} + 180) / 360 * {1 << WORLD_BITS})))::bigint"
WORLD_Y = (
    f"least({(1 << WORLD_BITS) - 1}, greatest(0, floor((0.5 - ln((1 + sin(radians({{lat}}))) / (1 - sin(radians({{lat}})))) / (4 * pi()))"
    f" * {1 << WORLD_BITS})))::bigint"
)
CLAMPED_LAT = f"greatest(-{MAX_LAT}, least({MAX_LAT}, {{lat}}))"


@dataclass(frozen=True)
class Rows:
    """The visible, filtered rows of a part as SQL text with its parameters bound, and the names of its columns in order.

    The first column is the geometry, the second the id.
    """

    sql: str
    columns: tuple[str, ...]
    lists: frozenset[str]
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class TileStatement:
    """A statement to prepare: its text and the types of its parameters."""

    sql: str
    types: str
    clustered: bool


def visible_rows(layer: MapLayer, part: LayerPart, user: Any, filters: Filters, *, extra: Mapping[str, Any] | None = None) -> Rows:
    """Compile what the person may see of the part into SQL: geometry, id, the declared properties, then `extra` expressions.

    Raises:
        BadFilter: a filter does not know one of its words, or the layer lacks the filter.
    """
    queryset = part.rows(user)
    for name, words in filters:
        queryset = apply_filter(layer, queryset, name, words)
    return rows_of(part, queryset, extra=extra)


def rows_of(part: LayerPart, queryset: QuerySet, *, extra: Mapping[str, Any] | None = None) -> Rows:
    """Compile rows of the part, whatever they were narrowed to, into SQL: see `visible_rows`."""
    wanted = {"id": "pk", **part.properties, **(extra or {})}
    named = {f"col_{name}": F(value) if isinstance(value, str) else value for name, value in wanted.items()}
    # A geometry column would be selected as bytea, which no index serves; wrapped as text it is left as it is.
    named = {"col_geom": ExpressionWrapper(F(part.geom), output_field=TextField()), **named}
    queryset = queryset.order_by().annotate(**named).values_list(*named)
    fields = {name: queryset.query.annotations[f"col_{name}"].output_field for name in wanted}
    lists = frozenset(name for name, field in fields.items() if isinstance(field, ArrayField))
    numbers = frozenset(name for name, field in fields.items() if isinstance(field, DecimalField | FloatField | IntegerField | ForeignKey))
    return Rows(_bound(queryset), tuple(name.removeprefix("col_") for name in named), lists, numbers)


def apply_filter(layer: MapLayer, queryset: QuerySet, name: str, words: Sequence[str]) -> QuerySet:
    """Narrow the rows by one filter of the layer.

    Raises:
        BadFilter: see `visible_rows`.
    """
    if name not in layer.filters:
        raise BadFilter(f"Layer “{layer.id}” cannot be filtered by “{name[:40]}”.")
    return layer.filters[name](queryset, list(words))


def tile_statement(layer: MapLayer, user: Any, filters: Filters, z: int, *, from_pyramid: bool) -> TileStatement | None:
    """Return the statement for tiles of zoom z, or None when the layer shows nothing there.

    `from_pyramid` says that the person sees every row, so that the cluster pyramid may answer for them.
    """
    clusters = layer.clusters
    if clusters and z < clusters.below_zoom:
        found = cluster_statement(layer, user, filters, from_pyramid=from_pyramid)
        encoded = f" select coalesce((select ST_AsMVT(q, '{CLUSTERS}', {EXTENT}, 'geom', 'mvt_id') from q), '')"
        return TileStatement(found.sql + encoded, found.types, clustered=True)
    parts = [part for part in layer.parts if part.shown_at(z)]
    if not parts:
        return None
    return TileStatement(_parts_sql(layer, parts, user, filters), ", ".join(["float8"] * 12), clustered=False)


def cluster_statement(layer: MapLayer, user: Any, filters: Filters, *, from_pyramid: bool) -> TileStatement:
    """Return a statement that lacks its end: it has the clusters as `q(geom, mvt_id, n, <bucket>, id, <properties of a cluster of one>)`.

    `geom` is the place on the zoom-31 grid less ($6, $7), times $8.
    """
    clusters = layer.clusters
    assert clusters
    bucket_only = all(name == clusters.bucket_filter for name, _ in filters)
    if from_pyramid and bucket_only:
        return TileStatement(_pyramid_sql(layer, user, filters), "int, int, int[], int, int, float8, float8, float8", clustered=True)
    return TileStatement(
        _clusters_on_the_fly_sql(layer, user, filters),
        "int, int, int[], int, int, float8, float8, float8, float8, float8, float8, float8",
        clustered=True,
    )


def tile_arguments(statement: TileStatement, z: int, x: int, y: int) -> str:
    """Write the tile's numbers in the order of the statement's parameters."""
    if statement.clustered:
        return _cluster_arguments(z, x, y, with_bbox=statement.types.count("float8") > 3)
    numbers = (*tile_bounds(z, x, y), *degrees(z, x, y, POINT_BUFFER / EXTENT), *degrees(z, x, y, SHAPE_BUFFER / EXTENT))
    return ",".join(map(repr, numbers))


def degrees(z: int, x: int, y: int, margin: float) -> tuple[float, float, float, float]:
    """Return west, south, east, north (EPSG:4326) of the tile, widened by `margin` of its size on every side."""
    side = 1 << z
    west, east = (x - margin) / side * 360 - 180, (x + 1 + margin) / side * 360 - 180
    north, south = latitude_of((y - margin) / side), latitude_of((y + 1 + margin) / side)
    return max(west, -180.0), south, min(east, 180.0), north


def _bound(queryset: QuerySet) -> str:
    sql, params = queryset.query.sql_with_params()
    with connection.cursor() as cursor:
        return cursor.mogrify(sql, params).decode() if params else sql.replace("%%", "%")


def _parts_sql(layer: MapLayer, parts: Sequence[LayerPart], user: Any, filters: Filters) -> str:
    """Fence each part's rows, then encode them: the fence keeps the row's field names wherever the rows come from (Citus)."""
    fences, encoded = [], []
    for part in parts:
        rows = visible_rows(layer, part, user, filters)
        fences.append(f'"{part.id}" as materialized ({_fenced_part(part, rows)})')
        encoded.append(f"""coalesce((select ST_AsMVT(q, '{part.id}', {EXTENT}, 'geom', 'mvt_id') from "{part.id}" q), '')""")
    return f"with {', '.join(fences)} select {' || '.join(encoded)}"


def _fenced_part(part: LayerPart, rows: Rows) -> str:
    # The index on the geometry column serves &&, because the envelope is constant during the statement.
    west = 5 if part.geometry == "point" else 9
    buffer = POINT_BUFFER if part.geometry == "point" else SHAPE_BUFFER
    columns = selected(rows, rows.columns[1:])
    geom = f"ST_AsMVTGeom(ST_Transform(r.geom, 3857), ST_MakeEnvelope($1, $2, $3, $4, 3857), {EXTENT}, {buffer}, true)"
    # Ordered, so that equal rows give equal bytes: an unchanged tile is then answered with 304. A geometry that the clipping left
    # nothing of is null, and ST_AsMVT leaves its row out; asking for "not null" here would compute everything twice.
    return (
        f"select {geom} as geom, r.id as mvt_id, {columns} from ({rows.sql}) as r({', '.join(rows.columns)})"
        f" where r.geom && ST_MakeEnvelope(${west}, ${west + 1}, ${west + 2}, ${west + 3}, 4326) order by r.id"
    )


def _cluster_arguments(z: int, x: int, y: int, *, with_bbox: bool) -> str:
    level = z + CELL_BITS
    per_tile = 1 << CELL_BITS
    last = (1 << level) - 1
    first_x, last_x = max(0, x * per_tile - RING_CELLS), min(last, (x + 1) * per_tile - 1 + RING_CELLS)
    first_y, last_y = max(0, y * per_tile - RING_CELLS), min(last, (y + 1) * per_tile - 1 + RING_CELLS)
    columns = ",".join(map(str, range(first_x, last_x + 1)))
    shift = WORLD_BITS - z
    numbers = f"{level},{WORLD_BITS - level},'{{{columns}}}',{first_y},{last_y},{x << shift},{y << shift},{EXTENT / (1 << shift)!r}"
    if not with_bbox:
        return numbers
    return ",".join([numbers, *(repr(edge) for edge in degrees(z, x, y, (RING_CELLS + 1e-6) / per_tile))])


def _pyramid_sql(layer: MapLayer, user: Any, filters: Filters) -> str:
    """Read the stored cells (index: the primary key; x is a list, so each column is one short range of y)."""
    clusters = layer.clusters
    assert clusters
    buckets = _wanted_buckets(layer, filters)
    cells = (
        "select sum(n) as n, min(bucket) as bucket, sum(sum_x) / sum(n) as world_x, sum(sum_y) / sum(n) as world_y, sum(sum_id) as sum_id"
        f" from layers_tilecell where layer = '{layer.id}' and level = $1 and x = any($3) and y between $4 and $5 and n > 0"
        f"{f' and bucket in ({buckets})' if buckets else ''} group by x, y"
    )
    # The one feature of a cell is named through the same visible rows as everything else.
    rows = visible_rows(layer, layer.part(clusters.of_part), user, ())
    return _clusters_sql(layer, cells, rows)


def _clusters_on_the_fly_sql(layer: MapLayer, user: Any, filters: Filters) -> str:
    """Sum the visible, filtered rows into the same cells: O(rows in the tile), for people and filters the pyramid cannot answer."""
    clusters = layer.clusters
    assert clusters
    rows = visible_rows(layer, layer.part(clusters.of_part), user, filters, extra={"cluster_bucket": clusters.bucket})
    lat = CLAMPED_LAT.format(lat="ST_Y(r.geom)")
    cells = (
        "select count(*) as n, min(cluster_bucket) as bucket, avg(world_x) as world_x, avg(world_y) as world_y, sum(id) as sum_id from ("
        f"select r.id, r.cluster_bucket, {WORLD_X.format(lon='ST_X(r.geom)')} as world_x, {WORLD_Y.format(lat=lat)} as world_y"
        f" from ({rows.sql}) as r({', '.join(rows.columns)}) where r.geom && ST_MakeEnvelope($9, $10, $11, $12, 4326)) p"
        " where (world_x >> $2) = any($3) and (world_y >> $2) between $4 and $5 group by world_x >> $2, world_y >> $2"
    )
    return _clusters_sql(layer, cells, rows)


def _clusters_sql(layer: MapLayer, cells: str, rows: Rows) -> str:
    clusters = layer.clusters
    assert clusters
    # A cell with one feature shows that feature: it carries the part's properties, and its symbol is the same as at deeper zooms.
    own = [name for name in rows.columns[2:] if name in layer.part(clusters.of_part).properties and name != clusters.bucket_filter]
    grade = "case c.bucket " + " ".join(f"when {rank} then '{value}'" for rank, value in enumerate(clusters.bucket_values)) + " end"
    return (
        f"with cells as materialized ({cells}), q as materialized ("
        "select ST_MakePoint(round((c.world_x - $6) * $8), round((c.world_y - $7) * $8)) as geom,"
        f" c.id as mvt_id, c.n::int as n, {grade} as {clusters.bucket_filter}, c.id{''.join(f', s.{name}' for name in own)}"
        " from (select *, case when n = 1 then sum_id::bigint end as id from cells) c"
        f" left join lateral (select {selected(rows, own)} from ({rows.sql}) as r({', '.join(rows.columns)}) where r.id = c.id limit 1) s on true"
        " order by c.world_x, c.world_y)"
    )


def selected(rows: Rows, names: Sequence[str]) -> str:
    """Return the columns as a select list; lists become words with commas, since MVT has no lists."""
    return ", ".join(f"array_to_string(r.{name}, ',') as {name}" if name in rows.lists else f"r.{name}" for name in names)


def _wanted_buckets(layer: MapLayer, filters: Filters) -> str:
    clusters = layer.clusters
    assert clusters
    words = {word for _, wanted in filters for word in wanted}
    unknown = words - set(clusters.bucket_values)
    if unknown:
        raise BadFilter(f"“{min(unknown)[:40]}” is not a {clusters.bucket_filter}.")
    return ",".join(str(rank) for rank, value in enumerate(clusters.bucket_values) if value in words)
