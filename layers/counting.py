"""Count the points of a clustered layer inside areas: cells that lie inside by their sums in the pyramid, only those at an edge point by point."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection
from django.db.models.expressions import RawSQL

from layers.tile_sql import CLAMPED_LAT, WORLD_X, WORLD_Y
from spatial.models import SRID
from spatial.tiles import WORLD_BITS, tile_at

# A cell of this level is 2 to 5 km wide: a region has some thousand of them, and few of its points stand in those at its edge.
LEVEL = 13
# The database has put a point on the border of two cells into one of them, and computed the border a hair's breadth elsewhere.
_HAIR_DEG = 1e-6


@dataclass(frozen=True, slots=True)
class Counted:
    """How many points lie in cells that the areas cover whole, and the cells (x, y, west, south, east, north) that they cover in part."""

    inside: int
    edge: np.ndarray

    def points_at_the_edge(self) -> RawSQL:
        """Return the ids of the spatial.Point rows in the cells at the edge, whether the areas hold them or not."""
        x = f"({WORLD_X.format(lon='ST_X(p.geom)')}) >> {WORLD_BITS - LEVEL}"
        y = f"({WORLD_Y.format(lat=CLAMPED_LAT.format(lat='ST_Y(p.geom)'))}) >> {WORLD_BITS - LEVEL}"
        columns = self.edge.T
        return RawSQL(  # noqa: S611 - of our own constants; what varies is bound
            f"""(select p.id from unnest(%s::int[], %s::int[], %s::float8[], %s::float8[], %s::float8[], %s::float8[]) c (x, y, w, s, e, n)
            join spatial_point p on p.geom && ST_MakeEnvelope(w, s, e, n, {SRID}) where {x} = c.x and {y} = c.y)""",
            [*(column.astype(int).tolist() for column in columns[:2]), *(column.tolist() for column in columns[2:])],
        )


def count(layer_id: str, areas: Sequence[GEOSGeometry]) -> Counted:
    """Return what the pyramid alone knows of how many of the layer's points these polygons (EPSG:4326) hold together."""
    shape: Any = shapely.union_all([shapely.from_wkb(bytes(area.wkb)) for area in areas])
    shapely.prepare(shape)
    with connection.cursor() as cursor:
        cursor.execute(
            """select x, y, sum(n)::int from layers_tilecell
            where layer = %s and level = %s and x between %s and %s and y between %s and %s and n <> 0 group by x, y""",
            [layer_id, LEVEL, *_reach(*shape.bounds)],
        )
        cells = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 3)
    boxes = _boxes(cells[:, 0], cells[:, 1])
    drawn = shapely.box(*boxes.T)
    is_inside = shapely.covers(shape, drawn)
    is_edge = shapely.intersects(shape, drawn) & ~is_inside
    return Counted(int(cells[is_inside, 2].sum()), np.column_stack([cells[is_edge, :2], boxes[is_edge]]))


def _reach(west: float, south: float, east: float, north: float) -> tuple[int, int, int, int]:
    """Return the first and last x, then y, of the cells that the bounds (degrees) touch."""
    left, top = tile_at(west - _HAIR_DEG, north + _HAIR_DEG, LEVEL)
    right, bottom = tile_at(east + _HAIR_DEG, south - _HAIR_DEG, LEVEL)
    return left, right, top, bottom


def _boxes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return west, south, east, north of the cells in degrees, a hair's breadth wider than they are."""
    per_degree = (1 << LEVEL) / 360
    north, south = (np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * row / (1 << LEVEL))))) for row in (y, y + 1))
    west, east = x / per_degree - 180, (x + 1) / per_degree - 180
    return np.column_stack([west - _HAIR_DEG, south - _HAIR_DEG, east + _HAIR_DEG, north + _HAIR_DEG])
