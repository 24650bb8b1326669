"""Reads of customers, shaped for the screen. What a person may see goes through `Account.objects.visible_to`."""

import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.contrib.gis.geos import GEOSGeometry, Point, Polygon
from django.db import connection
from django.db.models import BooleanField, Exists, F, FloatField, Func, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from customers.models import LAYER_ID, Account, AccountQuerySet
from customers.rules import fold
from layers import access, row_security
from layers.models import AuditRow
from spatial.geometry import box_around
from spatial.models import SRID, Area, PointMove
from spatial.services.points import can_be_undone
from spatial.tiles import Bbox

LAYER = "customers"
WITHIN_LIMIT = 2000
BY_GRADE = ("grade_order", "name", "pk")
Rows = TypeVar("Rows", bound=QuerySet)


class NotThere(LookupError):
    """No such customer, or not for this person."""


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """What a list, a count or a tile is narrowed to; empty means everything."""

    grades: Sequence[str] = ()
    classes: Sequence[str] = ()
    statuses: Sequence[str] = ()
    areas: Sequence[str] = ()
    bbox: Bbox | None = None
    located: bool | None = None
    deleted: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shape drawn on the map (EPSG:4326): a polygon, or a line or point with everything within `distance_m` metres of it."""

    geom: GEOSGeometry
    distance_m: float = 0.0


def filter_grade(rows: Rows, grades: Sequence[str]) -> Rows:
    return rows.filter(grade__in=grades)


def filter_class(rows: Rows, classes: Sequence[str]) -> Rows:
    return rows.filter(classes__overlap=list(classes))


def filter_status(rows: Rows, statuses: Sequence[str]) -> Rows:
    return rows.filter(status__in=statuses)


def filter_area(rows: Rows, codes: Sequence[str]) -> Rows:
    """Keep customers inside the areas of those codes: a county by reference, a service area by its polygon."""
    covering = Area.objects.filter(code__in=codes, kind=Area.Kind.SERVICE_AREA, geom__covers=OuterRef("point__geom"))
    return rows.filter(Q(area__code__in=codes) | Q(Exists(covering)))


def filter_text(rows: Rows, words: Sequence[str]) -> Rows:
    """Keep customers that hold every one of the words in name, address or account number, whatever their case and accents."""
    for word in words:
        if folded := fold(word):
            rows = rows.filter(Q(search_text__contains=folded) | Q(account_no__startswith=word.strip()))
    return rows


def account_seen_by(user: access.Person, account_id: int) -> Account:
    """Return the customer as far as this person may see it.

    Raises:
        NotThere: no such customer, or not for this person; the two cannot be told apart.
    """
    account = Account.objects.visible_to(user).select_related("point").filter(pk=account_id).first()
    if account is None:
        raise NotThere("There is no such customer, or not for you.")
    return account


def customers_found(*, user: access.Person, wanted: CustomerFilter) -> AccountQuerySet:
    """Return the accounts that this person may see and wants to, with `grade_order`."""
    return filtered(Account.objects.visible_to(user).with_grade_order(), wanted)


def filtered(rows: AccountQuerySet, wanted: CustomerFilter) -> AccountQuerySet:
    """Return the rows narrowed by every part of the filter."""
    rows = rows.filter(deleted_at__isnull=not wanted.deleted)
    if wanted.grades:
        rows = filter_grade(rows, wanted.grades)
    if wanted.classes:
        rows = filter_class(rows, wanted.classes)
    if wanted.statuses:
        rows = filter_status(rows, wanted.statuses)
    if wanted.areas:
        rows = filter_area(rows, wanted.areas)
    if wanted.located is not None:
        rows = rows.filter(point__geom__isnull=not wanted.located)
    if wanted.bbox:
        rows = within_box(rows, wanted.bbox)
    if wanted.text:
        rows = filter_text(rows, wanted.text.split(","))
    return rows


def customer_rows(rows: QuerySet, *more: str) -> list[dict[str, Any]]:
    """Return the list entries of the accounts, in the queryset's order; `more` names annotations to tell beside."""
    # Columns, not instances: a row costs a quarter, and a list has hundreds.
    return [_row(found) | {name: found[name] for name in more} for found in rows.values(*_COLUMNS, *more, **_PLACE)]


