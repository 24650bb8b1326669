"""Three sources that MapProxy lacks: a GeoTIFF and a PMTiles archive on this machine, and a Chinese map put back where it belongs.

    sources:
      ortho: {type: geotiff, path: /data/ortho.tif}
      plan:  {type: pmtiles, path: /data/plan.pmtiles}
      amap:  {type: datum_shift, cache: amap_as_published, datum: GCJ02}

Registered the way MapProxy plugins are; `serve.py` calls `register()` before the configuration is read.
"""

import contextlib
import io
import math
import pathlib

import numpy as np
import rasterio
from mapproxy.config.configuration.source import SourceConfiguration, register_source_configuration
from mapproxy.config.spec import image_opts
from mapproxy.config.validator import schema
from mapproxy.extent import DefaultMapExtent, MapExtent
from mapproxy.image import BaseImageResult, ImageResult
from mapproxy.image.opts import ImageOptions
from mapproxy.layer import BlankImageError
from mapproxy.layer.map_layer import MapLayer
from mapproxy.query import MapQuery
from mapproxy.source import SourceError
from mapproxy.srs import SRS
from mapproxy.util.ext.dictspec.spec import required
from PIL import Image
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import from_bounds
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

from spatial.datums import gcj02_to_bd09, wgs84_to_gcj02
from spatial.tile_files import tile_file
from spatial.tiles import HALF_WORLD_M

_MOST_SIDE_PX = 1024
_TRANSPARENT = ImageOptions(transparent=True, format="image/png")


def register() -> None:
    """Teach MapProxy the source types, its option check and its schema included."""
    for name, configuration, words in (
        ("geotiff", _GeoTiffConfiguration, {required("path"): ""}),
        ("pmtiles", _PmTilesConfiguration, {required("path"): ""}),
        ("datum_shift", _DatumShiftConfiguration, {required("cache"): "", required("datum"): ""}),
    ):
        register_source_configuration(name, configuration, name, words | {"image": image_opts, "coverage": {}})
    del schema["properties"]["sources"]  # the schema knows no plugin sources; the option check above still holds


class GeoTiffSource(MapLayer):
    """Answers map queries from one GeoTIFF in whatever CRS it has; transparent where it has no picture."""

    supports_meta_tiles = True

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__(image_opts=_TRANSPARENT)
        self.path = path
        self.res_range = None
        self.extent, self._pixel_m, self._overviews = DefaultMapExtent(), 1.0, []
        # A file that went away fails its own tiles, not the start of MapProxy and with it all other imagery.
        with contextlib.suppress(RasterioError, OSError), rasterio.open(path) as image:
            self.extent = MapExtent(transform_bounds(image.crs, "EPSG:4326", *image.bounds, densify_pts=21), SRS(4326))
            self._pixel_m = _ground_pixel_m(image)
            self._overviews = image.overviews(1)

    def get_map(self, query: MapQuery) -> BaseImageResult:
        """Return the query's box as RGBA.

        Raises:
            BlankImageError: the box lies outside the picture.
            SourceError: the file went away or cannot be read.
        """
        if not self.extent.intersects(MapExtent(query.bbox, query.srs)):
            raise BlankImageError()
        try:
            pixels = self._read(query)
        except (RasterioError, OSError) as error:
            raise SourceError(f"{self.path.name} cannot be read: {error}") from error
        return ImageResult(Image.fromarray(pixels, "RGBA"), size=query.size, image_opts=_TRANSPARENT)

    def _read(self, query: MapQuery) -> np.ndarray:
        width, height = query.size
        with rasterio.open(self.path, **self._overview(query)) as image:
            has_alpha = image.count in (2, 4)
            with WarpedVRT(
                image,
                crs=query.srs.srs_code,
                transform=from_bounds(*query.bbox, width, height),
                width=width,
                height=height,
                resampling=Resampling.bilinear,
                add_alpha=not has_alpha,
            ) as warped:
                bands = warped.read()
        if bands.dtype != np.uint8:
            raise SourceError(f"{self.path.name} has {bands.dtype} samples; convert it to 8 bit first.")
        colours, alpha = bands[:-1], bands[-1]
        rgb = colours[:3] if len(colours) >= 3 else np.repeat(colours[:1], 3, axis=0)
        return np.ascontiguousarray(np.moveaxis(np.concatenate((rgb, alpha[None])), 0, 2))

    def _overview(self, query: MapQuery) -> dict[str, int]:
        """Choose the overview just finer than the query: reading full size for a small picture is slow and flickers."""
        _, south, _, north = MapExtent(query.bbox, query.srs).bbox_for(SRS(4326))
        metres = (north - south) * 111_320
        fitting = [level for level, factor in enumerate(self._overviews) if factor * self._pixel_m <= metres / query.size[1]]
        return {"overview_level": fitting[-1]} if fitting else {}


