"""Reads of imports, shaped for the screen: how one stands, its rows, its places on the map, its rejected rows as a file."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from customers.importing import problems
from customers.importing.mapping import TARGETS
from customers.importing.storage import FILES
from customers.models import WORKING, Import, ImportQuerySet, ImportRow, RowStatus
from customers.selectors import person_name
from layers import csv_text
from spatial import datums
from spatial import selectors as places
from spatial.files import reading
from spatial.files.rows import Wanted

MAP_LIMIT = 5000
# Of which the number is written as it stands: +358 or -007 is text.
_NEGATIVE = re.compile(r"-(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
_COUNTS = ("new", "moved", "changed", "unchanged", "rejected", "far_moves")
_TABS = {"moved": ("moved", "moved_and_changed"), "changed": ("changed", "moved_and_changed")}


def import_out(batch: Import, *, at: datetime) -> dict[str, Any]:
    """Return an import as screens and the command line show it; `at` is now, for the time that is left."""
    return _import_out(batch, places.utility_datums(), at)


def imports_out(rows: ImportQuerySet, *, at: datetime, limit: int) -> list[dict[str, Any]]:
    """Return the newest imports first."""
    offered = places.utility_datums()
    return [_import_out(batch, offered, at) for batch in rows.select_related("by")[:limit]]


def rows_out(batch: Import, *, statuses: Sequence[str], after: int, limit: int) -> dict[str, Any]:
    """Return {rows, next}: the rows after that number, in the file's order; `next` None at the end. Moved ones that also changed are both."""
    found = ImportRow.objects.filter(batch=batch, row_no__gt=after)
    if statuses:
        found = found.filter(status__in={part for status in statuses for part in _TABS.get(status, (status,))})
    page = list(found.order_by("row_no")[: limit + 1])
    rows = [_row(row) for row in page[:limit]]
    return {"rows": rows, "next": page[limit - 1].row_no if len(page) > limit else None}


def not_reverted(batch: Import, *, after: int, limit: int) -> dict[str, Any]:
    """Return the rows that taking back left alone, as `rows_out`."""
    page = list(ImportRow.objects.filter(batch=batch, row_no__gt=after).exclude(revert_problem="").order_by("row_no")[: limit + 1])
    rows = [_row(row) | {"problem": problems.row_problem(row.revert_problem)} for row in page[:limit]]
    return {"rows": rows, "next": page[limit - 1].row_no if len(page) > limit else None}


def map_out(batch: Import) -> dict[str, Any]:
    """Return the GeoJSON of what would change: a point for each new customer, a line from old to new place for each moved one."""
    found = ImportRow.objects.filter(
        batch=batch, status__in=(RowStatus.NEW, RowStatus.MOVED, RowStatus.MOVED_AND_CHANGED), lon__isnull=False
    )
    rows = list(found.order_by("row_no")[: MAP_LIMIT + 1])
    return {"type": "FeatureCollection", "features": [_feature(row) for row in rows[:MAP_LIMIT]], "truncated": len(rows) > MAP_LIMIT}


def rejects_csv(batch: Import) -> Iterator[str]:
    """Yield the lines of the rejected rows: their cells as in the file, the row's number and the reason. The file is read once more for it.

    Raises:
        spatial.files.rows.BadFile: before the first line when the file cannot be opened any more.
    """
    names = [column["name"] for column in batch.detected.get("columns", [])]
    wanted = Wanted(batch.reading.get("encoding") or "", batch.reading.get("layer") or "")
    if batch.detected.get("format") not in ("CSV", "SHP"):
        wanted = Wanted("", wanted.layer)
    with reading.read(FILES.path_of(batch), wanted) as file:
        yield csv_text.BOM + csv_text.line([*names, "row", "reason", "reason_text"])
        for rows in file.batches:
            numbers = rows.column(0).to_numpy()
            reasons = dict(
                ImportRow.objects.filter(
                    batch=batch, status=RowStatus.REJECTED, row_no__gte=int(numbers[0]), row_no__lte=int(numbers[-1])
                ).values_list("row_no", "problem")
            )
            chosen = rows.take(np.flatnonzero(np.isin(numbers, list(reasons))))
            for row in chosen.to_pylist():
                code = reasons[row["row_no"]]
                cells = [row[f"c{number}"] for number in range(len(names))]
                yield csv_text.line([*(_number_or_text(cell) for cell in cells), row["row_no"], code, problems.ROW.get(code, code)])


