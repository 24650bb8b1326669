"""What a client of WMS or WMTS asks for, read from the address. Names of parameters are the same in capitals and small letters."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from layers.maps.refusals import MapRefused
from layers.maps.view import MAX_SIDE_PX, View
from layers.ogc import crs as systems
from layers.ogc.crs import CRS84, Crs
from spatial.tiles import TileOutsideRange, tile_bounds

PNG, JPEG = "image/png", "image/jpeg"
FORMATS = {PNG: "png", JPEG: "jpg"}
GEOJSON, TEXT = "application/geo+json", "text/plain"
INFO_FORMATS = {GEOJSON: GEOJSON, "application/json": GEOJSON, TEXT: TEXT}
MAX_LAYERS = 20
MAX_FEATURES = 50
TILE_SET = "WebMercatorQuad"
TILE_PX = 256
MAX_TILE_ZOOM = 21
_COLOUR = re.compile(r"(?:0x|#)([0-9a-fA-F]{6})")
_VERSIONS = ("1.3.0", "1.1.1", "1.1.0", "1.0.0")


@dataclass(frozen=True, slots=True)
class MapQuestion:
    """GetMap, and the picture that GetFeatureInfo asks about."""

    layers: tuple[str, ...]
    view: View
    format: str
    transparent: bool
    background: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class InfoQuestion:
    """GetFeatureInfo: what is drawn at a column and row of the picture."""

    layers: tuple[str, ...]
    view: View
    column: int
    row: int
    format: str
    count: int


class Told(dict[str, str]):
    """The parameters, by their name in capitals."""

    def needed(self, name: str) -> str:
        """Return a parameter.

        Raises:
            MapRefused: it is not there.
        """
        if not self.get(name):
            raise MapRefused(f"The parameter {name} is missing.", code="MissingParameterValue", parameter=name)
        return self[name]

    def whole(self, name: str, first: int, last: int, *, otherwise: str | None = None, code: str = "") -> int:
        """Return a whole number.

        Raises:
            MapRefused: it is none, or outside of first to last.
        """
        text = self.needed(name) if otherwise is None else self.get(name) or otherwise
        if not (text.isascii() and text.isdigit() and len(text) < 10 and first <= int(text) <= last):
            raise MapRefused(f"{name} is a whole number from {first} to {last}, not “{text[:20]}”.", code=code, parameter=name)
        return int(text)


def told(query: Iterable[tuple[str, list[str]]]) -> Told:
    """Return the parameters.

    Raises:
        MapRefused: one stands there twice, or holds what no name has.
    """
    found = Told()
    for name, values in query:
        if name.upper() in found or len(values) > 1:
            raise MapRefused(f"The parameter {name[:40]} is given twice.", parameter=name[:40])
        if not all(value.isprintable() for value in values):
            raise MapRefused(f"The parameter {name[:40]} holds characters that nothing is called by.", parameter=name[:40])
        found[name.upper()] = values[0]
    return found


def version_of(asked: Told) -> str:
    """Return the version of WMS to answer in: the one asked for or the next lower one that is spoken here.

    >>> [version_of(Told({"VERSION": text})) for text in ("1.3.0", "1.1.0", "1.0.0", "2.0.0", "")]
    ['1.3.0', '1.1.1', '1.1.1', '1.3.0', '1.3.0']
    """
    text = asked.get("VERSION") or asked.get("WMTVER") or ("1.1.1" if "SRS" in asked else "1.3.0")
    return "1.1.1" if text in _VERSIONS[1:] else "1.3.0"


def map_question(asked: Told) -> MapQuestion:
    """Read GetMap.

    Raises:
        MapRefused: something is missing or none of ours.
    """
    layers = layer_names(asked, "LAYERS")
    _check_styles(asked.get("STYLES", ""), len(layers))
    return MapQuestion(
        layers, _view(asked), _format(asked), asked.get("TRANSPARENT", "").upper() == "TRUE", _colour(asked.get("BGCOLOR") or "0xFFFFFF")
    )


def info_question(asked: Told) -> InfoQuestion:
    """Read GetFeatureInfo.

    Raises:
        MapRefused: something is missing or none of ours.
    """
    column, row = ("X", "Y") if version_of(asked) == "1.1.1" else ("I", "J")
    view = _view(asked)
    media_type = asked.get("INFO_FORMAT") or GEOJSON
    if media_type not in INFO_FORMATS:
        known = ", ".join(INFO_FORMATS)
        raise MapRefused(f"“{media_type[:40]}” is not offered; known are {known}.", code="InvalidFormat", parameter="INFO_FORMAT")
    return InfoQuestion(
        layer_names(asked, "QUERY_LAYERS"),
        view,
        asked.whole(column, 0, view.width - 1, code="InvalidPoint"),
        asked.whole(row, 0, view.height - 1, code="InvalidPoint"),
        INFO_FORMATS[media_type],
        asked.whole("FEATURE_COUNT", 1, MAX_FEATURES, otherwise="1"),
    )


def legend_question(asked: Told) -> str:
    """Read GetLegendGraphic: return the layer's name.

    Raises:
        MapRefused: the layer is missing, or the form is none of ours.
    """
    media_type = asked.get("FORMAT") or PNG
    if media_type != PNG:
        raise MapRefused(f"A legend is to be had as {PNG}.", code="InvalidFormat", parameter="FORMAT")
    _check_styles(asked.get("STYLE", ""), 1)
    return asked.needed("LAYER")


def tile_question(layer: str, tile_set: str, z: int, x: int, y: int, form: str) -> MapQuestion:
    """Return the picture that one tile of WMTS is.

    Raises:
        MapRefused: the tile set or form is not offered, or the tile is not on it.
    """
    if tile_set != TILE_SET:
        raise MapRefused(
            f"There is no tile set “{tile_set[:40]}”; known is {TILE_SET}.", code="InvalidParameterValue", parameter="TileMatrixSet"
        )
    media_type = next((media_type for media_type, ending in FORMATS.items() if form in (media_type, ending)), None)
    if media_type is None:
        raise MapRefused(f"“{form[:40]}” is not offered; known are {', '.join(FORMATS)}.", code="InvalidParameterValue", parameter="Format")
    try:
        west, south, east, north = tile_bounds(z, x, y)
    except TileOutsideRange as error:
        raise MapRefused(str(error), code="TileOutOfRange", parameter="TileRow") from error
    view = View(web_mercator(), (west, south, east, north), TILE_PX, TILE_PX)
    return MapQuestion((layer,), view, media_type, media_type == PNG, (255, 255, 255))


def web_mercator() -> Crs:
    return Crs("http://www.opengis.net/def/crs/EPSG/0/3857", "EPSG:3857", northing_first=False)


def offered() -> Mapping[str, Crs]:
    """Return the systems by the name that WMS has for them."""
    return {("CRS:84" if crs is CRS84 else crs.datum): crs for crs in (*systems.offered(), web_mercator())}


def layer_names(asked: Told, parameter: str) -> tuple[str, ...]:
    names = tuple(asked.needed(parameter).split(","))
    if len(names) > MAX_LAYERS:
        raise MapRefused(f"At most {MAX_LAYERS} layers go into one picture.", parameter=parameter)
    if len(set(names)) < len(names):
        raise MapRefused("One of the layers is named twice.", parameter=parameter)
    return names


def _view(asked: Told) -> View:
    width, height = (asked.whole(name, 1, MAX_SIDE_PX) for name in ("WIDTH", "HEIGHT"))
    is_old = version_of(asked) == "1.1.1"
    parameter = "SRS" if is_old else "CRS"
    name, known = asked.needed(parameter).upper(), offered()
    if name not in known:
        code = "InvalidSRS" if is_old else "InvalidCRS"
        raise MapRefused(f"“{name[:40]}” is not offered; the capabilities list what is.", code=code, parameter=parameter)
    crs = known[name]
    a, b, c, d = _numbers(asked.needed("BBOX"))
    # Of 1.3.0 a box follows the register's order of axes, of 1.1.1 it never did.
    box = (b, a, d, c) if crs.northing_first and not is_old else (a, b, c, d)
    if not (box[0] < box[2] and box[1] < box[3]):
        raise MapRefused("BBOX has no inside: its first corner is the lower left one.", parameter="BBOX")
    return View(crs, box, width, height)


def _numbers(text: str) -> tuple[float, float, float, float]:
    try:
        a, b, c, d = (float(part) for part in text.split(","))
    except ValueError:
        raise MapRefused("BBOX is four numbers with commas between them.", parameter="BBOX") from None
    if not all(math.isfinite(number) and abs(number) < 1e9 for number in (a, b, c, d)):
        raise MapRefused("BBOX is beyond the earth.", parameter="BBOX")
    return a, b, c, d


def _format(asked: Told) -> str:
    # Programs write the same as "image/png; mode=8bit".
    media_type = asked.needed("FORMAT").partition(";")[0].strip().lower()
    if media_type not in FORMATS:
        raise MapRefused(f"“{media_type[:40]}” is not offered; known are {', '.join(FORMATS)}.", code="InvalidFormat", parameter="FORMAT")
    return media_type


def _check_styles(text: str, layers: int) -> None:
    styles = text.split(",") if text else []
    unknown = next((style for style in styles if style not in ("", "default")), None)
    if unknown is not None or len(styles) > layers:
        raise MapRefused(
            f"There is no style “{(unknown or '')[:40]}”; each layer has one, “default”.", code="StyleNotDefined", parameter="STYLES"
        )


def _colour(text: str) -> tuple[int, int, int]:
    match = _COLOUR.fullmatch(text)
    if not match:
        raise MapRefused("BGCOLOR is written 0xRRGGBB.", parameter="BGCOLOR")
    red, green, blue = bytes.fromhex(match[1])
    return red, green, blue
