"""Make `layers/data/osm-helsinki.pmtiles`: central Helsinki in detail, zoom 10 to 16, on a ground of Natural Earth.

python spatial/extract/osm_tiles.py PACKAGES        (after natural_earth.py and helsinki_places.py)
"""

import argparse
import collections
import functools
import gzip
import itertools
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import osm_helsinki
import pyproj
import shapely
from helsinki_customers import listed_names_zh
from osm_helsinki import BBOX, Extract
from pmtiles_writing import encoded, tile_layers, write_pmtiles
from writing import DATA, ROOT

sys.path.insert(0, str(ROOT))

from layers.basemap_tiles import OSM_ATTRIBUTION, OSM_ZOOMS, Layers, decoded, natural_earth_cut
from spatial.tiles import tile_at

ROAD_CLASSES = {
    "primary": ("primary", 10),
    "primary_link": ("primary", 12),
    "secondary": ("secondary", 10),
    "tertiary": ("tertiary", 12),
    "tertiary_link": ("tertiary", 13),
    "residential": ("residential", 13),
    "unclassified": ("residential", 13),
    "pedestrian": ("pedestrian", 13),
    "service": ("service", 14),
    "cycleway": ("cycleway", 15),
    "footway": ("path", 15),
    "path": ("path", 15),
    "steps": ("steps", 15),
    "trail": ("path", 16),
}
RAIL_CLASSES = {"rail": ("rail", 12), "tram": ("tram", 14), "subway": ("subway", 14)}
GREEN = {
    ("leisure", "park"): "park",
    ("leisure", "garden"): "park",
    ("landuse", "grass"): "grass",
    ("natural", "scrub"): "scrub",
    ("natural", "heath"): "scrub",
    ("leisure", "pitch"): "pitch",
    ("leisure", "playground"): "pitch",
}
LANDUSE = {
    ("landuse", "commercial"): "block",
    ("landuse", "civil"): "block",
    ("landuse", "residential"): "block",
    ("landuse", "retail"): "block",
    ("landuse", "construction"): "construction",
    ("landuse", "railway"): "railway",
    ("railway", "platform"): "platform",
    ("highway", "pedestrian"): "pedestrian",
    ("place", "square"): "pedestrian",
    ("amenity", "parking"): "parking",
}
WATER = {("natural", "water"), ("landuse", "basin"), ("landuse", "pond")}
# Category of a place to the rank of its label; a label of rank r is shown from zoom 12 + r.
LABEL_RANKS = {
    1: {"station", "park", "square", "museum", "university", "department_store"},
    2: {
        "theatre",
        "library",
        "mall",
        "government",
        "hospital",
        "central_bank",
        "fire_station",
        "marketplace",
        "place_of_worship",
        "courthouse",
        "attraction",
    },
    3: {
        "hotel",
        "clinic",
        "school",
        "cinema",
        "bank",
        "embassy",
        "building",
        "public",
        "retail",
        "post_office",
        "casino",
        "supermarket",
        "subway_entrance",
        "conference_centre",
        "events_venue",
        "sports_centre",
    },
}
LABELLED_LAST = 4
NOT_LABELLED = {"artwork", "memorial", "bicycle_rental", "tram_stop", "suburb", "city", "company", "ngo"}
DISTRICTS = {"Hakaniemi": "哈卡涅米", "Kaartinkaupunki": "卡尔蒂", "Kaisaniemi": "凯萨涅米", "Kluuvi": "克卢维", "Siltasaari": "锡尔塔萨里"}
SIMPLIFIED_BELOW_ZOOM = 15
LONGEST_COAST_SEGMENT_DEG, NEAR_EDGE_DEG = 0.002, 0.0006  # about 110 m and 70 m
_TO_3857 = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform

Row = dict[str, Any]


