"""The network as it is stored, as an import compares and restores it: one row as its columns, exactly."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import Model

from layers.importing.kinds import Kind
from spatial.models import Network

Raw = dict[str, Any]
_KVA = Decimal("0.001")


def raw_fields(kind: Kind) -> list[str]:
    """Return the columns that an import writes: its fields, references as ids, and where it is drawn. What is derived is not among them."""
    plain = [field.name for field in kind.fields if field.form not in ("ref", "coordinate")]
    return [*plain, *(f"{field.name}_id" for field in kind.references), *(["geom"] if kind.is_drawn else [])]


def raw_of(kind: Kind, row: Model) -> Raw:
    """Return the row's columns as JSON that gives every bit back."""
    return {name: _raw(getattr(row, name)) for name in raw_fields(kind)}


def written(kind: Kind, row: Model, raw: Raw) -> Model:
    """Return the row with these columns."""
    for name, value in raw.items():
        if name == "geom":
            value = GEOSGeometry(value) if value else None
        elif name == "rating_kva":
            # As the column gives it back: whoever compares the two must not find a difference.
            value = Decimal(value).quantize(_KVA) if value is not None else None
        setattr(row, name, value)
    return row


def shape_of(raw: Raw) -> Any:
    """Return the shape of a row as `raw_of` tells it, None when it is drawn nowhere."""
    return shapely.set_srid(shapely.from_wkb(raw["geom"]), 0) if raw.get("geom") else None


def by_code(kind: Kind, network: Network, codes: Collection[str] | None = None) -> dict[str, tuple[int, Raw]]:
    """Return (id, columns) of the network's rows by code."""
    found = kind.model.objects.filter(network=network).order_by("code")
    if codes is not None:
        found = found.filter(code__in=codes)
    rows: Iterable[Any] = found.only("pk", *(name for name in raw_fields(kind)))
    return {row.code: (row.pk, raw_of(kind, row)) for row in rows}


def _raw(value: Any) -> Any:
    if isinstance(value, GEOSGeometry):
        return value.hexewkb.decode()
    return str(value) if isinstance(value, Decimal) else value
