"""Read an import's file and say what storing it would do: to each asset, and to what hangs together."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, transaction

from layers import access
from layers.importing import files, judging, kinds, stored
from layers.importing.files import FILES
from layers.importing.judging import Judged, Placing
from layers.importing.kinds import BY_NAME, KINDS
from layers.models import BatchRowStatus, BatchState, NetworkImport, NetworkImportRow
from spatial import datums, file_datum, topology
from spatial import selectors as places
from spatial.files import reading
from spatial.files.rows import BadFile, Header, Wanted
from spatial.models import Network
from spatial.services import nodes
from spatial.topology import BUS_SECTION, STATION, SUBSTATION, Segment, Site

Clock = Callable[[], datetime]
MAX_ROWS = 300_000
MAX_LAYERS = 40
_SAMPLES = 3
_LISTED_PARTS = 200
_PIECE = 2000
_HEARTBEAT_S = 5.0


class Superseded(Exception):
    """Somebody cancelled the import or chose otherwise while the file was read: what is read now is for nothing."""


@dataclass(slots=True)
class Layer:
    """One layer of the file, read whole; what it holds and what its columns mean are found out."""

    header: Header
    rows: pa.Table
    kind: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)


def check(batch: NetworkImport, *, clock: Clock) -> None:
    """Read the file from its beginning; leave the import waiting for an answer, checked, or failed with the reason.

    Raises:
        Superseded: see above; whoever did it has said what comes next.
    """
    run = _begin(batch, at=clock())
    try:
        layers = _read(batch, run, clock)
        found = _find_out(batch, layers)
        if not _note_found(batch, run, found, at=clock()):
            return
        network = Network.objects.filter(code=found["reading"]["network"]).first()
        heard_of = _heartbeat(batch, run, clock)
        judged = _judged(batch, layers, found["reading"], network, heard_of)
        heard_of()
        parts = _parts(judged, network, found["reading"]["tolerance_m"], judging.reach(files.person_of(batch), access.VIEW))
    except (BadFile, topology.TooDense) as error:
        problem = {"code": getattr(error, "code", "too_dense"), "text": str(error)}
        _end(batch, run, BatchState.FAILED, at=clock(), problem=problem)
        return
    with transaction.atomic():
        slowly()
        _locked(batch, run)
        _keep(batch, judged)
        # In the same transaction: who waits for the row finds the reading finished and does not begin another.
        counts = {name: _counted(rows) for name, rows in judged.items() if rows}
        _end(batch, run, BatchState.CHECKED, at=clock(), counts=counts, parts=parts, total=sum(map(len, judged.values())), attempts=0)


def forget_rows(batch: NetworkImport) -> None:
    """Delete what was staged."""
    NetworkImportRow.objects.filter(batch=batch)._raw_delete("default")


def slowly() -> None:
    """Let the statements of this transaction take as long as a large network takes."""
    with connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = '300s'")


def chooses_tolerance(batch: NetworkImport) -> bool:
    """Tell whether the import sets the tolerance of a network that is there: it was chosen, by somebody who may edit the whole of it."""
    return "tolerance_m" in batch.choices and judging.reach(files.person_of(batch), access.EDIT) is None


def told_parts(found: topology.Topology, sight: Any) -> dict[str, Any]:
    """Return the topology as the import keeps it: how many parts, and those on which no substation hangs.

    Whoever sees only what lies inside `sight` (None: everything) is told the parts of which every node lies there, and no counts.
    """
    counts: dict[str, int | None] = {
        "nodes": len(found.node_spots),
        "parts": len(found.parts),
        "unconnected": len(found.unconnected),
        "loops": found.loops,
    }
    seen = found.unconnected
    if sight is not None:
        counts = dict.fromkeys(counts)
        hidden = set(found.node_parts[~shapely.covers(sight, shapely.points(found.node_spots))].tolist())
        seen = [part for part in seen if part.number not in hidden]
    return {**counts, "listed": [asdict(part) for part in seen[:_LISTED_PARTS]]}


def _begin(batch: NetworkImport, *, at: datetime) -> int:
    with transaction.atomic():
        mine = NetworkImport.objects.select_for_update().get(pk=batch.pk)
        if mine.state != BatchState.READING:
            raise Superseded
        mine.run += 1
        mine.done, mine.total, mine.counts, mine.parts, mine.questions = 0, None, {}, {}, []
        mine.problem, mine.begun_at, mine.seen_at = None, at, at
        mine.save()
        forget_rows(batch)
    batch.refresh_from_db()
    return mine.run


def _read(batch: NetworkImport, run: int, clock: Clock) -> list[Layer]:
    """Return every layer of the file."""
    layers: list[Layer] = []
    done = 0
    wanted = Wanted(batch.choices.get("encoding") or "", shapes=True, most_layers=MAX_LAYERS)
    with reading.read_layers(FILES.path_of(batch), wanted) as found:
        for layer in found:
            pieces = []
            for rows in layer.batches:
                done += len(rows)
                if done > MAX_ROWS:
                    raise BadFile("too_many_rows", f"The file has more than {MAX_ROWS:,} rows; split it.")
                pieces.append(rows)
                with transaction.atomic():
                    _locked(batch, run)
                    NetworkImport.objects.filter(pk=batch.pk).update(done=done, seen_at=clock())
            layers.append(Layer(layer.header, pa.Table.from_batches(pieces, pieces[0].schema if pieces else pa.schema([]))))
    return layers


def _find_out(batch: NetworkImport, layers: list[Layer]) -> dict[str, Any]:
    """Return what the file says, what is in force for reading it, and what only a person can answer; fill in what the layers hold."""
    headings = _fingerprint(layers)
    chosen = _remembered(headings, batch) | batch.choices
    for layer in layers:
        _recognise(layer, chosen, alone=len(layers) == 1, file_name=batch.file_name)
    used = [layer for layer in layers if layer.kind]
    questions = [] if used else ["no_kind"]
    if any("code" not in layer.mapping for layer in used):
        questions.append("no_code")
    drawn = next(
        (layer for layer in used if len(layer.rows) and np.isfinite(judging.spots(layer.rows, layer.header, layer.mapping)[0]).any()), None
    )
    found = file_datum.Found()
    if drawn:
        x, y = judging.spots(drawn.rows, drawn.header, drawn.mapping)
        words = [*drawn.header.columns, batch.file_name, drawn.header.layer]
        found = file_datum.find_datum(x, y, declared=drawn.header.crs, words=words, extent=places.utility_extent())
    crs = chosen.get("crs") or found.datum
    if drawn and not (chosen.get("crs") or found.is_certain):
        questions.append("crs_unknown")
    if found.is_swapped and chosen.get("swap_axes") is None:
        questions.append("axes_swapped")
    network = chosen.get("network") or _likely_network(used) or files.slug(batch.file_name)
    return {
        "headings": headings,
        "detected": {
            "format": layers[0].header.format,
            "encoding": layers[0].header.encoding,
            "crs": found.datum,
            "crs_from": found.source,
            "crs_candidates": list(found.candidates),
            "layers": [_told_layer(layer) for layer in layers],
        },
        "reading": {
            "encoding": chosen.get("encoding") or layers[0].header.encoding,
            "crs": crs,
            "swap_axes": chosen.get("swap_axes"),
            "tolerance_m": _tolerance_m(batch, network, chosen),
            "network": network,
            "layers": {layer.header.layer: {"kind": layer.kind, "mapping": layer.mapping} for layer in layers},
        },
        "questions": questions,
        "total": sum(len(layer.rows) for layer in layers),
    }


def _tolerance_m(batch: NetworkImport, network: str, chosen: dict[str, Any]) -> float:
    """Return the tolerance in force: a network keeps its own until somebody who may edit all of it chooses another for this import."""
    kept: float | None = Network.objects.filter(code=network).values_list("tolerance_m", flat=True).first()
    if kept is not None and not chooses_tolerance(batch):
        return kept
    tolerance_m: float = chosen.get("tolerance_m", topology.DEFAULT_TOLERANCE_M)
    return tolerance_m


def _remembered(headings: str, batch: NetworkImport) -> dict[str, Any]:
    """Return what was said of the last stored file with these layers and columns."""
    last = NetworkImport.objects.filter(headings=headings, state=BatchState.COMMITTED).exclude(pk=batch.pk).first()
    return {name: value for name, value in (last.choices if last else {}).items() if name != "encoding"}


def _fingerprint(layers: list[Layer]) -> str:
    lines = sorted("\t".join([layer.header.layer, *sorted(layer.header.columns)]).lower() for layer in layers)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _recognise(layer: Layer, chosen: dict[str, Any], *, alone: bool, file_name: str) -> None:
    header = layer.header
    said = (chosen.get("layers") or {}).get(header.layer) or {}
    guess = kinds.kind_of_layer(header.layer) or (kinds.kind_of_layer(file_name) if alone else None)
    layer.kind = said.get("kind", guess)
    if layer.kind:
        meant = kinds.suggest(BY_NAME[layer.kind], header.columns, has_shapes=header.has_geometry and header.has_shapes)
        layer.mapping = kinds.overlaid(meant, said.get("mapping") or {}, header.columns)


def _told_layer(layer: Layer) -> dict[str, Any]:
    samples = layer.rows.slice(0, 200)
    columns = []
    for number, name in enumerate(layer.header.columns):
        cells: list[str] = samples.column(4 + number).to_pylist() if len(samples) else []
        columns.append({"name": name, "samples": [cell.strip()[:60] for cell in cells if cell.strip()][:_SAMPLES]})
    return {
        "name": layer.header.layer,
        "rows": len(layer.rows),
        "crs": layer.header.crs or None,
        "has_geometry": layer.header.has_geometry,
        "columns": columns,
    }


def _likely_network(used: list[Layer]) -> str | None:
    """Return the network in which codes of this file stand already, so that a file with another name changes the same one."""
    for layer in used:
        if not layer.kind or "code" not in layer.mapping or not len(layer.rows):
            continue
        codes = judging.cells(layer.rows, layer.header, layer.mapping["code"])[:200]
        known = BY_NAME[layer.kind].model.objects.filter(code__in=codes).values_list("network__code", flat=True).order_by("network_id")
        if networks := list(known):
            return max(dict.fromkeys(networks), key=networks.count)
    return None


def _note_found(batch: NetworkImport, run: int, found: dict[str, Any], *, at: datetime) -> bool:
    """Store what was found; return whether judging goes on."""
    with transaction.atomic():
        mine = _locked(batch, run)
        for name, value in found.items():
            setattr(mine, name, value)
        mine.seen_at = at
        if found["questions"]:
            mine.state = BatchState.WAITING
        mine.save()
    return not found["questions"]


def _heartbeat(batch: NetworkImport, run: int, clock: Clock) -> Callable[[], None]:
    """Return what says, when called and every few seconds at most, that the reading goes on. It raises Superseded."""
    last = time.monotonic()

    def heard_of() -> None:
        nonlocal last
        if time.monotonic() - last < _HEARTBEAT_S:
            return
        if not NetworkImport.objects.filter(pk=batch.pk, run=run, state=BatchState.READING).update(seen_at=clock()):
            raise Superseded
        last = time.monotonic()

    return heard_of


def _judged(
    batch: NetworkImport, layers: list[Layer], in_force: dict[str, Any], network: Network | None, heard_of: Callable[[], None]
) -> dict[str, list[Judged]]:
    """Return the judged rows by kind, in the order of storing. What was judged is not held any longer."""
    user = files.person_of(batch)
    reaches = {action: judging.reach(user, action) for action in (access.VIEW, access.ADD, access.MOVE, access.EDIT)}
    known: dict[str, dict[str, tuple[int, stored.Raw]]] = {kind.name: stored.by_code(kind, network) if network else {} for kind in KINDS}
    judge = judging.Judge(known, reaches, heard_of)
    for kind in KINDS:
        for layer in layers:
            if layer.kind == kind.name and len(layer.rows):
                declared = layer.header.crs if layer.header.crs in datums.allowed() else ""
                datum = batch.choices.get("crs") or declared or in_force["crs"] or ""
                judge.take(kind, layer.header, layer.rows, layer.mapping, Placing(datum, bool(in_force["swap_axes"])))
                layer.rows = layer.rows.schema.empty_table()
    return judge.judged


def _parts(judged: dict[str, list[Judged]], network: Network | None, tolerance_m: float, sight: Any) -> dict[str, Any]:
    """Return what would hang together once the file is stored."""
    segments = nodes.stored_segments(network) if network else {}
    sites = nodes.stored_sites(network) if network else {}
    for row in judged["lines"]:
        if row.status != BatchRowStatus.REJECTED and row.shape is not None:
            (lon, lat), (to_lon, to_lat) = shapely.get_coordinates(row.shape)[[0, -1]].tolist()
            segments[row.code] = Segment(lon, lat, to_lon, to_lat, row.values["length_m"], row.values["feeder"] or "")
    for name in (SUBSTATION, BUS_SECTION, STATION):
        for row in judged[name]:
            if row.status != BatchRowStatus.REJECTED and row.shape is not None:
                sites[name, row.code] = Site(row.shape.x, row.shape.y, row.values.get("substation") or "")
    return told_parts(topology.build(topology.grid_of(segments, sites), tolerance_m=tolerance_m), sight)


def _keep(batch: NetworkImport, judged: dict[str, list[Judged]]) -> None:
    rows = (
        NetworkImportRow(
            batch=batch, number=number, kind=kind, layer=row.layer[:200], row_no=row.row_no, code=row.code[:120], status=row.status, problem=row.problem,
            moved_m=row.moved_m, geom=GEOSGeometry(memoryview(shapely.to_wkb(row.shape)), srid=4326) if row.shape is not None else None,
            is_drawn=row.is_drawn, values=row.values, changes=row.changes, object_id=row.object_id, before=row.before,
        )
        for number, (kind, row) in enumerate(((kind, row) for kind, of_kind in judged.items() for row in of_kind), start=1)
    )  # fmt: skip
    # Piece by piece: bulk_create makes a list of all that it is given.
    while piece := list(islice(rows, _PIECE)):
        NetworkImportRow.objects.bulk_create(piece)


def _counted(rows: list[Judged]) -> dict[str, int]:
    counts = dict.fromkeys([*BatchRowStatus.values, "far_moves"], 0)
    for row in rows:
        counts[row.status] += 1
        counts["far_moves"] += row.status != BatchRowStatus.REJECTED and (row.moved_m or 0) > settings.GUARD_DISTANCE_M
    return counts


def _end(batch: NetworkImport, run: int, state: str, *, at: datetime, **told: Any) -> None:
    with transaction.atomic():
        mine = _locked(batch, run)
        mine.state, mine.seen_at = state, at
        for name, value in told.items():
            setattr(mine, name, value)
        mine.save()


def _locked(batch: NetworkImport, run: int) -> NetworkImport:
    mine = NetworkImport.objects.select_for_update().get(pk=batch.pk)
    if mine.run != run or mine.state != BatchState.READING:
        raise Superseded
    return mine
