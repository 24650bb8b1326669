"""Files of a layer's rows for people to take away: written at once when small, by the worker when large, deleted after a day."""

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django_q.tasks import async_task

from layers import access, audit, export_files, export_rows, registry
from layers.export_files import ALWAYS_WGS84, BY_EPSG_CODE, FORMATS, SHEET_ROWS, CannotWrite
from layers.export_rows import ExportQuery
from layers.models import AuditRow, Export
from spatial import datums

# About a second of work; above it nobody waits with the page open.
AT_ONCE_ROWS = 10_000
KEEP = timedelta(days=1)
# Of one person, waiting for the worker at the same time.
MOST_WORKING = 5
# Of one person, of all sizes: somebody who takes away views goes on, a script that takes everything does not.
MOST_AN_HOUR = 60
HOUR = timedelta(hours=1)
# Why a file could not be written: codes that screens translate, and the English sentences.
PROBLEMS = {
    "rights_changed": "Your rights have changed: you may no longer export this.",
    "not_written": "The file could not be written; try again, or ask your administrator.",
}


class UnknownExport(LookupError):
    """There is no such file, it is somebody else's, its time is over, or the person's rights have changed since."""


class NotReady(Exception):
    """The file is still being written, or could not be."""


class TooManyExports(Exception):
    """The person has enough files waiting to be written."""


class ExportsThrottled(Exception):
    """The person has asked for very many files. `retry_after_s` are the whole seconds until the next one is written."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__(
            f"You have exported {MOST_AN_HOUR} times within an hour; wait {int(retry_after.total_seconds()) // 60 + 1} minutes."
        )
        self.retry_after_s = int(retry_after.total_seconds()) + 1


class CannotHold(ValueError):
    """The format cannot hold what was asked for: that datum, or so many rows."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for: which layer, in which format and datum, with headers in which language, narrowed to what."""

    layer_id: str
    format: str
    crs: str = datums.WGS84
    language: str = "en"
    query: ExportQuery = field(default_factory=ExportQuery)


class _TakenBack(Exception):
    """The person no longer wants the file."""


def require_staff(user: access.Person) -> User:
    """Return the person, known to work for the utility.

    Raises:
        access.NotAllowed: they do not.
    """
    if not isinstance(user, User) or not access.is_staff_role(user):
        raise access.NotAllowed("Files of whole lists are for the utility's own people.")
    return user


def exports_of(user: User, *, at: datetime) -> list[Export]:
    """Return the person's files, newest first, as long as they last and the person's rights are those under which they were written."""
    scopes: dict[str, str] = {}
    found = []
    for export in Export.objects.filter(user=user, expires_at__gt=at).order_by("-at"):
        if export.layer not in scopes:
            scopes[export.layer] = _scope(user, export.layer)
        # What is not written yet will be by the rights of that moment; of what failed there is nothing to fetch.
        if export.state != Export.State.DONE or export.scope == scopes[export.layer]:
            found.append(export)
    return found


def request_export(wish: Wish, *, user: User, at: datetime) -> Export:
    """Write the file, or above AT_ONCE_ROWS have the worker write it; return its record.

    Raises:
        registry.UnknownLayer, access.NotAllowed: not for this person.
        CannotHold, registry.BadFilter, datums.UnknownDatum, TooManyExports, ExportsThrottled; CannotWrite: nothing is stored.
    """
    layer = registry.layer_for(user, wish.layer_id)
    _require_export(user, layer.id)
    _refuse_datum(wish)
    _refuse_flood(user, at)
    with transaction.atomic():
        total = export_rows.count(export_rows.tables(layer, user, wish.query))
        if wish.format == "xlsx" and total > SHEET_ROWS:
            raise CannotHold(f"A sheet holds {SHEET_ROWS} rows, not {total}: choose another format, or narrow the list.")
        export = Export(
            user=user,
            layer=layer.id,
            format=wish.format,
            crs=wish.crs,
            language=wish.language,
            query=wish.query.as_json(),
            scope=_scope(user, layer.id),
            total=total,
            at=at,
            expires_at=at + KEEP,
        )
        if total <= AT_ONCE_ROWS:
            export.save(force_insert=True)
            _write(export, user, at=at, tick=lambda done: None)
            return export
        if Export.objects.filter(user=user, state=Export.State.WORKING, expires_at__gt=at).count() >= MOST_WORKING:
            raise TooManyExports(f"{MOST_WORKING} files of yours are being written; wait for one, or remove it.")
        export.save(force_insert=True)
        origin = audit.present_origin()
        async_task("layers.jobs.write_export", str(export.pk), origin.ip, origin.device)
    return export


def finish_export(export_id: uuid.UUID, *, at: datetime) -> str:
    """Write the file that waits under that id, with the person's rights of this moment; return what became of it."""
    export = Export.objects.select_related("user").filter(pk=export_id, state=Export.State.WORKING).first()
    if export is None:
        return "Nothing to write: it was written or taken back."

    def tick(done: int) -> None:
        if not Export.objects.filter(pk=export_id, state=Export.State.WORKING).update(done=done):
            raise _TakenBack

    try:
        _require_export(export.user, registry.layer_for(export.user, export.layer).id)
        _write(export, export.user, at=at, tick=tick)
    except _TakenBack:
        return "The person took it back."
    except (access.NotAllowed, registry.UnknownLayer):
        _fail(export, "rights_changed", at)
        return "The person's rights have changed."
    except (CannotWrite, OSError):
        _fail(export, "not_written", at)
        raise
    return f"{export.done} rows written."


