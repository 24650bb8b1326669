"""Put the database and the uploaded files into one file, and back. The file is a tar: look into it with `tar tf`."""

import json
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops import console
from ops.console import VAR, CannotGoOn
from ops.postgres import Cluster

# The former database and files stay under these names until the next restore.
FORMER_DATABASE = "gridatlas_before_restore"
_MANIFEST, _DUMP, _MEDIA = "gridatlas.json", "database.dump", "media"
# What is being made this moment is made anew after a restore.
_NOT_KEPT = Path(_MEDIA, "basemaps", "work")
_FORMAT = 1


def save(cluster: Cluster, media: Path, target: Path, *, overwrite: bool = False) -> int:
    """Write the backup beside its final name and rename it when it is whole; return its size in bytes.

    Raises:
        CannotGoOn: there is such a file already and nobody said to overwrite it, or the database cannot be saved.
    """
    if target.exists() and not overwrite:
        raise CannotGoOn(f"{target} exists already; give another name, or --force to overwrite it.")
    manifest = {"format": _FORMAT, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
    with tempfile.TemporaryDirectory(dir=VAR, prefix="backup-") as scratch:
        dump = Path(scratch) / _DUMP
        # Without the sessions: one that was ended since must not come back to life.
        dump_command = cluster.client(
            "pg_dump", "--format=custom", "--exclude-table-data=layers_session", f"--dbname={cluster.database}", f"--file={dump}"
        )
        console.run(dump_command, env=cluster.client_env(), advice="the database could not be saved; is the disk full?")
        note = Path(scratch) / _MANIFEST
        note.write_text(json.dumps(manifest), "utf-8")

        unfinished = target.with_name(target.name + ".part")
        unfinished.touch(mode=0o600)
        with tarfile.open(unfinished, "w") as tar:
            tar.add(note, _MANIFEST)
            tar.add(dump, _DUMP)
            if media.is_dir():
                _add_files(tar, media, Path(_MEDIA))
        unfinished.replace(target)
    return target.stat().st_size


@contextmanager
def unpacked(cluster: Cluster, source: Path) -> Iterator[Path]:
    """Unpack a backup and read all of it, the database's part to its last row; the folder is gone afterwards. The site goes on meanwhile.

    Raises:
        CannotGoOn: the file is damaged or no backup of ours.
    """
    with tempfile.TemporaryDirectory(dir=VAR, prefix="restore-") as scratch:
        folder = Path(scratch)
        _unpack(source, folder)
        # Written out as SQL to nowhere: this unpacks every block, and a damaged one does not unpack.
        read = cluster.client("pg_restore", "--file=/dev/null", str(folder / _DUMP))
        console.run(read, env=cluster.client_env(), advice=f"{source} is damaged: its database cannot be read, so nothing was changed.")
        yield folder


def load(cluster: Cluster, media: Path, folder: Path) -> None:
    """Replace database and files by those of a backup that `unpacked` has put into the folder. Nothing may be connected to the database.

    Raises:
        CannotGoOn: the database refuses it; then everything is as it was.
    """
    fresh = f"{cluster.database}_restored"
    cluster.sql(f"drop database if exists {fresh};")
    cluster.create_database(fresh)
    # A comment on an extension belongs to the extension's owner, and says nothing of ours.
    restore = cluster.client("pg_restore", "--no-comments", "--exit-on-error", f"--dbname={fresh}", str(folder / _DUMP))
    console.run(restore, env=cluster.client_env(), advice="The backup could not be restored, so nothing was changed.")
    cluster.settle_rights(fresh)
    cluster.sql(
        f"""
        drop database if exists {FORMER_DATABASE};
        alter database {cluster.database} rename to {FORMER_DATABASE};
        alter database {fresh} rename to {cluster.database};
        """
    )
    former_media = media.with_name(media.name + "-before-restore")
    shutil.rmtree(former_media, ignore_errors=True)
    if media.exists():
        media.rename(former_media)
    if (folder / _MEDIA).exists():
        shutil.move(folder / _MEDIA, media)


def _add_files(tar: tarfile.TarFile, path: Path, name: Path) -> None:
    """Add the file, or the folder and what is in it. The site goes on meanwhile: what has gone since its folder was listed is left out."""
    if name == _NOT_KEPT:
        return
    try:
        tar.add(path, str(name), recursive=False)
        inside = sorted(path.iterdir()) if path.is_dir() and not path.is_symlink() else []
    except FileNotFoundError:
        return
    for child in inside:
        _add_files(tar, child, name / child.name)


def _unpack(source: Path, folder: Path) -> None:
    """Unpack only what a backup of ours holds: plain files, below the folder."""
    try:
        with tarfile.open(source) as tar:
            names = tar.getnames()
            if names[:2] != [_MANIFEST, _DUMP]:
                raise CannotGoOn(f"{source} is not a GridAtlas backup; give a file that ./gridatlas backup has made.")
            for member in tar:
                path = Path(member.name)
                if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
                    raise CannotGoOn(f"{source} holds {member.name}, which no backup of ours does; nothing was changed.")
                tar.extract(member, folder, set_attrs=False)
            _refuse_cut_off(tar, source)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as why:
        raise CannotGoOn(f"{source} cannot be read as a backup ({why}); give a file that ./gridatlas backup has made.") from why
    made = _manifest(folder, source)
    if made.get("format") != _FORMAT:
        raise CannotGoOn(f"{source} was made by another version of GridAtlas (format {made.get('format')}); restore it with that one.")


def _refuse_cut_off(tar: tarfile.TarFile, source: Path) -> None:
    """A tar ends with empty blocks; tarfile takes one that stops before them, between two files, for whole."""
    archive = tar.fileobj
    if archive is None or archive.seek(tar.offset) != tar.offset or archive.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise CannotGoOn(f"{source} is cut off at its end; nothing was changed.")


def _manifest(folder: Path, source: Path) -> dict[str, Any]:
    try:
        made: dict[str, Any] = json.loads((folder / _MANIFEST).read_text("utf-8"))
    except ValueError as why:
        raise CannotGoOn(f"{source} is not a GridAtlas backup: its {_MANIFEST} is not JSON.") from why
    return made