def main() -> None:
    """Read the extract, cut every tile that touches it, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=pathlib.Path)
    extract = osm_helsinki.read(parser.parse_args().packages)
    ground = _metres(shapely.box(*BBOX))
    sea = _metres(sea_of(extract))

    tiles = {}
    for z in OSM_ZOOMS:
        features = detail(extract, z)
        for x, y in _tiles_over_bbox(z):
            layers = {name: list(rows) for name, rows in _natural_earth_ground(z, x, y).items()}
            own = tile_layers(features | {"_ground": [_row(ground)], "_sea": [_row(sea)]}, z, x, y)
            layers["land"] = _land(layers.get("land", []), own.pop("_ground", []), own.pop("_sea", []))
            for name, rows in own.items():
                layers[name] = layers.get(name, []) + rows
            tiles[z, x, y] = encoded(layers)
        print(z, {name: len(rows) for name, rows in features.items()}, sum(map(len, tiles.values())))

    metadata = {"name": "OpenStreetMap, central Helsinki", "attribution": OSM_ATTRIBUTION}
    write_pmtiles(ROOT / "layers/data/osm-helsinki.pmtiles", tiles, metadata, BBOX)


def sea_of(extract: Extract) -> shapely.Geometry:
    """Return the sea inside the extract (EPSG:4326): the faces on the right of the coastlines, where OSM puts water."""
    box = shapely.box(*BBOX)
    coasts = [way.geom for way in extract.lines if way.is_("natural", "coastline")]
    lines = shapely.union_all([box.exterior, *(_to_the_edge(coast) for coast in coasts)])
    faces = [face.intersection(box) for face in shapely.polygonize([lines]).geoms]
    return shapely.union_all([face for face in faces if any(_is_right_of(coast, face) for coast in coasts)])


def detail(extract: Extract, z: int) -> Layers:
    """Return the layers of the extract at one zoom, EPSG:3857."""
    layers = {
        "landuse": list(_areas(extract, LANDUSE)) if z >= 13 else [],
        "green": list(_areas(extract, GREEN)) if z >= 12 else [],
        "water": [_row(_metres(f.geom), {"class": "pond"}) for f in extract.areas if any(f.is_(*tag) for tag in WATER)] if z >= 13 else [],
        "buildings": list(_buildings(extract)) if z >= 13 else [],
        "roads": list(_ways(extract, "highway", ROAD_CLASSES, z)),
        "rail": list(_ways(extract, "railway", RAIL_CLASSES, z)),
        "coverage": [_row(shapely.LineString(_metres(shapely.box(*BBOX)).exterior.coords), {"class": "osm"})],
        "labels": list(_labels(z)),
    }
    if z < SIMPLIFIED_BELOW_ZOOM:
        for name in ("landuse", "green", "buildings"):
            for row in layers[name]:
                row["geometry"] = row["geometry"].simplify(2.0 * 2 ** (SIMPLIFIED_BELOW_ZOOM - 1 - z))
    return layers


def _areas(extract: Extract, classes: dict[tuple[str, str], str]) -> Iterator[Row]:
    order = list(classes)
    chosen = [
        (order.index(tag), tag, feature) for feature in extract.areas for tag in order if feature.is_(*tag) and not feature.is_("building")
    ]
    for _, tag, feature in sorted(chosen, key=lambda item: item[0]):
        yield _row(_metres(feature.geom), {"class": classes[tag]})


def _buildings(extract: Extract) -> Iterator[Row]:
    for feature in extract.buildings:
        levels = feature.tags.get("building:levels", "").replace(",", ".")
        height_m = round(float(levels) * 3.4) if levels.replace(".", "", 1).isdigit() else None
        yield _row(_metres(feature.geom), {"class": feature.tags["building"]} | ({"height_m": height_m} if height_m else {}))


def _ways(extract: Extract, key: str, classes: dict[str, tuple[str, int]], z: int) -> Iterator[Row]:
    """Ways of one class and name, merged, so that a name is written once along the street."""
    groups = collections.defaultdict(list)
    for way in extract.lines:
        name, from_zoom = classes.get(way.tags.get(key, ""), ("", 99))
        if z >= from_zoom and not way.is_("area"):
            tags = way.tags
            groups[name, tags.get("name", ""), tags.get("name:sv", ""), way.is_("tunnel"), way.is_("bridge")].append(_metres(way.geom))
    ranks = [name for name, _ in classes.values()]
    for (name, label, label_sv, tunnel, bridge), geoms in sorted(groups.items(), key=lambda item: -ranks.index(item[0][0])):
        properties = {"class": name} | {
            k: v for k, v in (("name", label), ("name_sv", label_sv), ("tunnel", tunnel), ("bridge", bridge)) if v
        }
        yield _row(shapely.line_merge(shapely.union_all(geoms)), properties)


@functools.cache
def _places() -> list[Row]:
    return json.loads(gzip.decompress((DATA / "helsinki_places.json.gz").read_bytes()))


def _labels(z: int) -> Iterator[Row]:
    names_zh = listed_names_zh() | DISTRICTS
    for place in _places():
        if place["kind"] == "address":
            if z >= 16:
                number = place["name"].rsplit(" ", 1)[1]
                yield _label(place, {"class": "housenumber", "name": number, "rank": 9})
            continue
        if place["kind"] == "street":
            continue
        if place["name"] in DISTRICTS and place["category"] in ("suburb", "neighbourhood"):
            if z >= 12:
                yield _label(place, {"class": "district", "name": place["name"], "name_zh": DISTRICTS[place["name"]], "rank": 0})
            continue
        rank = next((rank for rank, categories in LABEL_RANKS.items() if place["category"] in categories), LABELLED_LAST)
        if place["category"] not in NOT_LABELLED and z >= 12 + rank:
            properties = {"class": "poi", "category": place["category"], "name": place["name"], "rank": rank}
            more = {"name_en": place["name_en"], "name_sv": place["name_sv"], "name_zh": names_zh.get(place["name"], "")}
            yield _label(place, properties | {key: value for key, value in more.items() if value})


def _label(place: Row, properties: dict[str, Any]) -> Row:
    return _row(shapely.Point(_TO_3857(place["lon"], place["lat"])), properties)


def _natural_earth_ground(z: int, x: int, y: int) -> Layers:
    tile = natural_earth_cut(z, x, y)
    layers = decoded(tile) if tile else {}
    if z >= 13:  # the town's own label would sit in the middle of its streets
        layers.pop("labels", None)
    return layers


def _land(natural_earth: list[Row], ground: list[Row], sea: list[Row]) -> list[Row]:
    """Natural Earth's coast is coarse: inside the extract all is land but the sea that OpenStreetMap draws."""
    land = shapely.union_all([row["geometry"] for row in natural_earth + ground])
    land = land.difference(shapely.union_all([row["geometry"] for row in sea]))
    return [_row(part) for part in getattr(land, "geoms", [land]) if part.geom_type == "Polygon"]


