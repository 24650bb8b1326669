"""Make a PMTiles archive of our own from a stranger's PMTiles (version 3) or MBTiles. Loaded in the shut-in child only.

Every tile is read and written anew: what is served later has directories that this program wrote, and no view or trigger of a stranger's
database is ever asked again.
"""

import gzip
import io
import math
import mmap
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mapbox_vector_tile
from PIL import Image
from pmtiles.tile import Compression, TileType, deserialize_directory, deserialize_header, tileid_to_zxy, zxy_to_tileid
from pmtiles.writer import Writer

from spatial.files.rasters import Made
from spatial.files.rows import BadFile
from spatial.tiles import MAX_ZOOM

MOST_TILES = 3_000_000
MOST_TILE_BYTES = 4 * 1024 * 1024
_MOST_LEAVES = 100_000
_LOOKED_INTO = 40
_GZIP = b"\x1f\x8b"
_PICTURES = {b"\x89PNG": TileType.PNG, b"\xff\xd8\xff": TileType.JPEG, b"RIFF": TileType.WEBP}
Tick = Callable[[float], None]


class _Source(NamedTuple):
    """How many tiles there are, each as z, x, y (from the north-west) and its bytes."""

    total: int
    tiles: Iterator[tuple[int, int, int, bytes]]


def make(upload: Path, result: Path, *, crs: str, tick: Tick) -> Made:
    """See `rasters.make`; tiles are in Web Mercator, always, so `crs` says nothing."""
    # The writer keeps the tiles beside the result, not where a container has a few megabytes only.
    tempfile.tempdir = str(result.parent.resolve())
    with upload.open("rb") as file:
        is_pmtiles = file.read(7) == b"PMTiles"
    try:
        source = _pmtiles(upload) if is_pmtiles else _mbtiles(upload)
        return _written(source, result, tick)
    except BadFile:
        result.unlink(missing_ok=True)
        raise
    except (sqlite3.Error, zlib.error, EOFError, gzip.BadGzipFile, IndexError, ValueError, OverflowError) as error:
        result.unlink(missing_ok=True)
        raise BadFile("damaged", "The archive of tiles is damaged.") from error


def _written(source: _Source, result: Path, tick: Tick) -> Made:
    if not 0 < source.total <= MOST_TILES:
        raise BadFile(
            "empty" if source.total <= 0 else "too_large",
            f"The archive says it holds {source.total:,} tiles; 1 to {MOST_TILES:,} are read.",
        )
    step = max(1, source.total // _LOOKED_INTO)
    kind: TileType | None = None
    zooms: dict[int, list[int]] = {}
    with result.open("wb") as file:
        writer = Writer(file)
        number = 0
        for number, (z, x, y, content) in enumerate(source.tiles, start=1):
            if number > MOST_TILES:
                raise BadFile("too_large", f"The archive holds more than {MOST_TILES:,} tiles; split it.")
            if not (0 <= z <= MAX_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z) or not 0 < len(content) <= MOST_TILE_BYTES:
                raise BadFile("damaged", f"The tile {z}/{x}/{y} of the archive is none that there can be.")
            if kind is None or number % step == 0:
                found = _looked_into(content)
                kind = kind or found
                if (found == TileType.MVT) != (kind == TileType.MVT):
                    raise BadFile("damaged", "The archive mixes pictures and vector tiles.")
            if kind == TileType.MVT and content[:2] != _GZIP:
                content = gzip.compress(content, compresslevel=5, mtime=0)
            writer.write_tile(zxy_to_tileid(z, x, y), content)
            box = zooms.setdefault(z, [x, y, x, y])
            box[:] = [min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)]
            if number % 500 == 0:
                tick(min(0.95 * number / source.total, 0.95))
        if kind is None:
            raise BadFile("empty", "The archive holds no tile.")
        bounds = _bounds_of(max(zooms), zooms[max(zooms)])
        compression = Compression.GZIP if kind == TileType.MVT else Compression.NONE
        writer.finalize(_header(kind, compression, bounds), {})
    tick(1.0)
    is_vector = kind == TileType.MVT
    return Made("pmtiles", "vector" if is_vector else "imagery", bounds, min(zooms), max(zooms))


