"""Write down that somebody printed what they see on the map: the sheet itself is drawn in their browser."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from layers import access, audit, basemaps, registry
from spatial.tiles import Bbox


class UnknownBasemap(LookupError):
    """No such background is offered to this person."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet shows, without its title. `box` (degrees) holds the whole of it, `turned_deg` is by how much north is turned clockwise.

    `scale` is the 5000 of 1 : 5,000.
    """

    layers: Sequence[str]
    basemaps: Sequence[str]
    box: Bbox
    paper: str
    orientation: str
    scale: int
    dpi: int
    turned_deg: float
    filter: dict[str, str]


def record_print(sheet: Sheet, *, user: User, at: datetime) -> str:
    """Record the sheet and return its number, which stands on it: a sheet that is found leads to its row in the audit.

    Who may see what is on the sheet may print it: it holds no more than the screen.

    Raises:
        access.NotAllowed: the person has no role here.
        registry.UnknownLayer, UnknownBasemap: not for this person.
        registry.BadFilter: none of the layers knows the filter.
    """
    access.somebody(user)
    layers = [registry.layer_for(user, layer_id) for layer_id in sheet.layers]
    unknown = sheet.filter.keys() - {name for layer in layers for name in layer.filters}
    if unknown:
        raise registry.BadFilter(f"No layer on the sheet can be filtered by “{min(unknown)[:40]}”.")
    offered = {basemap.key for basemap, _ in basemaps.offered_to(user)}
    for key in sheet.basemaps:
        if key not in offered:
            raise UnknownBasemap(f"There is no background “{key[:40]}”.")
    number = uuid.uuid4().hex[:8].upper()
    with transaction.atomic():
        audit.record([audit.Deed("map.print", layer="map", object_id=number, label=number, after=_told(sheet))], user=user, at=at)
    return number


def _told(sheet: Sheet) -> dict[str, Any]:
    told = {name: value for name, value in asdict(sheet).items() if value not in ({}, [], (), 0)}
    return told | {"box": [round(edge, 6) for edge in sheet.box]}
