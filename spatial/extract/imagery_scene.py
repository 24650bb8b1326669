"""Gather the outlines that `mapproxy/render_imagery.py` paints: `mapproxy/data/helsinki_scene.json.gz`.

    python spatial/extract/imagery_scene.py PACKAGES

Coordinates are east, north in decimetres of EPSG:3879 (ETRS-GK25FIN), counted from `origin_m`.
"""

import argparse
import pathlib
from typing import Any

import osm_helsinki
import pyproj
import shapely
from osm_helsinki import BBOX, Extract, Feature
from osm_tiles import GREEN, WATER, sea_of
from writing import ROOT, write_json_gz

SRID = 3879
ROAD_WIDTHS_M = {
    "primary": 10.0,
    "primary_link": 6.0,
    "secondary": 9.0,
    "tertiary": 8.0,
    "tertiary_link": 6.0,
    "residential": 7.0,
    "unclassified": 6.5,
    "service": 4.0,
    "pedestrian": 6.0,
    "cycleway": 2.6,
    "footway": 2.0,
    "path": 1.6,
    "steps": 2.2,
}
PAVED_AREAS = {("highway", "pedestrian"), ("place", "square"), ("amenity", "parking"), ("highway", "footway"), ("highway", "service")}
STOREY_M, USUAL_STOREYS = 3.6, 6
SMALL_M2, DEGREE2_M2 = 60.0, 111_320.0 * 55_400.0  # the second: square metres in a square degree at 60.17 N
LOW_BUILDINGS = {"roof", "kiosk", "shed", "pavilion", "utility", "ship", "garage", "hut"}
_TO_GRID = pyproj.Transformer.from_crs(4326, SRID, always_xy=True).transform


def main() -> None:
    """Read, project, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=pathlib.Path)
    extract = osm_helsinki.read(parser.parse_args().packages)
    write_json_gz(ROOT / "mapproxy/data/helsinki_scene.json.gz", scene(extract))


def scene(extract: Extract) -> dict[str, Any]:
    """Return all that is seen from above, bottom up."""
    corners = [_TO_GRID(lon, lat) for lon in (BBOX[0], BBOX[2]) for lat in (BBOX[1], BBOX[3])]
    # The largest upright rectangle of the grid inside the extract: its edges lean by 0.05 degrees.
    west, east = (sorted(e for e, _ in corners)[i] for i in (1, 2))
    south, north = (sorted(n for _, n in corners)[i] for i in (1, 2))
    origin = (round(west), round(south))

    def rings(geometry: shapely.Geometry) -> list[list[list[int]]]:
        parts = [part for part in getattr(geometry, "geoms", [geometry]) if part.geom_type == "Polygon"]
        return [[points(ring) for ring in (part.exterior, *part.interiors)] for part in parts]

    def points(line: Any) -> list[int]:
        flat = []
        for lon, lat in line.coords:
            e, n = _TO_GRID(lon, lat)
            flat += [round((e - origin[0]) * 10), round((n - origin[1]) * 10)]
        return flat

    def visible(way: Feature) -> bool:
        return not way.is_("tunnel") and not way.tags.get("layer", "0").startswith("-") and not way.is_("area") and not way.is_("indoor")

    return {
        "srid": SRID,
        "origin_m": origin,
        "size_m": [int(east - origin[0]), int(north - origin[1])],
        "water": rings(sea_of(extract)) + [r for f in extract.areas if any(f.is_(*tag) for tag in WATER) for r in rings(f.geom)],
        "green": [
            [GREEN[tag], ring] for tag in GREEN for f in extract.areas if f.is_(*tag) and not f.is_("building") for ring in rings(f.geom)
        ],
        "paved": [ring for f in extract.areas if any(f.is_(*tag) for tag in PAVED_AREAS) and visible(f) for ring in rings(f.geom)],
        "platforms": [
            ring for f in extract.areas if f.is_("railway", "platform") or f.is_("highway", "platform") for ring in rings(f.geom)
        ],
        "roads": [
            [w.tags["highway"], ROAD_WIDTHS_M[w.tags["highway"]], points(w.geom)]
            for w in extract.lines
            if w.tags.get("highway") in ROAD_WIDTHS_M and visible(w)
        ],
        "rails": [points(w.geom) for w in extract.lines if w.is_("railway", "rail") and visible(w)],
        "trams": [points(w.geom) for w in extract.lines if w.is_("railway", "tram") and visible(w)],
        "buildings": [[_height_m(f), ring] for f in extract.buildings for ring in rings(f.geom)],
        "trees": [value for f in extract.points if f.is_("natural", "tree") for value in points(f.geom)],
    }


def _height_m(building: Feature) -> float:
    levels = building.tags.get("building:levels", "").replace(",", ".")
    if levels.replace(".", "", 1).isdigit():
        return round(float(levels) * STOREY_M, 1)
    small = building.geom.area * DEGREE2_M2 < SMALL_M2  # posts and huts: nobody builds six storeys on them
    return 3.5 if small or building.tags["building"] in LOW_BUILDINGS else USUAL_STOREYS * STOREY_M


if __name__ == "__main__":
    main()
