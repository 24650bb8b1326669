"""Reads for the frame of the page."""

from typing import Any

from django.contrib.gis.db.models import Extent
from django.contrib.gis.db.models.functions import Envelope
from django.db.models import QuerySet

from customers.models import Account, AccountQuerySet
from layers import access
from layers.map_layers import areas_seen_by
from spatial.models import Area


def utility_frame(*, user: access.Person) -> dict[str, Any]:
    """Return `home`, the box [west, south, east, north] where the person's map opens, and the areas to choose from.

    Home is where most of their customers are: the county that holds the most of them, else their extent, else null.
    """
    areas = [
        {"kind": area.kind, "code": area.code, "name": area.name, "name_zh": area.name_zh, "bbox": list(area.box.extent)}
        for area in areas_seen_by(user).annotate(box=Envelope("geom")).order_by("kind", "name")
    ]
    rows = Account.objects.visible_to(user).present().located()
    return {"home": _home(rows, areas_seen_by(user)), "areas": areas}


def _home(rows: AccountQuerySet, areas: QuerySet[Area]) -> list[float] | None:
    fullest = _fullest_service_area(rows, areas)
    if fullest is not None:
        rows = rows.filter(point__geom__coveredby=fullest.geom)
    box = rows.aggregate(box=Extent("point__geom"))["box"]
    return list(box) if box else None


def _fullest_service_area(rows: AccountQuerySet, areas: QuerySet[Area]) -> Area | None:
    counted = [(rows.filter(point__geom__coveredby=area.geom).count(), area) for area in areas.filter(kind=Area.Kind.SERVICE_AREA)]
    best = max(counted, key=lambda entry: entry[0], default=(0, None))
    return best[1] if best[0] else None
