"""Make the demo's key customers: `customers/data/helsinki_customers.json` and `upper_rhine_customers.json`.

    python spatial/extract/helsinki_customers.py

Names, places and addresses are real (OpenStreetMap); everything about electricity and every person is made up.
Positions are EPSG:4326, lon before lat. No random numbers: choices follow the row number, so a rerun changes nothing.
"""

import collections
import gzip
import json
import math
import pathlib
import re
from typing import Any

from writing import DATA, ROOT

LIST = pathlib.Path(__file__).with_name("helsinki_customers.txt")
OUT = ROOT / "customers" / "data"
NOT_LOCATED = "?"  # made-up sites without a position: the tray of customers that wait for their place
MADE_UP = [
    "account_no",
    "enterprise",
    "grade",
    "classes",
    "status",
    "contract_kva",
    "running_kva",
    "voltage",
    "contacts",
    "feeders",
    "accuracy_m",
]
MADE_UP_SITES = "The 12 customers without a position, and all of Upper Rhine, are made up altogether."

GIVEN_NAMES = (
    "Aino",
    "Eero",
    "Helmi",
    "Juhani",
    "Kaisa",
    "Lauri",
    "Maija",
    "Niilo",
    "Outi",
    "Pekka",
    "Riikka",
    "Sampo",
    "Tuuli",
    "Urho",
    "Venla",
    "Väinö",
    "Ilona",
    "Oskari",
    "Saara",
    "Toivo",
    "Hilja",
    "Antti",
    "Liisa",
)
FAMILY_NAMES = (
    "Aaltonen",
    "Halla",
    "Järvelä",
    "Kallio",
    "Koskela",
    "Lehto",
    "Metsä",
    "Niemelä",
    "Ojanen",
    "Pihlaja",
    "Ranta",
    "Saarela",
    "Tammi",
    "Uusitalo",
    "Vainio",
    "Laine",
    "Suvanto",
    "Harju",
    "Kivelä",
)
ROLES = ("duty", "electrician", "energy_manager")
# No country has the calling code 999: these numbers ring nowhere.
PHONE = "+999 40 {:03d} {:04d}"
OFFICES = ("1101", "0110", "1103", "0042", "1102")  # the first four digits of an account number; two begin with zeros
STATUS = {
    "Postitalo": "changing",
    "Kaivotalo": "changing",
    "Amos Anderson taidemuseo": "closed",
    "Asema-aukion latausasema": "commissioning",
    "Mapbox": "commissioning",
}
DEDICATED_KVA, LARGE_KVA, TOP_COUNT = 4000, 1000, 25


def main() -> None:
    """Write the customers of both regions."""
    places = _read(DATA / "helsinki_places.json.gz")
    _write("helsinki_customers.json", helsinki_customers(places, _read(DATA / "helsinki_network.json.gz")), MADE_UP)
    _write(
        "upper_rhine_customers.json", upper_rhine_customers(_read(DATA / "upper_rhine.json.gz")), ["everything but lon, lat and feeders"]
    )


