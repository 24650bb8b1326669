"""Convert positions between datums, once, at the boundary. Storage is always WGS 84 (EPSG:4326), lon before lat.

Formulas of GCJ-02 and BD-09 are the public ones; test vectors in the domain reference, section 9.2.
"""

import math
from functools import lru_cache

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

WGS84, CGCS2000, GCJ02, BD09 = "WGS84", "CGCS2000", "GCJ02", "BD09"
# Geographic CGCS2000 differs from WGS 84 by centimetres; both are stored as they are.
SAME_AS_WGS84 = {WGS84, CGCS2000, "EPSG:4326", "EPSG:4490"}
CONVERTER = "gridatlas.datums/1"

_A, _EE = 6378245.0, 0.00669342162296594323
_BD_PI = math.pi * 3000.0 / 180.0


class UnknownDatum(ValueError):
    """The datum is neither WGS84, CGCS2000, GCJ02, BD09 nor a known EPSG code."""


def to_wgs84(lon: float, lat: float, datum: str) -> tuple[float, float]:
    """Return (lon, lat) in WGS 84 degrees for a position given in `datum`.

    For a projected EPSG code `lon, lat` are easting and northing in metres.

    Raises:
        UnknownDatum: the code names no datum, or the position cannot be expressed in it.
    """
    if datum in SAME_AS_WGS84:
        return lon, lat
    if datum == GCJ02:
        return gcj02_to_wgs84(lon, lat)
    if datum == BD09:
        return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))
    try:
        return _transformer(datum).transform(lon, lat, errcheck=True)
    except ProjError as error:
        raise UnknownDatum(f"The position {lon}, {lat} cannot be expressed in {datum}.") from error


def wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return the GCJ-02 position; outside the rectangle of GCJ-02 the position is unchanged."""
    if not _inside_gcj02(lon, lat):
        return lon, lat
    dlon, dlat = _gcj02_offset(lon, lat)
    return lon + dlon, lat + dlat


def gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Return the WGS 84 position by fixed-point iteration (below 1e-6 m after at most 5 steps)."""
    if not _inside_gcj02(lon, lat):
        return lon, lat
    guess_lon, guess_lat = lon, lat
    for _ in range(6):
        dlon, dlat = _gcj02_offset(guess_lon, guess_lat)
        guess_lon, guess_lat = lon - dlon, lat - dlat
    return guess_lon, guess_lat


def gcj02_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """Return the BD-09 position of a GCJ-02 one."""
    if not _inside_gcj02(lon, lat):
        return lon, lat
    z = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD_PI)
    theta = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD_PI)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


def bd09_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return the GCJ-02 position by fixed-point iteration on `gcj02_to_bd09`."""
    if not _inside_gcj02(lon, lat):
        return lon, lat
    guess_lon, guess_lat = lon - 0.0065, lat - 0.006
    for _ in range(8):
        bd_lon, bd_lat = gcj02_to_bd09(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - bd_lon, guess_lat + lat - bd_lat
    return guess_lon, guess_lat


@lru_cache(maxsize=128)
def _transformer(datum: str) -> Transformer:
    # Only a plain EPSG code reaches PROJ: a user's text could otherwise name a file or a pipeline.
    code = datum.removeprefix("EPSG:")
    if not (datum.startswith("EPSG:") and code.isascii() and code.isdigit() and len(code) <= 6):
        raise UnknownDatum(f"“{datum[:40]}” is not a datum known here; use WGS84, CGCS2000, GCJ02, BD09 or EPSG:nnnn.")
    try:
        return Transformer.from_crs(CRS.from_epsg(int(code)), CRS.from_epsg(4326), always_xy=True)
    except CRSError as error:
        raise UnknownDatum(f"{datum} is not in the EPSG register.") from error


def _inside_gcj02(lon: float, lat: float) -> bool:
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def _gcj02_offset(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    dlat += (waves + 20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    dlat += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    dlon += (waves + 20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    dlon += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    rad_lat = lat / 180.0 * math.pi
    magic = 1 - _EE * math.sin(rad_lat) ** 2
    root = math.sqrt(magic)
    dlat = dlat * 180.0 / ((_A * (1 - _EE)) / (magic * root) * math.pi)
    dlon = dlon * 180.0 / (_A / root * math.cos(rad_lat) * math.pi)
    return dlon, dlat
