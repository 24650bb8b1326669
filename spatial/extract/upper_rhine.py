"""Turn pandapower's MV Oberrhein network into `spatial/data/upper_rhine.json.gz`.

    python spatial/extract/upper_rhine.py PACKAGES

pandapower keeps tables as JSON inside JSON, so plain `json` reads it; pandapower itself is not needed.
Geometry is WGS 84 (EPSG:4326), lon before lat, as in the package.
"""

import argparse
import collections
import json
import pathlib
from typing import Any

from writing import DATA, write_json_gz

HV_MV = "HV/MV"
MV_CUSTOMER = "MV Load"
# The package names nothing but numbers. These names are ours and say only where each transformer stands.
SUBSTATION_NAMES = {"UR-S1": ("Upper Rhine East", "上莱茵东"), "UR-S2": ("Upper Rhine West", "上莱茵西")}


def main() -> None:
    """Read the package, derive feeders from the switching state, write the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=pathlib.Path)
    net = _Net(parser.parse_args().packages / "pandapower/networks/mv_oberrhein_substations.json")

    network = upper_rhine(net)

    write_json_gz(DATA / "upper_rhine.json.gz", network)
    print({key: len(rows) for key, rows in network.items() if isinstance(rows, list)})


class _Net:
    """The tables of the package, row number to row."""

    def __init__(self, path: pathlib.Path) -> None:
        tables = json.loads(path.read_text())["_object"]
        self.bus, self.line, self.trafo, self.load, self.switch = (
            _rows(tables[name]) for name in ("bus", "line", "trafo", "load", "switch")
        )

    def lonlat(self, bus: int) -> list[float]:
        """Return [lon, lat] of a bus, degrees WGS 84, 6 decimals (0.1 m)."""
        return _rounded(json.loads(self.bus[bus]["geo"])["coordinates"])

    def open_lines(self) -> set[int]:
        """Return the lines with an open switch at either end: where the feeders are parted."""
        return {row["element"] for row in self.switch.values() if row["et"] == "l" and not row["closed"]}


def upper_rhine(net: _Net) -> dict[str, Any]:
    """Return the network in the shape that `spatial.services.network.import_network` reads."""
    hv_trafos = sorted(
        (row for row in net.trafo.values() if row["name"].startswith(HV_MV)),
        key=lambda row: -net.lonlat(row["lv_bus"])[0],
    )
    substations = []
    feeders: list[dict[str, Any]] = []
    feeder_of_bus: dict[int, str] = {}
    feeder_of_line: dict[int, str] = {}
    code_of_bus: dict[int, str] = {}

    for number, trafo in enumerate(hv_trafos, start=1):
        code, bus = f"UR-S{number}", trafo["lv_bus"]
        name, name_zh = SUBSTATION_NAMES[code]
        lon, lat = net.lonlat(bus)
        substations.append(
            {
                "code": code,
                "name": name,
                "name_zh": name_zh,
                "voltage_kv": trafo["vn_hv_kv"],
                "secondary_kv": trafo["vn_lv_kv"],
                "rating_kva": round(trafo["sn_mva"] * 1000),
                "lon": lon,
                "lat": lat,
            }
        )
        code_of_bus[bus] = code
    busbars = set(code_of_bus)

    for bus, substation in list(code_of_bus.items()):
        for first_line, first_bus in _outgoing(net, bus):
            number = 1 + sum(feeder["substation"] == substation for feeder in feeders)
            code = f"{substation.replace('-S', '-')}{number:02d}"
            feeders.append(
                {
                    "code": code,
                    "name": f"Feeder {number} of {substation}",
                    "name_zh": f"{substation} {number} 号线",
                    "substation": substation,
                    "voltage_kv": net.bus[bus]["vn_kv"],
                }
            )
            feeder_of_line[first_line] = code
            for seen_bus, seen_line in _downstream(net, first_bus, busbars):
                feeder_of_bus[seen_bus] = code
                if seen_line is not None:
                    feeder_of_line[seen_line] = code

    stations = []
    ratings_kva: collections.Counter[int] = collections.Counter()
    for trafo in net.trafo.values():
        if not trafo["name"].startswith(HV_MV):
            ratings_kva[trafo["hv_bus"]] += round(trafo["sn_mva"] * 1000)
    for number, bus in enumerate(sorted(ratings_kva), start=1):
        code_of_bus[bus] = f"UR-T{number:03d}"
        stations.append(_station(net, bus, code_of_bus[bus], f"Station {number}", f"{number} 号配电站", ratings_kva[bus], feeder_of_bus))

    customers = [row for row in net.load.values() if row["type"] == MV_CUSTOMER]
    mv_customers = []
    for number, load in enumerate(sorted(customers, key=lambda row: row["bus"]), start=1):
        bus = load["bus"]
        if bus not in code_of_bus:
            code_of_bus[bus] = f"UR-C{number:02d}"
        lon, lat = net.lonlat(bus)
        mv_customers.append(
            {
                "code": f"UR-C{number:02d}",
                "bus": code_of_bus[bus],
                "feeder": feeder_of_bus[bus],
                "load_kw": round(load["p_mw"] * load["scaling"] * 1000),
                "lon": lon,
                "lat": lat,
            }
        )

    lines = []
    open_lines = net.open_lines()
    for number, line in net.line.items():
        ends = line["from_bus"], line["to_bus"]
        # A parted line stays live from one side: it belongs to the feeder of the end that is still closed.
        feeder = feeder_of_line.get(number) or next(feeder_of_bus[b] for b in _closed_ends(net, number) or ends if b in feeder_of_bus)
        lines.append(
            {
                "code": f"UR-L{number:03d}",
                "feeder": feeder,
                "kind": "cable" if line["type"] == "cs" else "overhead",
                "length_m": round(line["length_km"] * 1000, 1),
                "from_code": code_of_bus.get(ends[0], f"UR-B{ends[0]}"),
                "to_code": code_of_bus.get(ends[1], f"UR-B{ends[1]}"),
                "normally_open": number in open_lines,
                "coordinates": [_rounded(point) for point in json.loads(line["geo"])["coordinates"]],
            }
        )

    return {
        "network": {
            "code": "upper-rhine",
            "name": "Upper Rhine 20 kV",
            "name_zh": "上莱茵 20 kV 电网",
            "origin": "pandapower 3.5.6, networks/mv_oberrhein_substations.json",
            "licence": "BSD-3-Clause, (c) University of Kassel and Fraunhofer IEE",
            "made_up": False,
            "note": "Real 20 kV grid, anonymous in its source: names and codes are ours.",
        },
        "substations": substations,
        "feeders": feeders,
        "stations": stations,
        "mv_customers": mv_customers,
        "lines": lines,
    }


def _station(net: _Net, bus: int, code: str, name: str, name_zh: str, rating_kva: int, feeder_of_bus: dict[int, str]) -> dict[str, Any]:
    lon, lat = net.lonlat(bus)
    return {
        "code": code,
        "name": name,
        "name_zh": name_zh,
        "feeder": feeder_of_bus[bus],
        "rating_kva": rating_kva,
        "lon": lon,
        "lat": lat,
    }


def _outgoing(net: _Net, busbar: int) -> list[tuple[int, int]]:
    """Return (line, far bus) of each closed line that leaves the busbar, west first."""
    open_lines = net.open_lines()
    leaving = [
        (number, _far_end(row, busbar))
        for number, row in net.line.items()
        if busbar in (row["from_bus"], row["to_bus"]) and number not in open_lines
    ]
    return sorted(leaving, key=lambda pair: net.lonlat(pair[1]))


def _downstream(net: _Net, start: int, busbars: set[int]) -> list[tuple[int, int | None]]:
    """Return (bus, line that reached it) of all that hangs on `start`, the busbars left out."""
    open_lines = net.open_lines()
    lines_at = collections.defaultdict(list)
    for number, row in net.line.items():
        if number not in open_lines:
            lines_at[row["from_bus"]].append(number)
            lines_at[row["to_bus"]].append(number)

    found: list[tuple[int, int | None]] = [(start, None)]
    seen = {start} | busbars
    for bus, _ in found:  # grows while it is walked
        for number in lines_at[bus]:
            far = _far_end(net.line[number], bus)
            if far not in seen:
                seen.add(far)
                found.append((far, number))
    return found


def _closed_ends(net: _Net, line: int) -> list[int]:
    return [row["bus"] for row in net.switch.values() if row["et"] == "l" and row["element"] == line and row["closed"]]


def _far_end(line: dict[str, Any], bus: int) -> int:
    return line["to_bus"] if line["from_bus"] == bus else line["from_bus"]


def _rounded(point: list[float]) -> list[float]:
    return [round(point[0], 6), round(point[1], 6)]


def _rows(table: dict[str, Any]) -> dict[int, dict[str, Any]]:
    frame = table["_object"] if isinstance(table["_object"], dict) else json.loads(table["_object"])
    return {index: dict(zip(frame["columns"], row, strict=True)) for index, row in zip(frame["index"], frame["data"], strict=True)}


if __name__ == "__main__":
    main()