def _number_or_text(cell: str) -> Any:
    """Return negative numbers as numbers: a ' before them would make them text in the corrected file. They keep every digit."""
    return Decimal(cell) if _NEGATIVE.fullmatch(cell) else cell


def _import_out(batch: Import, offered: Sequence[str], at: datetime) -> dict[str, Any]:
    return {
        "id": str(batch.pk),
        "file_name": batch.file_name,
        "file_bytes": batch.file_bytes,
        "state": batch.state,
        "by": person_name(batch.by),
        "at": _iso(batch.at),
        "detected": _detected(batch.detected),
        "choices": {
            **{name: batch.reading.get(name) or None for name in ("encoding", "crs", "layer")},
            "crs_from": batch.reading.get("crs_from"),
            "remembered": batch.reading.get("remembered"),
            "mapping": batch.reading.get("mapping", {}),
            "swap_axes": batch.choices.get("swap_axes"),
        },
        "questions": problems.questions(batch.questions),
        "targets": [{"name": target.name, "required": target.is_required} for target in TARGETS],
        "crs_options": _crs_options(batch, offered),
        "progress": _progress(batch, at),
        "counts": _counts(batch.counts),
        "taken_back": batch.taken_back or None,
        "problem": batch.problem,
        "can": batch.can(),
        "not_reverted": batch.not_reverted,
        "committed_at": _iso(batch.committed_at),
        "reverted_at": _iso(batch.reverted_at),
    }


def _crs_options(batch: Import, offered: Sequence[str]) -> list[dict[str, str]]:
    """Return the coordinate systems to choose from: what the file may be in first, then those made for the utility's place. Each once."""
    found = map(datums.known_name, batch.detected.get("crs_candidates", []))
    codes = dict.fromkeys([*found, *offered, datums.CGCS2000_ZONES])
    return [{"code": code, "label": datums.label(code), "label_zh": datums.label_zh(code)} for code in codes]


def _detected(detected: dict[str, Any]) -> dict[str, Any] | None:
    """Return what was found; None before the file was opened."""
    if not detected:
        return None
    return {
        "format": detected.get("format", ""),
        **{name: detected.get(name) or None for name in ("encoding", "crs", "crs_from", "layer")},
        "layers": detected.get("layers", []),
        "columns": detected.get("columns", []),
        "rows": detected.get("rows"),
        "has_geometry": detected.get("has_geometry", False),
    }


def _progress(batch: Import, at: datetime) -> dict[str, Any]:
    passed_s = (at - batch.begun_at).total_seconds() if batch.begun_at and batch.state in WORKING else 0.0
    rows_per_s = batch.done / passed_s if passed_s > 0.5 and batch.done else None
    left = max(batch.total - batch.done, 0) / rows_per_s if rows_per_s and batch.total is not None else None
    return {
        "done": batch.done,
        "total": batch.total,
        "rows_per_s": round(rows_per_s, 1) if rows_per_s else None,
        "seconds_left": round(left, 1) if left is not None else None,
    }


def _counts(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts by tab: who moved and changed is counted in both."""
    both = counts.get("moved_and_changed", 0)
    return {name: counts.get(name, 0) + (both if name in ("moved", "changed") else 0) for name in _COUNTS}


def _row(row: ImportRow) -> dict[str, Any]:
    return {
        "row_no": row.row_no,
        "status": row.status,
        "account_no": row.account_no,
        "name": row.values.get("name", ""),
        "moved_m": row.moved_m,
        "lon": row.lon,
        "lat": row.lat,
        "from": {"lon": row.from_lon, "lat": row.from_lat} if row.from_lon is not None else None,
        "changes": row.changes if row.status != RowStatus.NEW else _all_of_it(row.values),
        "problem": problems.row_problem(row.problem),
        "account_id": row.account_id,
    }


def _all_of_it(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of a new customer as changes from nothing; the name stands beside them."""
    return [{"field": field, "from": None, "to": value} for field, value in values.items() if field != "name"]


def _feature(row: ImportRow) -> dict[str, Any]:
    to = [row.lon, row.lat]
    geometry: dict[str, Any] = {"type": "Point", "coordinates": to}
    if row.status != RowStatus.NEW and row.from_lon is not None:
        geometry = {"type": "LineString", "coordinates": [[row.from_lon, row.from_lat], to]}
    return {
        "type": "Feature",
        "id": row.row_no,
        "geometry": geometry,
        "properties": {
            "row_no": row.row_no,
            "status": row.status,
            "account_no": row.account_no,
            "moved_m": row.moved_m,
        },
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
