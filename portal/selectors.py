"""Reads for the frame of the page and for administrators."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.contrib.gis.db.models import Extent
from django.contrib.gis.db.models.functions import AsGeoJSON, Envelope
from django.db.models import Q, QuerySet

from customers.models import Account, AccountQuerySet
from customers.selectors import customer_counts, person_name
from layers import access, registry
from layers.map_layers import areas_seen_by
from layers.models import LayerGrant
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


def grant_sets(*, group: str = "") -> list[dict[str, Any]]:
    """Return the rights of every group that has any (or of one group), by group and layer; area null is everywhere."""
    rows = LayerGrant.objects.filter(group__name=group) if group else LayerGrant.objects.all()
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, layer, action, area in rows.order_by("group__name", "layer", "action", "area__code").values_list(
        "group__name", "layer", "action", "area__code"
    ):
        found.setdefault((name, layer), []).append({"action": action, "area": area})
    return [{"group": name, "layer": layer, "grants": grants} for (name, layer), grants in found.items()]


def people(*, text: str, limit: int) -> list[dict[str, Any]]:
    """Return the people whose name holds the text."""
    named = Q(username__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text)
    return [person_row(user) for user in User.objects.filter(named).prefetch_related("groups").order_by("username")[:limit]]


def person_row(user: User) -> dict[str, Any]:
    """Return one person as the administrators' list shows them."""
    groups = sorted(group.name for group in user.groups.all())
    return {
        "id": user.pk,
        "username": user.username,
        "name": person_name(user),
        "role": access.role_among(groups, is_superuser=user.is_superuser),
        "groups": groups,
        "is_active": user.is_active,
        "is_superuser": user.is_superuser,
        "last_login": user.last_login.isoformat() if user.last_login else None,
    }


def seen_by(user: User) -> dict[str, Any]:
    """Return what a person can see: the polygons that bound them as GeoJSON, where each action holds per layer, and counts.

    An action that holds everywhere is "everywhere"; else the codes of its areas. A person who is locked out sees nothing, whatever
    their rights would be. The counts come through the same predicates as everything that the person is shown.
    """
    rights = {
        layer.id: {action: access.areas_of(user, layer.id, action) for action in sorted(access.actions_of(user, layer.id))}
        for layer in registry.layers_for(user)
    }
    bounds = {pk for actions in rights.values() for reach in actions.values() for pk in reach.area_ids}
    areas = {area.pk: area for area in Area.objects.filter(pk__in=bounds).annotate(outline=AsGeoJSON("geom", precision=6)).order_by("code")}
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": area.pk,
                "geometry": json.loads(area.outline),
                "properties": {"code": area.code, "name": area.name, "name_zh": area.name_zh, "kind": area.kind},
            }
            for area in areas.values()
        ],
        "person": person_row(user),
        "layers": [
            {
                "id": layer_id,
                "actions": {
                    action: "everywhere" if reach.whole else [areas[pk].code for pk in reach.area_ids] for action, reach in actions.items()
                },
                "count": sum(part.rows(user).count() for part in registry.layer(layer_id).parts),
            }
            for layer_id, actions in rights.items()
        ],
        "customers": customer_counts(Account.objects.visible_to(user).present()),
    }


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
