"""Read tiles out of a PMTiles archive of ours. Safe to share between threads: the file is a read-only memory map."""

import gzip
import mmap
from functools import lru_cache
from pathlib import Path
from typing import Any

from pmtiles.tile import Compression, deserialize_directory, deserialize_header, find_tile, zxy_to_tileid

_HEADER_BYTES = 127
_MOST_LEVELS = 4


class TileFile:
    """One archive. `max_zoom` is its deepest zoom."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.header: dict[str, Any] = dict(deserialize_header(self._bytes[:_HEADER_BYTES]))
        self.max_zoom: int = self.header["max_zoom"]
        self._directory = lru_cache(maxsize=64)(self._read_directory)

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Return the tile as it is kept, or None when there is none."""
        tile_id = zxy_to_tileid(z, x, y)
        offset, length = self.header["root_offset"], self.header["root_length"]
        for _ in range(_MOST_LEVELS):
            entry = find_tile(self._directory(offset, length), tile_id)
            if entry is None:
                return None
            if entry.run_length:
                start = self.header["tile_data_offset"] + entry.offset
                return self._bytes[start : start + entry.length]
            offset, length = self.header["leaf_directory_offset"] + entry.offset, entry.length
        return None

    def vector_tile(self, z: int, x: int, y: int) -> bytes | None:
        """Return a vector tile compressed with gzip, or None when there is none."""
        tile = self.tile(z, x, y)
        if tile is None or self.header["tile_compression"] == Compression.GZIP:
            return tile
        return gzip.compress(tile, compresslevel=5, mtime=0)

    def _read_directory(self, offset: int, length: int) -> list[Any]:
        return list(deserialize_directory(self._bytes[offset : offset + length]))


@lru_cache(maxsize=32)
def tile_file(path: Path) -> TileFile:
    """Return the archive, opened once per process; a path never holds another file (`layers.basemap_uploads`)."""
    return TileFile(path)
