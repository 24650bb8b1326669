"""Store a checked network, piece by piece, and take it back. Each piece is one transaction; the nodes and the maps follow at the end."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import shapely
from django.contrib.auth.models import User
from django.db import connection, transaction

from layers import access, audit, live
from layers.importing import checking, files, judging, stored
from layers.importing.kinds import BY_NAME, KINDS, Kind
from layers.map_layers import NETWORK_ID
from layers.models import BatchRowStatus, BatchState, NetworkImport, NetworkImportRow
from spatial.models import Line, Network
from spatial.services import nodes

PIECE = 2000
MOVED = (BatchRowStatus.MOVED, BatchRowStatus.MOVED_AND_CHANGED)
CHANGED = (BatchRowStatus.CHANGED, BatchRowStatus.MOVED_AND_CHANGED)
STORED = (BatchRowStatus.NEW, *MOVED, BatchRowStatus.CHANGED)
Rows = Sequence[NetworkImportRow]


def store_piece(batch_id: Any, *, at: datetime) -> bool:
    """Store the next rows of an import; return whether there may be more. What changed since the check is rejected with the reason.

    Raises:
        spatial.topology.TooDense: what others stored meanwhile and this file lie too close for the tolerance.
    """
    with transaction.atomic():
        batch = NetworkImport.objects.select_for_update().get(pk=batch_id)
        if batch.state != BatchState.COMMITTING:
            return False
        checking.slowly()
        network = _network(batch)
        rows = list(NetworkImportRow.objects.filter(batch=batch, number__gt=batch.cursor, status__in=STORED).order_by("number")[:PIECE])
        if rows:
            reaches = _reaches(files.person_of(batch))
            for kind, of_kind in _by_kind(rows):
                _store(kind, network, of_kind, reaches)
            _go_on(batch, rows, at=at)
            return True
        if batch.network_before is not None and checking.chooses_tolerance(batch):
            network.tolerance_m = batch.reading["tolerance_m"]
            network.save(update_fields=["tolerance_m"])
            batch.network_before["wrote_m"] = network.tolerance_m
        _finish(batch, network, BatchState.COMMITTED, at=at, committed_at=at)
    return False


def revert_piece(batch_id: Any, *, at: datetime) -> bool:
    """Take the next rows of an import back, the last first; return whether there may be more. What somebody changed since stays, and is listed."""
    with transaction.atomic():
        batch = NetworkImport.objects.select_for_update().get(pk=batch_id)
        if batch.state != BatchState.REVERTING:
            return False
        checking.slowly()
        network = _network(batch)
        mine = NetworkImportRow.objects.filter(batch=batch, after__isnull=False, revert_problem="")
        rows = list(mine.order_by("-number")[:PIECE])
        if rows:
            reaches = _reaches(files.person_of(batch))
            for kind, of_kind in _by_kind(rows):
                _take_back(kind, of_kind, reaches)
            _go_on(batch, rows, at=at)
            return True
        kept = NetworkImportRow.objects.filter(batch=batch).exclude(revert_problem="").count()
        before = batch.network_before
        state = BatchState.CANCELLED if batch.is_cancelled else BatchState.REVERTED
        # Whoever chose another tolerance since keeps it.
        if before is not None and not kept and network.tolerance_m == before.get("wrote_m"):
            network.tolerance_m = before["tolerance_m"]
            network.save(update_fields=["tolerance_m"])
        _finish(batch, network, state, at=at, reverted_at=at, not_reverted=kept)
        if before is None and not any(kind.model.objects.filter(network=network).exists() for kind in KINDS):
            network.delete()
    return False


def _network(batch: NetworkImport) -> Network:
    """Return the network, locked: one import at a time writes it. A new one is opened, and the import remembers that there was none."""
    code = batch.reading["network"]
    network = Network.objects.select_for_update().filter(code=code).first()
    if network is None:
        network = Network.objects.create(
            code=code, name=code, origin=f"import {batch.file_name}"[:300], tolerance_m=batch.reading["tolerance_m"]
        )
    elif batch.network_before is None and batch.cursor == 0 and batch.state == BatchState.COMMITTING:
        batch.network_before = {"tolerance_m": network.tolerance_m}
        batch.save(update_fields=["network_before"])
    return network


def _finish(batch: NetworkImport, network: Network, state: str, *, at: datetime, **told: Any) -> None:
    nodes.lay_courses(network, _feeders_of(batch, network))
    found = nodes.settle(network)
    batch.state, batch.seen_at, batch.counts = state, at, counts_of(batch)
    if state == BatchState.COMMITTED:
        batch.parts = checking.told_parts(found, judging.reach(files.person_of(batch), access.VIEW))
    for name, value in told.items():
        setattr(batch, name, value)
    batch.save()
    live.reload(NETWORK_ID)
    deed = audit.Deed(f"network_import.{state}", layer=NETWORK_ID, object_id=str(batch.pk), label=batch.file_name, after=batch.counts)
    audit.record([deed], user=files.person_of(batch), at=at)


def counts_of(batch: NetworkImport) -> dict[str, dict[str, int]]:
    """Return by kind and status how many rows there are."""
    with connection.cursor() as cursor:
        cursor.execute("select kind, status, count(*) from layers_networkimportrow where batch_id = %s group by kind, status", [batch.pk])
        found = cursor.fetchall()
    counts = {kind: dict(counts) for kind, counts in batch.counts.items()}
    for kind in counts:
        counts[kind] |= dict.fromkeys(BatchRowStatus.values, 0) | {status: n for of, status, n in found if of == kind}
    return counts


def _feeders_of(batch: NetworkImport, network: Network) -> set[int]:
    """Return the feeders whose segments the import touches: those of now, those of before, those named in the file."""
    rows = NetworkImportRow.objects.filter(batch=batch, kind="lines", status__in=STORED)
    named = set(rows.values_list("values__feeder", flat=True)) - {None}
    before = set(rows.values_list("before__feeder_id", flat=True)) - {None}
    now = Line.objects.filter(pk__in=rows.filter(object_id__isnull=False).values("object_id"), feeder__isnull=False)
    return {*before, *now.values_list("feeder_id", flat=True), *network.feeders.filter(code__in=named).values_list("pk", flat=True)}


def _by_kind(rows: Rows) -> list[tuple[Kind, list[NetworkImportRow]]]:
    names = dict.fromkeys(row.kind for row in rows)
    return [(BY_NAME[name], [row for row in rows if row.kind == name]) for name in names]


def _go_on(batch: NetworkImport, rows: Rows, *, at: datetime) -> None:
    batch.cursor, batch.seen_at, batch.attempts = rows[-1].number, at, 0
    batch.done += len(rows)
    batch.save(update_fields=["cursor", "seen_at", "attempts", "done"])


def _reaches(user: User) -> dict[str, Any]:
    return {action: judging.reach(user, action) for action in (access.ADD, access.MOVE, access.EDIT, access.DELETE)}


def _may(row: NetworkImportRow, reaches: dict[str, Any], *, back: bool = False) -> bool:
    """Tell whether the person may do to this row what the import does to it, where it lies and where it lay."""
    needed = [access.DELETE if back else access.ADD] if row.status == BatchRowStatus.NEW else []
    needed += [access.MOVE] if row.status in MOVED else []
    needed += [access.EDIT] if row.status in CHANGED else []
    shapes = [shapely.from_wkb(bytes(row.geom.wkb)) if row.geom else None]
    if row.before and row.before.get("geom"):
        shapes.append(stored.shape_of(row.before))
    return all(judging.is_inside(reaches[action], *shapes) for action in needed)


def _note(rows: Rows) -> None:
    """Write down what became of the rows: one statement, where a bulk_update takes most of the time that storing takes."""
    columns = zip(
        *((row.number, row.status, row.problem, row.object_id, _json(row.after), row.revert_problem) for row in rows), strict=True
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update layers_networkimportrow r
            set status = t.status, problem = t.problem, object_id = t.object_id, after = t.after, revert_problem = t.revert_problem
            from unnest(%s::int[], %s::text[], %s::text[], %s::bigint[], %s::text[]::jsonb[], %s::text[])
                as t (number, status, problem, object_id, after, revert_problem)
            where r.batch_id = %s and r.number = t.number
            """,
            [*(list(column) for column in columns), rows[0].batch_id],
        )


