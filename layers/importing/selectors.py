"""Reads of network imports, shaped for the screen: how one stands, its rows, what it changes on the map, its rejected rows as a file."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import QuerySet

from layers import access, csv_text
from layers.importing import problems
from layers.importing.files import FILES
from layers.importing.kinds import KINDS
from layers.map_layers import NETWORK_ID
from layers.models import BATCH_WORKING, BatchRowStatus, NetworkImport, NetworkImportRow
from spatial import datums
from spatial import selectors as places
from spatial.files import reading
from spatial.files.rows import Wanted
from spatial.models import Network

MAP_LIMIT = 5000
_COUNTS = ("new", "moved", "changed", "unchanged", "rejected", "far_moves")
_TABS = {"moved": ("moved", "moved_and_changed"), "changed": ("changed", "moved_and_changed")}


class UnknownImport(LookupError):
    """There is no such import, or not for this person."""


def imports_visible_to(user: User) -> QuerySet[NetworkImport]:
    """Return the imports that this person made; all of them for supervisors and administrators who may see the whole network."""
    if not access.is_staff_role(user):
        return NetworkImport.objects.none()
    is_above = access.role_of(user) in ("supervisor", access.ADMINISTRATOR)
    sees_all = is_above and access.areas_of(user, NETWORK_ID, access.VIEW).whole
    return NetworkImport.objects.all() if sees_all else NetworkImport.objects.filter(by=access.author(user))


def import_out(batch: NetworkImport, *, at: datetime) -> dict[str, Any]:
    """Return an import as screens and the command line show it; `at` is now, for the time that is left."""
    return {
        "id": str(batch.pk),
        "file_name": batch.file_name,
        "file_bytes": batch.file_bytes,
        "state": batch.state,
        "by": (batch.by.get_full_name() or batch.by.username) if batch.by else "",
        "at": _iso(batch.at),
        "detected": _detected(batch.detected),
        "choices": {
            **{name: batch.reading.get(name) for name in ("encoding", "crs", "swap_axes", "tolerance_m", "network")},
            "layers": batch.reading.get("layers", {}),
        },
        "questions": problems.questions(batch.questions),
        "kinds": [{"name": kind.name, "fields": [field.name for field in kind.fields]} for kind in KINDS],
        "crs_options": _crs_options(batch),
        "networks": list(Network.objects.order_by("code").values("code", "name")),
        "progress": _progress(batch, at),
        "counts": {kind: _counts(counts) for kind, counts in batch.counts.items()},
        "parts": batch.parts or None,
        "problem": batch.problem,
        "can": batch.can(),
        "not_reverted": batch.not_reverted,
        "committed_at": _iso(batch.committed_at),
        "reverted_at": _iso(batch.reverted_at),
    }


def rows_out(batch: NetworkImport, *, kind: str, statuses: Sequence[str], after: int, limit: int) -> dict[str, Any]:
    """Return {rows, next}: the rows after that number, in the order of storing; `next` None at the end. Moved ones that also changed are both."""
    found = NetworkImportRow.objects.filter(batch=batch, number__gt=after)
    if kind:
        found = found.filter(kind=kind)
    if list(statuses) == ["not_reverted"]:
        found = found.exclude(revert_problem="")
    elif statuses:
        found = found.filter(status__in={part for status in statuses for part in _TABS.get(status, (status,))})
    page = list(found.order_by("number")[: limit + 1])
    return {"rows": [_row(row) for row in page[:limit]], "next": page[limit - 1].number if len(page) > limit else None}


def map_out(batch: NetworkImport) -> dict[str, Any]:
    """Return the GeoJSON of what would change: new and moved assets where they will be, what moved also where it was, parts that hang on nothing."""
    found = NetworkImportRow.objects.filter(batch=batch, geom__isnull=False, is_drawn=True).exclude(status=BatchRowStatus.REJECTED)
    rows = list(found.order_by("number")[: MAP_LIMIT + 1])
    features = []
    for row in rows[:MAP_LIMIT]:
        told = {"number": row.number, "kind": row.kind, "code": row.code, "status": row.status, "moved_m": row.moved_m}
        features.append(_feature(row.geom, told | {"role": "to"}))
        if row.before and row.before.get("geom"):
            features.append(_feature(GEOSGeometry(row.before["geom"]), told | {"role": "from"}))
    for part in (batch.parts or {}).get("listed", []):
        geometry = {"type": "Point", "coordinates": [part["lon"], part["lat"]]}
        features.append({"type": "Feature", "geometry": geometry, "properties": {"role": "unconnected", "part": part["number"]}})
    return {"type": "FeatureCollection", "features": features, "truncated": len(rows) > MAP_LIMIT}


def rejects_csv(batch: NetworkImport) -> Iterator[str]:
    """Yield the lines of the rejected rows: layer, row, code, reason, then the cells as in the file. The file is read once more for it.

    Raises:
        spatial.files.rows.BadFile: before the first line when the file cannot be opened any more.
    """
    layers = batch.detected.get("layers", [])
    names = list(dict.fromkeys(column["name"] for layer in layers for column in layer["columns"]))
    encoding = (batch.reading.get("encoding") or "") if batch.detected.get("format") in ("CSV", "SHP") else ""
    head = csv_text.BOM + csv_text.line(["layer", "row", "reason", "reason_text", *names])
    for layer in layers:
        rejected = NetworkImportRow.objects.filter(batch=batch, layer=layer["name"][:200], status=BatchRowStatus.REJECTED)
        reasons = dict(rejected.values_list("row_no", "problem"))
        if not reasons:
            continue
        columns = [column["name"] for column in layer["columns"]]
        with reading.read(FILES.path_of(batch), Wanted(encoding, layer["name"], shapes=True)) as file:
            if head:
                yield head
                head = ""
            for rows in file.batches:
                for row in rows.to_pylist():
                    if code := reasons.get(row["row_no"]):
                        cells = {name: row[f"c{number}"] for number, name in enumerate(columns)}
                        texts = (cells.get(name, "") for name in names)
                        yield csv_text.line([layer["name"], row["row_no"], code, problems.ROW.get(code, code), *texts])
    if head:
        yield head


def _row(row: NetworkImportRow) -> dict[str, Any]:
    spot = GEOSGeometry(row.geom).centroid if row.geom else None
    return {
        "number": row.number,
        "kind": row.kind,
        "layer": row.layer,
        "row_no": row.row_no,
        "status": row.status,
        "code": row.code,
        "name": row.values.get("name") or "",
        "moved_m": row.moved_m,
        "lon": spot.x if spot else None,
        "lat": spot.y if spot else None,
        "changes": row.changes,
        "problem": problems.row_problem(row.revert_problem or row.problem),
    }


def _feature(geom: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": geom.geom_type, "coordinates": geom.coords}, "properties": properties}


def _detected(detected: dict[str, Any]) -> dict[str, Any] | None:
    """Return what was found; None before the file was opened."""
    return {name: value for name, value in detected.items() if name != "crs_candidates"} if detected else None


def _crs_options(batch: NetworkImport) -> list[dict[str, str]]:
    """Return the coordinate systems to choose from: what the file may be in first, then those made for the utility's place."""
    codes = dict.fromkeys([*batch.detected.get("crs_candidates", []), *places.utility_datums()])
    return [{"code": code, "label": datums.label(code), "label_zh": datums.label_zh(code)} for code in codes]


def _progress(batch: NetworkImport, at: datetime) -> dict[str, Any]:
    passed_s = (at - batch.begun_at).total_seconds() if batch.begun_at and batch.state in BATCH_WORKING else 0.0
    rows_per_s = batch.done / passed_s if passed_s > 0.5 and batch.done else None
    left = max(batch.total - batch.done, 0) / rows_per_s if rows_per_s and batch.total is not None else None
    return {
        "done": batch.done,
        "total": batch.total,
        "rows_per_s": round(rows_per_s, 1) if rows_per_s else None,
        "seconds_left": round(left, 1) if left is not None else None,
    }


def _counts(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts by tab: what moved and changed is counted in both."""
    both = counts.get("moved_and_changed", 0)
    return {name: counts.get(name, 0) + (both if name in ("moved", "changed") else 0) for name in _COUNTS}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
