"""What a person does with a network's import: bring a file, choose how it is meant, store it, cancel it, take it back. The worker does the rest."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django_q.tasks import async_task

from layers import access, audit, live
from layers.importing import checking, selectors
from layers.importing.files import FILES
from layers.importing.kinds import BY_NAME
from layers.kept_files import QUOTA_BYTES, TooLarge
from layers.map_layers import NETWORK_ID
from layers.models import BATCH_WORKING, BatchState, NetworkImport, NetworkImportRow
from spatial import datums
from spatial.files import kinds as file_kinds
from spatial.files.rows import BadFile
from spatial.files.text import CODECS, plain_name
from spatial.topology import MAX_TOLERANCE_M

JOB = "layers.jobs.run_network_import"
FORMATS = (file_kinds.GPKG, file_kinds.SHP, file_kinds.GEOJSON, file_kinds.CSV, file_kinds.XLSX)
_OPEN = (BatchState.READING, BatchState.WAITING, BatchState.CHECKED)


class NotNow(Exception):
    """The import does not stand where this can be done."""


class FarMoves(Exception):
    """Some assets would move farther than the guard distance, and nobody said that it is meant. `count` says how many."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count:,} assets would move farther than the guard distance. Confirm it if it is meant.")
        self.count = count


class BadChoice(ValueError):
    """A choice that the file does not offer. `field` names it."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def start_import(*, user: User, file_name: str, pieces: Iterable[bytes], at: datetime, queue: bool = True) -> NetworkImport:
    """Keep the file and have the worker read it; the same file once more, while it still waits, is the import that is there.

    Without `queue`, here and below, the caller does the worker's part itself.

    Raises:
        TooLarge: the file, or this person's files together.
        spatial.files.rows.BadFile: it is no kind of file in which a network can be read here.
    """
    batch = NetworkImport(by=access.author(user), at=at, file_name=plain_name(file_name), seen_at=at)
    batch.file_bytes, batch.sha256 = FILES.keep(batch, pieces)
    try:
        if file_kinds.kind_of(FILES.path_of(batch)) not in FORMATS:
            raise BadFile("unsupported", "A network is read from a GeoPackage, a zipped Shapefile, GeoJSON, CSV or XLSX.")
        with transaction.atomic():
            own = NetworkImport.objects.filter(by=batch.by)
            same = own.filter(state__in=_OPEN, sha256=batch.sha256, file_name=batch.file_name).first()
            if same:
                FILES.forget(batch)
                return same
            kept = own.filter(is_file_kept=True).aggregate(bytes=Sum("file_bytes"))["bytes"] or 0
            # The command line is nobody's: whoever may use it may fill the disk as well.
            if batch.by and kept + batch.file_bytes > QUOTA_BYTES:
                raise TooLarge(
                    "The files of your imports take all the room that you have; cancel open ones, or wait until old ones are forgotten."
                )
            batch.save(force_insert=True)
            if queue:
                _enqueue(batch)
            _record("start", batch, user=user, at=at, after={"bytes": batch.file_bytes, "sha256": batch.sha256})
    except BaseException:
        FILES.forget(batch)
        raise
    return batch


def choose(batch_id: Any, choices: Mapping[str, Any], *, user: User, at: datetime, queue: bool = True) -> NetworkImport:
    """Read the file again as the person says: encoding, crs, swap_axes, tolerance_m, network, layers {name: {kind, mapping}}.

    Raises:
        selectors.UnknownImport, NotNow, BadChoice.
    """
    with transaction.atomic():
        batch = _locked(batch_id, user)
        if batch.state not in (*_OPEN, BatchState.FAILED) or not batch.is_file_kept or batch.has_stored():
            raise NotNow("The import is under way; nothing can be chosen any more.")
        _check_choices(batch, choices)
        layers = batch.choices.get("layers") or {}
        for name, said in (choices.get("layers") or {}).items():
            earlier = layers.get(name) or {}
            mapping = {} if "kind" in said and said["kind"] != earlier.get("kind") else earlier.get("mapping") or {}
            layers[name] = earlier | said | {"mapping": mapping | (said.get("mapping") or {})}
        batch.choices = batch.choices | dict(choices) | ({"layers": layers} if layers else {})
        batch.state, batch.attempts, batch.problem, batch.questions = BatchState.READING, 0, None, []
        batch.done, batch.seen_at = 0, at
        # What an older reading still brings belongs to other choices.
        batch.run += 1
        batch.save()
        if queue:
            _enqueue(batch)
        _record("change", batch, user=user, at=at, after=dict(choices))
    return batch


def commit_import(batch_id: Any, *, user: User, at: datetime, accept_far_moves: bool = False, queue: bool = True) -> NetworkImport:
    """Have the worker store the import.

    Raises:
        selectors.UnknownImport, NotNow, FarMoves.
    """
    with transaction.atomic():
        batch = _locked(batch_id, user)
        if "commit" not in batch.can():
            raise NotNow("Only a checked import that changes something can be stored.")
        far = sum(counts.get("far_moves", 0) for counts in batch.counts.values())
        if far and not accept_far_moves:
            raise FarMoves(far)
        batch.total = batch.changes()
        _work_on(batch, BatchState.COMMITTING, at=at, queue=queue)
        _record("commit", batch, user=user, at=at, after=batch.counts)
    return batch


def cancel_import(batch_id: Any, *, user: User, at: datetime, queue: bool = True) -> NetworkImport:
    """Give the import up; what was stored of it already is taken back.

    Raises:
        selectors.UnknownImport, NotNow.
    """
    with transaction.atomic():
        batch = _locked(batch_id, user)
        if batch.state in (*_OPEN, BatchState.FAILED) and not batch.has_stored():
            batch.state, batch.is_file_kept, batch.cursor = BatchState.CANCELLED, False, 0
            batch.run += 1
            batch.save()
            checking.forget_rows(batch)
            transaction.on_commit(lambda: FILES.forget(batch))
        elif batch.state in (BatchState.COMMITTING, BatchState.FAILED):
            # One that was stored whole, and failed while it was taken back, is taken back and not cancelled.
            batch.is_cancelled = batch.committed_at is None
            batch.total = batch.done
            _work_on(batch, BatchState.REVERTING, at=at, queue=queue)
        else:
            raise NotNow("The import is not under way any more.")
        _record("cancel", batch, user=user, at=at)
    return batch


def revert_import(batch_id: Any, *, user: User, at: datetime, queue: bool = True) -> NetworkImport:
    """Have the worker take the whole import back.

    Raises:
        selectors.UnknownImport, NotNow.
    """
    with transaction.atomic():
        batch = _locked(batch_id, user)
        if "revert" not in batch.can():
            raise NotNow("Only an import that was stored can be taken back.")
        batch.total = batch.rows.filter(after__isnull=False).count()
        _work_on(batch, BatchState.REVERTING, at=at, queue=queue)
        _record("revert", batch, user=user, at=at)
    return batch


def fail_import(batch_id: Any, problem: Mapping[str, Any], *, at: datetime) -> None:
    """Note that the worker cannot go on, and why."""
    with transaction.atomic():
        batch = NetworkImport.objects.select_for_update().get(pk=batch_id)
        if batch.state in BATCH_WORKING:
            # Of what its pieces stored, or took back, no map has heard yet.
            was_writing = batch.state != BatchState.READING
            batch.state, batch.problem, batch.seen_at = BatchState.FAILED, dict(problem), at
            batch.save()
            if was_writing:
                live.reload(NETWORK_ID)
            _record("fail", batch, user=access.everybody(), at=at, after=dict(problem))


def forget_imports(*, older_than: datetime, at: datetime) -> int:
    """Delete the files and rows of old imports; that they were stays known. Return how many. Files of which no import knows go as well."""
    rows = NetworkImportRow.objects.filter(batch=OuterRef("pk"))
    old = NetworkImport.objects.filter(Q(is_file_kept=True) | Exists(rows), at__lt=older_than).exclude(state__in=BATCH_WORKING)
    # One that failed half stored must still be taken back.
    old = old.exclude(Exists(rows.filter(after__isnull=False)), state=BatchState.FAILED)
    for batch in old:
        with transaction.atomic():
            checking.slowly()
            checking.forget_rows(batch)
            mine = NetworkImport.objects.filter(pk=batch.pk)
            mine.update(is_file_kept=False)
            mine.filter(state__in=(BatchState.WAITING, BatchState.CHECKED)).update(state=BatchState.CANCELLED)
            _record("forget", batch, user=access.everybody(), at=at)
        FILES.forget(batch)
    FILES.forget_strays(NetworkImport.objects.all(), at=at)
    return len(old)


def _check_choices(batch: NetworkImport, choices: Mapping[str, Any]) -> None:
    columns = {layer["name"]: [column["name"] for column in layer["columns"]] for layer in batch.detected.get("layers", [])}
    for name, said in (choices.get("layers") or {}).items():
        if columns and name not in columns:
            raise BadChoice("layers", f"The file has no layer “{name[:40]}”.")
        kind = said.get("kind") or ((batch.reading.get("layers") or {}).get(name) or {}).get("kind")
        if said.get("kind") and said["kind"] not in BY_NAME:
            raise BadChoice("layers", f"“{said['kind'][:40]}” is no kind of asset; use one of {', '.join(BY_NAME)}.")
        fields = {field.name for field in BY_NAME[kind].fields} if kind else set()
        meant = said.get("mapping") or {}
        if unknown := [field for field in meant if field not in fields]:
            raise BadChoice("layers", f"“{unknown[0][:40]}” is no field of {kind or 'a layer that is left out'}.")
        if columns and (unknown := [column for column in meant.values() if column and column not in columns[name]]):
            raise BadChoice("layers", f"The layer has no column “{unknown[0][:40]}”.")
    if choices.get("crs") and choices["crs"] not in datums.allowed():
        raise BadChoice(
            "crs", f"“{choices['crs'][:40]}” is not a coordinate system known here; use WGS84, CGCS2000, GCJ02, BD09 or EPSG:nnnn."
        )
    if choices.get("encoding") and choices["encoding"] not in CODECS:
        raise BadChoice("encoding", f"“{choices['encoding'][:20]}” is not an encoding known here; use one of {', '.join(CODECS)}.")
    if not 0 <= choices.get("tolerance_m", 0) <= MAX_TOLERANCE_M:
        raise BadChoice("tolerance_m", f"The tolerance is 0 to {MAX_TOLERANCE_M:g} metres.")


def _work_on(batch: NetworkImport, state: str, *, at: datetime, queue: bool) -> None:
    batch.state, batch.done, batch.cursor, batch.attempts, batch.begun_at, batch.seen_at, batch.problem = state, 0, 0, 0, at, at, None
    batch.save()
    if queue:
        _enqueue(batch)


def _enqueue(batch: NetworkImport) -> None:
    # In the transaction that asks for it: the job is there exactly when the import is.
    async_task(JOB, str(batch.pk), task_name=f"network import {batch.pk}"[:100])


def _locked(batch_id: Any, user: User) -> NetworkImport:
    batch = selectors.imports_visible_to(user).select_for_update(of=("self",)).filter(pk=batch_id).first()
    if batch is None:
        raise selectors.UnknownImport("There is no such import, or not for you.")
    return batch


def _record(verb: str, batch: NetworkImport, *, user: User, at: datetime, after: Mapping[str, Any] | None = None) -> None:
    deed = audit.Deed(
        f"network_import.{verb}", layer=NETWORK_ID, object_id=str(batch.pk), label=batch.file_name, after=dict(after or {}) or None
    )
    audit.record([deed], user=user, at=at)
