"""Make counties and service areas of both demo regions: `spatial/data/areas.json.gz`.

    python spatial/extract/areas.py

All boundaries are made up. Central Helsinki is cut along real streets and the middle of a bay; Upper Rhine is the hull
of its grid, shared between the two substations. Polygons of one kind and region neither overlap nor leave gaps.
Coordinates: MultiPolygon, EPSG:4326, lon before lat.
"""

import gzip
import json
from typing import Any

import shapely
from writing import DATA, write_json_gz

HELSINKI_BOX = (24.925, 60.158, 24.965, 60.186)  # the extract (24.9352 to 24.9534, 60.1642 to 60.1791) with a margin
MANNERHEIMINTIE = [
    (24.925, 60.1762),
    (24.93519, 60.17224),
    (24.93839, 60.16994),
    (24.94088, 60.16846),
    (24.94195, 60.16752),
    (24.94349, 60.16663),
    (24.94385, 60.16563),
    (24.94413, 60.16419),
    (24.9446, 60.158),
]
POHJOISESPLANADI = [(24.94195, 60.16752), (24.94405, 60.16768), (24.95109, 60.16787), (24.95334, 60.16793), (24.965, 60.1681)]
UNIONINKATU = [(24.95109, 60.16787), (24.95061, 60.17271), (24.95038, 60.17401), (24.95026, 60.17637)]
BAY = [
    (24.9385, 60.186),
    (24.94219, 60.17862),
    (24.94368, 60.1777),
    (24.94943, 60.17632),
    (24.95026, 60.17637),
    (24.95104, 60.17632),
    (24.95341, 60.1767),
    (24.965, 60.1745),
]
# code, name, name_zh, a point inside
HELSINKI_COUNTIES = (
    ("HK-D1", "Kamppi", "坎皮区", (24.937, 60.166)),
    ("HK-D2", "Kaartinkaupunki", "卡尔蒂区", (24.949, 60.166)),
    ("HK-D3", "Kluuvi", "克卢维区", (24.944, 60.171)),
    ("HK-D4", "Kruununhaka", "克鲁努区", (24.9525, 60.172)),
    ("HK-D5", "Siltasaari", "锡尔塔萨里区", (24.949, 60.178)),
)
SERVICE_AREA_ZH = {"UR-S1": "上莱茵东供电所", "UR-S2": "上莱茵西供电所"}
HULL_MARGIN_DEG = 0.02  # about 2 km


def main() -> None:
    """Write all areas of both regions."""
    rows = helsinki_areas() + upper_rhine_areas(json.loads(gzip.decompress((DATA / "upper_rhine.json.gz").read_bytes())))
    write_json_gz(DATA / "areas.json.gz", rows)
    print([(row["kind"], row["code"], row["name"]) for row in rows])


def helsinki_areas() -> list[dict[str, Any]]:
    """Return five counties, cut by lines out of one box, and the service area over them."""
    box = shapely.box(*HELSINKI_BOX)
    cuts = shapely.union_all([box.exterior, *map(shapely.LineString, (MANNERHEIMINTIE, POHJOISESPLANADI, UNIONINKATU, BAY))])
    faces = list(shapely.polygonize([cuts]).geoms)
    counties = [
        _row("county", code, name, name_zh, next(face for face in faces if face.contains(shapely.Point(inside))))
        for code, name, name_zh, inside in HELSINKI_COUNTIES
    ]
    if len(faces) != len(counties):
        raise ValueError(f"The lines cut Helsinki into {len(faces)} faces; {len(counties)} counties are named.")
    return [*counties, _row("service_area", "HK-SA1", "Helsinki Central", "赫尔辛基中心供电所", box)]


def upper_rhine_areas(network: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one county round the grid and two service areas: each place belongs to its nearest station's substation."""
    substation_of = {feeder["code"]: feeder["substation"] for feeder in network["feeders"]}
    stations = {(row["lon"], row["lat"]): substation_of[row["feeder"]] for row in network["stations"]}
    points = shapely.MultiPoint(list(stations))
    grid = shapely.union_all([shapely.LineString(line["coordinates"]) for line in network["lines"]])
    county = grid.convex_hull.buffer(HULL_MARGIN_DEG, quad_segs=4).simplify(0.001)

    cells = shapely.voronoi_polygons(points, extend_to=county).geoms
    owner = {cell: stations[next(xy for xy in stations if cell.contains(shapely.Point(xy)))] for cell in cells}
    codes = sorted(SERVICE_AREA_ZH)
    shared = [shapely.union_all([cell for cell, code in owner.items() if code == own]).intersection(county) for own in codes]
    shared = list(shapely.coverage_simplify(shared, 0.002, simplify_boundary=False))
    names = {row["code"]: row["name"] for row in network["substations"]}
    return [
        _row("county", "UR-D1", "Upper Rhine", "上莱茵县", county),
        *(
            _row("service_area", code.replace("-S", "-SA"), names[code], SERVICE_AREA_ZH[code], area)
            for code, area in zip(codes, shared, strict=True)
        ),
    ]


def _row(kind: str, code: str, name: str, name_zh: str, geom: shapely.Geometry) -> dict[str, Any]:
    parts = shapely.orient_polygons(shapely.set_precision(geom, 1e-6))  # RFC 7946: outer rings run counter-clockwise
    polygons = [shapely.geometry.mapping(part)["coordinates"] for part in getattr(parts, "geoms", [parts])]
    return {"kind": kind, "code": code, "name": name, "name_zh": name_zh, "made_up": True, "coordinates": polygons}


if __name__ == "__main__":
    main()
