"""A piece of ground and the size of the picture that shows it."""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from layers.ogc.crs import Crs
from spatial import datums
from spatial.tiles import HALF_WORLD_M, MAX_LAT, MAX_ZOOM, Bbox

MAX_SIDE_PX = 4096
# A vector tile is drawn this large by the browser; a picture shows what the browser's would.
_TILE_PX = 512
_DEGREE_M = 2 * HALF_WORLD_M / 360


@dataclass(frozen=True, slots=True)
class View:
    """`box` is smallest x and y, largest x and y in the system's own units: easting or longitude first, whatever the register says."""

    crs: Crs
    box: tuple[float, float, float, float]
    width: int
    height: int

    @property
    def pixel(self) -> tuple[float, float]:
        """Width and height of a pixel in the system's units."""
        west, south, east, north = self.box
        return (east - west) / self.width, (north - south) / self.height

    def widened(self, pixels: int) -> "View":
        """Return the view with a margin of so many pixels on every side."""
        west, south, east, north = self.box
        dx, dy = (side * pixels for side in self.pixel)
        return View(self.crs, (west - dx, south - dy, east + dx, north + dy), self.width + 2 * pixels, self.height + 2 * pixels)

    def degrees(self) -> Bbox | None:
        """Return the box around the view in degrees; None where the system means nothing there.

        Raises:
            UnknownDatum: it cannot be expressed in degrees.
        """
        ring = datums.ring_in_wgs84(self.box, self.crs.datum)
        if not ring:
            return None
        lons, lats = zip(*ring, strict=True)
        west, south, east, north = min(lons), min(lats), max(lons), max(lats)
        return Bbox(max(west, -180.0), max(south, -MAX_LAT), min(east, 180.0), min(north, MAX_LAT))

    def zoom(self, ground: Bbox) -> int:
        """Return the zoom of the vector tiles that a browser would draw at this scale. `ground` is `degrees()`."""
        lat = max(-MAX_LAT, min(MAX_LAT, (ground.south + ground.north) / 2))
        pixel_m = self.pixel[1] if self.crs.is_metres else self.pixel[1] * _DEGREE_M
        # Web Mercator's own metres already grow with the latitude.
        if self.crs.datum != "EPSG:3857":
            pixel_m /= math.cos(math.radians(lat))
        return min(MAX_ZOOM, max(0, round(math.log2(2 * HALF_WORLD_M / (_TILE_PX * pixel_m)))))

    def to_units(self, lonlat: np.ndarray) -> np.ndarray:
        """Return positions (n x 2) in the system's units; NaN where it means nothing."""
        x, y, _ = datums.from_wgs84_many(lonlat[:, 0], lonlat[:, 1], self.crs.datum)
        return np.column_stack([x, y])

    def to_pixels(self, lonlat: np.ndarray) -> np.ndarray:
        """Return columns and rows (n x 2, fractions) of positions in degrees; NaN where the system means nothing."""
        west, _, _, north = self.box
        return (self.to_units(lonlat) - (west, north)) / (self.pixel[0], -self.pixel[1])

    def reach(self) -> shapely.Polygon:
        """Return the box in degrees in which the system means something."""
        return shapely.box(*datums.reach_of(self.crs.datum))