def helsinki_customers(places: list[dict[str, Any]], network: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row per line of the list, in its order."""
    rows = []
    for number, line in enumerate(_listed()):
        wanted, name_zh, enterprise, grade, kva = (part.strip() for part in line.split("|"))
        wanted, _, metered_at = wanted.partition(" > ")
        name, _, address = wanted.partition("@")
        place = {} if address == NOT_LOCATED else _place(places, name, address)
        if metered_at:  # several accounts behind one meter room stand on one point
            place |= {key: _place(places, metered_at, "")[key] for key in ("lon", "lat")}
        lon, lat = place.get("lon"), place.get("lat")
        rows.append(
            {"account_no": f"{OFFICES[number % len(OFFICES)]}{(number * 15_485_863 + 32_452_843) % 1_000_000:06d}"}
            | {"name": name, "name_en": place.get("name_en", ""), "name_zh": name_zh, "enterprise": enterprise}
            | _supply(number, STATUS.get(name, "normal"), grade, int(kva), _feeders(network, lon, lat, grade) if place else [])
            | {"address": place.get("address", ""), "contacts": _contacts(number, grade)}
            | {"lon": lon, "lat": lat, "datum": "WGS84", "source": "import" if place else "", "accuracy_m": 10 if place else None}
        )
    _mark_top(rows)
    return rows


def upper_rhine_customers(network: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the six medium-voltage customers of the data set and six beside its largest stations, under made-up names."""
    kinds = (
        ("Paper Works", "造纸厂", "first", 2500),
        ("Printing House", "印刷厂", "none", 1600),
        ("Cold Store", "冷库", "second", 2000),
        ("Logistics Park", "物流园", "none", 1600),
        ("Waterworks", "自来水厂", "first", 1250),
        ("Joinery", "木器厂", "none", 1000),
        ("District Hospital", "县医院", "special", 1600),
        ("Vocational School", "职业学校", "second", 630),
        ("Dairy", "乳品厂", "second", 1000),
        ("Winery", "酒庄", "none", 630),
        ("Railway Signal Box", "铁路信号楼", "first", 400),
        ("Retail Park", "零售园区", "none", 800),
    )
    largest = sorted(network["stations"], key=lambda row: (-row["rating_kva"], row["code"]))[::9][:6]
    sites = [*network["mv_customers"], *largest]
    rows = []
    for number, ((kind, kind_zh, grade, kva), site) in enumerate(zip(kinds, sites, strict=True)):
        code = site["code"].removeprefix("UR-")
        rows.append(
            {"account_no": f"07{(number * 7_368_787 + 611_953) % 100_000_000:08d}"}
            | {
                "name": f"Upper Rhine {kind} ({code})",
                "name_en": "",
                "name_zh": f"上莱茵{kind_zh}（{code}）",
                "enterprise": f"Upper Rhine {kind}",
            }
            | _supply(number, "normal", grade, kva, [site["feeder"]], voltage="20 kV")
            | {"address": "", "contacts": _contacts(500 + number, grade)}
            | {"lon": site["lon"], "lat": site["lat"], "datum": "WGS84", "source": "import", "accuracy_m": 10}
        )
    return rows


def listed_names_zh() -> dict[str, str]:
    """Return the Chinese name of every place on the list, by its name on the ground."""
    return {re.split("[@>]", name)[0].strip(): name_zh.strip() for name, name_zh, *_ in (line.split("|") for line in _listed())}


def _listed() -> list[str]:
    return [line for line in LIST.read_text().splitlines() if line and not line.startswith("#")]


def _place(places: list[dict[str, Any]], name: str, address: str) -> dict[str, Any]:
    """Return the one place of that name and, where given, address; `-` means: without an address."""
    found = [
        row
        for row in places
        if row["kind"] in ("poi", "building") and row["name"] == name and (not address or row["address"] == address.strip("-"))
    ]
    if not found:
        raise LookupError(f"No place is called {name!r} at {address!r}.")
    return dict(max(found, key=lambda row: bool(row["address"])))


def _supply(number: int, status: str, grade: str, kva: int, feeders: list[str], voltage: str = "10 kV") -> dict[str, Any]:
    classes = []
    if kva >= LARGE_KVA:
        classes.append("large")
    if kva >= 1000 and number % 4 == 1:
        classes.append("key100")
    if kva >= 200 and number % 9 == 4:
        classes.append("growth100")
    if kva >= DEDICATED_KVA:
        classes.append("dedicated_feeder")
    elif kva >= 315:
        classes.append("own_transformer")
    running = 0 if status in ("commissioning", "closed") else kva if number % 5 else round(kva * 0.8)
    return {
        "grade": grade,
        "classes": classes,
        "status": status,
        "contract_kva": kva,
        "running_kva": running,
        "voltage": voltage if kva >= 160 else "0.4 kV",
        "feeders": feeders,
    }


def _feeders(network: dict[str, Any], lon: float, lat: float, grade: str) -> list[str]:
    """Return the nearest station's feeder; graded customers get a second one, the higher grades from another substation."""
    substation = {feeder["code"]: feeder["substation"] for feeder in network["feeders"]}
    nearest = sorted(network["stations"], key=lambda row: math.hypot((row["lon"] - lon) * 0.4975, row["lat"] - lat))
    first = nearest[0]["feeder"]
    if grade not in ("special", "first", "second"):
        return [first]
    other_substation = grade != "second"
    second = next(
        row["feeder"] for row in nearest if (substation[row["feeder"]] != substation[first] if other_substation else row["feeder"] != first)
    )
    return [first, second]


def _contacts(number: int, grade: str) -> list[dict[str, Any]]:
    count = {"special": 3, "first": 2, "second": 2}.get(grade, 1)
    return [
        {
            "name": f"{GIVEN_NAMES[(number * 5 + i * 11) % len(GIVEN_NAMES)]} {FAMILY_NAMES[(number * 7 + i * 3) % len(FAMILY_NAMES)]}",
            "role": ROLES[i],
            "phone": PHONE.format((number * 3 + i) % 1000, (number * 7_919 + i * 1_237) % 10_000),
            "is_duty": i == 0,
        }
        for i in range(count)
    ]


def _mark_top(rows: list[dict[str, Any]]) -> None:
    for row in sorted(rows, key=lambda row: -row["running_kva"])[:TOP_COUNT]:
        row["classes"].append("top100")


def _read(path: pathlib.Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def _write(file_name: str, rows: list[dict[str, Any]], made_up: list[str]) -> None:
    numbers = [row["account_no"] for row in rows]
    if len(set(numbers)) != len(numbers) or any(len(number) != 10 for number in numbers):
        raise ValueError(f"{file_name}: account numbers must be ten digits and differ.")
    document = {"made_up": made_up, "note": MADE_UP_SITES, "customers": rows}
    OUT.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps({"made_up": made_up, "note": document["note"]}, ensure_ascii=False)[:-1]
    (OUT / file_name).write_text(f'{head}, "customers": [\n{lines}\n]}}\n')
    print(
        file_name,
        len(rows),
        collections.Counter(row["grade"] for row in rows),
        collections.Counter(c for row in rows for c in row["classes"]),
    )


if __name__ == "__main__":
    main()
