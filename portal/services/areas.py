"""Draw, redraw and delete areas. An area bounds rights and lists, so all of them follow in the same transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon
from django.db import transaction

from customers import services as customers
from customers.models import Account
from layers import audit, live, one_at_a_time
from layers.map_layers import AREAS_ID
from layers.models import LayerGrant
from spatial.models import Area


class AreaInUse(Exception):
    """Rights or customers hang on the area."""


class NoSuchArea(LookupError):
    """There is no area of that code."""


@dataclass(frozen=True, slots=True)
class AreaDrawing:
    """What an area shall be; `geom` is valid, EPSG:4326."""

    code: str
    kind: str
    name: str
    name_zh: str
    geom: MultiPolygon


def draw_area(drawing: AreaDrawing, *, by: User, at: datetime) -> Area:
    """Make the area of that code exactly this, a new one if there is none. Drawn as it is already, nothing happens.

    Rights inside it hold by the new polygon from the next request on (`access.RIGHTS_TEXT` carries the row's version), every map loads the
    areas afresh, and customers belong to the county that covers them now.

    Raises:
        AreaInUse: a county that customers without a location belong to cannot become a service area.
    """
    with transaction.atomic():
        # Of a new code there is no row to lock, and two may draw it at once.
        one_at_a_time.hold(one_at_a_time.What.AREA_OF_A_CODE, drawing.code)
        present = Area.objects.select_for_update().filter(code=drawing.code).first()
        if present and _is_as_drawn(present, drawing):
            return present
        was_county = present is not None and present.kind == Area.Kind.COUNTY
        if present and was_county and drawing.kind != present.kind:
            _refuse_waiting_customers(present)
        area = Area(
            pk=present.pk if present else None,
            code=drawing.code,
            kind=drawing.kind,
            name=drawing.name,
            name_zh=drawing.name_zh,
            geom=drawing.geom,
        )
        area.save()
        resettled = _resettle(area, was_county=was_county)
        live.reload(AREAS_ID)
        _record_drawing(present, area, resettled, by=by, at=at)
    return area


def delete_area(code: str, *, by: User, at: datetime) -> None:
    """Delete an area on which nothing hangs; located customers then belong to whatever other county covers them.

    Raises:
        NoSuchArea; AreaInUse: a grant is bound to it, or customers without a location belong to it.
    """
    with transaction.atomic():
        area = Area.objects.select_for_update().filter(code=code).first()
        if area is None:
            raise NoSuchArea(f"There is no area “{code[:40]}”.")
        grants = LayerGrant.objects.filter(area=area).count()
        if grants:
            raise AreaInUse(
                f"{grants} rights hold in “{area.name}”; take them away first: deleting the area must not change a right unseen."
            )
        _refuse_waiting_customers(area)
        told, pk = _told(area) | _outline(area), area.pk
        area.delete()
        area.pk = pk
        if area.kind == Area.Kind.COUNTY:
            customers.settle_counties(None)
        live.reload(AREAS_ID)
        _record("delete", area, told, {}, by=by, at=at)


def _is_as_drawn(area: Area, drawing: AreaDrawing) -> bool:
    return _told(area) == _told(drawing) and area.geom.equals_exact(drawing.geom)


def _resettle(area: Area, *, was_county: bool) -> int:
    """Give customers to the county that covers them since this area was drawn; return how many have another one now."""
    if area.kind == Area.Kind.COUNTY:
        return customers.settle_counties(area)
    if not was_county:
        return 0
    Account.objects.filter(area=area).update(area=None)
    return customers.settle_counties(None)


def _refuse_waiting_customers(area: Area) -> None:
    waiting = Account.objects.filter(area=area, point__geom__isnull=True).count()
    if waiting:
        raise AreaInUse(f"{waiting} customers without a location belong to “{area.name}”; locate them first, or nobody will find them.")


def _told(area: Area | AreaDrawing) -> dict[str, str]:
    return {"kind": str(area.kind), "name": area.name, "name_zh": area.name_zh}


def _outline(area: Area) -> dict[str, Any]:
    """Return what tells one drawing from another to people: how many corners, and the box [west, south, east, north] in degrees."""
    return {"corners": area.geom.num_coords, "box": [round(degrees, 6) for degrees in area.geom.extent]}


def _record_drawing(before: Area | None, area: Area, resettled: int, *, by: User, at: datetime) -> None:
    was, became = audit.changed(_told(before) if before else {}, _told(area))
    if before is None or not before.geom.equals_exact(area.geom):
        was |= _outline(before) if before else {}
        became |= _outline(area) | {"customers_resettled": resettled}
    _record("change" if before else "add", area, was, became, by=by, at=at)


def _record(verb: str, area: Area, before: dict, after: dict, *, by: User, at: datetime) -> None:
    deed = audit.Deed(
        f"area.{verb}",
        layer=AREAS_ID,
        object_id=area.code,
        label=area.name,
        area_code=area.code,
        before=before or None,
        after=after or None,
    )
    audit.record([deed], user=by, at=at)
