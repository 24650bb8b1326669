"""Cut features into vector tiles and write them as PMTiles. Features come in EPSG:3857 metres."""

import collections
import pathlib
import sys
from typing import Any

import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from writing import ROOT

sys.path.insert(0, str(ROOT))

from layers.basemap_tiles import BUFFER, EXTENT, Layers, encoded
from spatial.tiles import tile_bounds

WORLD_M = 40_075_016.685578488


def unit_m(z: int) -> float:
    """Return the size of one tile unit at zoom z, metres of EPSG:3857."""
    return WORLD_M / (1 << z) / EXTENT


def tile_layers(features: Layers, z: int, x: int, y: int) -> Layers:
    """Return the features that tile z, x, y shows, in tile units, y down."""
    west, south, east, north = tile_bounds(z, x, y)
    size = unit_m(z)
    margin = BUFFER * size
    window = (west - margin, south - margin, east + margin, north + margin)
    box = shapely.box(*window)
    layers: Layers = collections.defaultdict(list)
    for name, rows in features.items():
        if not rows:
            continue
        geoms = [row["geometry"] for row in rows]
        hits = sorted(int(i) for i in shapely.STRtree(geoms).query(box))
        for i in hits:
            clipped = shapely.clip_by_rect(geoms[i], *window)
            if not clipped.is_empty:
                in_units = shapely.transform(clipped, lambda xy: (xy - (west, north)) / (size, -size))
                layers[name].append({"geometry": in_units, "properties": rows[i]["properties"]})
    return layers


def write_pmtiles(
    path: pathlib.Path, tiles: dict[tuple[int, int, int], bytes], metadata: dict[str, Any], bounds: tuple[float, float, float, float]
) -> None:
    """Write tiles (gzip-compressed MVT by z, x, y); same tiles, same bytes. Bounds: west, south, east, north in degrees."""
    path.parent.mkdir(parents=True, exist_ok=True)
    west, south, east, north = (round(value * 10_000_000) for value in bounds)
    zooms = [z for z, _, _ in tiles]
    with path.open("wb") as file:
        writer = Writer(file)
        for (z, x, y), tile in sorted(tiles.items(), key=lambda item: zxy_to_tileid(*item[0])):
            writer.write_tile(zxy_to_tileid(z, x, y), tile)
        writer.finalize(
            {
                "tile_type": TileType.MVT,
                "tile_compression": Compression.GZIP,
                "min_zoom": min(zooms),
                "max_zoom": max(zooms),
                "min_lon_e7": west,
                "min_lat_e7": south,
                "max_lon_e7": east,
                "max_lat_e7": north,
                "center_zoom": min(zooms),
                "center_lon_e7": (west + east) // 2,
                "center_lat_e7": (south + north) // 2,
            },
            metadata,
        )
    print(f"{path.relative_to(ROOT)}: {len(tiles)} tiles, {path.stat().st_size / 1000:.0f} kB")


__all__ = ["encoded", "tile_layers", "unit_m", "write_pmtiles"]
