"""Put cleaned rows beside the customers they are about, and judge each: new, moved, changed, unchanged or rejected. One statement a batch."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.csv
from django.db import connection
from django.db.models.expressions import RawSQL

from customers.importing.cleaning import ARRIVING
from customers.models import LAYER_ID, Account, Import
from layers import access

# Below this a position counts as the same: conversions there and back differ by less, and no survey is better.
SAME_PLACE_M = 0.01
# A customer that taking an import back removed comes again with the next import; what a person deleted does not.
TAKEN_BACK = "Import taken back: "
# Values compared with the ledger's: name here -> its value there, as jsonb.
_COMPARED = {
    "name": "to_jsonb(a.name)",
    "name_en": "to_jsonb(a.name_en)",
    "name_zh": "to_jsonb(a.name_zh)",
    "enterprise": "to_jsonb(e.name)",
    "address": "to_jsonb(a.address)",
    "status": "to_jsonb(a.status)",
    "grade": "to_jsonb(a.grade)",
    "classes": "to_jsonb(a.classes)",
    "contract_kva": "to_jsonb(a.contract_kva)",
    "running_kva": "to_jsonb(a.running_kva)",
    "voltage": "to_jsonb(a.voltage)",
}
_GIVEN = {name: f"t.{name}" for name in _COMPARED} | {"classes": "string_to_array(t.classes, ',')"}
_PAIRS = ", ".join(f"('{name}', {was}, to_jsonb({_GIVEN[name]}))" for name, was in _COMPARED.items())
_NAMES = ", ".join(name for name, _ in ARRIVING)

_MAKE = f"create temporary table customers_arriving ({', '.join(f'{name} {kind}' for name, kind in ARRIVING)}) on commit drop"
# Joins by the unique index of account numbers and the primary keys of points and enterprises.
_JUDGE = f"""
insert into customers_importrow (batch_id, row_no, status, problem, account_no, account_id, account_version, point_version, x, y, datum,
    lon, lat, from_lon, from_lat, moved_m, values, changes, revert_problem)
select %(batch)s, row_no,
    case when problem <> '' then 'rejected' when is_new then 'new' when is_moved and is_changed then 'moved_and_changed'
        when is_moved then 'moved' when is_changed then 'changed' else 'unchanged' end,
    problem, account_no, case when problem = '' or is_seen then account_id end, account_version, point_version, x, y,
    case when x is null then '' else %(datum)s end, lon, lat, case when is_seen then from_lon end, case when is_seen then from_lat end,
    case when is_moved and is_seen then moved_m end, given, case when is_changed and is_seen then changes else '[]' end, ''
from (
    -- Whom this person may not see, a row with the right number must not show: not where they stand, not what the ledger says of them.
    select j.*, (%(see_all)s or j.account_id = any(%(visible)s)) as is_seen, coalesce(case
        when j.wrong is not null then j.wrong
        when j.account_id is null and j.name is null then 'no_name'
        when j.is_new and not j.may_add then 'outside_area'
        when j.is_new then null
        when j.deleted_at is not null then 'deleted'
        when j.is_moved and not (j.may_move and (%(move_all)s or j.account_id = any(%(movable)s))) then 'outside_area'
        when j.is_changed and not (%(edit_all)s or j.account_id = any(%(editable)s)) then 'outside_area'
        when not (%(see_all)s or j.account_id = any(%(visible)s)) then 'outside_area'
    end, '') as problem
    from (
        select t.row_no, t.problem as wrong, coalesce(t.account_no, '') as account_no, t.x, t.y, t.lon, t.lat, t.may_add, t.may_move, t.name,
            a.id as account_id, a.version as account_version, a.deleted_at, p.version as point_version, moved_m,
            st_x(p.geom) as from_lon, st_y(p.geom) as from_lat,
            a.id is null or (a.deleted_at is not null and starts_with(a.delete_reason, %(taken_back)s)) as is_new,
            a.id is not null and t.lon is not null and (p.geom is null or moved_m > {SAME_PLACE_M}) as is_moved,
            changes is not null as is_changed, changes,
            t.given
        from customers_arriving t
        left join customers_account a on a.account_no = t.account_no
        left join spatial_point p on p.id = a.point_id
        left join customers_enterprise e on e.id = a.enterprise_id
        -- Nothing is compared for a new customer: the conditions inside are looked at before anything is computed.
        left join lateral (
            select st_distance(p.geom::geography, st_setsrid(st_makepoint(t.lon, t.lat), 4326)::geography) as moved_m
            where p.id is not null
        ) d on true
        left join lateral (
            select jsonb_agg(jsonb_build_object('field', field, 'from', was, 'to', becomes)) as changes
            from (values {_PAIRS}) v (field, was, becomes) where becomes is not null and was is distinct from becomes
            group by () having a.id is not null
        ) c on true
    ) j
) k
"""
# The later rows of a number are rejected, whatever came of the first. Found once, as an array: joined to a table of which the planner
# knows nothing yet, 4,000 rows took half a minute.
_REPEATED = """
update customers_importrow set status = 'rejected', problem = 'twice_in_file'
where batch_id = %(batch)s and status <> 'rejected' and row_no = any(array(
    select row_no from (
        select row_no, row_number() over (partition by account_no order by row_no) as place
        from customers_importrow where batch_id = %(batch)s and account_no <> ''
    ) t where place > 1
))
"""


def stage(batch: Import, table: pa.Table, *, user: Any, datum: str) -> None:
    """Store the judged rows of one cleaned batch. Call it inside a transaction."""
    text = io.BytesIO()
    pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
        cursor.copy_expert(f"copy customers_arriving ({_NAMES}) from stdin (format csv)", text)
        told: dict[str, Any] = {"batch": batch.pk, "datum": datum, "taken_back": TAKEN_BACK}
        cursor.execute(_JUDGE, told | _reach(user))
        cursor.execute("drop table customers_arriving")


def reject_repeated(batch: Import) -> None:
    """Reject the later rows of account numbers that stand in the file twice."""
    with connection.cursor() as cursor:
        cursor.execute(_REPEATED, {"batch": batch.pk})


def _reach(user: Any) -> dict[str, Any]:
    """Return which of the arriving rows' customers this person may see, move and edit: by the one predicate, in one query each."""
    arriving = Account.objects.filter(account_no__in=RawSQL("select account_no from customers_arriving", []))
    told: dict[str, Any] = {}
    for name, ids, action in (
        ("see_all", "visible", access.VIEW),
        ("move_all", "movable", access.MOVE),
        ("edit_all", "editable", access.EDIT),
    ):
        told[name] = access.is_staff_role(user) and access.areas_of(user, LAYER_ID, action).whole
        told[ids] = [] if told[name] else list(arriving.allowed(user, action).values_list("pk", flat=True))
    return told
