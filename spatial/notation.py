"""Read positions as people write them: decimal degrees and degrees-minutes-seconds, either order when letters tell."""

import re
from dataclasses import dataclass

from spatial.geometry import BadCoordinates, position

_NUMBER = r"[-+]?\d+(?:[.,]\d+)?"
_DECIMAL = re.compile(rf"^\s*(?P<a>{_NUMBER})\s*°?\s*(?P<ah>[NSEWnsew]?)\s*[,;/\s]\s*(?P<b>{_NUMBER})\s*°?\s*(?P<bh>[NSEWnsew]?)\s*$")
_DMS_PART = re.compile(
    r"(?P<h1>[NSEWnsew])?\s*(?P<sign>[-+])?(?P<d>\d{1,3})\s*[°d:\s]\s*(?P<m>\d{1,2}(?:\.\d+)?)\s*['’′:\s]?\s*(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:\"|”|″|'')?)?\s*(?P<h2>[NSEWnsew])?"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the text: WGS 84 degrees as written."""

    lon: float
    lat: float
    notation: str


def readings(text: str) -> list[Reading]:
    """Return the possible positions, longitude-first reading before latitude-first; empty when the text is no position.

    >>> [(r.lon, r.lat) for r in readings("24.94, 60.17")]
    [(24.94, 60.17), (60.17, 24.94)]
    >>> [(round(r.lon, 4), round(r.lat, 4)) for r in readings("60°10'12\\"N 24°56'24\\"E")]
    [(24.94, 60.17)]
    """
    text = text.strip().translate(str.maketrans("，、°º。", ",,°°."))
    if len(text) > 100:
        return []
    decimal = _DECIMAL.match(text)
    if decimal:
        a, b = (float(decimal[name].replace(",", ".")) for name in ("a", "b"))
        return _both_orders(a, decimal["ah"], b, decimal["bh"], "decimal")
    parts = list(_DMS_PART.finditer(text))
    if len(parts) == 2 and not _leftover(text, parts):
        (first, first_letter), (second, second_letter) = (_degrees(part) for part in parts)
        if first is not None and second is not None:
            return _both_orders(first, first_letter, second, second_letter, "dms")
    return []


def _leftover(text: str, parts: list[re.Match[str]]) -> str:
    for part in reversed(parts):
        text = text[: part.start()] + text[part.end() :]
    return text.strip(" ,;/")


def _degrees(part: re.Match[str]) -> tuple[float | None, str]:
    minutes, seconds = float(part["m"]), float(part["s"] or 0)
    if minutes >= 60 or seconds >= 60:
        return None, ""
    value = int(part["d"]) + minutes / 60 + seconds / 3600
    return (-value if part["sign"] == "-" else value), (part["h1"] or part["h2"] or "")


def _both_orders(a: float, a_letter: str, b: float, b_letter: str, notation: str) -> list[Reading]:
    letters = (a_letter.upper(), b_letter.upper())
    a, b = (-value if letter and letter in "SW" else value for value, letter in ((a, letters[0]), (b, letters[1])))
    if any(letters):
        latitude_first = letters[0] in ("N", "S") or letters[1] in ("E", "W")
        pairs = [(b, a)] if latitude_first else [(a, b)]
    else:
        pairs = [(a, b), (b, a)]
    found = []
    for lon, lat in pairs:
        try:
            position(lon, lat)
        except BadCoordinates:
            continue
        found.append(Reading(lon, lat, notation))
    return found
