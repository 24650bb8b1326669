"""Draw the layers of the map as the browser draws them, without labels: from the legend's words and the rows that the person may see."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from PIL import Image, ImageDraw
from shapely.ops import substring

from layers.maps import symbols
from layers.maps.shown import Shown, shown
from layers.maps.view import View
from layers.registry import MapLayer
from layers.tile_sql import CLUSTERS

# A symbol reaches this far; what stands just outside of the picture is seen too.
MARGIN_PX = 40
# Lines are drawn twice as large and averaged.
_OVER = 2
_UNDER = "#ffffff"
_MAX_STEPS = 2000
Symbol = Mapping[str, Any]


class _Stroke(NamedTuple):
    """How a line is drawn, `dash` as lengths of mark and gap in pixels."""

    colour: str
    width: float
    dash: tuple[float, ...]


def draw(layer: MapLayer, view: View, user: Any) -> Image.Image | None:
    """Return the picture of the view (RGBA); None where the layer shows nothing.

    Raises:
        MapRefused: it shows more than can be drawn.
    """
    ground = view.degrees()
    if ground is None:
        return None
    zoom, wide = view.zoom(ground), view.widened(MARGIN_PX)
    found = shown(layer, wide, zoom, user)
    if not found:
        return None
    canvas = Image.new("RGBA", (wide.width, wide.height))
    _draw_lines(canvas, [(feature, _stroke(layer, feature)) for feature in found if feature.geom.geom_type != "Point"], wide)
    _draw_points(canvas, layer, [feature for feature in found if feature.geom.geom_type == "Point"], wide, zoom)
    return canvas.crop((MARGIN_PX, MARGIN_PX, MARGIN_PX + view.width, MARGIN_PX + view.height))


def legend(layer: MapLayer, language: str) -> Image.Image:
    """Return the layer's legend: every symbol with what it means."""
    width, height = legend_size(layer)
    canvas = Image.new("RGBA", (width, height), "#ffffff")
    pen, is_chinese = ImageDraw.Draw(canvas), language == "zh" and symbols.CJK_FONT.exists()
    for number, entry in enumerate(layer.legend):
        middle = number * _LEGEND_ROW_PX + _LEGEND_ROW_PX // 2
        _draw_key(canvas, pen, entry["symbol"], middle)
        pen.text((52, middle), entry["label"]["zh" if is_chinese else "en"], fill="#23323e", font=symbols.font(13), anchor="lm")
    return canvas


def legend_size(layer: MapLayer) -> tuple[int, int]:
    """Return width and height of the legend in pixels."""
    return _LEGEND_WIDTH_PX, _LEGEND_ROW_PX * max(1, len(layer.legend))


_LEGEND_WIDTH_PX, _LEGEND_ROW_PX = 280, 40