def find_export(user: User, export_id: uuid.UUID, *, at: datetime) -> Export:
    """Return the person's file of that id.

    Raises:
        UnknownExport: see there; the cases cannot be told apart.
    """
    export = next((export for export in exports_of(user, at=at) if export.pk == export_id), None)
    if export is None:
        raise UnknownExport("There is no such file any more, or not for you; export again.")
    return export


def take_file(user: User, export_id: uuid.UUID, *, at: datetime) -> tuple[Export, Path]:
    """Return the record and the path of a finished file; that it was taken is written down.

    Raises:
        UnknownExport; NotReady: it is still being written, or could not be.
    """
    export = find_export(user, export_id, at=at)
    if export.state != Export.State.DONE:
        raise NotReady(PROBLEMS.get(export.problem) or f"{export.done} of {export.total} rows are written; wait until it is finished.")
    path = _path(export)
    if not path.exists():
        raise UnknownExport("There is no such file any more, or not for you; export again.")
    with transaction.atomic():
        audit.record([audit.Deed(f"{export.layer}.download", layer=export.layer, after=_told(export))], user=user, at=at)
    return export, path


def remove_export(export: Export) -> None:
    """Delete the file; if it is still being written, stop that."""
    Export.objects.filter(pk=export.pk).delete()
    _path(export).unlink(missing_ok=True)


def forget_old(at: datetime) -> int:
    """Delete what nobody can fetch any more, files without a record included; return how many records."""
    old = Export.objects.filter(expires_at__lte=at)
    forgotten, _ = old.delete()
    kept = {str(pk) for pk in Export.objects.values_list("pk", flat=True)}
    for path in _folder().iterdir():
        # A file being written just now has no record that is committed yet.
        if path.name.partition(".")[0] not in kept and path.stat().st_mtime < (at - KEEP).timestamp():
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return forgotten


def _require_export(user: User, layer_id: str) -> None:
    access.require(user, access.EXPORT, layer_id)
    require_staff(user)


def _refuse_flood(user: User, at: datetime) -> None:
    # By the audit: whoever removes their files has taken them away all the same.
    taken = AuditRow.objects.filter(actor=user, action__endswith=".export", at__gt=at - HOUR).order_by("-seq").values_list("at", flat=True)
    if earliest := list(taken[MOST_AN_HOUR - 1 : MOST_AN_HOUR]):
        raise ExportsThrottled(earliest[0] + HOUR - at)


def _refuse_datum(wish: Wish) -> None:
    if wish.crs not in datums.allowed():
        raise datums.UnknownDatum(f"“{wish.crs[:40]}” is not a datum known here.")
    if wish.format in ALWAYS_WGS84 and wish.crs != datums.WGS84:
        raise CannotHold(f"{wish.format.upper()} is in WGS 84, always; choose another format for {datums.label(wish.crs)}.")
    if wish.format in BY_EPSG_CODE and wish.crs in (datums.GCJ02, datums.BD09):
        raise CannotHold(f"{wish.format.upper()} cannot say that it is in {datums.label(wish.crs)}; CSV and XLSX can.")


def _scope(user: User, layer_id: str) -> str:
    return f"{access.scope_of(user, layer_id)} {access.scope_of(access.exporting(user, layer_id), layer_id)}"


def _write(export: Export, user: User, *, at: datetime, tick: Callable[[int], None]) -> None:
    layer = registry.layer(export.layer)
    tables = export_rows.tables(layer, user, ExportQuery.from_json(export.query))
    title = layer.title["zh" if export.language == "zh" else "en"]
    order = export_files.Order(title, tables, export.crs, export.language, dict(layer.column_titles))
    written = 0

    def count(done: int) -> None:
        nonlocal written
        written = done
        tick(done)

    # Under another name until it is whole, so that nobody fetches half of it.
    path = _path(export)
    part = path.with_name(f"{uuid.uuid4()}.part.{path.suffix.lstrip('.')}")
    try:
        export_files.write(export.format, part, order, count)
        with transaction.atomic():
            export.state, export.done, export.total = Export.State.DONE, written, written
            export.file_bytes, export.finished_at = part.stat().st_size, at
            export.scope = _scope(user, export.layer)
            export.save(update_fields=["state", "done", "total", "file_bytes", "finished_at", "scope"])
            part.rename(path)
            audit.exported(user=user, at=at, what=export.layer, layer=export.layer, query=_told(export))
    finally:
        part.unlink(missing_ok=True)


def _told(export: Export) -> dict[str, object]:
    return {"format": export.format, "crs": export.crs, "rows": export.done, "file": str(export.pk), "filter": export.query}


def _fail(export: Export, problem: str, at: datetime) -> None:
    Export.objects.filter(pk=export.pk).update(state=Export.State.FAILED, problem=problem, finished_at=at)


def _path(export: Export) -> Path:
    return _folder() / f"{export.pk}.{FORMATS[export.format][0]}"


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT) / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
