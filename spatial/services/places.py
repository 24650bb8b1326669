"""Take in streets, addresses and named places of a data set: what people type when they mean "there"."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.gis.geos import Point as Geos
from django.db import transaction

from spatial.models import SRID, Place
from spatial.services.in_step import Changes, bring_in_step


def import_places(rows: Iterable[Mapping[str, Any]], *, origin: str) -> Changes:
    """Make the places of one data set equal to the rows and return what changed; other data sets stay as they are.

    A row is {kind, name, name_sv?, name_en?, name_zh?, address?, category?, lon, lat} in WGS 84 degrees.
    """
    wanted = {_key(place): place for place in (_place(row, origin) for row in rows)}
    with transaction.atomic():
        changes, _ = bring_in_step(
            Place.objects.filter(origin=origin), wanted.values(), key=_key, fields=("other_names", "address", "category")
        )
    return changes


def _place(row: Mapping[str, Any], origin: str) -> Place:
    others = {row.get(name, "") for name in ("name_sv", "name_en", "name_zh")} - {"", row["name"]}
    return Place(
        kind=row["kind"], name=row["name"], other_names=" | ".join(sorted(others)), address=row.get("address", ""),
        category=row.get("category", ""), origin=origin, geom=Geos(row["lon"], row["lat"], srid=SRID),
    )  # fmt: skip


def _key(place: Place) -> tuple[Any, ...]:
    # Chains have many places of one name: the position tells them apart.
    return place.kind, place.name, place.geom.x, place.geom.y
