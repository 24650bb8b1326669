"""Turn the Helsinki extract into `spatial/data/helsinki_places.json.gz`: streets, addresses, buildings, named places.

    python spatial/extract/helsinki_places.py PACKAGES

Every row: kind, name, name_sv, name_en, address, category, lon, lat (EPSG:4326, degrees); streets also carry `lines`.
"""

import argparse
import collections
import pathlib
from collections.abc import Iterator
from typing import Any

import osm_helsinki
import shapely
from osm_helsinki import Extract, Feature
from writing import DATA, write_json_gz

# The tags that say what a place is, most telling first.
CATEGORY_KEYS = (
    "amenity",
    "tourism",
    "shop",
    "office",
    "healthcare",
    "leisure",
    "railway",
    "public_transport",
    "historic",
    "place",
    "craft",
    "club",
    "building",
)
# Named, but nobody looks for them: street furniture, platforms, boundaries of blocks.
NOISE = {
    "atm",
    "level_crossing",
    "stop_position",
    "platform",
    "stop",
    "signal",
    "switch",
    "railway_crossing",
    "recycling",
    "city_block",
    "tram_crossing",
    "vending_machine",
    "taxi",
    "halt",
}
SAME_PLACE_M = 40.0
DEGREE_LAT_M = 111_320.0  # good enough to compare distances of tens of metres at one latitude
DEGREE_LON_M = 55_400.0  # at 60.17 N


def main() -> None:
    """Read, merge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=pathlib.Path)
    extract = osm_helsinki.read(parser.parse_args().packages)

    rows = places(extract)

    write_json_gz(DATA / "helsinki_places.json.gz", rows)
    print(collections.Counter(row["kind"] for row in rows))


def places(extract: Extract) -> list[dict[str, Any]]:
    """Return all places, sorted by kind and name."""
    addresses = list(_addresses(extract))
    rows = [*_streets(extract), *addresses, *_named(extract, addresses)]
    return sorted(rows, key=lambda row: (row["kind"], row["name"], row["lon"], row["lat"]))


def _streets(extract: Extract) -> Iterator[dict[str, Any]]:
    """One row per street name: all its ways merged, the point half-way along its longest part."""
    ways = collections.defaultdict(list)
    tags: dict[str, dict[str, str]] = {}
    for way in extract.lines:
        if way.is_("highway") and "name" in way.tags and way.tags["highway"] not in NOISE:
            ways[way.tags["name"]].append(way.geom)
            tags.setdefault(way.tags["name"], way.tags)

    for name, geoms in ways.items():
        merged = shapely.line_merge(shapely.union_all(geoms))
        parts = list(getattr(merged, "geoms", [merged]))
        middle = max(parts, key=lambda part: part.length).interpolate(0.5, normalized=True)
        yield _row("street", name, tags[name], "", tags[name]["highway"], middle) | {
            "lines": [[_lonlat(point) for point in part.coords] for part in parts],
        }


def _addresses(extract: Extract) -> Iterator[dict[str, Any]]:
    """One row per street and house number; several nodes of one number count once."""
    seen = set()
    for feature in [*extract.points, *extract.areas]:
        address = _address(feature)
        if address and address not in seen:
            seen.add(address)
            yield _row("address", address, {}, address, "address", feature.geom.representative_point())


def _named(extract: Extract, addresses: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Named points and areas. A node wins over the outline that repeats its name: people put it at the door."""
    seen: dict[str, list[shapely.Point]] = collections.defaultdict(list)
    buildings = extract.buildings
    tree = shapely.STRtree([building.geom for building in buildings])
    for feature in [*extract.points, *extract.areas]:
        category = _category(feature)
        if "name" not in feature.tags or category is None:
            continue
        point = feature.geom.representative_point()
        if any(_distance_m(point, other) < SAME_PLACE_M for other in seen[feature.tags["name"]]):
            continue
        seen[feature.tags["name"]].append(point)
        around = [buildings[i] for i in tree.query(point, predicate="within")]
        address = _address(feature) or next((a for a in map(_address, around) if a), "") or _nearest(point, around, addresses)
        kind = "building" if feature.is_("building") and category == feature.tags["building"] else "poi"
        yield _row(kind, feature.tags["name"], feature.tags, address, category, point)


def _nearest(point: shapely.Point, around: list[Feature], addresses: list[dict[str, Any]]) -> str:
    """Return the nearest address on the same building, or nothing: a guess across the street would be a lie."""
    on_building = [
        row for row in addresses if any(building.geom.distance(shapely.Point(row["lon"], row["lat"])) < 3e-5 for building in around)
    ]
    if not on_building:
        return ""
    return min(on_building, key=lambda row: _distance_m(point, shapely.Point(row["lon"], row["lat"])))["name"]


def _address(feature: Feature) -> str:
    street, number = feature.tags.get("addr:street"), feature.tags.get("addr:housenumber")
    return f"{street} {number}" if street and number else ""


def _category(feature: Feature) -> str | None:
    for key in CATEGORY_KEYS:
        value = feature.tags.get(key)
        if value and value not in ("no", "yes"):
            return None if value in NOISE else value
    return next((key for key in CATEGORY_KEYS if feature.tags.get(key) == "yes"), None)


def _row(kind: str, name: str, tags: dict[str, str], address: str, category: str, point: shapely.Point) -> dict[str, Any]:
    lon, lat = _lonlat(point.coords[0])
    return {
        "kind": kind,
        "name": name,
        "name_sv": tags.get("name:sv", ""),
        "name_en": tags.get("name:en", ""),
        "address": address,
        "category": category,
        "lon": lon,
        "lat": lat,
    }


def _distance_m(a: shapely.Point, b: shapely.Point) -> float:
    return float((((a.x - b.x) * DEGREE_LON_M) ** 2 + ((a.y - b.y) * DEGREE_LAT_M) ** 2) ** 0.5)


def _lonlat(point: tuple[float, ...]) -> list[float]:
    return [round(point[0], 6), round(point[1], 6)]


if __name__ == "__main__":
    main()
