"""Make `layers/data/natural-earth.pmtiles`: land, borders and labels of the world, zoom 0 to 6.

    python spatial/extract/natural_earth.py PACKAGES

Land and borders: Natural Earth in Debian's qgis-common (world_map.gpkg). Cities and label ranks: Natural Earth in npm
globe.gl. Chinese names: Unicode CLDR through PyPI Babel, and `natural_earth_names.json` for what CLDR lacks.
"""

import argparse
import collections
import itertools
import json
import pathlib
import sqlite3
import struct
import sys
from collections.abc import Iterator
from typing import Any

import pyproj
import shapely
from pmtiles_writing import encoded, tile_layers, unit_m, write_pmtiles
from writing import ROOT

sys.path.insert(0, str(ROOT))

from layers.basemap_tiles import NATURAL_EARTH_MAX_ZOOM, Layers
from spatial.tiles import MAX_LAT

MAX_ZOOM = NATURAL_EARTH_MAX_ZOOM
GPKG = "qgis-common/usr/share/qgis/resources/data/world_map.gpkg"
COUNTRY_RANKS = "globe.gl/example/datasets/ne_110m_admin_0_countries.geojson"
CITIES = "globe.gl/example/datasets/ne_110m_populated_places_simple.geojson"
TOLERANCE_UNITS = 6  # of 4096: under half a pixel when a tile is drawn 256 px wide
SMALLEST_ISLAND_UNITS2 = 60
PROVINCES_FROM_ZOOM = 4
# Towns of the second demo region; Natural Earth's small set has none so near. Positions by hand, to 0.01 degree.
EXTRA_TOWNS = (
    ("Offenburg", "奥芬堡", 7.94, 48.47, 6),
    ("Kehl", "凯尔", 7.81, 48.57, 7),
    ("Lahr", "拉尔", 7.87, 48.34, 7),
    ("Strasbourg", "斯特拉斯堡", 7.75, 48.58, 5),
    ("Freiburg", "弗赖堡", 7.85, 48.0, 5),
    ("Karlsruhe", "卡尔斯鲁厄", 8.4, 49.01, 5),
    ("Tampere", "坦佩雷", 23.76, 61.5, 5),
    ("Turku", "图尔库", 22.27, 60.45, 5),
    ("Tallinn", "塔林", 24.75, 59.44, 4),
)
_TO_3857 = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform


