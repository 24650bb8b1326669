"""Make a cloud-optimised GeoTIFF of 8-bit colours from a GeoTIFF of any CRS, bit depth and layout. Loaded in the shut-in child only.

The picture passes through in windows, so memory stays the same whatever its size: first into a plain file of red, green, blue and what is
no picture, then its overviews, then the COG. A photograph is kept as JPEG with a mask; a drawing, or a soft edge, without loss.
"""

import math
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.shutil
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import transform as reprojected
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from spatial.files import gdal_drivers
from spatial.files.rasters import Made
from spatial.files.rows import BadFile
from spatial.tiles import MAX_ZOOM

MAX_PIXELS = 2_500_000_000
TILE = 512
_SIDE = 2048
# A row of blocks as wide as the picture is read at once up to this width.
_WIDEST = 32_768
_SAMPLES = 7
# Of the work: reading and writing the pixels, then the overviews, then the copy.
_SHARES = (0.0, 0.6, 0.8)
_WORLD_M_PER_PIXEL = 156_543.03392804097
Tick = Callable[[float], None]
Pixels = npt.NDArray[np.uint8]


def make(upload: Path, result: Path, *, crs: str, tick: Tick) -> Made:
    """See `rasters.make`."""
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, GDAL_NUM_THREADS="1", GTIFF_IMPLICIT_JPEG_OVR=False):
        gdal_drivers.leave(rasterio, {"GTiff", "COG", "MEM", "VRT"})
        plain = result.with_name("plain.tif")
        try:
            with rasterio.open(upload, driver="GTiff") as image:
                recipe = _Recipe(image, crs)
                made = recipe.made()
                recipe.write_plain(plain, tick)
            _build_overviews(plain, tick)
            rasterio.shutil.copy(plain, result, driver="COG", **recipe.cog_options())
        except RasterioError as error:
            raise BadFile("damaged", "The picture is damaged: it cannot be read to its end.") from error
        finally:
            plain.unlink(missing_ok=True)
    return made


