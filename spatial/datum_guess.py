"""Guess the datum of a file's positions from the numbers and from what its columns are called. A guess is shown and can be changed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spatial import datums
from spatial.datums import BD09, CGCS2000, CGCS2000_ZONES, DEGREES, GCJ02, WGS84, Box, Floats

Extent = Box

_WORDS = (
    (GCJ02, re.compile(r"gcj|火星|高德|腾讯|国测局|amap|tencent", re.IGNORECASE)),
    (BD09, re.compile(r"bd[-_ ]?09|百度|baidu", re.IGNORECASE)),
    (CGCS2000, re.compile(r"cgcs|国家\s*2000|2000\s*国家|天地图|tianditu|epsg\D{0,3}4490", re.IGNORECASE)),
    (WGS84, re.compile(r"wgs|gps|epsg\D{0,3}4326", re.IGNORECASE)),
)
_EPSG = re.compile(r"epsg\D{0,3}(\d{4,6})", re.IGNORECASE)
_CENTRAL_MERIDIAN = re.compile(r"(?:\bcm|中央(?:子午|经)线)\D{0,3}(\d{2,3})", re.IGNORECASE)
# Older Chinese datums: their eastings look the same, their shift is not public, so no number is believed.
_OLD = re.compile(r"(?:西安|xi.?an)\s*(?:19)?80|(?:北京|beijing)\s*(?:19)?54", re.IGNORECASE)
# Places of one utility lie closer together than the left and the right edge of a zone.
_STRADDLE_GAP_M = 150_000.0
# Web Mercator of eastern China looks like the prefixes 13 to 15 (Shanghai: 13.5 million); beyond this no map of China reaches.
_MERCATOR_EAST_M = 15_500_000.0
# Two projections that put the same numbers this close together are one answer under two names.
_SAME_PLACE_DEG = 1e-4


@dataclass(frozen=True, slots=True)
class Guess:
    """What the numbers seem to be. `datum` is None when only the person can tell; `candidates` come most likely first.

    `certain` is false where other datums give plausible places too: the same metres are a Gauss-Kruger and, 1.5 km off, a UTM position.
    """

    datum: str | None
    certain: bool
    candidates: tuple[str, ...] = ()
    swapped: bool = False
    straddles: bool = False


def guess_datum(
    xs: npt.ArrayLike,
    ys: npt.ArrayLike,
    words: Iterable[str] = (),
    *,
    extent: Extent | None = None,
    offered: Sequence[str] | None = None,
) -> Guess:
    """Guess from positions as they stand in a file (x longitude or easting), the words of its header and its name.

    `extent` is the utility's west, south, east, north in degrees: eastings without a prefix say nothing without it.
    `offered` are the datums made for its place; left out, for that extent.

    >>> guess_datum([39_386_962.1], [3_747_095.4]).datum
    'EPSG:4527'
    >>> guess_datum([33.84, 33.85], [115.78, 115.77]).swapped
    True
    """
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    given = np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0))
    x, y = x[given], y[given]
    text = " ".join(words)
    if not len(x) or _OLD.search(text):
        return Guess(None, certain=False)
    named = _named(text)
    if np.mean((np.abs(x) <= 180) & (np.abs(y) <= 180)) > 0.9:
        return _guess_degrees(x, y, named, extent)
    if offered is None:
        offered = datums.made_for([extent]) if extent else datums.allowed()
    return _guess_metres(x, y, named, extent, [datum for datum in offered if datums.is_metres(datum)])


def looks_swapped(xs: npt.ArrayLike, ys: npt.ArrayLike, datum: str, *, extent: Extent | None = None) -> bool:
    """Tell whether most positions make sense only with x and y exchanged: no place on earth as they stand, or far from the utility."""
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    straight, exchanged = _share_inside(x, y, datum, extent), _share_inside(y, x, datum, extent)
    return straight < 0.1 and exchanged > 0.5


def straddles_zones(eastings: npt.ArrayLike) -> bool:
    """Tell whether the eastings are of more than one Gauss-Kruger zone: by their prefixes, or because they stand at both edges of one."""
    e = np.asarray(eastings, dtype=np.float64)
    e = np.sort(e[np.isfinite(e)])
    prefixes = datums.zones_by_prefix(e)
    if np.any(prefixes):
        return len(np.unique(prefixes[prefixes > 0])) > 1
    if len(e) < 2 or e[0] < 100_000 or e[-1] > 900_000:
        return False
    widest = int(np.argmax(np.diff(e)))
    return bool(e[widest + 1] - e[widest] > _STRADDLE_GAP_M and e[widest] < 500_000 < e[widest + 1])


def _named(text: str) -> str | None:
    code = _EPSG.search(text)
    if code and f"EPSG:{code[1]}" in datums.allowed() and datums.is_metres(f"EPSG:{code[1]}"):
        return f"EPSG:{code[1]}"
    meridian = _CENTRAL_MERIDIAN.search(text)
    if meridian and int(meridian[1]) in range(75, 136, 3):
        return f"EPSG:{4534 + (int(meridian[1]) - 75) // 3}"
    return next((datum for datum, pattern in _WORDS if pattern.search(text)), None)


def _guess_degrees(x: Floats, y: Floats, named: str | None, extent: Extent | None) -> Guess:
    named = named if named in DEGREES else None
    swapped = looks_swapped(x, y, WGS84, extent=extent)
    lon, lat = (y, x) if swapped else (x, y)
    shifted, _ = datums.wgs84_to_gcj02(lon, lat)
    # Only in China do the four differ, and only there has the person to be asked when no word tells.
    certain = named is not None or bool(np.all(shifted == lon))
    candidates = dict.fromkeys([*([named] if named else []), *DEGREES])
    return Guess(named or WGS84, certain=certain, candidates=tuple(candidates), swapped=swapped)


def _guess_metres(x: Floats, y: Floats, named: str | None, extent: Extent | None, offered: Sequence[str]) -> Guess:
    named = named if named and named not in DEGREES else None
    swapped = _northing_first(x, y, named, extent)
    e, n = (y, x) if swapped else (x, y)
    straddles = straddles_zones(e)
    codes = datums.zones_by_prefix(e)
    prefixed = [f"EPSG:{code}" for code in np.unique(codes[codes > 0])] if np.mean(codes > 0) > 0.9 else []
    is_no_mercator = float(np.min(e)) > _MERCATOR_EAST_M
    if len(prefixed) > 1 and _share_inside(e, n, CGCS2000_ZONES, extent) > 0.5:
        certain = bool(extent) or is_no_mercator
        return Guess(CGCS2000_ZONES, certain=certain, candidates=(CGCS2000_ZONES, *prefixed), swapped=swapped, straddles=True)
    likely = dict.fromkeys([*([named] if named else []), *prefixed, *offered])
    fitting = [datum for datum in likely if _share_inside(e, n, datum, extent) > 0.5] if extent else []
    if fitting:
        # In a file of two zones the numbers of one half are wrong in either.
        certain = not straddles and (named == fitting[0] or _are_one_place(e, n, fitting))
        return Guess(fitting[0], certain=certain, candidates=tuple(fitting), swapped=swapped, straddles=straddles)
    if named or prefixed:
        first = named or prefixed[0]
        certain = not (extent or straddles) and (named is not None or is_no_mercator)
        return Guess(first, certain=certain, candidates=tuple(likely), swapped=swapped, straddles=straddles)
    return Guess(None, certain=False, candidates=tuple(likely), swapped=swapped, straddles=straddles)


def _northing_first(x: Floats, y: Floats, named: str | None, extent: Extent | None) -> bool:
    """Tell whether x is the northing, as Chinese surveyors name it."""
    if named and extent:
        return looks_swapped(x, y, named, extent=extent)
    if np.mean(datums.zones_by_prefix(x) > 0) > 0.9:
        return False
    if np.mean(datums.zones_by_prefix(y) > 0) > 0.9:
        return True
    return bool(np.median(x) > 1_000_000 and 100_000 <= np.median(y) <= 900_000)


def _share_inside(x: Floats, y: Floats, datum: str, extent: Extent | None) -> float:
    lon, lat, ok = datums.to_wgs84_many(x, y, datum)
    if extent:
        west, south, east, north = extent
        ok &= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return float(np.mean(ok)) if len(ok) else 0.0


def _are_one_place(e: Floats, n: Floats, candidates: list[str]) -> bool:
    middle = np.array([np.median(e)]), np.array([np.median(n)])
    places = np.array([datums.to_wgs84_many(*middle, datum)[:2] for datum in candidates])
    return bool(np.ptp(places, axis=0).max() < _SAME_PLACE_DEG)