def _json(raw: stored.Raw | None) -> str | None:
    return json.dumps(raw) if raw is not None else None


# --- storing ---------------------------------------------------------------------------------------------------------


def _store(kind: Kind, network: Network, rows: Rows, reaches: dict[str, Any]) -> None:
    there = kind.model.objects.select_for_update().filter(network=network, code__in=[row.code for row in rows]).order_by("pk")
    by_code = {asset.code: asset for asset in there}
    ids = {field.name: _ids(field.ref, network, {row.values.get(field.name) for row in rows}) for field in kind.references}
    create, update = [], []
    for row in rows:
        asset = by_code.get(row.code)
        row.problem = _why_not(kind, row, asset, ids, reaches)
        if row.problem:
            row.status = BatchRowStatus.REJECTED
            continue
        raw = _raw_of_row(kind, row, ids)
        if asset is None:
            create.append((row, stored.written(kind, kind.model(network=network), raw)))
        else:
            update.append((row, stored.written(kind, asset, raw)))
    kind.model.objects.bulk_create([asset for _, asset in create], batch_size=500)
    kind.model.objects.bulk_update([asset for _, asset in update], stored.raw_fields(kind), batch_size=500)
    for row, asset in (*create, *update):
        row.object_id, row.after = asset.pk, stored.raw_of(kind, asset)
    _note(rows)