class _Recipe:
    """How this picture becomes colours; everything that speaks against it is said before the first pixel is read."""

    def __init__(self, image: rasterio.DatasetReader, crs: str) -> None:
        self.image = image
        if image.width * image.height > MAX_PIXELS:
            raise BadFile(
                "too_large", f"The picture has {image.width} x {image.height} pixels; split it: {MAX_PIXELS:,} together are the most."
            )
        if any(np.dtype(kind).kind not in "uif" for kind in image.dtypes):
            raise BadFile("unsupported", f"Samples of the type {image.dtypes[0]} cannot be drawn; save it with 8 or 16 bits.")
        self.crs = _crs_of(image, crs)
        self.bounds = _bounds_of(image, self.crs)
        self.bands, self.alpha = _bands_of(image)
        self.palette = _palette_of(image, self.bands)
        samples = [self._read(window) for window in _spread(image)]
        self.low, self.high = self._stretch(samples)
        alphas = [alpha for _, alpha in samples]
        self.is_soft = self.alpha is not None and any(((alpha > 0) & (alpha < 255)).any() for alpha in alphas)
        self.is_drawing = self.palette is not None or _is_drawing([self._colours(bands) for bands, _ in samples])
        is_float = np.dtype(image.dtypes[self.bands[0] - 1]).kind == "f"
        self.has_holes = is_float or self.alpha is not None or any(MaskFlags.all_valid not in flags for flags in image.mask_flag_enums)

    def made(self) -> Made:
        """Return what is known of the result."""
        west, south, east, north = self.bounds
        middle = math.radians((south + north) / 2)
        pixel_m = _pixel_m(self.image, self.crs)
        deepest = math.ceil(math.log2(_WORLD_M_PER_PIXEL * max(math.cos(middle), 0.01) / pixel_m) - 0.2)
        # From where the whole picture is as large as a thumbnail.
        farthest = math.floor(math.log2(360 / max(east - west, north - south, 1e-9)) - 2)
        is_8_bit = (self.low, self.high) == (0.0, 255.0) or self.palette is not None
        return Made(
            format="cog",
            kind="imagery",
            bounds=[west, south, east, north],
            min_zoom=min(max(farthest, 0), MAX_ZOOM - 4),
            max_zoom=min(max(deepest, 4), MAX_ZOOM),
            crs=_name_of(self.crs),
            width=self.image.width,
            height=self.image.height,
            pixel_m=pixel_m,
            taken_date=_date_of(self.image),
            stretched=None if is_8_bit else [self.low, self.high],
        )

    def write_plain(self, path: Path, tick: Tick) -> None:
        """Write red, green, blue and the holes, window by window."""
        profile: dict[str, Any] = {
            "driver": "GTiff", "width": self.image.width, "height": self.image.height, "count": 4 if self._keeps_alpha() else 3,
            "dtype": "uint8", "crs": self.crs, "transform": self.image.transform, "photometric": "RGB", "tiled": True,
            "blockxsize": TILE, "blockysize": TILE, "compress": "ZSTD", "zstd_level": 1, "predictor": 2, "BIGTIFF": "YES", "SPARSE_OK": True,
        }  # fmt: skip
        windows = list(_windows(self.image))
        with rasterio.open(path, "w", **profile) as plain:
            if self._keeps_alpha():
                plain.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
            for number, window in enumerate(windows, start=1):
                bands, alpha = self._read(window)
                colours = self._colours(bands)
                colours[:, alpha == 0] = 0
                plain.write(colours, indexes=[1, 2, 3], window=window)
                if self._keeps_alpha():
                    plain.write(alpha, 4, window=window)
                elif self.has_holes:
                    plain.write_mask(np.where(alpha >= 128, np.uint8(255), np.uint8(0)), window=window)
                tick(_SHARES[1] * number / len(windows))

    def cog_options(self) -> dict[str, Any]:
        kept = (
            {"COMPRESS": "DEFLATE", "PREDICTOR": "YES"} if self._keeps_alpha() or self.is_drawing else {"COMPRESS": "JPEG", "QUALITY": 88}
        )
        return kept | {"BLOCKSIZE": TILE, "OVERVIEWS": "FORCE_USE_EXISTING", "BIGTIFF": "IF_SAFER", "NUM_THREADS": 1}

    def _keeps_alpha(self) -> bool:
        return self.is_soft or (self.is_drawing and self.has_holes)

    def _read(self, window: Window) -> tuple[npt.NDArray[Any], Pixels]:
        """Return the bands as they are, and 0 to 255: how much picture there is."""
        bands = self.image.read(self.bands, window=window)
        if self.alpha is not None:
            alpha = self.image.read(self.alpha, window=window)
            if alpha.dtype != np.uint8:
                alpha = np.clip(alpha.astype(np.float32) * (255 / np.iinfo(alpha.dtype).max), 0, 255)
            alpha = alpha.astype(np.uint8)
        else:
            alpha = self.image.dataset_mask(window=window)
        if np.issubdtype(bands.dtype, np.floating):
            alpha = np.where(np.isfinite(bands).all(axis=0), alpha, 0).astype(np.uint8)
        return bands, alpha

    def _stretch(self, samples: list[tuple[npt.NDArray[Any], Pixels]]) -> tuple[float, float]:
        """Return which values become black and white: of 8 bits all; of more, all but the two per cent at each end, alike in every colour."""
        kind = np.dtype(self.image.dtypes[self.bands[0] - 1])
        bits = int(self.image.tags(self.bands[0], ns="IMAGE_STRUCTURE").get("NBITS", 8 * kind.itemsize))
        if (kind == np.uint8 and bits == 8) or self.palette is not None:
            return 0.0, 255.0
        if bits < 8:
            return 0.0, float((1 << bits) - 1)
        there = [bands[:, alpha > 0].ravel() for bands, alpha in samples]
        values = np.concatenate(there) if there else np.array([])
        if not values.size:
            raise BadFile("empty", "The picture is empty: every sample of it is without a value.")
        low, high = (float(value) for value in np.percentile(values.astype(np.float64), [2, 98]))
        if kind.kind in "ui" and values.min() >= 0 and values.max() <= 255:
            return 0.0, 255.0
        return (low, high) if high > low else (low - 1, low + 1)

    def _colours(self, bands: npt.NDArray[Any]) -> Pixels:
        if self.palette is not None:
            return np.moveaxis(self.palette[np.clip(bands[0], 0, 255).astype(np.uint8)], -1, 0).copy()
        if bands.dtype != np.uint8 or (self.low, self.high) != (0.0, 255.0):
            scaled = (bands.astype(np.float32) - self.low) * (255 / (self.high - self.low))
            bands = np.clip(np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0), 0, 255).astype(np.uint8)
        return np.repeat(bands, 3, axis=0) if len(bands) == 1 else bands


def _crs_of(image: rasterio.DatasetReader, chosen: str) -> rasterio.CRS:
    if image.crs is None and not chosen:
        if image.gcps[0]:
            raise BadFile("not_placed", "The picture is placed by control points only; warp it first, as with gdalwarp.")
        raise BadFile("no_crs", "The picture does not say which coordinate system it is in; choose it and try again.")
    try:
        crs = image.crs or rasterio.CRS.from_user_input(chosen)
    except CRSError as error:
        raise BadFile("no_crs", f"The coordinate system {chosen} is not known; choose another one.") from error
    if not (crs.is_geographic or crs.is_projected):
        raise BadFile("no_crs", "The picture's coordinate system is one of a building site, not of the earth; save it in a known one.")
    transform = image.transform
    if transform.is_identity or not all(math.isfinite(value) for value in transform[:6]) or abs(transform.determinant) < 1e-30:
        raise BadFile("not_placed", "The picture does not say where it lies; save it as a GeoTIFF with its position.")
    return crs


