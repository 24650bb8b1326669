"""Drawn shapes as GEOS geometries, with limits that keep a hostile one from costing more than an honest one."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.gis.geos import GEOSException, GEOSGeometry, LinearRing, LineString, Point, Polygon

from spatial.geometry import BadCoordinates, position
from spatial.models import SRID

MAX_VERTICES = 10_000
# A polygon of no more corners costs too little to help.
_FEW_CORNERS = 40
# How far from the edge a simpler one stays, as a share of the side of a square of the polygon's size: the least that needs few corners.
_MARGINS = (0.01, 0.03, 0.1)
# PostGIS compares boxes in single precision, whose steps are up to 0.000015 degrees.
_BOX_MARGIN_DEG = 0.0001
_NOTHING = Polygon(srid=SRID)


def polygon(geojson: Mapping[str, Any]) -> Polygon:
    """Return the polygon of a GeoJSON geometry (EPSG:4326, lon before lat).

    Raises:
        BadCoordinates: not a polygon, crosses itself, has too many vertices, or leaves the map.
    """
    rings = geojson.get("coordinates")
    if geojson.get("type") != "Polygon" or not isinstance(rings, list) or not rings:
        raise BadCoordinates("Draw a polygon: GeoJSON type “Polygon” with its rings.")
    if sum(len(ring) for ring in rings if isinstance(ring, list)) > MAX_VERTICES:
        raise BadCoordinates(f"The polygon has more than {MAX_VERTICES:,} corners; draw a simpler one.")
    try:
        shape = Polygon(*(LinearRing([_checked(corner) for corner in ring]) for ring in rings), srid=SRID)
    except (GEOSException, TypeError, ValueError) as error:
        if isinstance(error, BadCoordinates):
            raise
        raise BadCoordinates("The polygon's rings must be closed lists of [longitude, latitude].") from error
    if shape.empty or not shape.valid:
        raise BadCoordinates("The polygon crosses itself or has no inside; draw it again without crossing lines.")
    return shape


def inside(shape: GEOSGeometry) -> tuple[Polygon, GEOSGeometry]:
    """Return a box and a polygon of few corners inside this shape; both are empty when it has few corners itself, or is too narrow.

    Whatever lies in them lies in the shape, well off its edge, so also when boxes are compared in single precision.
    """
    simple = _simpler(shape) if shape.num_coords > _FEW_CORNERS and shape.valid else _NOTHING
    return (_NOTHING if simple.empty else _box_inside(simple)), simple


def _simpler(shape: GEOSGeometry) -> GEOSGeometry:
    for share in _MARGINS:
        margin = share * math.sqrt(shape.area)
        found = shape.buffer(-margin).simplify(margin * 0.9, preserve_topology=True)
        if not found.empty and found.num_coords <= _FEW_CORNERS and shape.covers(found):
            return found
    return _NOTHING


def _box_inside(shape: GEOSGeometry) -> Polygon:
    """Return a box inside the shape: grown from a point within it, ever finer, as far as it stays inside."""
    west, south, east, north = shape.extent
    x, y = shape.point_on_surface.coords
    edges = [x, y, x, y]
    room = (west - x, south - y, east - x, north - y)
    for step in (1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64):
        is_growing = True
        while is_growing:
            is_growing = False
            for side in range(4):
                wider = [*edges]
                wider[side] += room[side] * step
                if shape.covers(_box(wider, _BOX_MARGIN_DEG)):
                    edges, is_growing = wider, True
    return _box(edges) if edges[0] < edges[2] and edges[1] < edges[3] else _NOTHING


def _box(edges: Sequence[float], margin: float = 0.0) -> Polygon:
    west, south, east, north = edges
    box = Polygon.from_bbox((west - margin, south - margin, east + margin, north + margin))
    box.srid = SRID
    return box


def line(coordinates: Sequence[Sequence[float]]) -> LineString:
    """Return the line through the positions.

    Raises:
        BadCoordinates: fewer than two different positions, or one is off the map.
    """
    corners = [_checked(corner) for corner in coordinates]
    if len(set(corners)) < 2:
        raise BadCoordinates("A corridor needs at least two different positions.")
    return LineString(corners, srid=SRID)


def spot(lon: float, lat: float) -> Point:
    """Return the position as a point.

    Raises:
        BadCoordinates: it is off the map.
    """
    return Point(*_checked((lon, lat)), srid=SRID)


def _checked(corner: Sequence[float]) -> tuple[float, float]:
    if len(corner) != 2 or not all(isinstance(value, int | float) for value in corner):
        raise BadCoordinates("Every corner is a pair of numbers: longitude, latitude.")
    where = position(float(corner[0]), float(corner[1]))
    return where.lon, where.lat
