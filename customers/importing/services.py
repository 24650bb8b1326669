"""What a person does with an import: bring a file, choose how it is meant, store it, cancel it, take it back. The worker does the rest."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django_q.tasks import async_task

from customers.importing import checking, storing
from customers.importing.mapping import BY_NAME
from customers.importing.storage import FILES
from customers.models import LAYER_ID, WORKING, Import, ImportRow, ImportState
from customers.selectors import NotThere
from layers import access, audit, live
from layers.kept_files import QUOTA_BYTES, TooLarge
from spatial import datums
from spatial.files import kinds
from spatial.files.text import CODECS, plain_name

JOB = "customers.jobs.run_import"
_OPEN = (ImportState.READING, ImportState.WAITING, ImportState.CHECKED)


class NotNow(Exception):
    """The import does not stand where this can be done."""


class FarMoves(Exception):
    """Some customers would move farther than the guard distance, and nobody said that it is meant. `count` says how many."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count:,} customers would move farther than the guard distance. Confirm it if it is meant.")
        self.count = count


class BadChoice(ValueError):
    """A choice that the file does not offer. `field` names it."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def start_import(*, user: User, file_name: str, pieces: Iterable[bytes], at: datetime, queue: bool = True) -> Import:
    """Keep the file and have the worker read it; the same file once more, while it still waits, is the import that is there.

    Without `queue`, here and below, the caller does the worker's part itself.

    Raises:
        TooLarge: the file, or this person's files together.
        spatial.files.rows.BadFile: it is no kind of file that can be read here.
    """
    batch = Import(by=access.author(user), at=at, file_name=plain_name(file_name))
    batch.file_bytes, batch.sha256 = FILES.keep(batch, pieces)
    try:
        # What nobody can read is refused at once, by its bytes; everything else of the file only the child looks at.
        kinds.kind_of(FILES.path_of(batch))
        with transaction.atomic():
            own = Import.objects.filter(by=batch.by)
            same = own.filter(state__in=_OPEN, sha256=batch.sha256, file_name=batch.file_name).first()
            if same:
                FILES.forget(batch)
                return same
            # Those that can be cancelled: what was stored already is kept, so that it can be taken back, and shuts nobody out.
            open_ones = own.filter(state__in=(*_OPEN, ImportState.FAILED), is_file_kept=True)
            kept = open_ones.aggregate(bytes=Sum("file_bytes"))["bytes"] or 0
            if kept + batch.file_bytes > QUOTA_BYTES:
                raise TooLarge("Your open imports take all the room that you have; cancel those that you do not need.")
            batch.save(force_insert=True)
            if queue:
                _enqueue(batch)
            _record("start", batch, user=user, at=at, after={"bytes": batch.file_bytes, "sha256": batch.sha256})
    except BaseException:
        FILES.forget(batch)
        raise
    return batch


def choose(batch_id: Any, choices: Mapping[str, Any], *, user: User, at: datetime, queue: bool = True) -> Import:
    """Read the file again as the person says: encoding, crs, layer, mapping, swap_axes.

    Raises:
        NotThere, NotNow, BadChoice.
    """
    with transaction.atomic():
        batch = _locked(batch_id, user)
        if batch.state not in (*_OPEN, ImportState.NOTHING, ImportState.FAILED) or not batch.is_file_kept or batch.has_stored():
            raise NotNow("The import is under way; nothing can be chosen any more.")
        _check_choices(batch, choices)
        earlier = batch.choices.get("mapping") or {}
        batch.choices = batch.choices | dict(choices)
        if choices.get("mapping"):
            batch.choices["mapping"] = _merged(earlier, choices["mapping"])
        batch.state, batch.attempts, batch.problem, batch.questions = ImportState.READING, 0, None, []
        # What an older reading still brings belongs to other choices.
        batch.run += 1
        batch.save()
        if queue:
            _enqueue(batch)
        _record("change", batch, user=user, at=at, after=dict(choices))
    return batch


def commit_import(batch_id: Any, *, user: User, at: datetime, accept_far_moves: bool = False, queue: bool = True) -> Import:
    """Have the worker store the import.

    Raises:
        NotThere, NotNow, FarMoves.
    """
    with transaction.atomic():
        batch = _locked(batch_id, user)
        if batch.state != ImportState.CHECKED:
            raise NotNow("Only a checked import can be stored.")
        if batch.counts.get("far_moves") and not accept_far_moves:
            raise FarMoves(batch.counts["far_moves"])
        batch.total = sum(batch.counts.get(status, 0) for status in ("new", "moved", "changed", "moved_and_changed"))
        _work_on(batch, ImportState.COMMITTING, at=at, queue=queue)
        _record("commit", batch, user=user, at=at, after=batch.counts)
    return batch


def cancel_import(batch_id: Any, *, user: User, at: datetime) -> Import:
    """Give the import up; what was stored of it already is taken back.

    Raises:
        NotThere, NotNow.
    """
    with transaction.atomic():
        batch = _locked(batch_id, user)
        if batch.state in (*_OPEN, ImportState.FAILED) and not batch.has_stored():
            batch.state, batch.is_file_kept, batch.cursor = ImportState.CANCELLED, False, 0
            batch.run += 1
            batch.save()
            transaction.on_commit(lambda: FILES.forget(batch))
        elif batch.state in (ImportState.COMMITTING, ImportState.FAILED):
            # One that was stored whole, and failed while it was taken back, is taken back and not cancelled.
            batch.is_cancelled = batch.committed_at is None
            batch.total = batch.done
            _work_on(batch, ImportState.REVERTING, at=at)
        else:
            raise NotNow("The import is not under way any more.")
        _record("cancel", batch, user=user, at=at)
    return batch


def revert_import(batch_id: Any, *, user: User, at: datetime, queue: bool = True) -> Import:
    """Have the worker take the whole import back.

    Raises:
        NotThere, NotNow.
    """
    with transaction.atomic():
        batch = _locked(batch_id, user)
        if "revert" not in batch.can():
            raise NotNow("Only an import that was stored can be taken back.")
        batch.total = ImportRow.objects.filter(batch=batch, stored_version__isnull=False).count()
        _work_on(batch, ImportState.REVERTING, at=at, queue=queue)
        _record("revert", batch, user=user, at=at)
    return batch


def fail_import(batch_id: Any, problem: Mapping[str, Any], *, at: datetime) -> None:
    """Note that the worker cannot go on, and why."""
    with transaction.atomic():
        batch = Import.objects.select_for_update().get(pk=batch_id)
        if batch.state in WORKING:
            # Of what its pieces stored, or took back, no map has heard yet.
            was_quiet = batch.state != ImportState.READING and storing.is_large(batch)
            batch.state, batch.problem, batch.seen_at = ImportState.FAILED, dict(problem), at
            batch.save()
            _record("fail", batch, user=access.everybody(), at=at, after=dict(problem))
            if was_quiet:
                live.reload(LAYER_ID)


def forget_imports(*, older_than: datetime, at: datetime) -> int:
    """Delete the files and rows of old imports, and of those cancelled before anything was stored; that they were stays known. Return how many.

    Files of which no import knows go as well.
    """
    useless = Q(at__lt=older_than) | Q(state=ImportState.CANCELLED, cursor=0)
    has_rows = Exists(ImportRow.objects.filter(batch=OuterRef("pk")))
    old = Import.objects.filter(useless, Q(is_file_kept=True) | has_rows).exclude(state__in=WORKING)
    for batch in old:
        checking.forget_rows(batch)
        with transaction.atomic():
            Import.objects.filter(pk=batch.pk).update(is_file_kept=False)
            _record("forget", batch, user=access.everybody(), at=at)
        FILES.forget(batch)
    FILES.forget_strays(Import.objects.all(), at=at)
    return len(old)


def _merged(earlier: Mapping[str, str | None], chosen: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return what was chosen so far: what is left out stays, unless its column means something else now."""
    taken = {column for column in chosen.values() if column}
    return {target: column for target, column in earlier.items() if column not in taken} | dict(chosen)


