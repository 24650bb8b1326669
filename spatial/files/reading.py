"""Read a stranger's file in a child process and get its rows as batches. Whatever happens in the child, this one goes on."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from spatial.files.rows import BadFile, Header, Wanted
from spatial.files.sandbox import NOBODY

WALL_S = 300
_PREFIX = "gridatlas-read-"
_ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": str(_ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONSAFEPATH": "1",
    # Threads and pools that reserve address space would use up what the child may have.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "GDAL_NUM_THREADS": "1",
    # Second lines behind the drivers that are left and the network that is not there.
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    "OGR_SQLITE_STATIC_VIRTUAL_OGR": "NO",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "50",
    "CPL_LOG": "/dev/null",
    "HOME": "/nonexistent",
}


@dataclass(slots=True)
class Reading:
    """A file being read."""

    header: Header
    batches: Iterator[pa.RecordBatch]


@contextmanager
def read(path: Path, wanted: Wanted | None = None, *, wall_s: float = WALL_S) -> Iterator[Reading]:
    """Open the file in a child process; at the end of the block the child and its folder are gone.

    Raises:
        BadFile: also in the middle of the batches. `killed` when the child went beyond its memory, its processor time or `wall_s`.
    """
    with _child(path, wanted or Wanted(), wall_s) as (child, words):
        yield _reading(child, words, is_last=True)


@contextmanager
def read_layers(path: Path, wanted: Wanted, *, wall_s: float = WALL_S) -> Iterator[Iterator[Reading]]:
    """Open the file as `read` does and give its layers one after the other; each is read whole before the next.

    Raises:
        BadFile: as `read`; `too_many_layers` when there are more than `wanted.most_layers`.
    """
    with _child(path, wanted, wall_s) as (child, words):

        def layers() -> Iterator[Reading]:
            first = _reading(child, words, is_last=False)
            yield first
            left = len(first.header.layers) - 1
            for number in range(left):
                yield _reading(child, words, is_last=number == left - 1)

        yield layers()


@contextmanager
def _child(path: Path, wanted: Wanted, wall_s: float) -> "Iterator[tuple[subprocess.Popen[bytes], object]]":
    forget_strays()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        # Under a name of ours: names of strangers reach no library. A copy, because SQLite and unpacking want a folder of their own.
        copy = Path(folder) / "file"
        shutil.copyfile(path, copy)
        if os.geteuid() == 0:
            for place in (Path(folder), copy):
                os.chown(place, NOBODY, NOBODY)
        command = [sys.executable, "-m", "spatial.files.child", str(copy), json.dumps(asdict(wanted))]
        with (
            tempfile.TemporaryFile() as words,
            subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words) as child,
        ):
            watch = threading.Timer(wall_s, child.kill)
            watch.start()
            try:
                yield child, words
            finally:
                watch.cancel()
                child.kill()


def forget_strays() -> None:
    """Delete the folders of readings whose process was killed before it could: none goes on for longer than `WALL_S`."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.stat().st_mtime < time.time() - 2 * WALL_S:
                shutil.rmtree(folder, ignore_errors=True)


def _reading(child: "subprocess.Popen[bytes]", words: object, *, is_last: bool) -> Reading:
    try:
        stream = pa.ipc.open_stream(child.stdout)
        header = Header.from_metadata(stream.schema.metadata or {})
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        raise why(child, words) from error
    return Reading(header, _batches(child, words, stream, is_last=is_last))


def _batches(
    child: "subprocess.Popen[bytes]", words: object, stream: pa.ipc.RecordBatchStreamReader, *, is_last: bool
) -> Iterator[pa.RecordBatch]:
    while True:
        try:
            batch = stream.read_next_batch()
            batch.validate(full=True)
        except StopIteration:
            break
        except (pa.ArrowException, OSError) as error:
            raise why(child, words) from error
        if len(batch):
            yield batch
    if is_last and child.wait():
        raise why(child, words)


def why(child: "subprocess.Popen[bytes]", words: object) -> BadFile:
    """Return why the child ended: in its own words when it refused the file."""
    if child.stdout:
        child.stdout.close()
    code = child.wait()
    words.seek(0)  # type: ignore[attr-defined]
    lines = words.read()[-20_000:].decode("utf-8", "replace").strip().splitlines()  # type: ignore[attr-defined]
    if code == 3 and lines:
        told = json.loads(lines[-1])
        return BadFile(told["code"], told["text"])
    if code < 0 or "MemoryError" in (lines[-1] if lines else ""):
        return BadFile("killed", "Reading the file took more time or memory than a file may; split it, or save it as CSV or GeoPackage.")
    return BadFile("damaged", "The file is damaged, or not what it seems to be.")