def customer_counts(rows: QuerySet) -> dict[str, Any]:
    """Return how many there are, by grade, class and status, and their contracted kVA (null when none is known)."""
    inner, params = (
        rows.order_by()
        .values("grade", "classes", "status", "contract_kva", "running_kva", is_located=Q(point__geom__isnull=False))
        .query.sql_with_params()
    )
    # One pass over the rows: grouping sets for the two single-valued axes, unnest for the many-valued one.
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            with r as materialized ({inner}),
            axes as (
                select 'grade' as axis, grade as word, count(*) as n from r group by grade
                union all select 'status', status, count(*) from r group by status
                union all select 'class', word, count(*) from r, unnest(classes) as word group by word
            )
            select (select count(*) from r), (select count(*) from r where is_located),
                   (select sum(contract_kva) from r), (select sum(running_kva) from r),
                   (select jsonb_agg(jsonb_build_array(axis, word, n)) from axes)
            """,
            params,
        )
        total, located, contract_kva, running_kva, axes = cursor.fetchone()
    found = json.loads(axes) if isinstance(axes, str) else axes or []
    return {
        "total": total,
        "located": located,
        "unlocated": total - located,
        "contract_kva": _number(contract_kva),
        "running_kva": _number(running_kva),
        **{f"by_{axis}": {word: n for name, word, n in found if name == axis} for axis in ("grade", "class", "status")},
    }


def sums(*, user: access.Person, wanted: CustomerFilter) -> dict[str, Any]:
    """Return the `customer_counts` of what this person may see and wants to."""
    return customer_counts(customers_found(user=user, wanted=wanted))


def customers_within(*, user: access.Person, wanted: CustomerFilter, drawn: Drawn) -> dict[str, Any]:
    """Return the sums of the customers inside the shape, and the first WITHIN_LIMIT of them, gravest grade first."""
    rows = customers_found(user=user, wanted=wanted)
    rows = inside_buffer(rows, drawn.geom, drawn.distance_m) if drawn.distance_m else inside_polygon(rows, drawn.geom)
    counts = customer_counts(rows)
    listed = customer_rows(rows.order_by(*BY_GRADE)[:WITHIN_LIMIT])
    return {**counts, "count": counts["total"], "customers": listed, "truncated": counts["total"] > len(listed)}


# From a street to half the Earth's girth; each box asks of 64 times the ground.
_REACHES_M = (250, 2_000, 16_000, 128_000, 1_000_000, 20_100_000)


def nearest_customers(*, user: access.Person, wanted: CustomerFilter, spot: Point, limit: int) -> list[dict[str, Any]]:
    """Return the `limit` customers nearest to the point (EPSG:4326), with `distance_m` on the ellipsoid, nearest first."""
    rows = customers_found(user=user, wanted=wanted).located()
    place = bytes(spot.ewkb)
    metres = RawSQL("st_distance(spatial_point.geom::geography, st_geomfromewkb(%s)::geography)", [place], output_field=FloatField())
    # Boxes that grow, not the index's walk by distance (<->): that one passes everybody between the point and the areas of a person
    # who asks from outside of them. Whoever lies within the reach of a box lies in the box.
    for reach_m in _REACHES_M:
        near = within_box(rows, box_around(spot.x, spot.y, reach_m)).annotate(distance_m=metres)
        found = customer_rows(near.filter(distance_m__lte=reach_m).order_by("distance_m", "pk")[:limit], "distance_m")
        if len(found) == limit:
            break
    return found


def card_of(account_id: int, *, user: access.Person) -> dict[str, Any]:
    """Return the card of the customer of that number.

    Raises:
        NotThere: see `account_seen_by`.
    """
    return customer_card(account_seen_by(user, account_id), user=user)


def history_of(account_id: int, *, user: access.Person) -> list[dict[str, Any]]:
    """Return the history of the customer of that number.

    Raises:
        NotThere: see `account_seen_by`.
    """
    return customer_history(account_seen_by(user, account_id))


def moved(account_id: int, move: PointMove, *, user: access.Person) -> dict[str, Any]:
    """Return what a move answers: the feature as events carry it, the journal row, the card.

    Raises:
        NotThere: see `account_seen_by`.
    """
    account = account_seen_by(user, account_id)
    return {"feature": map_feature(account), "move": move_row(move), "customer": customer_card(account, user=user)}


def customer_card(account: Account, *, user: access.Person) -> dict[str, Any]:
    """Return everything the site card shows of one customer."""
    point = account.point
    last_move = _told_by_name(PointMove.objects.filter(point=point)).first()
    mover = row_security.names_of_people().filter(pk=point.moved_by_id).first() if point.moved_by_id else None
    # Open and begun: a period that starts tomorrow is not shown as today's.
    current = Q(valid_to_date__isnull=True, valid_from_date__lte=timezone.localdate())
    periods = account.grade_periods.filter(current).order_by("-valid_from_date")
    return {
        **customer_rows(Account.objects.filter(pk=account.pk))[0],
        "point": {
            "lon": point.geom.x,
            "lat": point.geom.y,
            "datum": point.datum,
            "source": point.source,
            "accuracy_m": point.accuracy_m,
            "converted_by": point.converted_by,
            "version": point.version,
            "updated_at": _iso(point.moved_at),
            "updated_by": person_name(mover),
        }
        if point.geom
        else None,
        "contacts": [
            {"name": contact.name, "role": contact.role, "phone": contact.phone, "is_duty": contact.is_duty}
            for contact in account.contacts.order_by("-is_duty", "id")
        ],
        "class_memberships": [
            {"business_class": row.business_class, "valid_from_date": row.valid_from_date.isoformat(), "list_year": row.list_year}
            for row in account.class_memberships.filter(current).order_by("business_class")
        ],
        "grade_since": next((period.valid_from_date.isoformat() for period in periods), None),
        "delete_reason": account.delete_reason,
        "made_up": account.made_up,
        "actions": allowed_actions(account, user=user),
        "last_move": move_row(last_move) if last_move else None,
    }


def allowed_actions(account: Account, *, user: access.Person) -> list[str]:
    """Return what this person may do with this customer where it stands: one query at most."""
    reaches = {action: access.areas_of(user, LAYER_ID, action) for action in sorted(access.actions_of(user, LAYER_ID))}
    if all(reach.whole for reach in reaches.values()):
        return list(reaches)
    inside = Account.objects.filter(pk=account.pk).annotate(
        **{f"may_{action}": Exists(Account.objects.allowed(user, action).filter(pk=OuterRef("pk"))) for action in reaches}
    )
    found = inside.values(*(f"may_{action}" for action in reaches)).first() or {}
    return [action for action in reaches if found.get(f"may_{action}")]


def customer_history(account: Account) -> list[dict[str, Any]]:
    """Return the point's journal and, from the audit, the edits of the ledger, newest first; `changes` is empty for moves.

    Each of the two keeps its own order, by version and by number, even where a clock stepped back between them.
    """
    return list(heapq.merge(_moves_told(account), _edits_told(account), key=lambda row: str(row["at"]), reverse=True))


def _moves_told(account: Account) -> list[dict[str, Any]]:
    moves = list(_told_by_name(PointMove.objects.filter(point_id=account.point_id)))
    undone_by = {move.undoes_id: move.pk for move in moves if move.undoes_id}
    return [
        {
            **move_row(move),
            "undone_by": undone_by.get(move.pk),
            "can_undo": account.deleted_at is None and can_be_undone(move, now=account.point.geom),
            "changes": [],
        }
        for move in moves
    ]


def _edits_told(account: Account) -> list[dict[str, Any]]:
    rows = _told_by_name(AuditRow.objects.filter(layer=LAYER, object_id=str(account.pk), action="customer.edit")).order_by("-seq")
    nothing = dict.fromkeys(("from", "to", "distance_m", "base_version", "version", "undoes", "undone_by"))
    return [
        {
            **nothing,
            "id": row.seq,
            "kind": "edit",
            "at": _iso(row.at),
            "actor": row.actor.username if row.actor else "",
            "actor_name": row.actor_name,
            "reason": row.reason,
            "device": row.device,
            "datum": "",
            "source": "",
            "can_undo": False,
            "changes": [{"field": name, "from": (row.before or {}).get(name), "to": value} for name, value in (row.after or {}).items()],
        }
        for row in rows
        if row.after
    ]


def _told_by_name(rows: Rows) -> Rows:
    """Return the rows with who did it, of whom only the name is read."""
    return rows.select_related("actor").defer(*row_security.all_but_names("actor"))


def map_feature(account: Account) -> dict[str, Any]:
    """Return the customer as the GeoJSON Feature that live events carry, equal to the one in the layer's snapshot; geometry None = not located."""
    geom = account.point.geom
    return {
        "type": "Feature",
        "id": account.pk,
        "geometry": {"type": "Point", "coordinates": [geom.x, geom.y]} if geom else None,
        "properties": {
            "id": account.pk,
            "name": account.name,
            "name_en": account.name_en,
            "name_zh": account.name_zh,
            "grade": account.grade,
            "classes": ",".join(account.classes),
            "status": account.status,
            "v": account.point.version,
        },
    }


