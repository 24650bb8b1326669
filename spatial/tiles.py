"""Tile arithmetic of the Web Mercator quad (OGC 17-083, WebMercatorQuad): XYZ, north-west corner is (0, 0)."""

import math
from typing import NamedTuple

HALF_WORLD_M = 20037508.342789244
MAX_LAT = 85.0511287798066
MAX_ZOOM = 22
# Positions in the cluster pyramid are whole numbers on the zoom-31 grid: sums of them are exact, whatever is added and taken away.
WORLD_BITS = 31


class TileOutsideRange(ValueError):
    """Zoom, column or row is not on the grid."""


class Bbox3857(NamedTuple):
    """West, south, east, north in metres, EPSG:3857."""

    west: float
    south: float
    east: float
    north: float


class Bbox(NamedTuple):
    """West, south, east, north in degrees, EPSG:4326; west > east crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def halves(self) -> list["Bbox"]:
        """Return the box as boxes that do not cross the antimeridian.

        >>> Bbox(170.0, 0.0, -170.0, 10.0).halves()
        [Bbox(west=170.0, south=0.0, east=180.0, north=10.0), Bbox(west=-180.0, south=0.0, east=-170.0, north=10.0)]
        """
        return [self] if self.west <= self.east else [self._replace(east=180.0), self._replace(west=-180.0)]


def check_tile(z: int, x: int, y: int) -> None:
    """Refuse a tile that is not on the grid.

    Raises:
        TileOutsideRange: z is not in [0, 22], or x or y is not in [0, 2**z).
    """
    if not 0 <= z <= MAX_ZOOM:
        raise TileOutsideRange(f"Zoom {z} is outside 0 to {MAX_ZOOM}.")
    if not (0 <= x < 1 << z and 0 <= y < 1 << z):
        raise TileOutsideRange(f"Tile {x}/{y} is outside 0 to {(1 << z) - 1} at zoom {z}.")


def tile_bounds(z: int, x: int, y: int) -> Bbox3857:
    """Return the tile's west, south, east, north in metres (EPSG:3857).

    Raises:
        TileOutsideRange: see `check_tile`.
    """
    check_tile(z, x, y)
    size_m = 2 * HALF_WORLD_M / (1 << z)
    west = -HALF_WORLD_M + x * size_m
    north = HALF_WORLD_M - y * size_m
    return Bbox3857(west, north - size_m, west + size_m, north)


def world_position(lon: float, lat: float) -> tuple[int, int]:
    """Return the point's column and row on the zoom-31 grid.

    >>> world_position(0, 0)
    (1073741824, 1073741824)
    """
    size = 1 << WORLD_BITS
    lat = max(-MAX_LAT, min(MAX_LAT, lat))
    sin_lat = math.sin(math.radians(lat))
    x = (lon + 180) / 360 * size
    y = (0.5 - math.log((1 + sin_lat) / (1 - sin_lat)) / (4 * math.pi)) * size
    return min(size - 1, max(0, int(x))), min(size - 1, max(0, int(y)))


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Return column and row of the tile that holds the point at zoom z."""
    x, y = world_position(lon, lat)
    return x >> (WORLD_BITS - z), y >> (WORLD_BITS - z)


def latitude_of(fraction: float) -> float:
    """Return the latitude of a place between the map's north edge (0) and south edge (1); beyond them it goes on towards the pole.

    >>> latitude_of(0.5)
    0.0
    """
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * fraction))))
