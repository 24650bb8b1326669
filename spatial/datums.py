"""Convert positions between datums, once, at the boundary. Storage is always WGS 84 (EPSG:4326), lon before lat.

x, y are longitude and latitude in degrees, or easting and northing in metres: never the axis order that a register names
(EPSG:4490 says latitude first, EPSG:4527 names the northing X). Formulas of GCJ-02 and BD-09 are the public ones; test vectors in
the domain reference, section 9.2.
"""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError

from spatial.geometry import MAX_LAT

WGS84, CGCS2000, GCJ02, BD09 = "WGS84", "CGCS2000", "GCJ02", "BD09"
# Gauss-Kruger eastings that carry their zone as a prefix (39 386 962): every row says for itself which zone it is in.
CGCS2000_ZONES = "CGCS2000-ZONES"
# Geographic CGCS2000 differs from WGS 84 by centimetres; both are stored as they are.
SAME_AS_WGS84 = {WGS84, CGCS2000, "EPSG:4326", "EPSG:4490"}
DEGREES = (WGS84, CGCS2000, GCJ02, BD09)
_CODES = {WGS84: "EPSG:4326", CGCS2000: "EPSG:4490"}
CONVERTER = "gridatlas.datums/1"

NAMES = {WGS84: "WGS 84", CGCS2000: "CGCS2000", GCJ02: "GCJ-02", BD09: "BD-09", CGCS2000_ZONES: "CGCS2000 / Gauss-Kruger, zone by prefix"}

_NAMES_ZH = {CGCS2000_ZONES: "CGCS2000 / 高斯-克吕格 按坐标前的带号", "EPSG:3857": "WGS 84 / 网络墨卡托"}
# Of which the register leaves out how wide their zones are.
_SIX_DEGREES = {f"EPSG:{code}" for code in range(4491, 4513)}
_WORDS_ZH = (
    (re.compile(r"(\d)-degree Gauss-Kruger"), r"\1度带高斯-克吕格"),
    (re.compile(r"CM (\d+)E"), r"中央经线\1°E"),
    (re.compile(r"UTM zone (\d+[NS])"), r"UTM \1带"),
    (re.compile(r"zone (\d+)"), r"第\1带"),
    (re.compile(r"British National Grid"), "英国国家格网"),
)

# EPSG codes that a person may name, first and last. Beijing 1954 and Xian 1980 are left out on purpose: their shift is not public,
# and what PROJ knows of it can be 100 m off. A utility that has its own grid names its code in the setting OWN_CRS.
# The order is that of likelihood, where the numbers fit several.
ALLOWED_EPSG = (
    (4326, 4326),  # WGS 84
    (4490, 4490),  # CGCS2000
    (4534, 4554),  # CGCS2000 Gauss-Kruger, 3 degrees (4555 is New Beijing)
    (4513, 4533),  # ... with prefix
    (4502, 4512),  # ... 6 degrees
    (4491, 4501),  # ... with prefix
    (3067, 3067),  # ETRS89 / TM35FIN
    (3873, 3885),  # ETRS89 / GKnFIN
    (31466, 31469),  # DHDN / Gauss-Kruger
    (2154, 2154),  # RGF93 / Lambert-93
    (2056, 2056),  # CH1903+ / LV95
    (27700, 27700),  # British National Grid
    (28992, 28992),  # Amersfoort / RD New
    (3006, 3006),  # SWEREF99 TM
    (25828, 25838),  # ETRS89 / UTM
    (32601, 32660),  # WGS 84 / UTM north
    (32701, 32760),  # WGS 84 / UTM south
    (3034, 3035),  # ETRS89 Lambert conformal and equal area
    (3857, 3857),  # Web Mercator
    (23028, 23038),  # ED50 / UTM
    (4258, 4258),  # ETRS89
    (4230, 4230),  # ED50
    (4314, 4314),  # DHDN
    (4269, 4269),  # NAD83
)

_A, _EE = 6378245.0, 0.00669342162296594323
_BD_PI = math.pi * 3000.0 / 180.0
# Beyond its area of use a projection gives numbers without meaning; a data set may lap over the edge by a zone.
_LAP_DEG = 3.0
_own: list[str] = []

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
# West, south, east, north in degrees.
Box = tuple[float, float, float, float]
# The formulas take one position or arrays of them.
Numbers = TypeVar("Numbers", float, Floats)


class UnknownDatum(ValueError):
    """The datum is neither WGS84, CGCS2000, GCJ02, BD09 nor an allowed EPSG code, or the position cannot be expressed in it."""


