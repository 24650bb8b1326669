"""Make a basemap file from a stranger's upload in a child process: a COG from a GeoTIFF, PMTiles from PMTiles or MBTiles."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatial.files.reading import ENVIRONMENT, why
from spatial.files.rows import BadFile
from spatial.files.sandbox import NOBODY

UPLOAD, RESULT = "upload", "result"
HEAD_BYTES = 16
# Shorter than the ten minutes that the worker gives a job.
WALL_S = 540
# What GDAL may keep of the picture; the child's memory does not grow with the picture.
_GDAL_CACHE_MB = "192"


@dataclass(frozen=True, slots=True)
class Made:
    """What became of the upload. `format`: cog or pmtiles; `kind`: imagery or vector; `bounds` in degrees: west, south, east, north.

    Of a picture also `crs`, `width`, `height`, `pixel_m` (on the ground), `taken_date` (ISO, "" when the file does not say) and `stretched`:
    the lowest and highest value that became black and white, when it had more than 8 bits.
    """

    format: str
    kind: str
    bounds: list[float]
    min_zoom: int
    max_zoom: int
    crs: str = ""
    width: int = 0
    height: int = 0
    pixel_m: float = 0.0
    taken_date: str = ""
    stretched: list[float] | None = None


def maker_of(head: bytes) -> str:
    """Return the module that makes a basemap of a file, told by its first bytes and never by its name.

    Raises:
        BadFile: `unsupported`.
    """
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "spatial.files.cog"
    if head.startswith((b"PMTiles\x03", b"SQLite format 3\0")):
        return "spatial.files.tile_archives"
    raise BadFile("unsupported", "This is not a file that can become a basemap: use GeoTIFF, PMTiles (version 3) or MBTiles.")


def make(folder: Path, *, crs: str = "", tick: Callable[[float | None], None], wall_s: float = WALL_S) -> Made:
    """Turn `folder`/upload into `folder`/result. `crs` is used when a GeoTIFF names none; `tick` hears the share done, 0 to 1, and None every second without news.

    Raises:
        BadFile: with a sentence; `no_crs` when it names no coordinate system. And whatever `tick` raises: then the child is ended.
    """
    if os.geteuid() == 0:
        # The child becomes nobody; it stands in the folder already, whatever lies above it.
        for place in (folder, folder / UPLOAD):
            os.chown(place, NOBODY, NOBODY)
    command = [sys.executable, "-m", "spatial.files.raster_child", json.dumps({"crs": crs})]
    environment = ENVIRONMENT | {"GDAL_CACHEMAX": _GDAL_CACHE_MB}
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words) as child,
    ):
        try:
            for told in _messages(child, time.monotonic() + wall_s):
                if "made" in told:
                    return Made(**told["made"])
                tick(told["share"])
            raise why(child, words)
        finally:
            child.kill()


def _messages(child: "subprocess.Popen[bytes]", until: float) -> Iterator[dict[str, Any]]:
    """Yield what the child says, a line of JSON each, and every second that it says nothing; it is ended at `until`."""
    assert child.stdout is not None
    text = b""
    while (left_s := until - time.monotonic()) > 0:
        ready, _, _ = select.select([child.stdout], [], [], min(left_s, 1.0))
        if not ready:
            yield {"share": None}
            continue
        piece = os.read(child.stdout.fileno(), 65_536)
        if not piece:
            return
        *lines, text = (text + piece).split(b"\n")
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError as error:
                raise BadFile("damaged", "The file is damaged, or not what it seems to be.") from error
    child.kill()
