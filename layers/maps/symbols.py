"""Symbols as small pictures, by the words of the layers' legends: the same forms and colours as `frontend/src/map/symbols.ts`.

Shape tells the grade, colour and sign the status, a ring the class: each can be read without the others.
"""

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

# Drawn so many times as large and averaged, so that edges are smooth.
_OVER = 4
HALF = 18
_FILLS = {"normal": "#1a7a55", "commissioning": "#2b62b5", "changing": "#9a6400", "closed": "#6a7680"}
_UNKNOWN, _EDGE, _INK = "#40566a", "#ffffff", "#1b3444"
_RADII = {"star": 12.0, "triangle": 11.0, "square": 8.0, "diamond": 9.5, "circle": 6.5}
_RING_RADII = {"star": 14.5, "triangle": 14.0, "square": 13.5, "diamond": 12.5, "circle": 10.5}
# What a customer of several classes wears, the first that fits.
_RINGS = (("top100", "double"), ("large", "single"), ("key100", "dashed"), ("growth100", "dotted"))
_FEEDERS = ("#2f6fb0", "#b06a1f", "#6d4fa8", "#11867f", "#a8417e", "#5d7a1f", "#3f4f9e", "#8a5a44", "#0f7ba0", "#7d6b12")
AREA_COLOUR = "#5a6ea8"
CJK_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=500)
def marker(shape: str, colour: str, ring: str, size: float) -> Image.Image:
    """Return a customer's symbol: `colour` is a word of the legend, `ring` of `ring_of`."""

    def draw(pen: "_Pen") -> None:
        fill, radius = _FILLS.get(colour, _UNKNOWN), _RADII.get(shape, _RADII["circle"])
        if ring:
            _ring(pen, ring, _RING_RADII.get(shape, _RING_RADII["circle"]), fill)
        _shape(pen, shape, radius + 1.5, _EDGE)
        _shape(pen, shape, radius, fill)
        _sign(pen, colour, min(radius * 0.42, 3.6), 2.4 if shape == "triangle" else 0.0)

    return _drawn(HALF, draw, size)


@lru_cache(maxsize=500)
def cluster(count: int, shape: str) -> Image.Image:
    """Return the disc of several customers with their number, and the shape of the worst grade at its shoulder."""
    radius = next(size for limit, size in ((10, 14), (50, 16), (250, 19), (2000, 22), (math.inf, 26)) if count < limit)
    half = radius + 12

    def draw(pen: "_Pen") -> None:
        pen.disc(radius + 4, "#0b526e38")
        pen.disc(radius + 0.75, _EDGE)
        pen.disc(radius - 0.75, "#0f5470")
        if shape != "circle":
            badge = marker(shape, "unknown", "", 0.72 * _OVER)
            at = radius * 0.74
            pen.paste(badge, at, -at)
        pen.text(f"{count:,}" if count < 10_000 else f"{count / 1000:.0f}k", 12 if count < 1000 else 11, _EDGE)

    return _drawn(half, draw, 1.0)


@lru_cache(maxsize=100)
def asset(shape: str, colour: str, size: float) -> Image.Image:
    """Return the symbol of a substation (two rings in a square) or a station, in its feeder's colour."""

    def draw(pen: "_Pen") -> None:
        if shape == "substation":
            pen.square(13, 4, _INK)
            pen.square(11, 2, _EDGE)
            for y in (-2.8, 2.8):
                pen.circle(4.6, 1.7, _INK, dy=y)
        else:
            pen.square(4.5, 0, colour)
            pen.square(2.7, 0, _EDGE)

    return _drawn(16, draw, size)


def ring_of(classes: str) -> str:
    """Return the ring of these classes (a list with commas), "" for none.

    >>> ring_of("own_transformer,large"), ring_of("")
    ('single', '')
    """
    owned = classes.split(",")
    return next((ring for name, ring in _RINGS if name in owned), "")


