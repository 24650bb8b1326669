"""Store a checked import piece by piece, and take it back piece by piece: each piece is one transaction through the customers' services."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from customers import services
from customers.importing.checking import counts_of, remember_mapping
from customers.importing.staging import TAKEN_BACK
from customers.models import LAYER_ID, Account, Import, ImportRow, ImportState, RowStatus
from customers.services import CustomerEdit, NewCustomer
from layers import access, audit, live
from spatial.models import Point, PointSource
from spatial.services.points import MoveUndoing, PointCommand

# So many rows a transaction: about a second, after which others get their turn.
PIECE = 2000
# Above this, open maps load the layer afresh at the end instead of hearing of every customer.
MANY = 5000
STORED = (RowStatus.NEW, RowStatus.MOVED, RowStatus.CHANGED, RowStatus.MOVED_AND_CHANGED)
MOVED = (RowStatus.MOVED, RowStatus.MOVED_AND_CHANGED)
CHANGED = (RowStatus.CHANGED, RowStatus.MOVED_AND_CHANGED)
_DECIMALS = ("contract_kva", "running_kva")
Rows = Sequence[ImportRow]


def is_large(batch: Import) -> bool:
    """Whether open maps load afresh after this import rather than hear of every customer."""
    return sum(batch.counts.get(status, 0) for status in STORED) > MANY


def store_piece(batch_id: Any, *, at: datetime) -> bool:
    """Store the next rows of an import that is being committed; return whether there may be more.

    What changed since the check is left alone and its row rejected: nothing else is stored than what the person saw.
    """
    with transaction.atomic():
        batch = Import.objects.select_for_update().get(pk=batch_id)
        if batch.state != ImportState.COMMITTING:
            return False
        rows = _next(batch, status__in=STORED)
        if not rows:
            _end(batch, ImportState.COMMITTED, at=at, committed_at=at)
            remember_mapping(batch, at=at)
            return False
        user = batch.person()
        good = _still_as_checked(rows, user)
        with audit.coming_from(_origin(batch)), live.events(LAYER_ID, wanted=not is_large(batch)):
            moves = _store(batch, good, user=user, at=at)
        _note_stored(batch, good, moves)
        _go_on(batch, rows, at=at)
    return True


def revert_piece(batch_id: Any, *, at: datetime) -> bool:
    """Take the next rows of an import back; return whether there may be more. What somebody changed since stays, and is listed."""
    with transaction.atomic():
        batch = Import.objects.select_for_update().get(pk=batch_id)
        if batch.state != ImportState.REVERTING:
            return False
        rows = _next(batch, stored_version__isnull=False)
        if not rows:
            kept = ImportRow.objects.filter(batch=batch).exclude(revert_problem="").count()
            state = ImportState.CANCELLED if batch.is_cancelled else ImportState.REVERTED
            _end(batch, state, at=at, reverted_at=at, not_reverted=kept)
            return False
        user = batch.person()
        good = _still_as_stored(rows, user)
        with audit.coming_from(_origin(batch)), live.events(LAYER_ID, wanted=not is_large(batch)):
            _take_back(batch, good, user=user, at=at)
        # So that who begins anew after a fault does not take them for changed by somebody else.
        ImportRow.objects.filter(batch=batch, row_no__in=[row.row_no for row in good]).update(stored_version=None)
        ImportRow.objects.bulk_update([row for row in rows if row.revert_problem], ["revert_problem"], batch_size=500)
        batch.taken_back = _with_these(batch.taken_back, good)
        _go_on(batch, rows, at=at)
    return True


def reason(batch: Import) -> str:
    """Return why a customer changed, as the journal and the audit tell it."""
    return f"import {batch.file_name}"


def _origin(batch: Import) -> audit.Origin:
    return audit.Origin(ip=audit.present_origin().ip, device=reason(batch))


def _next(batch: Import, **which: Any) -> list[ImportRow]:
    return list(ImportRow.objects.filter(batch=batch, row_no__gt=batch.cursor, **which).order_by("row_no")[:PIECE])


def _go_on(batch: Import, rows: Rows, *, at: datetime) -> None:
    batch.cursor, batch.seen_at, batch.attempts = rows[-1].row_no, at, 0
    batch.done += len(rows)
    batch.save(update_fields=["cursor", "seen_at", "attempts", "done", "taken_back"])


def _end(batch: Import, state: str, *, at: datetime, **told: Any) -> None:
    # By the counts that its pieces went by: rows rejected since would make it look small, and no map would ever hear of it.
    was_quiet = is_large(batch)
    batch.state, batch.seen_at, batch.counts = state, at, counts_of(batch)
    for name, value in told.items():
        setattr(batch, name, value)
    batch.save()
    if was_quiet:
        live.reload(LAYER_ID)


# --- storing ---------------------------------------------------------------------------------------------------------


def _still_as_checked(rows: Rows, user: User) -> list[ImportRow]:
    """Return the rows of which nothing changed since the check, their customers locked; the others become rejected."""
    accounts, points = _locked(rows)
    taken = set(
        Account.objects.filter(account_no__in=[row.account_no for row in rows if row.account_id is None]).values_list(
            "account_no", flat=True
        )
    )
    allowed = {action: _allowed(rows, user, action) for action in (access.MOVE, access.EDIT, access.DELETE)}
    good = []
    for row in rows:
        row.problem = _why_not(row, accounts, points, taken, allowed)
        if not row.problem:
            good.append(row)
    bad = [row for row in rows if row.problem]
    for row in bad:
        row.status = RowStatus.REJECTED
    ImportRow.objects.bulk_update(bad, ["status", "problem"], batch_size=500)
    return good


def _why_not(row: ImportRow, accounts: dict[int, Account], points: dict[int, Point], taken: set[str], allowed: dict[str, set[int]]) -> str:
    if row.account_id is None:
        return "taken_since" if row.account_no in taken else ""
    account = accounts[row.account_id]
    if bool(account.deleted_at) != (row.status == RowStatus.NEW):
        return "changed_since"
    if row.status == RowStatus.NEW:
        return "" if account.pk in allowed[access.DELETE] else "not_allowed_any_more"
    if row.status in CHANGED and account.version != row.account_version:
        return "changed_since"
    if row.status in MOVED and points[account.point_id].version != row.point_version:
        return "changed_since"
    lacking = (row.status in CHANGED and account.pk not in allowed[access.EDIT]) or (
        row.status in MOVED and account.pk not in allowed[access.MOVE]
    )
    return "not_allowed_any_more" if lacking else ""


def _locked(rows: Rows) -> tuple[dict[int, Account], dict[int, Point]]:
    """Return the rows' customers and points, locked in the order in which every service locks them."""
    ids = [row.account_id for row in rows if row.account_id]
    accounts = {account.pk: account for account in Account.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")}
    spots = Point.objects.select_for_update().filter(pk__in=[account.point_id for account in accounts.values()]).order_by("pk")
    return accounts, {point.pk: point for point in spots}


def _allowed(rows: Rows, user: User, action: str) -> set[int]:
    ids = [row.account_id for row in rows if row.account_id]
    return set(Account.objects.filter(pk__in=ids).allowed(user, action).values_list("pk", flat=True))


def _store(batch: Import, rows: Rows, *, user: User, at: datetime) -> dict[int, int]:
    """Store the rows; fill in the customers of new ones; return the journal's row by the customer that was moved."""
    new = [row for row in rows if row.status == RowStatus.NEW and row.account_id is None]
    back = [row for row in rows if row.status == RowStatus.NEW and row.account_id is not None]
    if new:
        created = services.create_customers([_new_customer(batch, row) for row in new], user=user, at=at)
        for row, account in zip(new, created, strict=True):
            row.account = account
    if back:
        services.restore_customers([row.account_id for row in back if row.account_id], user=user, at=at, reason=reason(batch))
    edits = [row for row in rows if row.status in CHANGED]
    versions = _versions([*back, *edits])
    commands = [CustomerEdit(pk, versions[pk], _fields(row)) for row in [*back, *edits] if (pk := row.account_id)]
    if commands:
        services.edit_customers(commands, user=user, at=at)
    moved = [row for row in rows if row.status in MOVED or (row in back and row.lon is not None)]
    if not moved:
        return {}
    places = dict(Account.objects.filter(pk__in=[row.account_id for row in moved]).values_list("pk", "point_id"))
    point_versions = dict(Point.objects.filter(pk__in=places.values()).values_list("pk", "version"))
    wishes = [_move(batch, row, places[row.account_id], point_versions) for row in moved if row.account_id]
    by_point = {move.point_id: move.pk for move in services.move_customers(wishes, user=user, at=at, confirmed=True)}
    return {pk: by_point[point] for pk, point in places.items()}


def _new_customer(batch: Import, row: ImportRow) -> NewCustomer:
    fields = _typed({name: value for name, value in row.values.items() if name != "accuracy_m"})
    return NewCustomer(
        **{"name": row.account_no, **fields},
        account_no=row.account_no,
        lon=row.x,
        lat=row.y,
        datum=row.datum or "WGS84",
        source=PointSource.IMPORT if row.x is not None else "",
        accuracy_m=row.values.get("accuracy_m"),
        reason=reason(batch),
    )


def _move(batch: Import, row: ImportRow, point_id: int, versions: dict[int, int]) -> PointCommand:
    assert row.x is not None
    assert row.y is not None
    return PointCommand(
        point_id=point_id,
        lon=row.x,
        lat=row.y,
        base_version=versions[point_id],
        reason=reason(batch),
        datum=row.datum,
        source=PointSource.IMPORT,
        accuracy_m=row.values.get("accuracy_m"),
    )


def _fields(row: ImportRow) -> dict[str, Any]:
    if row.status == RowStatus.NEW:
        return _typed({name: value for name, value in row.values.items() if name != "accuracy_m"})
    return _typed({change["field"]: change["to"] for change in row.changes})


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: Decimal(str(value)) if name in _DECIMALS and value is not None else value for name, value in fields.items()}


