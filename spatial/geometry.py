"""Positions and shapes as people type and draw them: checked here, before anything is stored."""

import math
from dataclasses import dataclass

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


def _inside(lon: float, lat: float, extent: tuple[float, float, float, float]) -> bool:
    west, south, east, north = extent
    return west <= lon <= east and south <= lat <= north