def _header(kind: TileType, compression: Compression, bounds: list[float]) -> dict[str, Any]:
    west, south, east, north = (round(edge * 1e7) for edge in bounds)
    middle = {"center_zoom": 0, "center_lon_e7": (west + east) // 2, "center_lat_e7": (south + north) // 2}
    box = {"min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north}
    return {"version": 3, "tile_type": kind, "tile_compression": compression, **middle, **box}


def _looked_into(content: bytes) -> TileType:
    """Decode the tile; return what it is.

    Raises:
        BadFile: it is neither a square picture nor a vector tile.
    """
    for beginning, kind in _PICTURES.items():
        if content.startswith(beginning):
            try:
                with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"]) as picture:
                    size = picture.size
                    if size not in ((256, 256), (512, 512)):
                        raise BadFile("unsupported", f"Its tiles are {size[0]} x {size[1]} pixels; 256 or 512 are read.")
                    picture.load()
            except (OSError, SyntaxError, Image.DecompressionBombError) as error:
                raise BadFile("damaged", "A tile of the archive is damaged.") from error
            return kind
    try:
        plain = gzip.decompress(content) if content[:2] == _GZIP else content
        layers = mapbox_vector_tile.decode(plain)
    except Exception as error:  # the decoder raises whatever protobuf and it think of
        raise BadFile("unsupported", "Its tiles are neither pictures (PNG, JPEG, WebP) nor vector tiles (MVT).") from error
    if not isinstance(layers, dict):
        raise BadFile("unsupported", "Its vector tiles hold no layers.")
    return TileType.MVT


def _bounds_of(z: int, box: list[int]) -> list[float]:
    across = 1 << z
    west, east = (column / across * 360 - 180 for column in (box[0], box[2] + 1))
    north, south = (math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / across)))) for row in (box[1], box[3] + 1))
    return [west, south, east, north]


def _pmtiles(path: Path) -> _Source:
    with path.open("rb") as file:
        contents = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header: dict[str, Any] = dict(deserialize_header(contents[:127]))
    if (
        header["tile_compression"] not in (Compression.NONE, Compression.GZIP, Compression.UNKNOWN)
        or header["internal_compression"] != Compression.GZIP
    ):
        raise BadFile("unsupported", "The archive is compressed in a way that is not read here; gzip is.")
    return _Source(header["addressed_tiles_count"] or MOST_TILES, _pmtiles_tiles(contents, header))


def _pmtiles_tiles(contents: mmap.mmap, header: dict[str, Any]) -> Iterator[tuple[int, int, int, bytes]]:
    ahead, leaves = [(header["root_offset"], header["root_length"])], 0
    while ahead:
        offset, length = ahead.pop()
        leaves += 1
        if leaves > _MOST_LEAVES:
            raise BadFile("too_large", "The archive has too many directories.")
        for entry in deserialize_directory(contents[offset : offset + length]):
            if entry.run_length == 0:
                ahead.append((header["leaf_directory_offset"] + entry.offset, entry.length))
                continue
            start = header["tile_data_offset"] + entry.offset
            content = contents[start : start + min(entry.length, MOST_TILE_BYTES + 1)]
            for tile_id in range(entry.tile_id, entry.tile_id + entry.run_length):
                yield (*tileid_to_zxy(tile_id), content)


def _mbtiles(path: Path) -> _Source:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0"):
        connection.execute(f"pragma {pragma}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_TILE_BYTES + 1024)
    names = {name for (name,) in connection.execute("select name from sqlite_master where type in ('table', 'view')")}
    if "tiles" not in names:
        raise BadFile("unsupported", "This database holds no tiles: it is no MBTiles file.")
    # A view may be endless; counting stops one beyond the limit.
    [(count,)] = connection.execute("select count(*) from (select 1 from tiles limit ?)", [MOST_TILES + 1])
    return _Source(count, _mbtiles_tiles(connection))


def _mbtiles_tiles(connection: sqlite3.Connection) -> Iterator[tuple[int, int, int, bytes]]:
    for z, x, row, content in connection.execute("select zoom_level, tile_column, tile_row, tile_data from tiles"):
        if not all(isinstance(number, int) for number in (z, x, row)) or not isinstance(content, bytes):
            raise BadFile("damaged", "A tile of the archive has no place or no content.")
        # MBTiles counts its rows from the south.
        yield z, x, (1 << min(max(z, 0), 30)) - 1 - row, content
