"""Unpack archives of strangers: what they say of their sizes is not believed, real bytes are counted while they stream (S25)."""

import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from spatial.files.rows import BadFile

MAX_BYTES = 200 * 1024 * 1024
MAX_RATIO = 100
# Below this an honest file of zeros may shrink a thousandfold without harm.
RATIO_FROM_BYTES = 10 * 1024 * 1024
MAX_ENTRIES = 2000
_PIECE = 1 << 16


def checked_names(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of the archive's files.

    Raises:
        BadFile: too many entries, a name that leads out of the archive, a link, encryption, two entries of one name or one place.
    """
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise BadFile("bad_zip", f"The archive has {len(entries):,} entries; at most {MAX_ENTRIES:,} are read.")
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise BadFile("too_large", f"The archive says it holds more than {MAX_BYTES // 1024 // 1024} MB unpacked.")
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in name or len(name) > 300:
            raise BadFile("bad_zip", "The archive names a file outside itself.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BadFile("bad_zip", "The archive holds a link.")
        if entry.flag_bits & 0x1:
            raise BadFile("bad_zip", "The archive is encrypted; unpack it and make one without a password.")
        if name.lower() in seen:
            raise BadFile("bad_zip", "The archive holds two files of one name.")
        seen.add(name.lower())
    _refuse_overlaps(entries)
    return [entry.filename for entry in entries if not entry.is_dir()]


def unpack(archive: zipfile.ZipFile, names: Iterable[str], folder: Path) -> int:
    """Write these files into the folder under the last part of their names; return the bytes written.

    Raises:
        BadFile: they hold more than MAX_BYTES, or shrank more than MAX_RATIO times, whatever the archive says.
    """
    written = 0
    for name in names:
        packed = max(archive.getinfo(name).compress_size, 1)
        own = 0
        with archive.open(name) as source, (folder / Path(name).name).open("xb") as target:
            while piece := source.read(_PIECE):
                own += len(piece)
                written += len(piece)
                if written > MAX_BYTES:
                    raise BadFile("too_large", f"The archive holds more than {MAX_BYTES // 1024 // 1024} MB unpacked.")
                if own > RATIO_FROM_BYTES and own > packed * MAX_RATIO:
                    raise BadFile("bad_zip", f"A file in the archive unpacks to more than {MAX_RATIO} times its size.")
                target.write(piece)
    return written


def refuse_bombs(archive: zipfile.ZipFile) -> None:
    """Read everything once without keeping it, for readers that unpack by themselves (workbooks).

    Raises:
        BadFile: as `unpack`.
    """
    total = 0
    for entry in archive.infolist():
        packed, own = max(entry.compress_size, 1), 0
        with archive.open(entry) as source:
            while piece := source.read(_PIECE):
                own += len(piece)
                total += len(piece)
                if total > MAX_BYTES * 3:
                    raise BadFile("too_large", f"The workbook holds more than {MAX_BYTES * 3 // 1024 // 1024} MB unpacked.")
                if own > RATIO_FROM_BYTES and own > packed * MAX_RATIO:
                    raise BadFile("bad_zip", f"A part of the workbook unpacks to more than {MAX_RATIO} times its size.")


def _refuse_overlaps(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive whose entries share bytes: the trick by which a small file unpacks to any size."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise BadFile("bad_zip", "The archive's entries lie over each other.")
        # The local header's own name and extra field are at least as long as nothing: a lower bound is enough here.
        end = entry.header_offset + 30 + entry.compress_size
