"""Rendered tiles in memory, least used out first, and the renders under way: a change drops exactly the tiles it touches."""

import asyncio
import hashlib
import math
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from layers.registry import MapLayer
from layers.tile_sql import CELL_BITS, EXTENT, POINT_BUFFER, RING_CELLS, SHAPE_BUFFER, Filters
from spatial.tiles import WORLD_BITS, world_position

Box = Sequence[float]
# Rounding to the tile's grid can carry a point over the buffer's edge, so a little more is dropped than the buffer says.
_SLACK_UNITS = 1
_ENTRY_OVERHEAD_BYTES = 1500


class TileKey(NamedTuple):
    """Which tile, for whom, through which filters."""

    layer_id: str
    z: int
    x: int
    y: int
    scope: str
    filters: Filters


class Tile:
    """The bytes of one rendered tile. The gzipped form is made once, when the first browser asks for it, and then replaces the plain one."""

    __slots__ = ("answer_gzip", "answer_plain", "digest", "kept", "plain", "zipped")

    def __init__(self, plain: bytes) -> None:
        self.plain: bytes | None = plain
        self.zipped: bytes | None = None
        self.kept = False
        self.digest = hashlib.blake2b(plain, digest_size=9).hexdigest() if plain else "empty"
        # Ready-made answers, filled in by the door.
        self.answer_plain: tuple[Any, ...] | None = None
        self.answer_gzip: tuple[Any, ...] | None = None

    @property
    def size_bytes(self) -> int:
        return _ENTRY_OVERHEAD_BYTES + len(self.zipped or self.plain or b"")


class Render:
    """A tile being rendered. `doomed` means: something it may not have seen was committed, so nobody who comes now may have it."""

    __slots__ = ("doomed", "task")

    def __init__(self, task: "asyncio.Task[Tile]") -> None:
        self.task = task
        self.doomed = False


class TileCache:
    """Tiles by key, at most `max_bytes` of them."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._tiles: OrderedDict[TileKey, Tile] = OrderedDict()
        self._renders: dict[TileKey, Render] = {}
        # Keys of tiles and renders per layer and zoom, by column and row: what a change must look through.
        self._placed: dict[str, dict[int, dict[tuple[int, int], set[TileKey]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._tiles)

    def get(self, key: TileKey) -> Tile | None:
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def render(self, key: TileKey) -> Render | None:
        """Return the render of this tile that is under way and not doomed."""
        return self._renders.get(key)

    def begin(self, key: TileKey, task: "asyncio.Task[Tile]") -> Render:
        """Note that the tile is being rendered, so that others wait for it and a change can doom it."""
        render = self._renders[key] = Render(task)
        self._place(key)
        return render

    def finish(self, key: TileKey, render: Render, tile: Tile | None) -> None:
        """Keep the rendered tile, unless a change doomed it or it failed (None)."""
        if self._renders.get(key) is render:
            del self._renders[key]
            if tile is None:
                self._unplace(key)
        if tile is None or render.doomed:
            return
        self._forget(key)
        self._place(key)
        self._tiles[key] = tile
        tile.kept = True
        self.size_bytes += tile.size_bytes
        self._shrink()

    def resized(self, tile: Tile, by_bytes: int) -> None:
        """Account for a kept tile whose plain form was replaced by the gzipped one."""
        if tile.kept:
            self.size_bytes += by_bytes

    def drop_touched(self, layer: MapLayer, boxes: Iterable[Box]) -> int:
        """Drop every tile of the layer, at all zooms, that shows something of the boxes (EPSG:4326); return how many."""
        placed = self._placed.get(layer.id)
        if not placed:
            return 0
        doomed: set[TileKey] = set()
        for box in boxes:
            for z, at in placed.items():
                first_x, first_y, last_x, last_y = touched_range(layer, z, box)
                if (last_x - first_x + 1) * (last_y - first_y + 1) <= len(at):
                    places = ((x, y) for x in range(first_x, last_x + 1) for y in range(first_y, last_y + 1))
                    doomed.update(key for place in places for key in at.get(place, ()))
                else:
                    doomed.update(key for (x, y), keys in at.items() if first_x <= x <= last_x and first_y <= y <= last_y for key in keys)
        self._drop(doomed)
        return len(doomed)

    def drop_layer(self, layer_id: str) -> int:
        """Drop every tile of the layer; return how many."""
        doomed = {key for at in self._placed.get(layer_id, {}).values() for keys in at.values() for key in keys}
        self._drop(doomed)
        return len(doomed)

    def _drop(self, keys: Iterable[TileKey]) -> None:
        for key in keys:
            self._forget(key)
            render = self._renders.pop(key, None)
            if render:
                render.doomed = True
            self._unplace(key)

    def _forget(self, key: TileKey) -> None:
        tile = self._tiles.pop(key, None)
        if tile is not None:
            self._leave(tile)

    def _leave(self, tile: Tile) -> None:
        tile.kept = False
        self.size_bytes -= tile.size_bytes

    def _shrink(self) -> None:
        while self.size_bytes > self._max_bytes and self._tiles:
            key, tile = self._tiles.popitem(last=False)
            self._leave(tile)
            if key not in self._renders:
                self._unplace(key)

    def _place(self, key: TileKey) -> None:
        self._placed[key.layer_id][key.z][(key.x, key.y)].add(key)

    def _unplace(self, key: TileKey) -> None:
        at = self._placed[key.layer_id][key.z]
        keys = at.get((key.x, key.y))
        if keys:
            keys.discard(key)
            if not keys:
                del at[(key.x, key.y)]


def touched_range(layer: MapLayer, z: int, box: Box) -> tuple[int, int, int, int]:
    """Return first column, first row, last column, last row of the tiles at zoom z that a change inside the box (EPSG:4326) alters."""
    west, south, east, north = box
    (left, top), (right, bottom) = world_position(west, north), world_position(east, south)
    if layer.clusters and z < layer.clusters.below_zoom:
        # Whole cells change their sums, and a tile shows its own cells and one ring around them. One unit of the zoom-31 grid
        # of slack, because the database, not `world_position`, decides the cell.
        shift, ring, per_tile = WORLD_BITS - z - CELL_BITS, RING_CELLS, 1 << CELL_BITS
        edges = (((left - 1) >> shift) - ring, ((top - 1) >> shift) - ring, ((right + 1) >> shift) + ring, ((bottom + 1) >> shift) + ring)
        first_x, first_y, last_x, last_y = (edge // per_tile for edge in edges)
    else:
        size = 1 << (WORLD_BITS - z)
        margin = math.ceil(size * (_buffer_units(layer) + _SLACK_UNITS) / EXTENT) + 1
        first_x, first_y, last_x, last_y = (
            (left - margin) // size,
            (top - margin) // size,
            (right + margin) // size,
            (bottom + margin) // size,
        )
    last = (1 << z) - 1
    return max(0, first_x), max(0, first_y), min(last, last_x), min(last, last_y)


def _buffer_units(layer: MapLayer) -> int:
    return POINT_BUFFER if any(part.geometry == "point" for part in layer.parts) else SHAPE_BUFFER