def feeder_colour(code: str) -> str:
    """Return the colour of a feeder: ten that are told apart without red, and neighbours by number get different ones.

    >>> feeder_colour("F101") != feeder_colour("F102"), feeder_colour("F101") != feeder_colour("F201")
    (True, True)
    """
    digits = code[len(code.rstrip("0123456789")) :]
    number = int(digits[-9:]) if digits else sum(map(ord, code))
    spread = number % 10 + 5 * (number // 100 % 2) if number % 10 else number // 10
    return _FEEDERS[spread % len(_FEEDERS)]


@lru_cache(maxsize=20)
def font(size: int) -> Font:
    """Return a font; one with Chinese letters where this machine has it."""
    return ImageFont.truetype(str(CJK_FONT), size) if CJK_FONT.exists() else ImageFont.load_default(size)


def _drawn(half: float, draw: Callable[["_Pen"], None], size: float) -> Image.Image:
    pen = _Pen(half)
    draw(pen)
    side = max(1, round(2 * half * size))
    return pen.picture.resize((side, side), Image.Resampling.LANCZOS)


class _Pen:
    """Draws around the middle of a square; lengths in pixels of the finished symbol."""

    def __init__(self, half: float) -> None:
        self.half = half
        side = round(2 * half * _OVER)
        self.picture = Image.new("RGBA", (side, side))
        self._draw = ImageDraw.Draw(self.picture)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (self.half + x) * _OVER, (self.half + y) * _OVER

    def box(self, radius: float, dy: float = 0.0) -> list[tuple[float, float]]:
        return [self.at(-radius, dy - radius), self.at(radius, dy + radius)]

    def disc(self, radius: float, colour: str) -> None:
        self._draw.ellipse(self.box(radius), fill=colour)

    def circle(self, radius: float, width: float, colour: str, *, dy: float = 0.0) -> None:
        self._draw.ellipse(self.box(radius + width / 2, dy), outline=colour, width=round(width * _OVER))

    def arc(self, radius: float, width: float, colour: str, begin: float, end: float) -> None:
        self._draw.arc(self.box(radius + width / 2), begin, end, fill=colour, width=round(width * _OVER))

    def square(self, radius: float, corner: float, colour: str) -> None:
        self._draw.rounded_rectangle(self.box(radius), corner * _OVER, fill=colour)

    def polygon(self, corners: Iterable[tuple[float, float]], colour: str) -> None:
        self._draw.polygon([self.at(x, y) for x, y in corners], fill=colour)

    def line(self, begin: tuple[float, float], end: tuple[float, float], width: float, colour: str) -> None:
        self._draw.line([self.at(*begin), self.at(*end)], fill=colour, width=round(width * _OVER))

    def paste(self, symbol: Image.Image, x: float, y: float) -> None:
        left, top = self.at(x, y)
        self.picture.alpha_composite(symbol, (round(left - symbol.width / 2), max(0, round(top - symbol.height / 2))))

    def text(self, words: str, size: int, colour: str) -> None:
        self._draw.text(self.at(0, 0), words, fill=colour, font=font(size * _OVER), anchor="mm")


def _shape(pen: _Pen, shape: str, radius: float, colour: str) -> None:
    corners = {"star": 10, "triangle": 3, "diamond": 4}.get(shape)
    if shape == "square":
        pen.square(radius, 2.5, colour)
    elif corners is None:
        pen.disc(radius, colour)
    else:
        rise = 2.0 if shape == "triangle" else 0.0
        pen.polygon((_corner(shape, radius, number / corners, number % 2 == 1, rise) for number in range(corners)), colour)


def _corner(shape: str, radius: float, turn: float, is_inner: bool, rise: float) -> tuple[float, float]:
    reach, angle = radius * 0.56 if shape == "star" and is_inner else radius, turn * 2 * math.pi - math.pi / 2
    return reach * math.cos(angle), reach * math.sin(angle) + rise


def _sign(pen: _Pen, colour: str, size: float, rise: float) -> None:
    """Draw inside the shape what tells every status that is not normal, so that colour is never alone."""
    strokes = {
        "closed": (((-size, -size), (size, size)), ((size, -size), (-size, size))),
        "commissioning": (((-size, 0.0), (size, 0.0)), ((0.0, -size), (0.0, size))),
        "changing": (((-size, -size / 2), (size, -size / 2)), ((-size, size * 0.6), (size, size * 0.6))),
    }.get(colour, ())
    for (x1, y1), (x2, y2) in strokes:
        pen.line((x1, y1 + rise), (x2, y2 + rise), 1.8, _EDGE)


def _ring(pen: _Pen, ring: str, radius: float, colour: str) -> None:
    pen.circle(radius, 5.6 if ring == "double" else 4, _EDGE)
    if ring == "double":
        pen.circle(radius - 1.5, 1.3, colour)
        pen.circle(radius + 1.5, 1.3, colour)
    elif ring == "single":
        pen.circle(radius, 1.7, colour)
    else:
        # Whole marks all the way round: four arcs, or nine dots.
        marks, share, width = (4, 0.68, 2.2) if ring == "dashed" else (9, 0.42, 3.2)
        for number in range(marks):
            pen.arc(radius, width, colour, number * 360 / marks, (number + share) * 360 / marks)
