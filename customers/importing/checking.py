"""Read an import's file and say what storing it would do: find out what nobody chose, then judge every row, batch by batch."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from django.conf import settings
from django.db import connection, transaction

from customers.importing import cleaning, mapping, staging
from customers.importing.problems import problem
from customers.importing.storage import FILES
from customers.models import LAYER_ID, Import, ImportMapping, ImportRow, ImportState
from customers.selectors import person_name
from layers import access
from spatial import datums, file_datum
from spatial import selectors as places
from spatial.files import reading
from spatial.files.rows import BadFile, Header, Wanted

Clock = Callable[[], datetime]
_SAMPLES = 3


class Superseded(Exception):
    """Somebody cancelled the import or chose otherwise while the file was read: what is read now is for nothing."""


def check(batch: Import, *, clock: Clock) -> None:
    """Read the file from its beginning; leave the import waiting for an answer, checked, with nothing to change, or failed with the reason.

    Raises:
        Superseded: see above; whoever did it has said what comes next.
    """
    run = _begin(batch, at=clock())
    try:
        with reading.read(FILES.path_of(batch), Wanted(batch.choices.get("encoding") or "", batch.choices.get("layer") or "")) as file:
            first = next(file.batches, None)
            found = _find_out(batch, file.header, first)
            if not _note_found(batch, run, found, at=clock()):
                return
            total = 0
            for rows in _chained(first, file.batches):
                total += len(rows)
                _take(batch, run, file.header, rows, found, at=clock())
    except BadFile as error:
        _end(batch, run, ImportState.FAILED, at=clock(), problem=problem(error.code, str(error)))
        return
    with transaction.atomic():
        _slowly()
        _locked(batch, run)
        staging.reject_repeated(batch)
    _end(batch, run, ImportState.CHECKED, at=clock(), total=total)


def remember_mapping(batch: Import, *, at: datetime) -> None:
    """Keep what the columns meant for the next file with these headings."""
    columns = [column["name"] for column in batch.detected.get("columns", [])]
    ImportMapping.objects.update_or_create(
        headings=mapping.fingerprint(columns),
        defaults={"mapping": batch.reading.get("mapping", {}), "crs": batch.reading.get("crs") or "", "by": batch.by, "at": at},
    )


def counts_of(batch: Import) -> dict[str, int]:
    """Return how many rows there are of each status, and how many moves go beyond the guard distance."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select status, count(*), count(*) filter (where moved_m > %s) from customers_importrow where batch_id = %s group by status",
            [settings.GUARD_DISTANCE_M, batch.pk],
        )
        found = {status: (count, far) for status, count, far in cursor.fetchall()}
    moved = found.get("moved", (0, 0)), found.get("moved_and_changed", (0, 0))
    plain = {status: found.get(status, (0, 0))[0] for status in ("new", "moved", "changed", "moved_and_changed", "unchanged", "rejected")}
    return plain | {"far_moves": sum(far for _, far in moved)}


def _begin(batch: Import, *, at: datetime) -> int:
    with transaction.atomic():
        mine = Import.objects.select_for_update().get(pk=batch.pk)
        if mine.state != ImportState.READING:
            raise Superseded
        mine.run += 1
        mine.done, mine.total, mine.counts, mine.questions, mine.problem, mine.begun_at, mine.seen_at = 0, None, {}, [], None, at, at
        mine.save()
    forget_rows(batch)
    batch.refresh_from_db()
    return mine.run


def forget_rows(batch: Import) -> None:
    """Delete what was staged, in pieces that no statement's time limit ends."""
    while ImportRow.objects.filter(batch=batch).exists():
        with connection.cursor() as cursor:
            cursor.execute(
                "delete from customers_importrow where batch_id = %s and row_no = any(array("
                "select row_no from customers_importrow where batch_id = %s order by row_no limit 100000))",
                [batch.pk, batch.pk],
            )


def _find_out(batch: Import, header: Header, first: pa.RecordBatch | None) -> dict[str, Any]:
    """Return what the file says, what is in force for reading it on, and what only a person can answer."""
    chosen = batch.choices
    samples = _samples(header, first)
    remembered = ImportMapping.objects.select_related("by").filter(headings=mapping.fingerprint(header.columns)).first()
    meant = remembered.mapping if remembered else mapping.suggest(header.columns, samples, has_geometry=header.has_geometry)
    meant = mapping.overlaid(meant, chosen.get("mapping") or {}, header.columns)
    x, y = cleaning.positions(first, header.columns, meant) if first else (np.array([]), np.array([]))
    found = file_datum.find_datum(
        x,
        y,
        declared=header.crs,
        words=[*header.columns, batch.file_name],
        extent=places.utility_extent(),
        offered=places.utility_datums(),
    )
    in_force = {
        "encoding": chosen.get("encoding") or header.encoding,
        **_datum_in_force(chosen, remembered, found),
        "layer": chosen.get("layer") or header.layer or None,
        "mapping": meant,
        "swap_axes": bool(chosen.get("swap_axes")),
    }
    questions = [] if "account_no" in meant else ["no_account_no"]
    if np.isfinite(x).any():
        questions += _questions_of_place(chosen, in_force, found)
    return {"detected": _detected(header, samples, found), "reading": in_force, "questions": questions, "total": header.rows}


