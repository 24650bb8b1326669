"""Positions and shapes as people type and draw them: checked here, before anything is stored."""

import math
from dataclasses import dataclass

from spatial.tiles import Bbox

# Less than any degree of latitude, and at the equator of longitude, spans on the ellipsoid (110,574 m, 111,319 m): boxes come out too wide.
_METRES_PER_DEGREE = 110_500
# 85 degrees is where Web Mercator ends; nobody is supplied beyond it.
MAX_LAT = 85.0


class BadCoordinates(ValueError):
    """The numbers are not a position on the map."""


class LooksSwapped(BadCoordinates):
    """Longitude and latitude seem to have changed places; `lon`, `lat` hold the likely position."""

    def __init__(self, lon: float, lat: float) -> None:
        super().__init__(f"Longitude and latitude look swapped: did you mean longitude {lat:g}, latitude {lon:g}?")
        self.lon, self.lat = lat, lon


@dataclass(frozen=True, slots=True)
class Position:
    """A point on the earth, WGS 84 degrees."""

    lon: float
    lat: float


def position(lon: float, lat: float) -> Position:
    """Return the checked position.

    Raises:
        LooksSwapped: lat is beyond the map and swapping the two would give a position.
        BadCoordinates: not finite, or outside lon -180 to 180, lat -85 to 85.
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise BadCoordinates("Longitude and latitude must be finite numbers.")
    if -180 <= lon <= 180 and -MAX_LAT <= lat <= MAX_LAT:
        return Position(lon, lat)
    if -180 <= lat <= 180 and -MAX_LAT <= lon <= MAX_LAT:
        raise LooksSwapped(lon, lat)
    raise BadCoordinates(f"Longitude {lon:g} must lie in -180 to 180 and latitude {lat:g} in -{MAX_LAT:g} to {MAX_LAT:g}.")


def refuse_swapped(lon: float, lat: float, extent: tuple[float, float, float, float] | None) -> None:
    """Ask when a position lies outside the utility's extent and the swapped one inside it.

    `extent` is west, south, east, north in degrees, or None when no area is known yet.

    Raises:
        LooksSwapped: see above.
    """
    if extent and not _inside(lon, lat, extent) and _inside(lat, lon, extent):
        raise LooksSwapped(lon, lat)


def box_around(lon: float, lat: float, radius_m: float) -> Bbox:
    """Return a box in degrees that holds everything within `radius_m` metres of the position; west > east crosses the antimeridian.

    >>> box_around(180.0, 0.0, 110_500)
    Bbox(west=178.9998476917, south=-1.0, east=-178.9998476917, north=1.0)
    """
    height = radius_m / _METRES_PER_DEGREE
    south, north = max(-90.0, lat - height), min(90.0, lat + height)
    # Where the circle reaches furthest towards a pole, a degree of longitude is shortest.
    shortest = math.cos(math.radians(max(abs(south), abs(north))))
    width = height / shortest if shortest > 1e-6 else 180.0
    if width >= 180:
        return Bbox(-180.0, south, 180.0, north)
    return Bbox(_wrapped(lon - width), south, _wrapped(lon + width), north)


def _wrapped(lon: float) -> float:
    return lon + 360 if lon < -180 else lon - 360 if lon > 180 else lon


def _inside(lon: float, lat: float, extent: tuple[float, float, float, float]) -> bool:
    west, south, east, north = extent
    return west <= lon <= east and south <= lat <= north