def _why_not(kind: Kind, row: NetworkImportRow, asset: Any, ids: dict[str, dict[str, int]], reaches: dict[str, Any]) -> str:
    if row.status == BatchRowStatus.NEW and asset is not None:
        return "taken_since"
    if row.status != BatchRowStatus.NEW and (asset is None or asset.pk != row.object_id or stored.raw_of(kind, asset) != row.before):
        return "changed_since"
    lost = next((field.name for field in kind.references if (code := row.values.get(field.name)) and code not in ids[field.name]), None)
    if lost:
        return f"unknown_{lost}"
    return "" if _may(row, reaches) else "not_allowed_any_more"


def _ids(kind_name: str, network: Network, codes: set[str | None]) -> dict[str, int]:
    return dict(BY_NAME[kind_name].model.objects.filter(network=network, code__in=codes - {None}).values_list("code", "pk"))


def _raw_of_row(kind: Kind, row: NetworkImportRow, ids: dict[str, dict[str, int]]) -> stored.Raw:
    refs = {field.name for field in kind.references}
    raw = {name: value for name, value in row.values.items() if name not in refs} | {"code": row.code}
    if raw.get("rating_kva") is not None:
        raw["rating_kva"] = str(raw["rating_kva"])
    raw |= {f"{name}_id": ids[name].get(row.values.get(name) or "") for name in refs}
    if kind.is_drawn:
        raw["geom"] = row.geom.hexewkb.decode() if row.is_drawn and row.geom else (row.before or {}).get("geom")
    return raw


# --- taking back -----------------------------------------------------------------------------------------------------


def _take_back(kind: Kind, rows: Rows, reaches: dict[str, Any]) -> None:
    assets = {
        asset.pk: asset for asset in kind.model.objects.select_for_update().filter(pk__in=[row.object_id for row in rows]).order_by("pk")
    }
    in_use = _in_use(kind, [row.object_id for row in rows if row.status == BatchRowStatus.NEW and row.object_id])
    restore, remove = [], []
    for row in rows:
        asset = assets.get(row.object_id or 0)
        if asset is None or stored.raw_of(kind, asset) != row.after:
            row.revert_problem = "changed_since"
        elif row.status == BatchRowStatus.NEW and row.object_id in in_use:
            row.revert_problem = "in_use"
        elif not _may(row, reaches, back=True):
            row.revert_problem = "not_allowed_any_more"
        elif row.status == BatchRowStatus.NEW:
            remove.append(asset.pk)
            row.after = None
        else:
            restore.append(stored.written(kind, asset, row.before or {}))
            row.after = None
    kind.model.objects.bulk_update(restore, stored.raw_fields(kind), batch_size=500)
    kind.model.objects.filter(pk__in=remove).delete()
    _note(rows)


def _in_use(kind: Kind, ids: list[int]) -> set[int]:
    """Return those to which something refers that would go, or lose its reference, with them."""
    found: set[int] = set()
    for relation in kind.model._meta.related_objects:
        name = relation.field.attname
        found.update(relation.related_model._base_manager.filter(**{f"{name}__in": ids}).values_list(name, flat=True))
    return found
