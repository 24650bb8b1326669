"""Paint the demo's imagery: an aerial-looking picture of central Helsinki, from outlines alone.

    python mapproxy/render_imagery.py OUT.tif [--pixel-m 0.4]

No package ships an orthophoto of the place, so the picture is rendered from OpenStreetMap outlines and says so on
screen. It is a tiled, JPEG-compressed GeoTIFF with overviews in the local grid ETRS-GK25FIN (EPSG:3879), north up.
Outlines are painted where they are; no roof leans, so the picture agrees with the vector map to the pixel.
The same scene and seed paint the same picture.
"""

import argparse
import gzip
import itertools
import json
import math
import pathlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import rasterio
from PIL import Image, ImageDraw, ImageFilter
from rasterio.enums import Resampling
from rasterio.transform import from_origin

SCENE = pathlib.Path(__file__).with_name("data") / "helsinki_scene.json.gz"
PIXEL_M = 0.4
SEED = 20260101
SHADOW_LIGHT = 0.56
EXPOSURE = 1.1
OVERSAMPLING = 2  # outlines are drawn at twice the size and averaged, so that edges are smooth
SUN_AZIMUTH_DEG, SUN_ELEVATION_DEG = 150.0, 51.0  # late morning at midsummer: short shadows, to the north-north-west

Colour = tuple[float, float, float]
GROUND: Colour = (150, 144, 134)
COURTYARD: Colour = (128, 124, 116)
PAVING: Colour = (176, 168, 156)
ASPHALT: Colour = (104, 104, 106)
PATH: Colour = (178, 166, 142)
BALLAST: Colour = (118, 106, 96)
PLATFORM: Colour = (158, 156, 152)
SEA: Colour = (44, 66, 74)
GREENS: dict[str, Colour] = {"park": (96, 116, 66), "grass": (112, 130, 74), "scrub": (74, 94, 52), "pitch": (146, 112, 88)}
ROOFS: tuple[Colour, ...] = (
    (98, 100, 103),
    (84, 85, 88),
    (120, 120, 119),
    (112, 88, 78),
    (124, 96, 84),
    (142, 140, 136),
    (94, 84, 78),
    (108, 122, 112),
    (104, 104, 104),
)
FLAT_ROOFS: tuple[Colour, ...] = ((126, 124, 122), (150, 148, 144), (104, 104, 104), (170, 168, 162))
CARS: tuple[Colour, ...] = ((220, 220, 222), (60, 62, 66), (140, 142, 148), (34, 38, 48), (120, 36, 34), (48, 66, 104), (196, 190, 176))


