"""Cut imagery to the areas in which somebody may see it: beyond them a tile is transparent, and holds no colours either."""

import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from PIL import Image
from rasterio.features import geometry_mask
from rasterio.transform import from_bounds
from shapely.geometry.base import BaseGeometry

from layers.access import Reach
from spatial.tiles import HALF_WORLD_M, MAX_LAT, Bbox, tile_bounds

# Edges are straight in degrees, as in every query; with a corner at least this often they lie within centimetres of that in Web Mercator.
_STEP_DEG = 0.01


def extent_of(reach: Reach) -> Bbox | None:
    """Return the box around the areas, in degrees; None when they are gone."""
    boxes = [polygon.extent for polygon in reach.polygons()]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return Bbox(min(west), min(south), max(east), max(north))


def is_near(reach: Reach, z: int, x: int, y: int) -> bool:
    """Tell whether the tile touches the box around the areas, which is all that the list of basemaps sends a browser for."""
    ground = _ground(reach)
    return not ground.is_empty and shapely.box(*ground.bounds).intersects(shapely.box(*tile_bounds(z, x, y)))


def cut(content_type: str, body: bytes, reach: Reach, z: int, x: int, y: int) -> tuple[str, bytes]:
    """Return the tile's content type and picture without what lies outside of the areas. A pixel belongs to where its centre is.

    A tile wholly inside passes as it came.
    """
    bounds, ground = tile_bounds(z, x, y), _ground(reach)
    tile = shapely.box(*bounds)
    if shapely.covers(ground, tile):
        return content_type, body
    out = io.BytesIO()
    inside_of(Image.open(io.BytesIO(body)), ground, bounds).save(out, "PNG")
    return "image/png", out.getvalue()


def inside_of(picture: Image.Image, ground: BaseGeometry, box: Sequence[float]) -> Image.Image:
    """Return the picture of the box with every pixel emptied that is not on the ground; both are in the picture's own system."""
    pixels = np.array(picture.convert("RGBA"))
    inside, shape = shapely.intersection(ground, shapely.box(*box)), pixels.shape[:2]
    pixels[geometry_mask([inside], shape, from_bounds(*box, *picture.size)) if inside.area else np.full(shape, True)] = 0
    return Image.fromarray(pixels)


@lru_cache(maxsize=200)
def in_degrees(reach: Reach) -> BaseGeometry:
    """Return the areas as one shape in degrees, with corners often enough to be bent. Kept: a redrawn area is another reach."""
    return shapely.segmentize(shapely.union_all([shapely.from_wkb(bytes(polygon.wkb)) for polygon in reach.polygons()]), _STEP_DEG)


@lru_cache(maxsize=200)
def _ground(reach: Reach) -> BaseGeometry:
    """Return the areas as one shape in Web Mercator."""
    ground = shapely.make_valid(shapely.transform(in_degrees(reach), _to_mercator))
    shapely.prepare(ground)
    return ground


def _to_mercator(lonlat: np.ndarray) -> np.ndarray:
    lon, lat = lonlat[:, 0], np.clip(lonlat[:, 1], -MAX_LAT, MAX_LAT)
    return np.column_stack([lon / 180, np.arcsinh(np.tan(np.radians(lat))) / np.pi]) * HALF_WORLD_M
