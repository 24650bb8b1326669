"""Vector tiles of the bundled basemap: central Helsinki in detail, the rest of the world from Natural Earth.

Two archives, because their licences differ: `osm-helsinki.pmtiles` (ODbL) holds the tiles of zoom 10 to 16 that touch
the OpenStreetMap extract, `natural-earth.pmtiles` (public domain) the whole world at zoom 0 to 6. Any other tile is
cut out of its Natural Earth ancestor, so that land and sea go on beyond the extract at every zoom.

MVT layers, bottom up: `land`, `landuse`, `green`, `water`, `buildings`, `rail`, `roads`, `boundaries`, `coverage`
(outline of the extract: detail ends there), `labels`. Sea is where there is no land.
"""

import functools
import gzip
import mmap
import pathlib
from typing import Any

import mapbox_vector_tile
import shapely
from pmtiles.tile import deserialize_directory, deserialize_header, zxy_to_tileid

from spatial.tiles import check_tile

EXTENT = 4096
BUFFER = 64
NATURAL_EARTH_MAX_ZOOM = 6
OSM_ZOOMS = range(10, 17)
LAYERS = ("land", "landuse", "green", "water", "buildings", "rail", "roads", "boundaries", "coverage", "labels")
OSM_ATTRIBUTION = "© OpenStreetMap contributors"
_DATA = pathlib.Path(__file__).with_name("data")


def vector_tile(z: int, x: int, y: int) -> bytes | None:
    """Return the gzip-compressed MVT of a tile, or None where there is nothing but sea.

    Safe to call from many threads: the archives are read-only memory maps.

    Raises:
        TileOutsideRange: see `spatial.tiles.check_tile`.
    """
    check_tile(z, x, y)
    if z <= NATURAL_EARTH_MAX_ZOOM:
        return _archive("natural-earth").tile(z, x, y)
    if z in OSM_ZOOMS and (stored := _archive("osm-helsinki").tile(z, x, y)):
        return stored
    if z > OSM_ZOOMS[-1] and (stored := _overzoomed_osm(z, x, y)):
        return stored
    return natural_earth_cut(z, x, y)


@functools.lru_cache(maxsize=2048)
def natural_earth_cut(z: int, x: int, y: int) -> bytes | None:
    """Return tile z > 6 cut out of its Natural Earth ancestor of zoom 6 (gzip-compressed MVT), or None for open sea."""
    layers = cut(_natural_earth_layers(*_ancestor(z, x, y, NATURAL_EARTH_MAX_ZOOM)), z - NATURAL_EARTH_MAX_ZOOM, x, y)
    return encoded(layers)


@functools.lru_cache(maxsize=256)
def _overzoomed_osm(z: int, x: int, y: int) -> bytes | None:
    zoom = OSM_ZOOMS[-1]
    stored = _archive("osm-helsinki").tile(*_ancestor(z, x, y, zoom))
    return encoded(cut(decoded(stored), z - zoom, x, y)) if stored else None


Layers = dict[str, list[dict[str, Any]]]
"""Layer name to features {geometry: shapely in tile units (y down), properties}."""


def cut(layers: Layers, levels: int, x: int, y: int) -> Layers:
    """Return the part of an ancestor's layers that tile (x, y), `levels` below it, shows, in that tile's units."""
    scale = 1 << levels
    left, top = (x % scale) * EXTENT, (y % scale) * EXTENT
    margin = BUFFER / scale
    window = (left / scale - margin, top / scale - margin, (left + EXTENT) / scale + margin, (top + EXTENT) / scale + margin)
    return {
        name: [
            {"geometry": _zoomed(clipped, scale, left, top), "properties": feature["properties"]}
            for feature in features
            if not (clipped := shapely.clip_by_rect(feature["geometry"], *window)).is_empty
        ]
        for name, features in layers.items()
    }


def decoded(tile: bytes) -> Layers:
    """Return the layers of a gzip-compressed MVT as shapely geometries in tile units, y down."""
    layers = mapbox_vector_tile.decode(gzip.decompress(tile), default_options={"y_coord_down": True})
    return {
        name: [
            {"geometry": _unfolded(shapely.geometry.shape(feature["geometry"])), "properties": feature["properties"]}
            for feature in layer["features"]
        ]
        for name, layer in layers.items()
    }


def encoded(layers: Layers) -> bytes | None:
    """Return a gzip-compressed MVT in the order of LAYERS, or None when no layer has a feature."""
    named = [{"name": name, "features": layers[name]} for name in LAYERS if layers.get(name)]
    if not named:
        return None
    tile = mapbox_vector_tile.encode(named, default_options={"y_coord_down": True, "extents": EXTENT})
    return gzip.compress(tile, compresslevel=9, mtime=0)


@functools.lru_cache(maxsize=32)
def _natural_earth_layers(z: int, x: int, y: int) -> Layers:
    tile = _archive("natural-earth").tile(z, x, y)
    return decoded(tile) if tile else {}


def _unfolded(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return a polygon that can be clipped: rounding to whole units can fold a thin one. Others come back as they are."""
    if geometry.geom_type not in ("Polygon", "MultiPolygon") or geometry.is_valid:
        return geometry
    parts = shapely.get_parts(shapely.make_valid(geometry, method="structure"))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def _zoomed(geometry: shapely.Geometry, scale: int, left: int, top: int) -> shapely.Geometry:
    return shapely.transform(geometry, lambda xy: xy * scale - (left, top))


def _ancestor(z: int, x: int, y: int, zoom: int) -> tuple[int, int, int]:
    return zoom, x >> (z - zoom), y >> (z - zoom)


class _Archive:
    """A PMTiles v3 archive whose directory fits in memory."""

    def __init__(self, path: pathlib.Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._header = deserialize_header(self._bytes[:127])
        self._places: dict[int, tuple[int, int]] = {}
        self._read_directory(self._header["root_offset"], self._header["root_length"])

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        offset, length = self._places.get(zxy_to_tileid(z, x, y), (0, 0))
        return self._bytes[offset : offset + length] or None

    def _read_directory(self, offset: int, length: int) -> None:
        for entry in deserialize_directory(self._bytes[offset : offset + length]):
            if entry.run_length == 0:
                self._read_directory(self._header["leaf_directory_offset"] + entry.offset, entry.length)
            for tile_id in range(entry.tile_id, entry.tile_id + entry.run_length):
                self._places[tile_id] = (self._header["tile_data_offset"] + entry.offset, entry.length)


@functools.cache
def _archive(name: str) -> _Archive:
    return _Archive(_DATA / f"{name}.pmtiles")
