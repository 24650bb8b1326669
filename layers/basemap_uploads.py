"""Files of people that become basemaps: they come in parts, the worker makes a COG or a tile archive of them, MapProxy draws them.

A file lies in MEDIA_ROOT/basemaps: `parts/<id>` while it comes, `work/<id>-<attempt>/` while it is made, `<key>.tif` or `<key>.pmtiles` at last. A key
is never used twice, so no cache holds anything older.
"""

import hashlib
import os
import re
import shutil
import stat
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyproj.database
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django_q.tasks import async_task
from pyproj.enums import PJType

from layers import access, audit, basemap_records, basemaps, live
from layers.mapproxy_config import SHIFTED_DATUMS
from layers.models import Basemap, BasemapUpload
from spatial import datums
from spatial.files import rasters
from spatial.files.rasters import Made
from spatial.files.rows import BadFile
from spatial.files.text import plain_name

JOB = "layers.jobs.make_basemap"
MAX_BYTES = 2 * 1024**3
PART_BYTES = 4 * 1024**2
# Of one person at the same time.
MOST_OPEN = 5
# What making needs beside the file itself, and what the disk keeps free.
ROOM_FACTOR, ROOM_BYTES = 4, 2 * 1024**3
KEEP_UNFINISHED = timedelta(days=3)
# A file of which no record knows yet may be arriving this moment.
_ON_ITS_WAY = timedelta(hours=1)
_UUID_LENGTH = 36
# A worker says every second that it is alive.
SILENT = timedelta(seconds=60)
TELL_EVERY = timedelta(seconds=0.7)
MOST_ATTEMPTS = 3
State = BasemapUpload.State
_OPEN = (State.RECEIVING, State.WAITING, State.WORKING)


class UnknownUpload(LookupError):
    """There is no such upload, or it was removed."""


class WrongPart(Exception):
    """The part does not follow what is here; `received` says from where to go on."""

    def __init__(self, received: int) -> None:
        super().__init__(f"Go on at byte {received:,}: that much is here.")
        self.received = received


class DamagedPart(ValueError):
    """The part is empty, or not what its sender says that it is."""


class NoRoom(ValueError):
    """The file is larger than a file may be, the disk has no room for it, or the person has enough files on their way."""


class NotNow(Exception):
    """The upload does not stand where this can be done."""


class _TakenBack(Exception):
    """The person no longer wants it, or another worker has taken it over."""


def uploads() -> QuerySet[BasemapUpload]:
    """Return the uploads that are no basemap yet, newest first."""
    return BasemapUpload.objects.filter(basemap=None).select_related("by").order_by("-at")


def find(upload_id: uuid.UUID) -> BasemapUpload:
    """Return the upload.

    Raises:
        UnknownUpload.
    """
    upload = BasemapUpload.objects.select_related("by", "basemap").filter(pk=upload_id).first()
    if upload is None:
        raise UnknownUpload("There is no such upload any more.")
    return upload


def begin(*, file_name: str, size: int, stamp: str, wishes: Mapping[str, Any], user: User, at: datetime) -> BasemapUpload:
    """Open the record of a file that is to come.

    Raises:
        NoRoom; datums.UnknownDatum: the coordinate system that was chosen.
    """
    _refuse_crs(wishes.get("crs", ""))
    if size > MAX_BYTES:
        raise NoRoom(f"The file is larger than {MAX_BYTES // 1024**3} GB; split it.")
    if shutil.disk_usage(_folder("parts")).free < size * ROOM_FACTOR + ROOM_BYTES:
        raise NoRoom("The server's disk has no room for this file; tell whoever runs it.")
    with transaction.atomic():
        # The person's row is the lock of their number of files.
        User.objects.select_for_update().get(pk=user.pk)
        if BasemapUpload.objects.filter(by=user, state__in=_OPEN).count() >= MOST_OPEN:
            raise NoRoom(f"{MOST_OPEN} files of yours are on their way or being made; wait for one, or remove it.")
        upload = BasemapUpload.objects.create(
            by=user, file_name=plain_name(file_name), bytes=size, stamp=stamp, wishes=dict(wishes), at=at, heard_at=at
        )
        _part_path(upload).touch(mode=0o600)
        _told("upload", upload, user=user, at=at)
    return upload


