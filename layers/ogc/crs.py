"""The coordinate reference systems of the service: their addresses in the register, and the order of their axes.

Here, and nowhere else in GridAtlas, positions keep to the order that the register names: latitude first in EPSG:4326, longitude
first in CRS84. OGC 18-058r1 (Part 2) wants it so.
"""

from dataclasses import dataclass

from layers.ogc.refusals import BadQuery
from spatial import datums
from spatial.selectors import utility_datums

_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@dataclass(frozen=True, slots=True)
class Crs:
    """One system: its address, its name in `spatial.datums`, and whether its first axis is the northing or the latitude."""

    uri: str
    datum: str
    northing_first: bool

    @property
    def srid(self) -> int:
        return int(self.datum.removeprefix("EPSG:"))

    @property
    def is_stored(self) -> bool:
        """Tell whether positions are stored so, but for the order of the axes."""
        return self.datum in datums.SAME_AS_WGS84

    @property
    def is_metres(self) -> bool:
        return datums.is_metres(self.datum)


CRS84 = Crs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:4326", northing_first=False)


def offered() -> list[Crs]:
    """Return what every collection can be had in: CRS84, then the utility's systems that the register knows.

    GCJ-02 and BD-09 have no address there, so they are not offered.
    """
    codes = ["EPSG:4326", "EPSG:4490", *(datum for datum in utility_datums() if datum.startswith("EPSG:"))]
    return [CRS84, *(Crs(_uri(code), code, datums.is_northing_first(code)) for code in dict.fromkeys(codes))]


def find(uri: str, *, parameter: str) -> Crs:
    """Return the system of that address.

    Raises:
        BadQuery: it is not offered.
    """
    known = {crs.uri: crs for crs in offered()} if uri != CRS84.uri else {uri: CRS84}
    if uri not in known:
        raise BadQuery(f"“{uri[:80]}” is not offered as {parameter}; the collection lists what is, e.g. {_uri('EPSG:4326')}.")
    return known[uri]


def _uri(code: str) -> str:
    return _EPSG + code.removeprefix("EPSG:")