def within_box(rows: AccountQuerySet, box: Bbox) -> AccountQuerySet:
    """Keep the customers whose point lies in the box (degrees), its edges included."""
    return rows.filter(reduce(or_, (Q(point__geom__bboverlaps=Polygon.from_bbox(half)) for half in box.halves())))


def inside_polygon(rows: AccountQuerySet, polygon: GEOSGeometry) -> AccountQuerySet:
    """Keep the customers whose point the polygon covers (EPSG:4326)."""
    return rows.filter(point__geom__coveredby=polygon)


def inside_buffer(rows: AccountQuerySet, line_or_point: GEOSGeometry, distance_m: float) -> AccountQuerySet:
    """Keep the customers within that many metres, measured on the ellipsoid, of a line or a point (EPSG:4326).

    The geodesic buffer comes from ST_Buffer of geography once; the index on the column then does the work.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            # 0.5 % wider than asked because the buffer's arcs are chords; the exact distance decides.
            "select st_asewkb(st_buffer(st_geomfromewkb(%s)::geography, %s, 32)::geometry)",
            [bytes(line_or_point.ewkb), distance_m * 1.005],
        )
        area = GEOSGeometry(memoryview(cursor.fetchone()[0]))
    area.srid = SRID
    is_near = RawSQL(
        "st_dwithin(spatial_point.geom::geography, st_geomfromewkb(%s)::geography, %s)",
        [bytes(line_or_point.ewkb), distance_m],
        output_field=BooleanField(),
    )
    return rows.filter(point__geom__coveredby=area).alias(is_near=is_near).filter(is_near=True)


def person_name(user: User | None) -> str:
    """Return how a person is called on screen; "" for nobody."""
    return (user.get_full_name() or user.username) if user else ""


_COLUMNS = (
    *("pk", "account_no", "name", "name_en", "name_zh", "enterprise_id", "enterprise__name", "grade", "classes", "status", "address"),
    *("contract_kva", "running_kva", "voltage", "area__code", "area__name", "area__name_zh", "version", "point__version"),
    *("deleted_at", "updated_at", "point__moved_at"),
)
_PLACE = {name: Func(F("point__geom"), function=f"ST_{axis}", output_field=FloatField()) for name, axis in (("lon", "X"), ("lat", "Y"))}


def _row(found: Mapping[str, Any]) -> dict[str, Any]:
    has_area = found["area__code"] is not None
    return {
        "id": found["pk"],
        **{name: found[name] for name in ("account_no", "name", "name_en", "name_zh")},
        "enterprise": {"id": found["enterprise_id"], "name": found["enterprise__name"]},
        **{name: found[name] for name in ("grade", "classes", "status", "address")},
        "contract_kva": _number(found["contract_kva"]),
        "running_kva": _number(found["running_kva"]),
        "voltage": found["voltage"],
        "area": {name: found[f"area__{name}"] for name in ("code", "name", "name_zh")} if has_area else None,
        "lon": found["lon"],
        "lat": found["lat"],
        "version": found["version"],
        "point_version": found["point__version"],
        "deleted_at": _iso(found["deleted_at"]),
        "updated_at": _iso(max(found["updated_at"], found["point__moved_at"] or found["updated_at"])),
    }


def move_row(move: PointMove) -> dict[str, Any]:
    """Return one journal row as JSON."""
    return {
        "id": move.pk,
        "kind": move.kind,
        "at": _iso(move.at),
        "actor": move.actor.username if move.actor else "",
        "actor_name": person_name(move.actor),
        "from": _lonlat(move.from_geom),
        "to": _lonlat(move.to_geom),
        "distance_m": move.distance_m,
        "reason": move.reason,
        "device": move.device,
        "datum": move.datum,
        "source": move.source,
        "base_version": move.base_version,
        "version": move.version,
        "undoes": move.undoes_id,
    }


def _lonlat(geom: Point | None) -> dict[str, float] | None:
    return {"lon": geom.x, "lat": geom.y} if geom else None


def _number(value: Any) -> float | None:
    # kVA leave as JSON numbers: they are shown, never added up, in the browser.
    return None if value is None else float(value)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
