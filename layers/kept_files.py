"""Where files lie that people bring to be imported: under a name that the server makes, outside of every address."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet

MAX_BYTES = 200 * 1024 * 1024
# What one person's kept files of one kind may take together.
QUOTA_BYTES = 1024 * 1024 * 1024
# A file that is still on its way here has no import yet.
_ON_ITS_WAY = timedelta(days=1)


class TooLarge(ValueError):
    """The file, or all files of this person together, are larger than may be kept."""


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """The files of one kind of import, in a folder of their own; each is called by the key of its import."""

    folder_name: str

    @property
    def folder(self) -> Path:
        return Path(settings.MEDIA_ROOT) / self.folder_name

    def path_of(self, batch: Model) -> Path:
        """Return where the import's file lies."""
        return self.folder / str(batch.pk)

    def keep(self, batch: Model, pieces: Iterable[bytes]) -> tuple[int, str]:
        """Write the file; return its bytes and sha256.

        Raises:
            TooLarge: nothing is kept.
        """
        target = self.path_of(batch)
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

    def forget(self, batch: Model) -> None:
        """Delete the import's file."""
        self.path_of(batch).unlink(missing_ok=True)

    def forget_strays(self, imports: QuerySet[Any], *, at: datetime) -> None:
        """Delete files of which none of the imports knows, such as those that were being brought when the server was killed."""
        known = {str(pk) for pk in imports.filter(is_file_kept=True).values_list("pk", flat=True)}
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.name not in known and path.stat().st_mtime < (at - _ON_ITS_WAY).timestamp():
                path.unlink(missing_ok=True)