def _draw_key(canvas: Image.Image, pen: ImageDraw.ImageDraw, symbol: Symbol, middle: int) -> None:
    if symbol["kind"] in ("line", "area"):
        stroke = _Stroke(
            symbols.AREA_COLOUR if symbol["kind"] == "area" else symbols.feeder_colour("1"),
            symbol.get("width", 1.4),
            tuple(symbol.get("dash", ())),
        )
        for piece in _dashed(np.array([[8.0, middle], [44.0, middle]]), stroke.dash):
            pen.line([tuple(corner) for corner in piece], fill=stroke.colour, width=round(stroke.width))
        return
    if symbol["kind"] == "cluster":
        picture = symbols.cluster(9, "circle")
    elif symbol["kind"] == "point":
        picture = symbols.asset(symbol["shape"], symbols.feeder_colour("1"), 1.0)
    else:
        picture = symbols.marker(
            symbol.get("shape", "circle"),
            symbol.get("colour", "normal"),
            symbols.ring_of(symbol["value"]) if symbol.get("ring") else "",
            1.0,
        )
    canvas.alpha_composite(picture, (26 - picture.width // 2, max(0, middle - picture.height // 2)))


def _draw_lines(canvas: Image.Image, lines: Sequence[tuple[Shown, _Stroke]], wide: View) -> None:
    """Draw all that is not a point, first a light edge under every line, then the lines, a mask for each kind of stroke."""
    pieces: dict[_Stroke, list[np.ndarray]] = defaultdict(list)
    for feature, stroke in lines:
        pieces[stroke] += _courses(feature.geom, wide)
    under: dict[float, list[np.ndarray]] = defaultdict(list)
    for stroke, courses in pieces.items():
        if not stroke.dash:
            under[stroke.width + 2] += courses
    for width, courses in under.items():
        _stroke_all(canvas, courses, _Stroke(_UNDER, width, ()))
    for stroke, courses in pieces.items():
        _stroke_all(canvas, courses, stroke)


def _stroke_all(canvas: Image.Image, courses: Iterable[np.ndarray], stroke: _Stroke) -> None:
    mask = Image.new("L", (canvas.width * _OVER, canvas.height * _OVER))
    pen = ImageDraw.Draw(mask)
    for course in courses:
        for piece in _dashed(course, stroke.dash):
            pen.line((piece * _OVER).ravel().tolist(), fill=255, width=max(1, round(stroke.width * _OVER)), joint="curve")
    ink = Image.new("RGBA", canvas.size, stroke.colour)
    ink.putalpha(mask.reduce(_OVER))
    canvas.alpha_composite(ink)


def _courses(geom: shapely.Geometry, wide: View) -> list[np.ndarray]:
    """Return the lines of a shape, or its outlines, in pixels, as far as the picture shows them."""
    ground = wide.degrees()
    if ground is None:
        return []
    lines = shapely.boundary(geom) if "Polygon" in geom.geom_type else geom
    near = shapely.clip_by_rect(shapely.intersection(lines, wide.reach()), *ground)
    if near.is_empty:
        return []
    # Straight in degrees, as everywhere; in another system that is a bent line.
    step = max(ground.east - ground.west, ground.north - ground.south) / 64
    bent = shapely.transform(shapely.segmentize(near, step), wide.to_pixels)
    return [shapely.get_coordinates(part) for part in shapely.get_parts(bent) if part.length]


def _dashed(course: np.ndarray, dash: Sequence[float]) -> Iterator[np.ndarray]:
    """Cut a line into its marks."""
    line = shapely.LineString(course)
    if not dash or line.length / sum(dash) > _MAX_STEPS:
        yield course
        return
    mark, gap = dash
    for begin in np.arange(0.0, line.length, mark + gap):
        yield shapely.get_coordinates(substring(line, begin, min(begin + mark, line.length)))


def _stroke(layer: MapLayer, feature: Shown) -> _Stroke:
    """Return the stroke that the legend has for the feature: the entry of its kind, or the part's only one."""
    entries: list[Symbol] = [entry["symbol"] for entry in layer.legend if entry["part"] == feature.part]
    own: list[Symbol] = [symbol for symbol in entries if symbol.get("value") == feature.properties.get("kind")]
    symbol: Symbol = next(iter((*own, *entries)), {"kind": "line"})
    if symbol["kind"] == "area":
        return _Stroke(symbols.AREA_COLOUR, 1.4, tuple(symbol.get("dash", ())))
    code = str(feature.properties.get("feeder_code") or feature.properties.get("code") or "")
    return _Stroke(symbols.feeder_colour(code), symbol.get("width", 2), tuple(symbol.get("dash", ())))


def _draw_points(canvas: Image.Image, layer: MapLayer, points: Sequence[Shown], wide: View, zoom: int) -> None:
    if not points:
        return
    places = wide.to_pixels(shapely.get_coordinates([feature.geom for feature in points]))
    size = 0.66 if zoom < 14 else 0.84 if zoom < 15 else 1.0
    shapes = {entry["symbol"]["value"]: entry["symbol"]["shape"] for entry in layer.legend if entry["symbol"]["kind"] == "grade"}
    order = {value: number for number, value in enumerate(reversed(shapes))}
    drawn = [(feature, place) for feature, place in zip(points, places, strict=True) if np.isfinite(place).all()]
    # What matters more lies on top.
    for feature, (column, row) in sorted(drawn, key=lambda one: order.get(one[0].properties.get("grade"), 0)):
        picture = _symbol(layer, feature, shapes, size)
        left, top = round(column - picture.width / 2), round(row - picture.height / 2)
        if left >= 0 and top >= 0:
            canvas.alpha_composite(picture, (left, top))


def _symbol(layer: MapLayer, feature: Shown, shapes: Mapping[str, str], size: float) -> Image.Image:
    told = feature.properties
    shape = shapes.get(told.get("grade", ""), "circle")
    if feature.part == CLUSTERS:
        return symbols.cluster(int(told["n"]), shape)
    own = next((entry["symbol"] for entry in layer.legend if entry["part"] == feature.part and entry["symbol"]["kind"] == "point"), None)
    if own:
        return symbols.asset(own["shape"], symbols.feeder_colour(str(told.get("feeder_code") or "")), size)
    return symbols.marker(shape, str(told.get("status") or ""), symbols.ring_of(str(told.get("classes") or "")), size)