def to_wgs84(lon: float, lat: float, datum: str) -> tuple[float, float]:
    """Return (lon, lat) in WGS 84 degrees for a position given in `datum`.

    For a projected EPSG code `lon, lat` are easting and northing in metres.

    Raises:
        UnknownDatum: the code names no datum, or the position cannot be expressed in it.
    """
    if datum in SAME_AS_WGS84:
        return lon, lat
    lons, lats, ok = to_wgs84_many([lon], [lat], datum)
    if not ok[0]:
        raise UnknownDatum(f"The position {lon}, {lat} cannot be expressed in {datum}.")
    return float(lons[0]), float(lats[0])


def to_wgs84_many(x: npt.ArrayLike, y: npt.ArrayLike, datum: str) -> tuple[Floats, Floats, Truths]:
    """Return lon, lat in WGS 84 degrees and which rows are positions; where not, lon and lat are NaN.

    A row is a position when its numbers are finite and it lies on the map and within reach of the datum's area of use.

    Raises:
        UnknownDatum: the code names no datum.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        if datum in SAME_AS_WGS84:
            lon, lat = x, y
        elif datum == GCJ02:
            lon, lat = gcj02_to_wgs84(x, y)
        elif datum == BD09:
            lon, lat = gcj02_to_wgs84(*bd09_to_gcj02(x, y))
        elif datum == CGCS2000_ZONES:
            lon, lat = _by_prefix(x, y)
        else:
            lon, lat = _transformer(datum).transform(x, y)
            lon, lat = np.asarray(lon), np.asarray(lat)
    return _checked(lon, lat, lon, lat, datum)


def from_wgs84_many(lon: npt.ArrayLike, lat: npt.ArrayLike, datum: str) -> tuple[Floats, Floats, Truths]:
    """Return the positions in `datum` (x, y as above) and which rows can be expressed in it; where not, x and y are NaN.

    Raises:
        UnknownDatum: the code names no datum, or is `CGCS2000_ZONES`, which tells where something comes from only.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        if datum in SAME_AS_WGS84:
            x, y = lon, lat
        elif datum == GCJ02:
            x, y = wgs84_to_gcj02(lon, lat)
        elif datum == BD09:
            x, y = gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))
        else:
            x, y = _transformer(datum).transform(lon, lat, direction=TransformDirection.INVERSE)
            x, y = np.asarray(x), np.asarray(y)
    return _checked(x, y, lon, lat, datum)


def ring_in_wgs84(box: tuple[float, float, float, float], datum: str) -> list[tuple[float, float]]:
    """Return the closed ring (lon, lat) around a box of the datum (smallest x and y, largest x and y); empty where there is nothing.

    The box is cut to where the datum means something: maps that are zoomed far out ask for more. Its sides are bent in degrees, so
    each is followed in steps.

    Raises:
        UnknownDatum: the code names no datum, or the box cannot be expressed in degrees.
    """
    west, south, east, north = _bounds(datum)
    x0, y0, x1, y1 = max(box[0], west), max(box[1], south), min(box[2], east), min(box[3], north)
    if x0 > x1 or y0 > y1:
        return []
    steps = np.linspace(0.0, 1.0, 33)
    x = np.concatenate([x0 + (x1 - x0) * steps, np.full(33, x1), x1 - (x1 - x0) * steps, np.full(33, x0)])
    y = np.concatenate([np.full(33, y0), y0 + (y1 - y0) * steps, np.full(33, y1), y1 - (y1 - y0) * steps])
    lon, lat = _transformer(datum).transform(x, y)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise UnknownDatum(f"The box cannot be expressed in degrees from {datum}.")
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def is_northing_first(datum: str) -> bool:
    """Tell whether the register names the northing, or latitude, as the first axis. Only doors that must keep to it ask.

    >>> [is_northing_first(datum) for datum in ("EPSG:4326", "EPSG:3067", "EPSG:4527")]
    [True, False, True]
    """
    return crs(datum).axis_info[0].direction == "north"