class PmTilesSource(MapLayer):
    """Answers the tiles of Web Mercator's grid from an archive; deeper than it goes, its deepest tiles are enlarged."""

    supports_meta_tiles = False

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__(image_opts=_TRANSPARENT)
        self.path = path
        self.extent, self.res_range = DefaultMapExtent(), None

    def get_map(self, query: MapQuery) -> BaseImageResult:
        """Return the one tile that the box is.

        Raises:
            BlankImageError: the archive has none there.
            SourceError: the file went away, or the tile cannot be read.
        """
        west, south, east, north = query.bbox
        z = round(math.log2(2 * HALF_WORLD_M / (east - west)))
        x = int(((west + east) / 2 + HALF_WORLD_M) / (2 * HALF_WORLD_M) * (1 << z))
        y = int((HALF_WORLD_M - (south + north) / 2) / (2 * HALF_WORLD_M) * (1 << z))
        try:
            archive = tile_file(self.path)
            levels = max(0, z - archive.max_zoom)
            content = archive.tile(z - levels, x >> levels, y >> levels)
            if content is None:
                raise BlankImageError()
            picture = _decoded(content)
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise SourceError(f"{self.path.name} cannot be read: {error}") from error
        if levels:
            side, across = picture.width / (1 << levels), 1 << levels
            left, top = (x % across) * side, (y % across) * side
            picture = picture.resize(query.size, Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))
        elif picture.size != query.size:
            picture = picture.resize(query.size, Image.Resampling.BILINEAR)
        return ImageResult(picture, size=query.size, image_opts=_TRANSPARENT)


class DatumShiftSource(MapLayer):
    """Answers map queries from a map published in GCJ-02 or BD-09, moved so that it agrees with WGS 84.

    Data never moves: the picture does. The shift of the box's middle is used for the whole box; within a tile of zoom 14
    and deeper it varies by less than a metre, above that by less than a pixel.
    """

    supports_meta_tiles = True

    def __init__(self, published: MapLayer, datum: str) -> None:
        super().__init__(image_opts=_TRANSPARENT)
        self.published, self.datum = published, datum
        self.extent, self.res_range = published.extent, None

    def get_map(self, query: MapQuery) -> BaseImageResult:
        """Return the box of the query, fetched where the published map draws that place."""
        west, south, east, north = query.bbox
        middle = ((west + east) / 2, (south + north) / 2)
        lon, lat = query.srs.transform_to(SRS(4326), middle)
        there = SRS(4326).transform_to(query.srs, as_published(lon, lat, self.datum))
        dx, dy = there[0] - middle[0], there[1] - middle[1]
        shifted = (west + dx, south + dy, east + dx, north + dy)
        return self.published.get_map(MapQuery(shifted, query.size, query.srs, query.format, dimensions=query.dimensions))


def as_published(lon: float, lat: float, datum: str) -> tuple[float, float]:
    """Return where a map of that datum draws a WGS 84 position (degrees).

    Raises:
        ValueError: the datum is not one whose maps are shifted.
    """
    if datum not in ("GCJ02", "BD09"):
        raise ValueError(f"Maps in {datum} are not shifted.")
    gcj02 = wgs84_to_gcj02(lon, lat)
    return gcj02 if datum == "GCJ02" else gcj02_to_bd09(*gcj02)


class _GeoTiffConfiguration(SourceConfiguration):
    source_type = ("geotiff",)

    def source(self, params: object = None) -> GeoTiffSource:
        return GeoTiffSource(pathlib.Path(self.context.globals.abspath(self.conf["path"])))


class _PmTilesConfiguration(SourceConfiguration):
    source_type = ("pmtiles",)

    def source(self, params: object = None) -> PmTilesSource:
        return PmTilesSource(pathlib.Path(self.context.globals.abspath(self.conf["path"])))


class _DatumShiftConfiguration(SourceConfiguration):
    source_type = ("datum_shift",)

    def source(self, params: object = None) -> DatumShiftSource:
        return DatumShiftSource(self.context.caches[self.conf["cache"]].map_layer(), self.conf["datum"])


def _decoded(content: bytes) -> Image.Image:
    """Return the tile's picture. Its size is looked at first: uploads are decoded at some places only.

    Raises:
        OSError, ValueError, Image.DecompressionBombError: it is no tile's picture.
    """
    with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"]) as picture:
        if max(picture.size) > _MOST_SIDE_PX:
            raise ValueError(f"a tile of {picture.width} x {picture.height} pixels")
        return picture.convert("RGBA")


def _ground_pixel_m(image: rasterio.DatasetReader) -> float:
    _, south, _, north = transform_bounds(image.crs, "EPSG:4326", *image.bounds, densify_pts=21)
    return (north - south) * 111_320 / image.height