def main() -> None:
    """Read, simplify zoom by zoom, cut, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=pathlib.Path)
    packages = parser.parse_args().packages
    sys.path.insert(0, str(packages))
    names = json.loads(pathlib.Path(__file__).with_name("natural_earth_names.json").read_text()) | _cldr_names()
    countries, provinces = (_polygons(packages / GPKG, table) for table in ("countries", "states_provinces"))
    labels = [*_country_labels(countries, packages, names), *_city_labels(packages, names)]

    tiles = {}
    for z in range(MAX_ZOOM + 1):
        features = world(z, countries, provinces if z >= PROVINCES_FROM_ZOOM else [], labels)
        for x in range(1 << z):
            for y in range(1 << z):
                if tile := encoded(tile_layers(features, z, x, y)):
                    tiles[z, x, y] = tile
        print(z, {name: len(rows) for name, rows in features.items()}, len(tiles), sum(map(len, tiles.values())))

    write_pmtiles(
        ROOT / "layers/data/natural-earth.pmtiles",
        tiles,
        {"name": "Natural Earth", "attribution": "Made with Natural Earth"},
        (-180, -MAX_LAT, 180, MAX_LAT),
    )


Row = dict[str, Any]


def world(z: int, countries: list[Row], provinces: list[Row], labels: list[Row]) -> Layers:
    """Return the layers of one zoom in EPSG:3857, simplified so that neighbours keep one common border."""
    tolerance_m = TOLERANCE_UNITS * unit_m(z)
    country_shapes = _simplified(countries, tolerance_m)
    smallest_m2 = SMALLEST_ISLAND_UNITS2 * unit_m(z) ** 2
    # Countries touch, so the union is the land; islands too small to see at this zoom are left to the next.
    land = [part for part in _parts(shapely.union_all(country_shapes)) if part.area > smallest_m2]
    borders = [_feature(line, {"class": "country"}) for line in _shared_lines(country_shapes)]
    if provinces:
        by_country = collections.defaultdict(list)
        for row, shape in zip(provinces, _simplified(provinces, tolerance_m), strict=True):
            by_country[row["adm0_a3"]].append(shape)
        borders += [_feature(line, {"class": "province"}) for shapes in by_country.values() for line in _shared_lines(shapes)]
    return {
        "land": [_feature(part, {}) for part in land],
        "boundaries": borders,
        # A tile of zoom z is drawn 512 px wide, so it also shows what belongs to zoom z + 1.
        "labels": [row for row in labels if row["properties"]["rank"] <= z + 1 or z == MAX_ZOOM],
    }


def _simplified(rows: list[Row], tolerance_m: float) -> list[shapely.Geometry]:
    return list(shapely.coverage_simplify([row["geometry"] for row in rows], tolerance_m))


def _shared_lines(shapes: list[shapely.Geometry]) -> Iterator[shapely.LineString]:
    """Yield the lines along which two of the shapes touch: segments that occur in more than one outline."""
    count: collections.Counter[tuple[Any, ...]] = collections.Counter()
    for shape in shapes:
        for part in _parts(shape):
            for ring in (part.exterior, *part.interiors):
                points = list(ring.coords)
                count.update(tuple(sorted(pair)) for pair in itertools.pairwise(points))
    shared = [shapely.LineString(segment) for segment, times in count.items() if times > 1]
    if shared:
        merged = shapely.line_merge(shapely.MultiLineString(shared))
        yield from getattr(merged, "geoms", [merged])


def _country_labels(countries: list[Row], packages: pathlib.Path, names: dict[str, str]) -> Iterator[Row]:
    ranks = {
        feature["properties"]["ISO_A2"]: feature["properties"] for feature in json.loads((packages / COUNTRY_RANKS).read_text())["features"]
    }
    for row in countries:
        code, name = row["iso_a2"], row["NAME"]
        largest = max(_parts(row["geometry"]), key=lambda part: part.area).simplify(20_000)
        point = shapely.maximum_inscribed_circle(largest, tolerance=20_000).coords[0]
        rank = round(ranks[code]["MIN_LABEL"]) if code in ranks else 6
        yield _feature(
            shapely.Point(point), {"class": "country", "name": name, "name_en": name, "name_zh": names.get(code, ""), "rank": rank}
        )


def _city_labels(packages: pathlib.Path, names: dict[str, str]) -> Iterator[Row]:
    for feature in json.loads((packages / CITIES).read_text())["features"]:
        city = feature["properties"]
        yield _town(
            city["name"],
            names.get(city["nameascii"].lower(), ""),
            city["longitude"],
            city["latitude"],
            round(city["min_zoom"]),
            bool(city["adm0cap"]),
        )
    for town in EXTRA_TOWNS:
        yield _town(*town, capital=town[0] == "Tallinn")


def _town(name: str, name_zh: str, lon: float, lat: float, rank: int, capital: bool) -> Row:
    properties = {"class": "city", "name": name, "name_en": name, "name_zh": name_zh, "rank": max(rank, 2), "capital": capital}
    return _feature(shapely.Point(_TO_3857(lon, lat)), properties)


def _cldr_names() -> dict[str, str]:
    """Return Chinese names by ISO country code and by city name in lower case, from Unicode CLDR."""
    from babel import Locale  # lives in the packages folder, on the path only now

    locale = Locale.parse("zh_Hans")
    cities = {
        zone.split("/")[-1].replace("_", " ").lower(): names["city"] for zone, names in locale.time_zones.items() if names.get("city")
    }
    return cities | {code: name for code, name in locale.territories.items() if len(code) == 2}


def _polygons(path: pathlib.Path, table: str) -> list[Row]:
    """Return the rows of a GeoPackage table, `geometry` in EPSG:3857, cut at the edges of Web Mercator."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    rows = []
    for row in database.execute(f'SELECT * FROM "{table}" ORDER BY fid'):
        geometry = shapely.clip_by_rect(_gpkg_geometry(row["geom"]), -180, -MAX_LAT, 180, MAX_LAT)
        if not geometry.is_empty:
            columns = {key: value for key, value in dict(row).items() if key != "geom"}
            rows.append(columns | {"geometry": shapely.transform(geometry, _TO_3857, interleaved=False)})
    return rows


def _gpkg_geometry(blob: bytes) -> shapely.Geometry:
    """Return the geometry behind a GeoPackage header (OGC 12-128r17, 2.1.3): 8 bytes and an envelope of flagged size."""
    envelope_bytes = (0, 32, 48, 48, 64)[(blob[3] >> 1) & 7]
    if struct.unpack_from("2s", blob)[0] != b"GP":
        raise ValueError("Not a GeoPackage geometry.")
    return shapely.from_wkb(blob[8 + envelope_bytes :])


def _parts(geometry: shapely.Geometry) -> list[Any]:
    return [part for part in getattr(geometry, "geoms", [geometry]) if part.geom_type == "Polygon"]


def _feature(geometry: shapely.Geometry, properties: dict[str, Any]) -> Row:
    return {"geometry": geometry, "properties": properties}


if __name__ == "__main__":
    main()