def _to_the_edge(coast: shapely.LineString) -> shapely.LineString:
    """Give a clipped coast back what the clipping took: its ends reach the eastern edge, its gaps the northern one.

    Nodes outside the box are missing from the extract, so a coast that leaves the box and comes back shows one long
    straight segment; the water goes on there.
    """
    points = [coast.coords[0]]
    for a, b in itertools.pairwise(coast.coords):
        if abs(b[0] - a[0]) > LONGEST_COAST_SEGMENT_DEG and min(a[1], b[1]) > BBOX[3] - NEAR_EDGE_DEG:
            points += [(a[0], BBOX[3] + 0.0001), (b[0], BBOX[3] + 0.0001)]
        points.append(b)
    east = BBOX[2] + 0.0002
    if points[0][0] > BBOX[2] - 0.0003:
        points.insert(0, (east, points[0][1]))
    if points[-1][0] > BBOX[2] - 0.0003:
        points.append((east, points[-1][1]))
    return shapely.LineString(points)


def _is_right_of(coast: shapely.LineString, face: shapely.Polygon) -> bool:
    """Tell whether the face lies just right of the middle of the coast."""
    segments = list(itertools.pairwise(coast.coords))
    (x0, y0), (x1, y1) = segments[len(segments) // 2]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    step = 3e-6 / length
    return face.contains(shapely.Point((x0 + x1) / 2 + (y1 - y0) * step, (y0 + y1) / 2 - (x1 - x0) * step))


def _tiles_over_bbox(z: int) -> Iterator[tuple[int, int]]:
    west, south, east, north = BBOX
    (left, top), (right, bottom) = tile_at(west, north, z), tile_at(east, south, z)
    yield from ((x, y) for x in range(left, right + 1) for y in range(top, bottom + 1))


def _metres(geometry: shapely.Geometry) -> Any:
    return shapely.transform(geometry, _TO_3857, interleaved=False)


def _row(geometry: shapely.Geometry, properties: dict[str, Any] | None = None) -> Row:
    return {"geometry": geometry, "properties": properties or {}}


if __name__ == "__main__":
    main()