def _versions(rows: Iterable[ImportRow]) -> dict[int, int]:
    return dict(Account.objects.filter(pk__in=[row.account_id for row in rows if row.account_id]).values_list("pk", "version"))


def _note_stored(batch: Import, rows: Rows, moves: dict[int, int]) -> None:
    """Keep by which versions a later change of somebody else is told from what was stored here."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update customers_importrow r
            set account_id = t.account_id, move_id = t.move_id, stored_version = a.version, stored_point_version = p.version
            from unnest(%s::int[], %s::bigint[], %s::bigint[]) as t (row_no, account_id, move_id)
            join customers_account a on a.id = t.account_id
            join spatial_point p on p.id = a.point_id
            where r.batch_id = %s and r.row_no = t.row_no
            """,
            [[row.row_no for row in rows], [row.account_id for row in rows], [moves.get(row.account_id or 0) for row in rows], batch.pk],
        )


# --- taking back -----------------------------------------------------------------------------------------------------


def _still_as_stored(rows: Rows, user: User) -> list[ImportRow]:
    accounts, points = _locked(rows)
    allowed = {action: _allowed(rows, user, action) for action in (access.MOVE, access.EDIT, access.DELETE)}
    for row in rows:
        account = accounts[row.account_id or 0]
        is_same = account.version == row.stored_version and points[account.point_id].version == row.stored_point_version
        needed = [access.DELETE] if row.status == RowStatus.NEW else []
        needed += [access.EDIT] if row.status in CHANGED else []
        needed += [access.MOVE] if row.status in MOVED else []
        if account.deleted_at or not is_same:
            row.revert_problem = "changed_since"
        elif not all(account.pk in allowed[action] for action in needed):
            row.revert_problem = "not_allowed_any_more"
    return [row for row in rows if not row.revert_problem]