def receive(upload_id: uuid.UUID, piece: bytes, *, offset: int, sha256: str = "", user: User, at: datetime) -> BasemapUpload:
    """Keep one part; with the last one the worker is told. A part that is here already is taken as said again.

    Raises:
        UnknownUpload, WrongPart, DamagedPart, NoRoom; BadFile: by its first bytes it is nothing that becomes a basemap.
    """
    if not piece:
        raise DamagedPart("The part is empty; send the bytes from its place on.")
    if sha256 and hashlib.sha256(piece).hexdigest() != sha256.lower():
        raise DamagedPart("The part arrived damaged; send it again.")
    with transaction.atomic():
        upload = _locked(upload_id)
        end = offset + len(piece)
        if end > upload.bytes:
            raise NoRoom(f"The file was announced with {upload.bytes:,} bytes; this part ends at {end:,}.")
        if upload.state != State.RECEIVING or end <= upload.received:
            return upload
        if offset > upload.received:
            raise WrongPart(upload.received)
        if offset == 0:
            rasters.maker_of(piece)
        with _part_path(upload).open("r+b") as file:
            file.seek(offset)
            file.write(piece)
            # What the record says is here must be here after a power cut too.
            file.flush()
            os.fsync(file.fileno())
        upload.received, upload.heard_at = end, at
        if upload.received == upload.bytes:
            _enqueue(upload)
        upload.save(update_fields=["received", "heard_at", "state", "share", "problem", "attempts"])
    return upload


def keep_file(path: Path, *, wishes: Mapping[str, Any], at: datetime) -> BasemapUpload:
    """Take a file of this machine, all at once, for a command; the caller makes it."""
    _refuse_crs(wishes.get("crs", ""))
    size = path.stat().st_size
    upload = BasemapUpload(
        file_name=plain_name(path.name), bytes=size, received=size, wishes=dict(wishes), state=State.WAITING, at=at, heard_at=at
    )
    shutil.copyfile(path, _part_path(upload))
    upload.save(force_insert=True)
    return upload


def try_again(upload_id: uuid.UUID, *, crs: str, user: User, at: datetime) -> BasemapUpload:
    """Make it once more, of a file that names no coordinate system in the one that was chosen.

    Raises:
        UnknownUpload, datums.UnknownDatum; NotNow: it did not fail, or its file is gone.
    """
    _refuse_crs(crs)
    with transaction.atomic():
        upload = _locked(upload_id)
        if upload.state != State.FAILED or not _part_path(upload).exists():
            raise NotNow("Only a file that failed, and is still here, can be tried again.")
        upload.wishes = upload.wishes | {"crs": crs}
        upload.heard_at = at
        _enqueue(upload)
        upload.save()
        _told("again", upload, user=user, at=at)
    return upload


def give_up(upload_id: uuid.UUID, *, user: User | None, at: datetime) -> None:
    """Remove an upload that is no basemap yet; if it is being made, that stops.

    Raises:
        UnknownUpload; NotNow: it has become one.
    """
    with transaction.atomic():
        upload = _locked(upload_id)
        if upload.basemap_id:
            raise NotNow("It is a basemap by now; remove that.")
        _told("give_up", upload, user=user, at=at)
        upload.delete()
        transaction.on_commit(lambda: _forget_files(upload_id))


