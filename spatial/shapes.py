"""Drawn shapes as GEOS geometries, with limits that keep a hostile one from costing more than an honest one."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.gis.geos import GEOSException, LinearRing, LineString, Point, Polygon

from spatial.geometry import BadCoordinates, position
from spatial.models import SRID

MAX_VERTICES = 10_000


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
