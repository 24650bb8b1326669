"""Where uploaded files lie: under a name that the server makes, outside of every address."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from customers.models import Import

MAX_BYTES = 200 * 1024 * 1024
# What one person's kept files may take together.
QUOTA_BYTES = 1024 * 1024 * 1024
# A file that is still on its way here has no import yet.
_ON_ITS_WAY = timedelta(days=1)


class TooLarge(ValueError):
    """The file, or all files of this person together, are larger than may be kept."""


def path_of(batch: Import) -> Path:
    """Return where the import's file lies."""
    return settings.MEDIA_ROOT / "imports" / str(batch.pk)


def keep(batch: Import, pieces: Iterable[bytes]) -> tuple[int, str]:
    """Write the file; return its bytes and sha256.

    Raises:
        TooLarge: nothing is kept.
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
                    raise TooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; split it.")
                digest.update(piece)
                file.write(piece)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return size, digest.hexdigest()


def forget(batch: Import) -> None:
    """Delete the import's file."""
    path_of(batch).unlink(missing_ok=True)


def forget_strays(*, at: datetime) -> None:
    """Delete files of which no import knows, such as those that were being brought when the server was killed."""
    folder = settings.MEDIA_ROOT / "imports"
    known = {str(pk) for pk in Import.objects.filter(is_file_kept=True).values_list("pk", flat=True)}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in known and path.stat().st_mtime < (at - _ON_ITS_WAY).timestamp():
            path.unlink(missing_ok=True)
