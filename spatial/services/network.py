"""Take in a network document: substations, feeders, stations and lines, whole or not at all."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.contrib.gis.geos import LineString, MultiLineString
from django.contrib.gis.geos import Point as Geos
from django.db import transaction

from spatial.models import SRID, Feeder, Line, Network, Station, Substation
from spatial.services import nodes
from spatial.services.in_step import Changes, bring_in_step


class BadNetwork(ValueError):
    """The document cannot be taken in; the message names the row."""


def import_network(document: Mapping[str, Any]) -> Changes:
    """Make the stored network equal to the document and return what changed; other networks stay as they are.

    The document is {network: {code, name, ...}, substations, feeders, stations, lines}; coordinates are lon, lat in
    WGS 84 degrees, lengths metres, ratings kVA. Rows are matched by code. What the document no longer has is deleted.

    Raises:
        BadNetwork: a field is missing, a code is twice or refers to nothing; nothing is stored.
    """
    _refuse_faults(document)
    header = document["network"]
    with transaction.atomic():
        network, changes = _network(header)
        substations_changed, substations = bring_in_step(
            network.substations.all(),
            [
                Substation(
                    network=network, code=row["code"], name=row["name"], voltage_kv=row.get("voltage_kv"), secondary_kv=row.get("secondary_kv"),
                    rating_kva=row.get("rating_kva"), geom=_point(row),
                )
                for row in document["substations"]
            ],
            key=_code,
            fields=("name", "voltage_kv", "secondary_kv", "rating_kva", "geom"),
        )  # fmt: skip
        courses = _courses(document)
        feeders_changed, feeders = bring_in_step(
            network.feeders.all(),
            [
                Feeder(
                    network=network, code=row["code"], name=row["name"], voltage_kv=row.get("voltage_kv"),
                    substation_id=substations[row["substation"]].pk if row.get("substation") else None, geom=courses.get(row["code"]),
                )
                for row in document["feeders"]
            ],
            key=_code,
            fields=("name", "voltage_kv", "substation_id", "geom"),
        )  # fmt: skip
        feeder_id = {code: feeder.pk for code, feeder in feeders.items()}
        stations_changed, _ = bring_in_step(
            network.stations.all(),
            [
                Station(
                    network=network, code=row["code"], name=row["name"], feeder_id=feeder_id.get(row.get("feeder")),
                    rating_kva=row.get("rating_kva"), geom=_point(row),
                )
                for row in document["stations"]
            ],
            key=_code,
            fields=("name", "feeder_id", "rating_kva", "geom"),
        )  # fmt: skip
        lines_changed, _ = bring_in_step(
            network.lines.all(),
            [
                Line(
                    network=network, code=row["code"], feeder_id=feeder_id.get(row.get("feeder")), kind=row["kind"], length_m=row["length_m"],
                    from_code=row.get("from_code", ""), to_code=row.get("to_code", ""), normally_open=row.get("normally_open", False),
                    geom=LineString(row["coordinates"], srid=SRID),
                )
                for row in document["lines"]
            ],
            key=_code,
            fields=("feeder_id", "kind", "length_m", "from_code", "to_code", "normally_open", "geom"),
        )  # fmt: skip
        nodes.settle(network)
    return changes + substations_changed + feeders_changed + stations_changed + lines_changed


def _network(header: Mapping[str, Any]) -> tuple[Network, Changes]:
    wanted = Network(
        code=header["code"], name=header["name"], name_zh=header.get("name_zh", ""), origin=header.get("origin", ""),
        licence=header.get("licence", ""), made_up=header.get("made_up", False),
    )  # fmt: skip
    fields = ("name", "name_zh", "origin", "licence", "made_up")
    changes, stored = bring_in_step(Network.objects.filter(code=wanted.code), [wanted], key=_code, fields=fields)
    return stored[wanted.code], changes


def _courses(document: Mapping[str, Any]) -> dict[str, MultiLineString]:
    """Return each feeder's lines as one course, in the document's order."""
    by_feeder = defaultdict(list)
    for row in document["lines"]:
        by_feeder[row.get("feeder")].append(LineString(row["coordinates"], srid=SRID))
    return {code: MultiLineString(*lines, srid=SRID) for code, lines in by_feeder.items() if code}


def _refuse_faults(document: Mapping[str, Any]) -> None:
    for part, needed in _NEEDED.items():
        if part not in document:
            raise BadNetwork(f"The document has no “{part}”.")
        codes: set[str] = set()
        for number, row in enumerate([document[part]] if part == "network" else document[part]):
            missing = [name for name in needed if row.get(name) in (None, "")]
            if missing:
                raise BadNetwork(f"Row {number + 1} of “{part}” lacks {', '.join(missing)}.")
            if row["code"] in codes:
                raise BadNetwork(f"Code {row['code']} is twice among “{part}”.")
            codes.add(row["code"])
    _refuse_unknown(document, "feeders", "substation", "substations")
    _refuse_unknown(document, "stations", "feeder", "feeders")
    _refuse_unknown(document, "lines", "feeder", "feeders")
    for row in document["lines"]:
        if row["kind"] not in Line.Kind.values or len(row["coordinates"]) < 2:
            raise BadNetwork(f"Line {row['code']} must be a cable or overhead and have two positions or more.")
    for row in [*document["substations"], *document["stations"]]:
        if not (-180 <= row["lon"] <= 180 and -90 <= row["lat"] <= 90):
            raise BadNetwork(f"{row['code']} stands at {row['lon']}, {row['lat']}: not a longitude and latitude.")


_NEEDED = {
    "network": ("code", "name"),
    "substations": ("code", "name", "lon", "lat"),
    "feeders": ("code", "name"),
    "stations": ("code", "name", "lon", "lat"),
    "lines": ("code", "kind", "length_m", "coordinates"),
}


def _refuse_unknown(document: Mapping[str, Any], part: str, field: str, among: str) -> None:
    known = {row["code"] for row in document[among]}
    for row in document[part]:
        if row.get(field) and row[field] not in known:
            raise BadNetwork(f"{row['code']} refers to {field} {row[field]}, which the document does not have.")


def _code(row: Any) -> str:
    return row.code


def _point(row: Mapping[str, Any]) -> Geos:
    return Geos(row["lon"], row["lat"], srid=SRID)
