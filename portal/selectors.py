"""Reads for the frame of the page and for administrators."""

import json
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User
from django.contrib.gis.db.models import Extent
from django.contrib.gis.db.models.functions import AsGeoJSON, Envelope
from django.db.models import BigIntegerField, Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Now

from customers.models import LAYER_ID, Account, AccountQuerySet
from customers.selectors import customer_counts, person_name
from layers import access, basemaps, registry
from layers import services as rights
from layers.map_layers import areas_seen_by
from layers.models import AuditFilter, AuditRow, Basemap, LayerGrant, Session
from portal.models import Invitation
from spatial.models import Area


def audit_rows(wanted: AuditFilter, *, user: access.Person) -> QuerySet[AuditRow]:
    """Return the rows of the audit that this person may read, newest first.

    Whose right to see customers ends at an area reads about the customers inside it, and what they themselves did otherwise.
    """
    rows = AuditRow.objects.found(wanted)
    if access.role_of(user) == access.ADMINISTRATOR or access.areas_of(user, LAYER_ID, access.VIEW).whole:
        return rows
    # Not every id is a number; within one statement only a case is sure to look before it casts.
    number = Case(When(layer=LAYER_ID, object_id__regex=r"^\d{1,18}$", then=Cast("object_id", BigIntegerField())))
    seen = Account.objects.visible_to(user).filter(pk=OuterRef("account_id"))
    return rows.alias(account_id=number).filter(Exists(seen) | (Q(actor_id=user.pk) & ~Q(layer=LAYER_ID)))


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


def roles() -> list[dict[str, Any]]:
    """Return every group with its role, how many people are in it, and its rights; area null is everywhere."""
    groups = Group.objects.annotate(people=Count("user")).order_by("name")
    rights: dict[int, list[dict[str, Any]]] = {}
    rows = LayerGrant.objects.order_by("layer", "action", "area__code").values_list("group_id", "layer", "action", "area__code")
    for group_id, layer, action, area in rows:
        rights.setdefault(group_id, []).append({"layer": layer, "action": action, "area": area})
    return [
        {"group": group.name, "role": access.role_named(group.name), "people": group.people, "grants": rights.get(group.pk, [])}
        for group in groups
    ]


def areas_with_counts() -> QuerySet[Area]:
    """Return all areas with `grants`, the rights bound to each, and `customers`, those that the list shows under it."""
    here = Account.objects.present()
    counted = {
        Area.Kind.COUNTY: _number_of(here.filter(area=OuterRef("pk"))),
        Area.Kind.SERVICE_AREA: _number_of(here.filter(point__geom__coveredby=OuterRef("geom"))),
    }
    return Area.objects.annotate(
        grants=_number_of(LayerGrant.objects.filter(area=OuterRef("pk"))),
        customers=Case(*(When(kind=kind, then=number) for kind, number in counted.items()), default=Value(0)),
    ).order_by("kind", "name", "code")


def people(*, text: str, limit: int) -> list[dict[str, Any]]:
    """Return the people whose name or e-mail address holds the text; the number of queries is constant."""
    named = Q(username__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text) | Q(email__icontains=text)
    return [_person_row(user) for user in _described(User.objects.filter(named)).order_by("username")[:limit]]


def person(user_id: int) -> User:
    """Return the person of that number.

    Raises:
        rights.UnknownPerson: there is none.
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise rights.UnknownPerson("There is no such person.")
    return user


def person_row(user_id: int) -> dict[str, Any]:
    """Return one person as the administrators' list shows them."""
    return _person_row(_described(User.objects.all()).get(pk=user_id))


def _described(users: QuerySet[User]) -> QuerySet[User]:
    open_sessions = Session.objects.filter(user=OuterRef("pk"), expire_date__gt=Now())
    return users.prefetch_related("groups").annotate(
        has_totp=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)),
        invited_at=Subquery(Invitation.objects.filter(user=OuterRef("pk")).values("sent_at")),
        open_sessions=_number_of(open_sessions),
    )


def _person_row(user: Any) -> dict[str, Any]:
    groups = sorted(group.name for group in user.groups.all())
    return {
        "id": user.pk,
        "username": user.username,
        "name": person_name(user),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "role": access.role_among(groups, is_superuser=user.is_superuser),
        "groups": groups,
        "is_active": user.is_active,
        "is_superuser": user.is_superuser,
        "has_totp": user.has_totp,
        "invited_at": user.invited_at.isoformat() if user.invited_at else None,
        "last_login": user.last_login.isoformat() if user.last_login else None,
        "sessions": user.open_sessions,
    }


def seen_by(user_id: int) -> dict[str, Any]:
    """Return what a person can see: the polygons that bound them as GeoJSON, where each action holds per layer, and counts.

    An action that holds everywhere is "everywhere"; else the codes of its areas. A person who is locked out sees nothing, whatever
    their rights would be. The counts come through the same predicates as everything that the person is shown.

    Raises:
        rights.UnknownPerson: see `person`.
    """
    user = person(user_id)
    imagery = access.areas_of(user, access.IMAGERY, access.VIEW)
    rights = {access.IMAGERY: {access.VIEW: imagery}} if imagery else {}
    rights |= {
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
        "person": person_row(user.pk),
        "layers": [
            {
                "id": layer_id,
                "actions": {
                    action: "everywhere" if reach.whole else [areas[pk].code for pk in reach.area_ids] for action, reach in actions.items()
                },
                "count": _count_of(layer_id, user),
            }
            for layer_id, actions in rights.items()
        ],
        "customers": customer_counts(Account.objects.visible_to(user).present()),
    }


def _count_of(layer_id: str, user: User) -> int:
    """Return how many features of the layer the person sees; of imagery, how many backgrounds they are offered."""
    if layer_id == access.IMAGERY:
        return sum(basemap.kind == Basemap.Kind.IMAGERY for basemap, _ in basemaps.offered_to(user))
    return sum(part.rows(user).count() for part in registry.layer(layer_id).parts)


def _home(rows: AccountQuerySet, areas: QuerySet[Area]) -> list[float] | None:
    fullest = _fullest_service_area(rows, areas)
    if fullest is not None:
        rows = rows.filter(point__geom__coveredby=fullest.geom)
    box = rows.aggregate(box=Extent("point__geom"))["box"]
    return list(box) if box else None


def _fullest_service_area(rows: AccountQuerySet, areas: QuerySet[Area]) -> Area | None:
    inside = rows.filter(point__geom__coveredby=OuterRef("geom"))
    return (
        areas.filter(kind=Area.Kind.SERVICE_AREA)
        .annotate(customers=_number_of(inside))
        .filter(customers__gt=0)
        .order_by("-customers")
        .first()
    )


def _number_of(rows: QuerySet) -> Coalesce:
    """Return the expression that counts these rows for each row of the outer query."""
    return Coalesce(Subquery(rows.order_by().annotate(all=Value(1)).values("all").annotate(n=Count("pk")).values("n")), 0)