def _bounds_of(image: rasterio.DatasetReader, crs: rasterio.CRS) -> tuple[float, float, float, float]:
    corners = [image.transform @ corner for corner in ((0, 0), (image.width, 0), (0, image.height), (image.width, image.height))]
    xs, ys = zip(*corners, strict=True)
    try:
        bounds = transform_bounds(crs, "EPSG:4326", min(xs), min(ys), max(xs), max(ys), densify_pts=21)
    except (RasterioError, ValueError) as error:
        raise BadFile("not_placed", "The picture lies outside of where its coordinate system holds.") from error
    west, south, east, north = bounds
    if not all(math.isfinite(edge) for edge in bounds) or not (-180 <= west < east <= 180.0001 and -90 <= south < north <= 90.0001):
        raise BadFile("not_placed", "The picture lies nowhere on the earth, or across the 180th meridian.")
    return west, south, min(east, 180.0), min(north, 90.0)


def _pixel_m(image: rasterio.DatasetReader, crs: rasterio.CRS) -> float:
    """Return a pixel's side on the ground in the middle of the picture."""
    column, row = image.width / 2, image.height / 2
    xs, ys = zip(*(image.transform @ corner for corner in ((column, row), (column + 1, row), (column, row + 1))), strict=True)
    lons, lats = reprojected(crs, "EPSG:4326", xs, ys)
    east = math.cos(math.radians(lats[0]))
    sides = [math.hypot((lons[n] - lons[0]) * east, lats[n] - lats[0]) * 111_320 for n in (1, 2)]
    return math.sqrt(sides[0] * sides[1])


def _bands_of(image: rasterio.DatasetReader) -> tuple[list[int], int | None]:
    """Return the bands that are red, green and blue, or grey; and which one says what is no picture. What else there is (infrared) is left out."""
    roles = {role: index for index, role in reversed(list(enumerate(image.colorinterp, start=1)))}
    alpha = roles.get(ColorInterp.alpha)
    colours = [roles[role] for role in (ColorInterp.red, ColorInterp.green, ColorInterp.blue) if role in roles]
    if len(colours) == 3:
        return colours, alpha
    rest = [index for index in range(1, image.count + 1) if index != alpha]
    if not rest:
        raise BadFile("unsupported", "The picture has no colours, only what says where it is.")
    return (rest[:3] if len(rest) >= 3 else rest[:1]), alpha


def _palette_of(image: rasterio.DatasetReader, bands: list[int]) -> Pixels | None:
    if len(bands) != 1 or image.colorinterp[bands[0] - 1] != ColorInterp.palette:
        return None
    table = np.zeros((256, 3), np.uint8)
    for value, colour in image.colormap(bands[0]).items():
        if 0 <= value < 256:
            table[value] = colour[:3]
    return table


def _is_drawing(samples: list[Pixels]) -> bool:
    """Tell a scanned or drawn map, of few colours, from a photograph."""
    return all(len(np.unique(colours.reshape(3, -1).T[::7], axis=0)) <= 64 for colours in samples)


def _windows(image: rasterio.DatasetReader) -> Iterator[Window]:
    """Yield windows that fit the blocks of the file and the tiles of the result, so that no block is unpacked much more than once."""
    _, block_width = image.block_shapes[0]
    width, height = (min(image.width, _WIDEST), TILE) if block_width >= image.width else (_SIDE, _SIDE)
    for row in range(0, image.height, height):
        for column in range(0, image.width, width):
            yield Window(column, row, min(width, image.width - column), min(height, image.height - row))


def _spread(image: rasterio.DatasetReader) -> Iterator[Window]:
    """Yield small windows spread over the picture."""
    side = 256
    for row in np.linspace(0, max(image.height - side, 0), _SAMPLES, dtype=int):
        for column in np.linspace(0, max(image.width - side, 0), _SAMPLES, dtype=int):
            yield Window(int(column), int(row), min(side, image.width), min(side, image.height))


def _build_overviews(path: Path, tick: Tick) -> None:
    tick(_SHARES[1])
    with rasterio.open(path, "r+", driver="GTiff") as plain:
        longest = max(plain.width, plain.height)
        factors = [1 << level for level in range(1, 20) if longest >> (level - 1) > TILE]
        if factors:
            plain.build_overviews(factors, Resampling.average)
    tick(_SHARES[2])


def _date_of(image: rasterio.DatasetReader) -> str:
    """Return the day of TIFFTAG_DATETIME (2025:05:14 10:30:00, or with dashes) as ISO, "" when there is none that can be."""
    found = re.match(r"\s*(\d{4})[:\-](\d{2})[:\-](\d{2})", str(image.tags().get("TIFFTAG_DATETIME", "")))
    try:
        return date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:
        return ""


def _name_of(crs: rasterio.CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else "WKT"