def _check_choices(batch: Import, choices: Mapping[str, Any]) -> None:
    columns = {column["name"] for column in batch.detected.get("columns", [])}
    meant = choices.get("mapping") or {}
    taken = [column for column in meant.values() if column]
    if unknown := [name for name in meant if name not in BY_NAME]:
        raise BadChoice("mapping", f"“{unknown[0][:40]}” is no field of a customer.")
    if columns and (unknown := [column for column in taken if column not in columns]):
        raise BadChoice("mapping", f"The file has no column “{unknown[0][:40]}”.")
    if len(set(taken)) < len(taken):
        raise BadChoice("mapping", "One column can fill one field only.")
    if choices.get("crs") and choices["crs"] not in (*datums.allowed(), datums.CGCS2000_ZONES):
        raise BadChoice(
            "crs", f"“{choices['crs'][:40]}” is not a coordinate system known here; use WGS84, CGCS2000, GCJ02, BD09 or EPSG:nnnn."
        )
    if choices.get("encoding") and choices["encoding"] not in CODECS:
        raise BadChoice("encoding", f"“{choices['encoding'][:20]}” is not an encoding known here; use one of {', '.join(CODECS)}.")
    layers = batch.detected.get("layers") or []
    if choices.get("layer") and layers and choices["layer"] not in layers:
        raise BadChoice("layer", f"The file has no layer “{choices['layer'][:40]}”.")


def _work_on(batch: Import, state: str, *, at: datetime, queue: bool = True) -> None:
    batch.state, batch.done, batch.cursor, batch.attempts, batch.begun_at, batch.seen_at, batch.problem = state, 0, 0, 0, at, at, None
    batch.save()
    if queue:
        _enqueue(batch)


def _enqueue(batch: Import) -> None:
    # In the transaction that asks for it: the job is there exactly when the import is.
    async_task(JOB, str(batch.pk), task_name=f"import {batch.pk}"[:100])


def _locked(batch_id: Any, user: User) -> Import:
    batch = Import.objects.visible_to(user).select_for_update(of=("self",)).filter(pk=batch_id).first()
    if batch is None:
        raise NotThere("There is no such import, or not for you.")
    return batch


def _record(verb: str, batch: Import, *, user: User, at: datetime, after: Mapping[str, Any] | None = None) -> None:
    deed = audit.Deed(f"import.{verb}", layer="imports", object_id=str(batch.pk), label=batch.file_name, after=dict(after or {}) or None)
    audit.record([deed], user=user, at=at)