def work(upload_id: uuid.UUID, *, clock: Callable[[], datetime]) -> str:
    """Make the basemap; return what became of it. Another worker that works at the same one is left alone.

    Begun anew after an interruption: what an earlier beginning left is thrown away. A worker that was only slow, and finds its attempt
    followed by another one, changes nothing any more.
    """
    attempt = _claim(upload_id, at=clock())
    if not attempt:
        return "Nothing to make: it is made, removed, or being made."
    upload = find(upload_id)
    mine = BasemapUpload.objects.filter(pk=upload_id, state=State.WORKING, attempts=attempt)
    told_at, known = clock(), 0.0

    def tick(share: float | None) -> None:
        nonlocal told_at, known
        known = known if share is None else share
        if clock() - told_at < TELL_EVERY:
            return
        told_at = clock()
        if not mine.update(share=known, heard_at=told_at):
            raise _TakenBack

    for left in _folder("work").glob(f"{upload_id}*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = _folder("work") / f"{upload_id}-{attempt}"
    folder.mkdir(mode=0o700)
    try:
        os.link(_part_path(upload), folder / rasters.UPLOAD)
        made = rasters.make(folder, crs=upload.wishes.get("crs", ""), tick=tick)
        _refuse_unmovable(made, upload.wishes.get("datum", ""))
        return _finish(upload_id, attempt, made, folder / rasters.RESULT, at=clock())
    except (_TakenBack, UnknownUpload):
        return "The person took it back, or another worker has it."
    except BadFile as error:
        problem = {"code": error.code, "text": str(error)}
        mine.update(state=State.FAILED, problem=problem, heard_at=clock())
        return str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def interrupted(*, at: datetime) -> list[uuid.UUID]:
    """Return the uploads whose worker was killed, or whose job was lost."""
    silent = BasemapUpload.objects.filter(heard_at__lt=at - SILENT).order_by("at")
    # Whoever waits behind another one's making is not lost: a job waits for as long as the queue is.
    waiting = Q(state=State.WAITING, heard_at__lt=at - 15 * SILENT)
    return list(silent.filter(Q(state=State.WORKING) | waiting).values_list("pk", flat=True))


def forget_old(*, at: datetime) -> int:
    """Delete uploads that nobody finished or mended, and files of which no record knows; return how many records."""
    old = BasemapUpload.objects.filter(state__in=(State.RECEIVING, State.FAILED), heard_at__lt=at - KEEP_UNFINISHED)
    pks = list(old.values_list("pk", flat=True))
    old.delete()
    # Listed before the records are asked: whatever is listed and has a record had it by then.
    unfinished = [*_folder("parts").iterdir(), *_folder("work").iterdir()]
    finished = list(_folder("").glob("*.*"))
    known = {str(pk) for pk in BasemapUpload.objects.values_list("pk", flat=True)}
    for path in unfinished:
        if path.name[:_UUID_LENGTH] not in known and _is_older(path, at - _ON_ITS_WAY):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    kept = set(Basemap.objects.values_list("source", flat=True))
    for path in finished:
        if str(path) not in kept and _is_older(path, at - KEEP_UNFINISHED):
            path.unlink(missing_ok=True)
    return len(pks)


def files_of(basemap: Basemap) -> list[Path]:
    """Return the file that an uploaded basemap lives from; of any other none is ours to delete."""
    path = Path(basemap.source)
    return [path] if basemap.source and path.parent == _folder("") else []


def _is_older(path: Path, than: datetime) -> bool:
    try:
        return path.lstat().st_mtime < than.timestamp()
    except FileNotFoundError:
        return False


def _told(verb: str, upload: BasemapUpload, *, user: User | None, at: datetime) -> None:
    after = {"file": upload.file_name, "bytes": upload.bytes}
    deed = audit.Deed(f"basemap.{verb}", layer="basemaps", object_id=str(upload.pk), label=upload.file_name, after=after)
    audit.record([deed], user=user, at=at)


def _claim(upload_id: uuid.UUID, *, at: datetime) -> int:
    """Take the upload for this worker; return which attempt this is, 0 when there is nothing to take. What was begun too often is given up: its file ends whoever reads it."""
    lost = Q(state=State.WORKING, heard_at__lt=at - SILENT)
    free = BasemapUpload.objects.filter(Q(state=State.WAITING) | lost, pk=upload_id)
    told = {"code": "interrupted", "text": "Making this file was interrupted again and again; split it, and send the pieces."}
    free.filter(attempts__gte=MOST_ATTEMPTS).update(state=State.FAILED, problem=told, heard_at=at)
    with transaction.atomic():
        if not free.update(state=State.WORKING, attempts=F("attempts") + 1, share=0, heard_at=at):
            return 0
        return BasemapUpload.objects.get(pk=upload_id).attempts


def _finish(upload_id: uuid.UUID, attempt: int, made: Made, result: Path, *, at: datetime) -> str:
    key = f"u{uuid.uuid4().hex[:12]}"
    is_cog = made.format == "cog"
    path = _folder("") / f"{key}.{'tif' if is_cog else 'pmtiles'}"
    with transaction.atomic():
        upload = _locked(upload_id)
        if upload.state != State.WORKING or upload.attempts != attempt:
            raise _TakenBack
        wishes = upload.wishes
        taken = wishes.get("taken_date") or made.taken_date
        upload.basemap = Basemap.objects.create(
            key=key,
            kind=made.kind,
            title_en=wishes["title_en"],
            title_zh=wishes["title_zh"],
            source_type=Basemap.SourceType.GEOTIFF if is_cog else Basemap.SourceType.PMTILES,
            source=str(path),
            datum=wishes.get("datum", "WGS84"),
            min_zoom=made.min_zoom,
            max_zoom=made.max_zoom,
            bounds=made.bounds,
            taken_date=date.fromisoformat(taken) if taken else None,
            licence=wishes.get("licence", ""),
            attribution=wishes.get("attribution", ""),
            ordering=20,
        )
        upload.state, upload.share, upload.made, upload.heard_at = State.DONE, 1, asdict(made), at
        upload.save()
        _take_over(result, path)
        after = {"file": upload.file_name, "bytes": upload.bytes, "datum": upload.basemap.datum, "format": made.format}
        deed = audit.Deed("basemap.add", layer="basemaps", object_id=key, label=upload.basemap.title_en, after=after)
        audit.record([deed], user=access.author(upload.by) if upload.by else None, at=at)
        live.reload(basemaps.STREAM)
        transaction.on_commit(basemap_records.hand_to_mapproxy)
        transaction.on_commit(lambda: _part_path(upload).unlink(missing_ok=True))
    return f"{key} is on the map."


def _refuse_unmovable(made: Made, datum: str) -> None:
    """Pictures are moved by MapProxy; nobody moves vector tiles."""
    if made.kind == Basemap.Kind.VECTOR and datum in SHIFTED_DATUMS:
        raise BadFile("unmovable", "Vector tiles cannot be moved; take them in WGS 84 or CGCS2000.")


def _take_over(result: Path, path: Path) -> None:
    """Make the child's file ours: readable by MapProxy, which may run as somebody else of our group, and by nobody else.

    Raises:
        BadFile: it is no plain file. A child that was taken over may have put a link there, to a file of ours.
    """
    if not stat.S_ISREG(result.lstat().st_mode):
        raise BadFile("damaged", "The file is damaged, or not what it seems to be.")
    # By its number: whatever is put under the name from now on stays as it is.
    file = os.open(result, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(file, owner.st_uid, owner.st_gid)
        os.fchmod(file, 0o640)
    finally:
        os.close(file)
    result.rename(path)


def _enqueue(upload: BasemapUpload) -> None:
    upload.state, upload.share, upload.problem, upload.attempts = State.WAITING, 0, None, 0
    origin = audit.present_origin()
    async_task(JOB, str(upload.pk), origin.ip, origin.device)


def _locked(upload_id: uuid.UUID) -> BasemapUpload:
    upload = BasemapUpload.objects.select_for_update(of=("self",)).select_related("by").filter(pk=upload_id).first()
    if upload is None:
        raise UnknownUpload("There is no such upload any more.")
    return upload


def _refuse_crs(crs: str) -> None:
    """A picture may be in any coordinate system of the EPSG's list; GDAL hears of it by its number only."""
    if crs and not (re.fullmatch(r"EPSG:[1-9]\d{3,5}", crs) and crs.partition(":")[2] in _epsg_codes()):
        raise datums.UnknownDatum(f"“{crs[:40]}” is not a coordinate system known here; give EPSG: and its number.")


@cache
def _epsg_codes() -> frozenset[str]:
    kinds = [PJType.PROJECTED_CRS, PJType.GEOGRAPHIC_2D_CRS]
    return frozenset(code for kind in kinds for code in pyproj.database.get_codes("EPSG", kind))


def _forget_files(upload_id: uuid.UUID) -> None:
    (_folder("parts") / str(upload_id)).unlink(missing_ok=True)


def _part_path(upload: BasemapUpload) -> Path:
    return _folder("parts") / str(upload.pk)


def _folder(name: str) -> Path:
    folder = Path(settings.MEDIA_ROOT) / "basemaps" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    return folder
