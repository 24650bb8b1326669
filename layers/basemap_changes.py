"""What an administrator does to the basemaps that are there: change one, take one away. MapProxy and open maps hear it."""

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from layers import audit, basemap_records, basemap_uploads, basemaps, live
from layers.mapproxy_config import SHIFTED_DATUMS
from layers.models import Basemap

# What may be changed of one that is there; another source is another basemap.
CHANGEABLE = (
    "title_en", "title_zh", "datum", "taken_date", "licence", "attribution", "min_zoom", "max_zoom", "ordering", "enabled",
)  # fmt: skip


class UnknownBasemap(LookupError):
    """There is no basemap of that key."""


class NotRemovable(Exception):
    """The basemap comes with the program, or would come back by itself."""


def all_basemaps() -> QuerySet[Basemap]:
    """Return every basemap, those that are switched off too, in the order in which they are offered."""
    return Basemap.objects.select_related("upload", "upload__by")


def find(key: str) -> Basemap:
    """Return the basemap.

    Raises:
        UnknownBasemap.
    """
    basemap = all_basemaps().filter(key=key).first()
    if basemap is None:
        raise UnknownBasemap("There is no such basemap.")
    return basemap


def change(key: str, fields: Mapping[str, Any], *, user: User, at: datetime) -> Basemap:
    """Change fields of CHANGEABLE.

    Raises:
        UnknownBasemap; basemap_records.BadBasemap: vector tiles in a datum from which they would have to be moved.
    """
    with transaction.atomic():
        basemap = find(key)
        if basemap.kind == Basemap.Kind.VECTOR and fields.get("datum") in SHIFTED_DATUMS:
            raise basemap_records.BadBasemap("Vector tiles cannot be moved; take them in WGS 84 or CGCS2000.")
        before = {name: getattr(basemap, name) for name in fields}
        for name, value in fields.items():
            setattr(basemap, name, value)
        basemap.save(update_fields=list(fields))
        old, new = audit.changed(before, dict(fields))
        _told("change", basemap, new, user=user, at=at, before=old)
        if "datum" in new:
            transaction.on_commit(lambda: _forget_tiles(key))
    return basemap


def remove(key: str, *, user: User, at: datetime) -> None:
    """Take the basemap away, its file and its tiles too.

    Raises:
        UnknownBasemap, NotRemovable.
    """
    named = {record.get("key") for record in basemap_records.from_setting(settings.GRIDATLAS_BASEMAPS)}
    with transaction.atomic():
        basemap = find(key)
        if basemap.source_type == Basemap.SourceType.BUNDLED:
            raise NotRemovable("This basemap comes with the program; switch it off instead.")
        if key in named:
            raise NotRemovable("This basemap is named in the setting GRIDATLAS_BASEMAPS and would come back; take it out there.")
        files = basemap_uploads.files_of(basemap)
        basemap.delete()
        _told("delete", basemap, None, user=user, at=at)
        transaction.on_commit(lambda: _forget_files(key, files))


def _told(
    verb: str, basemap: Basemap, after: dict[str, Any] | None, *, user: User, at: datetime, before: dict[str, Any] | None = None
) -> None:
    deed = audit.Deed(f"basemap.{verb}", layer="basemaps", object_id=basemap.key, label=basemap.title_en, before=before, after=after)
    audit.record([deed], user=user, at=at)
    live.reload(basemaps.STREAM)
    transaction.on_commit(basemap_records.hand_to_mapproxy)


def _forget_files(key: str, files: list[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
    _forget_tiles(key)


def _forget_tiles(key: str) -> None:
    """Delete what MapProxy kept; what it draws this very moment it may keep once more, under a key that nobody asks for."""
    proxy = Path(settings.VAR_DIR) / "mapproxy"
    for folder in [*(proxy / "cache").glob(f"{key}_EPSG*"), *(proxy / "cache").glob(f"{key}_published_EPSG*")]:
        shutil.rmtree(folder, ignore_errors=True)
    (proxy / "down" / key).unlink(missing_ok=True)