def _datum_in_force(chosen: dict[str, Any], remembered: ImportMapping | None, found: file_datum.Found) -> dict[str, Any]:
    """Return the datum and where it comes from: chosen by a person, else said of a file with these headings before, else found out.

    What the file declares goes before what is remembered.
    """
    if chosen.get("crs"):
        return {"crs": datums.known_name(chosen["crs"]), "crs_from": "chosen"}
    if remembered and remembered.crs and found.source != "file" and found.datum:
        told = {"by": person_name(remembered.by), "at": remembered.at.isoformat()}
        return {"crs": datums.known_name(remembered.crs), "crs_from": "remembered", "remembered": told}
    return {"crs": found.datum, "crs_from": found.source}


def _questions_of_place(chosen: dict[str, Any], in_force: dict[str, Any], found: file_datum.Found) -> list[str]:
    is_said = in_force["crs_from"] in ("chosen", "remembered")
    questions = []
    if not (is_said or found.is_certain or found.straddles):
        questions.append("crs_unknown")
    if chosen.get("swap_axes") is None and found.is_swapped:
        questions.append("axes_swapped")
    if found.straddles and not chosen.get("crs") and in_force["crs"] != datums.CGCS2000_ZONES:
        questions.append("zone_straddles")
    return questions


def _detected(header: Header, samples: dict[str, list[str]], found: file_datum.Found) -> dict[str, Any]:
    return {
        "format": header.format,
        "encoding": header.encoding,
        "crs": found.datum,
        "crs_from": found.source,
        "layer": header.layer or None,
        "layers": list(header.layers),
        "columns": [{"name": name, "samples": samples[name]} for name in header.columns],
        "rows": header.rows,
        "has_geometry": header.has_geometry,
        "crs_candidates": list(found.candidates),
    }


def _samples(header: Header, first: pa.RecordBatch | None) -> dict[str, list[str]]:
    if first is None:
        return {name: [] for name in header.columns}
    found: dict[str, list[str]] = {}
    for number, name in enumerate(header.columns):
        cells = (cell.strip()[:60] for cell in first.column(4 + number).slice(0, 200).to_pylist())
        found[name] = [cell for cell, _ in zip((cell for cell in cells if cell), range(_SAMPLES), strict=False)]
    return found


def _note_found(batch: Import, run: int, found: dict[str, Any], *, at: datetime) -> bool:
    """Store what was found; return whether reading goes on."""
    with transaction.atomic():
        mine = _locked(batch, run)
        for name, value in found.items():
            setattr(mine, name, value)
        mine.seen_at = at
        if found["questions"]:
            mine.state = ImportState.WAITING
        mine.save()
    return not found["questions"]


def _take(batch: Import, run: int, header: Header, rows: pa.RecordBatch, found: dict[str, Any], *, at: datetime) -> None:
    user = batch.person()
    in_force = found["reading"]
    placing = cleaning.Placing(
        datum=in_force["crs"] or "",
        swap_axes=in_force["swap_axes"],
        extent=places.utility_extent(),
        add_inside=_shapes(user, access.ADD),
        move_inside=_shapes(user, access.MOVE),
    )
    table = cleaning.cleaned(rows, header.columns, in_force["mapping"], placing)
    with transaction.atomic():
        _slowly()
        mine = _locked(batch, run)
        staging.stage(mine, table, user=user, datum=placing.datum)
        Import.objects.filter(pk=mine.pk).update(done=mine.done + len(rows), seen_at=at)


def _shapes(user: Any, action: str) -> list[Any] | None:
    """Return the shapes inside which the person may do this and see it afterwards; None when that is everywhere."""
    reach, sight = (access.areas_of(user, LAYER_ID, name) for name in (action, access.VIEW))
    if not access.is_staff_role(user) or not reach or not sight:
        return []
    if reach.whole and sight.whole:
        return None
    both = [_union(part) for part in (reach, sight) if not part.whole]
    shape = both[0] if len(both) == 1 else shapely.intersection(*both)
    shapely.prepare(shape)
    return [shape]


def _union(reach: access.Reach) -> Any:
    return shapely.union_all([shapely.from_wkb(bytes(polygon.wkb)) for polygon in reach.polygons()])


def _end(batch: Import, run: int, state: str, *, at: datetime, **told: Any) -> None:
    with transaction.atomic():
        _slowly()
        mine = _locked(batch, run)
        mine.state, mine.seen_at, mine.counts = state, at, counts_of(batch)
        for name, value in told.items():
            setattr(mine, name, value)
        if state == ImportState.CHECKED:
            mine.detected["rows"] = mine.total
            mine.attempts = 0
            if not mine.changes_something():
                mine.state = ImportState.NOTHING
        mine.save()


def _locked(batch: Import, run: int) -> Import:
    mine = Import.objects.select_for_update().get(pk=batch.pk)
    if mine.run != run or mine.state != ImportState.READING:
        raise Superseded
    return mine


def _slowly() -> None:
    """Let the statements of this transaction take as long as a million rows take."""
    with connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = '300s'")


def _chained(first: pa.RecordBatch | None, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    if first is not None:
        yield first
        yield from rest
