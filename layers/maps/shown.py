"""What a view shows of a layer: the rows of the one predicate, read as the vector tiles read them, so that both tell the same."""

from dataclasses import dataclass
from typing import Any

import shapely
from django.db import connection, transaction

from layers import access
from layers.maps.refusals import MapRefused
from layers.maps.view import View
from layers.registry import LayerPart, MapLayer
from layers.tile_sql import CELL_BITS, CLUSTERS, cluster_statement, selected, visible_rows
from spatial.tiles import WORLD_BITS, Bbox, latitude_of, world_position

# More than this makes no picture that anybody can read, and takes seconds.
MAX_ROWS = 20_000
TIMEOUT_MS = 5000


@dataclass(frozen=True, slots=True)
class Shown:
    """One feature: of which part (or "clusters"), its shape in degrees, its properties as vector tiles have them."""

    part: str
    geom: shapely.Geometry
    properties: dict[str, Any]


def shown(layer: MapLayer, view: View, zoom: int, user: Any) -> list[Shown]:
    """Return what the view shows of the layer at this zoom, in the order of drawing.

    Raises:
        MapRefused: it is more than can be drawn.
    """
    ground = view.degrees()
    if ground is None:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('statement_timeout', %s, true)", [str(TIMEOUT_MS)])
        if layer.clusters and zoom < layer.clusters.below_zoom:
            return _clusters(cursor, layer, ground, zoom, user, from_pyramid=access.scope_of(user, layer.id) == access.EVERYTHING)
        found: list[Shown] = []
        for part in (part for part in layer.parts if part.shown_at(zoom)):
            rows = _rows(cursor, layer, part, ground, user)
            if len(rows) <= MAX_ROWS:
                found += rows
            elif layer.clusters and part.id == layer.clusters.of_part:
                found += _clusters(cursor, layer, ground, zoom, user, from_pyramid=False)
            else:
                raise MapRefused(f"“{layer.id}” shows more than {MAX_ROWS} features here; zoom in.")
        return found


def _rows(cursor: Any, layer: MapLayer, part: LayerPart, ground: Bbox, user: Any) -> list[Shown]:
    rows = visible_rows(layer, part, user, ())
    names = rows.columns[1:]
    # The rows' SQL has its parameters bound already. The index on the geometry serves &&.
    cursor.execute(
        f"select ST_AsBinary(r.geom), {selected(rows, names)} from ({rows.sql}) as r({', '.join(rows.columns)})"
        f" where r.geom && ST_MakeEnvelope({', '.join(map(repr, ground))}, 4326) order by r.id limit {MAX_ROWS + 1}"
    )
    return [Shown(part.id, shapely.from_wkb(bytes(geom)), dict(zip(names, values, strict=True))) for geom, *values in cursor.fetchall()]


def _clusters(cursor: Any, layer: MapLayer, ground: Bbox, zoom: int, user: Any, *, from_pyramid: bool) -> list[Shown]:
    assert layer.clusters
    statement = cluster_statement(layer, user, (), from_pyramid=from_pyramid)
    # Sent as one text. What a statement that failed left prepared is forgotten first; nothing else on this connection is prepared.
    cursor.execute(
        f"deallocate all; prepare map_clusters({statement.types}) as {statement.sql} select ST_X(geom), ST_Y(geom), q.* from q;"
        f" execute map_clusters({_cluster_arguments(ground, zoom, with_box=not from_pyramid)})"
    )
    names = [column.name for column in cursor.description]
    found = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    # A cluster of one is drawn as what it is.
    return [Shown(layer.clusters.of_part if row["n"] == 1 else CLUSTERS, _place(row), _told(row)) for row in found]


def _cluster_arguments(ground: Bbox, zoom: int, *, with_box: bool) -> str:
    """Write the numbers of the statement for the cells that the box reaches into; see `tile_sql.tile_arguments`."""
    level = zoom + CELL_BITS
    shift = WORLD_BITS - level
    (left, top), (right, bottom) = world_position(ground.west, ground.north), world_position(ground.east, ground.south)
    columns = ",".join(map(str, range(left >> shift, (right >> shift) + 1)))
    numbers = f"{level},{shift},'{{{columns}}}',{top >> shift},{bottom >> shift},0,0,1"
    if not with_box:
        return numbers
    # Whole cells, or a cluster at the edge would be told with less than it holds.
    west, east = (((side >> shift) + step << shift) / (1 << WORLD_BITS) * 360 - 180 for side, step in ((left, 0), (right, 1)))
    north, south = (latitude_of(((side >> shift) + step << shift) / (1 << WORLD_BITS)) for side, step in ((top, 0), (bottom, 1)))
    return ",".join([numbers, *map(repr, (west, south, east, north))])


def _place(row: dict[str, Any]) -> shapely.Point:
    side = 1 << WORLD_BITS
    return shapely.Point(row["st_x"] / side * 360 - 180, latitude_of(row["st_y"] / side))


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("st_x", "st_y", "geom", "mvt_id") and value is not None}