@lru_cache(maxsize=512)
def reach_of(datum: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north of where the datum means something."""
    area = None if datum in SAME_AS_WGS84 or datum in NAMES else crs(datum).area_of_use
    if area is None or area.west > area.east:
        return -180.0, -MAX_LAT, 180.0, MAX_LAT
    return (
        area.west - _LAP_DEG,
        max(area.south - _LAP_DEG, -MAX_LAT),
        area.east + _LAP_DEG,
        min(area.north + _LAP_DEG, MAX_LAT),
    )


def wgs84_to_gcj02(lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
    """Return the GCJ-02 position; outside the rectangle of GCJ-02 the position is unchanged."""
    inside = _inside_gcj02(lon, lat)
    dlon, dlat = _gcj02_offset(lon, lat)
    return _where(inside, lon + dlon, lon), _where(inside, lat + dlat, lat)


def gcj02_to_wgs84(lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
    """Return the WGS 84 position by fixed-point iteration (below 1e-6 m after at most 5 steps)."""
    guess_lon, guess_lat = lon, lat
    for _ in range(6):
        dlon, dlat = _gcj02_offset(guess_lon, guess_lat)
        guess_lon, guess_lat = lon - dlon, lat - dlat
    inside = _inside_gcj02(lon, lat)
    return _where(inside, guess_lon, lon), _where(inside, guess_lat, lat)


def gcj02_to_bd09(lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
    """Return the BD-09 position of a GCJ-02 one."""
    bd_lon, bd_lat = _bd09(lon, lat)
    inside = _inside_gcj02(lon, lat)
    return _where(inside, bd_lon, lon), _where(inside, bd_lat, lat)


def bd09_to_gcj02(lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
    """Return the GCJ-02 position by fixed-point iteration on `gcj02_to_bd09`."""
    guess_lon, guess_lat = lon - 0.0065, lat - 0.006
    for _ in range(8):
        bd_lon, bd_lat = _bd09(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - bd_lon, guess_lat + lat - bd_lat
    inside = _inside_gcj02(lon, lat)
    return _where(inside, guess_lon, lon), _where(inside, guess_lat, lat)


def allow(codes: Iterable[str]) -> None:
    """Make the utility's own EPSG codes the only ones beside `ALLOWED_EPSG`; called once, when the setting is read.

    Raises:
        UnknownDatum: one of them is not in the register.
    """
    own = list(codes)
    for code in own:
        _register(code)
    _own[:] = own


def allowed() -> list[str]:
    """Return every datum that a person may name, the utility's own first after those in degrees."""
    listed = [f"EPSG:{code}" for first, last in ALLOWED_EPSG for code in range(first, last + 1)]
    return [*DEGREES, *dict.fromkeys([*_own, *listed])]


def made_for(boxes: Iterable[Box]) -> list[str]:
    """Return those of `allowed` that are made for the middle or a side of one of the boxes, the utility's own always.

    Two of them never mean the same: WGS 84 and CGCS2000 go without their numbers.
    """
    places = {(lon, (south + north) / 2) for west, south, east, north in boxes for lon in (west, (west + east) / 2, east)}
    return [
        datum
        for datum in allowed()
        if datum in DEGREES or datum in _own or (datum not in SAME_AS_WGS84 and any(_covers(datum, lon, lat) for lon, lat in places))
    ]


def known_name(datum: str) -> str:
    """Return the name under which a datum is offered.

    >>> known_name("EPSG:4326"), known_name("EPSG:4548")
    ('WGS84', 'EPSG:4548')
    """
    return next((name for name, code in _CODES.items() if code == datum), datum)


def label(datum: str) -> str:
    """Return the name that people know it by: "GCJ-02", "CGCS2000 / 3-degree Gauss-Kruger CM 117E".

    Raises:
        UnknownDatum: the code names no datum.
    """
    return NAMES.get(datum) or str(crs(datum).name)


def label_zh(datum: str) -> str:
    """Return the Chinese name; where a name is a proper one, as it is.

    >>> label_zh("EPSG:4548"), label_zh("EPSG:4527"), label_zh("EPSG:32650"), label_zh("EPSG:3067")
    ('CGCS2000 / 3度带高斯-克吕格 中央经线117°E', 'CGCS2000 / 3度带高斯-克吕格 第39带', 'WGS 84 / UTM 50N带', 'ETRS89 / TM35FIN(E,N)')

    Raises:
        UnknownDatum: the code names no datum.
    """
    name = _NAMES_ZH.get(datum) or label(datum)
    if datum in _SIX_DEGREES:
        name = name.replace("/ Gauss-Kruger", "/ 6-degree Gauss-Kruger")
    for pattern, chinese in _WORDS_ZH:
        name = pattern.sub(chinese, name)
    return name


def is_metres(datum: str) -> bool:
    """Tell whether positions in the datum are eastings and northings in metres, not degrees."""
    return datum == CGCS2000_ZONES or (datum not in DEGREES and bool(crs(datum).is_projected))


def crs(datum: str) -> CRS:
    """Return the register's entry. GCJ-02 and BD-09 have none: a file in them says nothing, rather than something wrong.

    Raises:
        UnknownDatum: the code names no datum, or one that the register does not know.
    """
    _refuse_unlisted(datum)
    return _register(_CODES.get(datum, datum))


def zones_by_prefix(eastings: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the EPSG code of the zone that each easting carries as its prefix, 0 where it carries none."""
    eastings = np.asarray(eastings, dtype=np.float64)
    whole = np.where(np.isfinite(eastings), eastings, 0.0)
    zone = np.floor(whole / 1_000_000).astype(np.int64)
    # Nothing lies further from its central meridian than a zone is wide.
    near = np.abs(whole - zone * 1_000_000 - 500_000) < 400_000
    code = np.where((zone >= 25) & (zone <= 45), 4513 + zone - 25, np.where((zone >= 13) & (zone <= 23), 4491 + zone - 13, 0))
    return np.where(near, code, 0)


def _checked(x: Floats, y: Floats, lon: Floats, lat: Floats, datum: str) -> tuple[Floats, Floats, Truths]:
    west, south, east, north = reach_of(datum)
    ok = np.isfinite(x) & np.isfinite(y) & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return np.where(ok, x, np.nan), np.where(ok, y, np.nan), ok


@lru_cache(maxsize=512)
def _bounds(datum: str) -> tuple[float, float, float, float]:
    """Return the smallest x and y and the largest x and y of where the datum means something."""
    bounds = _transformer(datum).transform_bounds(*reach_of(datum), direction=TransformDirection.INVERSE)
    return bounds if np.isfinite(bounds).all() else (-math.inf, -math.inf, math.inf, math.inf)


def _covers(datum: str, lon: float, lat: float) -> bool:
    area = crs(datum).area_of_use
    if area is None or not area.south <= lat <= area.north:
        return False
    return area.west <= lon <= area.east if area.west <= area.east else lon >= area.west or lon <= area.east


def _by_prefix(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    lon, lat = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    codes = zones_by_prefix(x)
    for code in np.unique(codes[codes > 0]):
        rows = codes == code
        lon[rows], lat[rows], _ = to_wgs84_many(x[rows], y[rows], f"EPSG:{code}")
    return lon, lat


def _transformer(datum: str) -> Transformer:
    # What is allowed may change, what a code means does not.
    _refuse_unlisted(datum)
    return _transformer_of(_CODES.get(datum, datum))


@lru_cache(maxsize=512)
def _transformer_of(code: str) -> Transformer:
    return Transformer.from_crs(_register(code), CRS.from_epsg(4326), always_xy=True)


def _refuse_unlisted(datum: str) -> None:
    code = datum.removeprefix("EPSG:")
    listed = code.isascii() and code.isdigit() and any(first <= int(code) <= last for first, last in ALLOWED_EPSG)
    if not (datum in _own or datum in _CODES or (datum.startswith("EPSG:") and listed)):
        raise UnknownDatum(f"“{datum[:40]}” is not a datum known here; use WGS84, CGCS2000, GCJ02, BD09 or one of the EPSG codes offered.")


@lru_cache(maxsize=512)
def _register(datum: str) -> CRS:
    # Only a plain EPSG code reaches PROJ: a user's text could otherwise name a file or a pipeline.
    code = datum.removeprefix("EPSG:")
    if not (datum.startswith("EPSG:") and code.isascii() and code.isdigit() and len(code) <= 6):
        raise UnknownDatum(f"“{datum[:40]}” is no EPSG code; it looks like EPSG:4548.")
    try:
        return CRS.from_epsg(int(code))
    except CRSError as error:
        raise UnknownDatum(f"{datum} is not in the EPSG register.") from error


def _where(truth: Truths | bool, yes: Numbers, no: Numbers) -> Numbers:
    # np.where makes an array of a single number; [()] takes it out again.
    return np.where(truth, yes, no)[()]  # type: ignore[return-value]


def _inside_gcj02(lon: Numbers, lat: Numbers) -> Truths | bool:
    return (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)


def _bd09(lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
    z = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_PI)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_PI)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006


def _gcj02_offset(lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
    x, y = lon - 105.0, lat - 35.0
    pi = np.pi
    waves = 20.0 * np.sin(6.0 * x * pi) + 20.0 * np.sin(2.0 * x * pi)
    dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    dlat += (waves + 20.0 * np.sin(y * pi) + 40.0 * np.sin(y / 3.0 * pi)) * 2.0 / 3.0
    dlat += (160.0 * np.sin(y / 12.0 * pi) + 320.0 * np.sin(y * pi / 30.0)) * 2.0 / 3.0
    dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    dlon += (waves + 20.0 * np.sin(x * pi) + 40.0 * np.sin(x / 3.0 * pi)) * 2.0 / 3.0
    dlon += (150.0 * np.sin(x / 12.0 * pi) + 300.0 * np.sin(x / 30.0 * pi)) * 2.0 / 3.0
    rad_lat = lat / 180.0 * pi
    magic = 1 - _EE * np.sin(rad_lat) ** 2
    root = np.sqrt(magic)
    dlat = dlat * 180.0 / ((_A * (1 - _EE)) / (magic * root) * pi)
    dlon = dlon * 180.0 / (_A / root * np.cos(rad_lat) * pi)
    return dlon, dlat