def main() -> None:
    """Paint and write; says how long the picture is in pixels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--pixel-m", type=float, default=PIXEL_M)
    options = parser.parse_args()
    print(json.dumps(render(options.out, options.pixel_m)))


def render(out: pathlib.Path, pixel_m: float = PIXEL_M) -> dict[str, Any]:
    """Paint the scene into `out` and return what was written: path, width, height, bytes."""
    scene = json.loads(gzip.decompress(SCENE.read_bytes()))
    picture = Picture(scene["size_m"], pixel_m)
    for paint in (paint_ground, paint_green, paint_water, paint_streets, paint_railway, paint_houses, paint_trees):
        paint(picture, scene)
    pixels = picture.finished()
    write_geotiff(out, pixels, scene, pixel_m)
    return {"path": str(out), "width": pixels.shape[1], "height": pixels.shape[0], "bytes": out.stat().st_size}


class Picture:
    """The picture being painted: `rgb` is rows x columns x 3, 0 to 255, row 0 in the north."""

    def __init__(self, size_m: tuple[int, int], pixel_m: float) -> None:
        self.pixel_m = pixel_m
        self.width, self.height = round(size_m[0] / pixel_m), round(size_m[1] / pixel_m)
        self.rgb = np.empty((self.height, self.width, 3), np.float32)
        self.random = np.random.default_rng(SEED)
        self.fine = self.noise(0.8, 1.6)
        self.middle = self.noise(3, 9)
        self.coarse = self.noise(18, 50)

    def xy(self, decimetres: list[int]) -> np.ndarray:
        """Return columns and rows (n x 2, fractions) of flat east, north decimetres."""
        en = np.asarray(decimetres, np.float64).reshape(-1, 2) / 10
        return np.column_stack((en[:, 0] / self.pixel_m, self.height - en[:, 1] / self.pixel_m))

    def noise(self, *grains_m: float) -> np.ndarray:
        """Return smooth noise between about -1 and 1, one octave per grain size."""
        total = np.zeros((self.height, self.width), np.float32)
        for grain_m in grains_m:
            columns, rows = (max(2, round(n * self.pixel_m / grain_m)) for n in (self.width, self.height))
            grid = self.random.standard_normal((rows, columns)).astype(np.float32)
            total += np.asarray(Image.fromarray(grid).resize((self.width, self.height), Image.Resampling.BICUBIC))
        return total / (1.2 * len(grains_m))

    def mask(self, draw: Callable[["Brush"], None]) -> np.ndarray:
        """Return how much of each pixel the drawing covers, 0 to 1."""
        image = Image.new("L", (self.width * OVERSAMPLING, self.height * OVERSAMPLING), 0)
        draw(Brush(image, self))
        return np.asarray(image.reduce(OVERSAMPLING), np.float32) / 255

    def paint(self, mask: np.ndarray, colour: Colour, *, grain: float = 0.0, noise: np.ndarray | None = None) -> None:
        """Lay a colour over the picture; `grain` is how far the noise brightens and darkens it (0.1 = a tenth)."""
        light = 1 + grain * (self.middle if noise is None else noise) + 0.03 * self.fine
        for band in range(3):
            layer = self.rgb[..., band]
            layer += mask * (colour[band] * light - layer)

    def shade(self, mask: np.ndarray, light: float) -> None:
        """Darken: shadows are bluer than what they fall on, because the sky still lights them."""
        for band, factor in enumerate((light * 0.92, light * 0.97, light * 1.1)):
            self.rgb[..., band] *= 1 - mask * (1 - factor)

    def finished(self) -> np.ndarray:
        """Return the picture as bytes, with the grain of a camera."""
        self.rgb += self.random.standard_normal((self.height, self.width, 1)).astype(np.float32) * 3.0
        self.rgb *= EXPOSURE * (1 + 0.02 * self.coarse[..., None])
        image = Image.fromarray(np.clip(self.rgb, 0, 255).astype(np.uint8))
        return np.asarray(image.filter(ImageFilter.GaussianBlur(0.45)))


class Brush:
    """Draws outlines in the picture's own pixels on an enlarged mask."""

    def __init__(self, image: Image.Image, picture: Picture) -> None:
        self._draw = ImageDraw.Draw(image)
        self._picture = picture

    def polygon(self, rings: list[list[int]], shift: tuple[float, float] = (0, 0)) -> None:
        """Fill a polygon with holes, shifted by whole or part pixels."""
        for number, ring in enumerate(rings):
            if len(ring) >= 6:
                self._draw.polygon(self._points(ring, shift), fill=0 if number else 255)

    def line(self, line: list[int], width_m: float) -> None:
        """Draw a line with round joints, width in metres."""
        points = self._points(line, (0, 0))
        width = max(1, round(width_m / self._picture.pixel_m * OVERSAMPLING))
        self._draw.line(points, fill=255, width=width, joint="curve")
        if width > 4:
            for x, y in (points[0], points[-1]):
                self._draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)

    def quad(self, corners: Iterable[tuple[float, float]]) -> None:
        """Fill a polygon given in picture pixels."""
        self._draw.polygon([(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in corners], fill=255)

    def _points(self, flat: list[int], shift: tuple[float, float]) -> list[tuple[float, float]]:
        return [((x + shift[0]) * OVERSAMPLING, (y + shift[1]) * OVERSAMPLING) for x, y in self._picture.xy(flat)]


def paint_ground(picture: Picture, scene: dict[str, Any]) -> None:
    """Lay the town's ground: paving everywhere, courtyards in the blocks get their own wear."""
    picture.rgb[:] = GROUND
    whole = np.ones((picture.height, picture.width), np.float32)
    picture.paint(whole, GROUND, grain=0.07, noise=picture.middle)
    picture.paint(np.clip(picture.coarse * 0.8, 0, 0.8), COURTYARD, grain=0.08)
    picture.paint(picture.mask(lambda brush: [brush.polygon(rings) for rings in scene["paved"]]), PAVING, grain=0.05)


def paint_green(picture: Picture, scene: dict[str, Any]) -> None:
    """Grow parks, lawns, scrub and pitches, large ones first."""
    for kind in GREENS:
        mask = picture.mask(lambda brush, kind=kind: [brush.polygon(rings) for name, rings in scene["green"] if name == kind])
        picture.paint(mask, GREENS[kind], grain=0.05 if kind == "pitch" else 0.13)
        dry = np.clip(picture.coarse - 0.2, 0, 0.5) * mask
        if kind in ("park", "grass"):
            picture.paint(dry, (146, 146, 92), grain=0.1)


def paint_water(picture: Picture, scene: dict[str, Any]) -> None:
    """Fill the sea and the ponds; ripples, and a darker rim at the quay."""
    mask = picture.mask(lambda brush: [brush.polygon(rings) for rings in scene["water"]])
    picture.paint(mask, SEA, grain=0.05, noise=picture.coarse)
    ripples = np.clip(picture.fine * 0.35 + picture.middle * 0.2 - 0.1, 0, 0.25)
    picture.paint(ripples * mask, (92, 116, 122))


def paint_streets(picture: Picture, scene: dict[str, Any]) -> None:
    """Draw pavements, asphalt, paths, lane marks, tram tracks and parked cars."""
    driven = [(kind, width, line) for kind, width, line in scene["roads"] if kind not in PATH_KINDS and kind != "pedestrian"]
    picture.paint(
        picture.mask(lambda b: [b.line(line, width + 5) for kind, width, line in driven if kind != "service"]), PAVING, grain=0.05
    )
    picture.paint(
        picture.mask(lambda b: [b.line(line, width) for kind, width, line in scene["roads"] if kind in PATH_KINDS]), PATH, grain=0.06
    )
    picture.paint(
        picture.mask(lambda b: [b.line(line, width) for kind, width, line in scene["roads"] if kind == "pedestrian"]), PAVING, grain=0.06
    )
    picture.paint(picture.mask(lambda b: [b.line(line, width) for _, width, line in driven]), ASPHALT, grain=0.07)
    wheel_tracks = picture.mask(lambda b: [b.line(line, 1.2) for kind, _, line in driven if kind != "service"])
    picture.paint(wheel_tracks * 0.25, (88, 88, 90))
    marks = picture.mask(
        lambda b: [_dash(b, picture, line, 0.25) for kind, _, line in driven if kind in ("primary", "secondary", "tertiary")]
    )
    picture.paint(marks * 0.55, (214, 214, 208))
    picture.paint(picture.mask(lambda b: [b.line(line, 2.6) for line in scene["trams"]]) * 0.5, (126, 122, 116), grain=0.05)
    picture.paint(picture.mask(lambda b: [b.line(line, 0.3) for line in scene["trams"]]) * 0.7, (70, 68, 66))
    _park_cars(picture, [(width, line) for kind, width, line in driven if kind in ("residential", "tertiary", "secondary", "unclassified")])


PATH_KINDS = {"footway", "path", "cycleway", "steps"}


def paint_railway(picture: Picture, scene: dict[str, Any]) -> None:
    """Draw the ballast bed, the sleepers' dark band, the rails and the platforms."""
    picture.paint(picture.mask(lambda b: [b.line(line, 5.4) for line in scene["rails"]]), BALLAST, grain=0.1)
    picture.paint(picture.mask(lambda b: [b.line(line, 2.4) for line in scene["rails"]]) * 0.6, (96, 86, 78), grain=0.08)
    picture.paint(picture.mask(lambda b: [b.line(line, 0.4) for line in scene["rails"]]) * 0.8, (150, 142, 136))
    picture.paint(picture.mask(lambda b: [b.polygon(rings) for rings in scene["platforms"]]), PLATFORM, grain=0.05)


def paint_houses(picture: Picture, scene: dict[str, Any]) -> None:
    """Cast the shadows of all houses on the ground, then roof them one by one."""
    houses = scene["buildings"]
    picture.shade(picture.mask(lambda brush: [_cast(brush, picture, height_m, rings) for height_m, rings in houses]), SHADOW_LIGHT)
    for height_m, rings in sorted(houses, key=lambda house: house[0]):
        _roof(picture, height_m, rings)


def paint_trees(picture: Picture, scene: dict[str, Any]) -> None:
    """Plant the mapped trees, and groves where a park is large and its noise is high; each casts a shadow."""
    open_green = picture.mask(lambda b: [b.polygon(rings) for kind, rings in scene["green"] if kind in ("park", "scrub")])
    blocked = picture.mask(
        lambda b: (
            [b.polygon(rings) for _, rings in scene["buildings"]]
            + [b.polygon(r) for r in scene["water"]]
            + [b.polygon(rings) for kind, rings in scene["green"] if kind == "pitch"]
            + [b.line(line, width) for _, width, line in scene["roads"]]
        )
    )
    planted = [
        (x, y, 3.0 + 1.6 * size)
        for (x, y), size in zip(picture.xy(scene["trees"]), picture.random.random(len(scene["trees"]) // 2), strict=True)
    ]
    step = 7.0 / picture.pixel_m
    for row in np.arange(0, picture.height, step):
        for column in np.arange(0, picture.width, step):
            x, y = column + picture.random.uniform(0, step), row + picture.random.uniform(0, step)
            i, j = min(int(y), picture.height - 1), min(int(x), picture.width - 1)
            if open_green[i, j] > 0.9 and blocked[i, j] < 0.1 and picture.coarse[i, j] > -0.05:
                planted.append((x, y, picture.random.uniform(2.6, 5.2)))
    stamps = [_tree_stamp(picture, radius_m) for radius_m in np.linspace(2.4, 5.4, 9)]
    for x, y, radius_m in sorted(planted, key=lambda tree: tree[1]):
        shadow = _shadow_shift(picture, radius_m * 1.7)
        _stamp(picture, x + shadow[0], y + shadow[1], _nearest(stamps, radius_m), None)
    for x, y, radius_m in sorted(planted, key=lambda tree: tree[2]):
        hue = picture.random.uniform(0.82, 1.16)
        _stamp(picture, x, y, _nearest(stamps, radius_m), (70 * hue, 92 * hue, 46 * hue * picture.random.uniform(0.9, 1.1)))


def write_geotiff(out: pathlib.Path, pixels: np.ndarray, scene: dict[str, Any], pixel_m: float) -> None:
    """Write a tiled JPEG GeoTIFF with overviews; written beside and renamed, so that a reader never sees half a file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    east, north = scene["origin_m"]
    part = out.with_suffix(".part.tif")
    profile = {
        "driver": "GTiff",
        "dtype": "uint8",
        "count": 3,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "crs": f"EPSG:{scene['srid']}",
        "transform": from_origin(east, north + pixels.shape[0] * pixel_m, pixel_m, pixel_m),
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "JPEG",
        "photometric": "YCBCR",
        "jpeg_quality": 82,
    }
    with rasterio.Env(GDAL_TIFF_OVR_BLOCKSIZE=512), rasterio.open(part, "w", **profile) as image:
        image.write(np.moveaxis(pixels, 2, 0))
        image.build_overviews([2, 4, 8, 16], Resampling.average)
        image.update_tags(
            TIFFTAG_IMAGEDESCRIPTION="GridAtlas demo imagery (rendered, not photographed)",
            TIFFTAG_COPYRIGHT="(c) OpenStreetMap contributors, ODbL",
        )
    part.replace(out)


def _shadow_shift(picture: Picture, height_m: float) -> tuple[float, float]:
    """Return columns and rows from the top of something to the end of its shadow."""
    length = height_m / math.tan(math.radians(SUN_ELEVATION_DEG)) / picture.pixel_m
    away = math.radians(SUN_AZIMUTH_DEG + 180)
    return length * math.sin(away), -length * math.cos(away)


def _cast(brush: Brush, picture: Picture, height_m: float, rings: list[list[int]]) -> None:
    """Sweep the outline along its shadow, from foot to end."""
    dx, dy = _shadow_shift(picture, height_m)
    steps = max(2, round(math.hypot(dx, dy) / 2))
    for step in range(steps + 1):
        brush.polygon(rings, (dx * step / steps, dy * step / steps))


def _roof(picture: Picture, height_m: float, rings: list[list[int]]) -> None:
    """Paint one roof: pitched towards the nearest wall where the house is narrow, flat with machines where it is wide."""
    outline = [picture.xy(ring) for ring in rings if len(ring) >= 6]
    if not outline:
        return
    everything = np.vstack(outline)
    left, top = np.maximum(np.floor(everything.min(axis=0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(everything.max(axis=0)).astype(int) + 2, (picture.width, picture.height))
    if right <= left or bottom <= top:
        return

    mask = _small_mask(outline, left, top, right - left, bottom - top)
    columns, rows = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
    distance, normal_x, normal_y = _nearest_wall(outline, columns.astype(np.float32), rows.astype(np.float32))
    distance_m = distance * picture.pixel_m
    inside = mask > 0.5
    half_width_m = float(np.quantile(distance_m[inside], 0.97)) if inside.any() else 0.0
    flat = half_width_m > 13 or height_m < 5 or picture.random.random() < 0.12
    tone = picture.random.uniform(0.86, 1.12)

    if flat:
        colour = FLAT_ROOFS[picture.random.integers(len(FLAT_ROOFS))]
        light = np.where(distance_m < 0.7, 1.14, np.where(distance_m < 1.3, 0.86, 1.0)).astype(np.float32)
        light *= 1 + 0.05 * picture.middle[top:bottom, left:right]
        _add_machines(picture, light, distance_m, picture.pixel_m)
    else:
        colour = ROOFS[picture.random.integers(len(ROOFS))]
        towards_sun = math.radians(SUN_AZIMUTH_DEG)
        facing = normal_x * math.sin(towards_sun) - normal_y * math.cos(towards_sun)
        light = 1 + 0.27 * facing
        ridge = np.clip(1 - np.abs(distance_m - half_width_m) / 0.5, 0, 1)
        light = light * np.where(distance_m < 0.5, 0.8, 1.0) * (1 + 0.16 * ridge)
        light *= 1 + 0.045 * picture.middle[top:bottom, left:right] + 0.03 * picture.fine[top:bottom, left:right]
        _add_chimneys(picture, light, distance_m, half_width_m)
    patch = picture.rgb[top:bottom, left:right]
    patch += mask[..., None] * (np.asarray(colour, np.float32) * (tone * light)[..., None] - patch)


def _small_mask(outline: list[np.ndarray], left: int, top: int, width: int, height: int) -> np.ndarray:
    image = Image.new("L", (width * 4, height * 4), 0)
    draw = ImageDraw.Draw(image)
    for number, ring in enumerate(outline):
        draw.polygon([((x - left) * 4, (y - top) * 4) for x, y in ring], fill=0 if number else 255)
    return np.asarray(image.reduce(4), np.float32) / 255


def _nearest_wall(outline: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distance to the nearest wall in pixels and the direction towards it (a roof slopes down to its wall)."""
    nearest2 = np.full(x.shape, np.inf, np.float32)
    towards_x, towards_y = np.zeros_like(nearest2), np.zeros_like(nearest2)
    for ring in outline:
        for (x0, y0), (x1, y1) in itertools.pairwise(ring):
            dx, dy = x1 - x0, y1 - y0
            length2 = dx * dx + dy * dy
            if length2 < 0.25:
                continue
            along = np.clip(((x - x0) * dx + (y - y0) * dy) / length2, 0, 1)
            to_x, to_y = x0 + along * dx - x, y0 + along * dy - y
            distance2 = to_x * to_x + to_y * to_y
            closer = distance2 < nearest2
            nearest2[closer], towards_x[closer], towards_y[closer] = distance2[closer], to_x[closer], to_y[closer]
    distance = np.sqrt(nearest2)
    safe = np.maximum(distance, 1e-3)
    return distance, towards_x / safe, towards_y / safe


def _add_machines(picture: Picture, light: np.ndarray, distance_m: np.ndarray, pixel_m: float) -> None:
    """Set ventilation boxes with a lit top and a shadow on a flat roof."""
    places = np.argwhere(distance_m > 4)
    for row, column in places[picture.random.integers(len(places), size=min(30, len(places) // 900))] if len(places) else ():
        height, width = (int(picture.random.uniform(1.2, 4.5) / pixel_m) for _ in range(2))
        light[max(row - height, 0) : row + 1, max(column - 2, 0) : column + width - 2] *= 0.62
        light[row : row + height, column : column + width] = picture.random.uniform(1.05, 1.3)


def _add_chimneys(picture: Picture, light: np.ndarray, distance_m: np.ndarray, half_width_m: float) -> None:
    """Set chimneys and hatches near the ridge of a pitched roof."""
    places = np.argwhere((distance_m > half_width_m * 0.5) & (distance_m <= half_width_m))
    for row, column in places[picture.random.integers(len(places), size=min(24, len(places) // 420))] if len(places) else ():
        light[max(row - 4, 0) : row + 1, max(column - 2, 0) : column + 1] *= 0.62
        light[row : row + 3, column : column + 3] = picture.random.choice((0.72, 1.28))


def _dash(brush: Brush, picture: Picture, line: list[int], width_m: float) -> None:
    """Draw 3 m marks with 6 m gaps along a line."""
    for x, y, dx, dy in _walk(picture, line, 9.0):
        across_x, across_y = -dy * width_m / 2 / picture.pixel_m, dx * width_m / 2 / picture.pixel_m
        ahead_x, ahead_y = dx * 3 / picture.pixel_m, dy * 3 / picture.pixel_m
        brush.quad(
            [
                (x - across_x, y - across_y),
                (x + across_x, y + across_y),
                (x + ahead_x + across_x, y + ahead_y + across_y),
                (x + ahead_x - across_x, y + ahead_y - across_y),
            ]
        )


def _park_cars(picture: Picture, streets: list[tuple[float, list[int]]]) -> None:
    """Stand cars along the kerbs, and a few in the lanes."""
    by_colour: dict[Colour, list[np.ndarray]] = {colour: [] for colour in CARS}
    for width_m, line in streets:
        for x, y, dx, dy in _walk(picture, line, 6.2):
            for side in (-1, 1):
                if picture.random.random() < 0.34:
                    offset = side * (width_m / 2 - 1.1) / picture.pixel_m
                    centre = np.array((x - dy * offset, y + dx * offset))
                    along, across = np.array((dx, dy)) * 2.15 / picture.pixel_m, np.array((-dy, dx)) * 0.9 / picture.pixel_m
                    colour = CARS[picture.random.integers(len(CARS))]
                    by_colour[colour].append(
                        np.array((centre - along - across, centre + along - across, centre + along + across, centre - along + across))
                    )
    shadow = np.array(_shadow_shift(picture, 1.3))
    picture.shade(picture.mask(lambda b: [b.quad(map(tuple, car + shadow)) for cars in by_colour.values() for car in cars]), 0.55)
    for colour, cars in by_colour.items():
        picture.paint(picture.mask(lambda b, cars=cars: [b.quad(map(tuple, car)) for car in cars]), colour)
    glass = picture.mask(
        lambda b: [
            b.quad(map(tuple, car.mean(axis=0) + (car - car.mean(axis=0)) * (0.5, 0.5))) for cars in by_colour.values() for car in cars
        ]
    )
    picture.paint(glass * 0.45, (40, 44, 52))


def _walk(picture: Picture, line: list[int], step_m: float) -> Iterable[tuple[float, float, float, float]]:
    """Yield column, row and unit direction every `step_m` along the line."""
    points, step, carry = picture.xy(line), step_m / picture.pixel_m, 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        length = math.hypot(x1 - x0, y1 - y0)
        if length < 1e-6:
            continue
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        at = carry
        while at < length:
            yield x0 + dx * at, y0 + dy * at, dx, dy
            at += step
        carry = at - length


def _tree_stamp(picture: Picture, radius_m: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Return radius in metres, cover (0 to 1) and light of one crown: ragged rim, lit towards the sun."""
    radius = radius_m / picture.pixel_m
    half = math.ceil(radius) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    angle = np.arctan2(y, x)
    rim = radius * (1 + 0.1 * np.sin(angle * 5 + radius_m * 7) + 0.07 * np.sin(angle * 9 + radius_m * 3))
    cover = np.clip(rim - np.hypot(x, y), 0, 1)
    sun = math.radians(SUN_AZIMUTH_DEG)
    light = 1 + 0.34 * (x * math.sin(sun) - y * math.cos(sun)) / radius + 0.16 * picture.random.standard_normal(x.shape).astype(np.float32)
    return radius_m, cover, np.clip(light, 0.5, 1.6)


def _nearest(stamps: list[tuple[float, np.ndarray, np.ndarray]], radius_m: float) -> tuple[float, np.ndarray, np.ndarray]:
    return min(stamps, key=lambda stamp: abs(stamp[0] - radius_m))


def _stamp(picture: Picture, x: float, y: float, stamp: tuple[float, np.ndarray, np.ndarray], colour: Colour | None) -> None:
    """Press a crown (or, without a colour, its shadow) on the picture at column x, row y."""
    _, cover, light = stamp
    half = cover.shape[0] // 2
    left, top = round(x) - half, round(y) - half
    if left < 0 or top < 0 or left + cover.shape[1] > picture.width or top + cover.shape[0] > picture.height:
        return
    patch = picture.rgb[top : top + cover.shape[0], left : left + cover.shape[1]]
    if colour is None:
        patch *= 1 - cover[..., None] * 0.48
    else:
        patch += cover[..., None] * 0.95 * (np.asarray(colour, np.float32) * light[..., None] - patch)


if __name__ == "__main__":
    main()
