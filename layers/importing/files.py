"""Where uploaded networks lie: under a name that the server makes, outside of every address; and how they are called."""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User

from layers import access
from layers.models import NetworkImport

MAX_BYTES = 200 * 1024 * 1024
# What one person's kept files may take together.
QUOTA_BYTES = 1024 * 1024 * 1024
_ON_ITS_WAY = timedelta(days=1)


class FileTooLarge(ValueError):
    """The file, or all files of this person together, are larger than may be kept."""


def path_of(batch: NetworkImport) -> Path:
    """Return where the import's file lies."""
    return settings.MEDIA_ROOT / "network-imports" / str(batch.pk)


def keep(batch: NetworkImport, pieces: Iterable[bytes]) -> tuple[int, str]:
    """Write the file; return its bytes and sha256.

    Raises:
        FileTooLarge: nothing is kept.
    """
    target = path_of(batch)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o700)
    size, digest = 0, hashlib.sha256()
    try:
        with target.open("xb") as file:
            for piece in pieces:
                size += len(piece)
                if size > MAX_BYTES:
                    raise FileTooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; split it.")
                digest.update(piece)
                file.write(piece)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return size, digest.hexdigest()


def forget(batch: NetworkImport) -> None:
    """Delete the import's file."""
    path_of(batch).unlink(missing_ok=True)


def forget_strays(*, at: datetime) -> None:
    """Delete files of which no import knows, such as those that were being brought when the server was killed."""
    folder = settings.MEDIA_ROOT / "network-imports"
    known = {str(pk) for pk in NetworkImport.objects.filter(is_file_kept=True).values_list("pk", flat=True)}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in known and path.stat().st_mtime < (at - _ON_ITS_WAY).timestamp():
            path.unlink(missing_ok=True)


def person_of(batch: NetworkImport) -> User:
    """Return on whose rights the import stands, read anew; the system's own when it came from the command line."""
    return User.objects.get(pk=batch.by_id) if batch.by_id else access.everybody()


def slug(file_name: str) -> str:
    """Return the code of a network that nobody named: the file's name without its ending.

    >>> slug("Upper Rhine 2026.gpkg"), slug("电网.gpkg"), slug(".gpkg")
    ('upper-rhine-2026', '电网', 'network')
    """
    stem = file_name.rpartition(".")[0] or ("" if file_name.startswith(".") else file_name)
    return re.sub(r"[\W_]+", "-", stem.lower()).strip("-")[:40] or "network"