def _with_these(taken_back: dict[str, int], rows: Rows) -> dict[str, int]:
    kinds = {"new": (RowStatus.NEW,), "moved": MOVED, "changed": CHANGED}
    return {kind: taken_back.get(kind, 0) + sum(row.status in statuses for row in rows) for kind, statuses in kinds.items()}


def _take_back(batch: Import, rows: Rows, *, user: User, at: datetime) -> None:
    why = f"{TAKEN_BACK}{batch.file_name}"
    versions = {row.account_id: row.stored_version for row in rows}
    new = [CustomerEdit(pk, versions[pk] or 0) for row in rows if row.status == RowStatus.NEW and (pk := row.account_id)]
    if new:
        services.delete_customers(new, user=user, at=at, reason=why)
    edits = [
        CustomerEdit(pk, versions[pk] or 0, _typed({change["field"]: change["from"] for change in row.changes}))
        for row in rows
        if row.status in CHANGED and (pk := row.account_id)
    ]
    if edits:
        services.edit_customers(edits, user=user, at=at)
    moved = [row for row in rows if row.status in MOVED and row.move_id]
    if moved:
        places = dict(Account.objects.filter(pk__in=[row.account_id for row in moved]).values_list("pk", "point_id"))
        undoings = [MoveUndoing(places[row.account_id or 0], row.move_id or 0, row.stored_point_version or 0) for row in moved]
        services.undo_customer_moves(undoings, user=user, at=at, reason=why)
