"""The bundled vector basemap: a tile for every place and zoom, the town in detail where it is bundled."""

import gzip
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import shapely

from layers import basemap_tiles
from spatial.tiles import TileOutsideRange, tile_at

pytestmark = pytest.mark.unit

RAILWAY_SQUARE = (24.9443, 60.1712)
UPPER_RHINE = (7.85, 48.42)
MID_ATLANTIC = (-35.0, 30.0)
PLACES = Path("spatial/data/helsinki_places.json.gz")


def layers_at(lonlat: tuple[float, float], z: int) -> basemap_tiles.Layers:
    tile = basemap_tiles.vector_tile(z, *tile_at(*lonlat, z))
    assert tile is not None
    return basemap_tiles.decoded(tile)


@pytest.mark.parametrize(("z", "x", "y"), [(30, 0, 0), (-1, 0, 0), (3, -1, 0), (3, 0, 8)])
def test_a_tile_off_the_grid_is_refused(z: int, x: int, y: int) -> None:
    with pytest.raises(TileOutsideRange):
        basemap_tiles.vector_tile(z, x, y)


def test_the_whole_world_has_land_borders_and_labels_in_two_languages() -> None:
    layers = layers_at((105, 35), 3)

    names = {label["properties"]["name"]: label["properties"] for label in layers["labels"]}
    assert layers["land"]
    assert {border["properties"]["class"] for border in layers["boundaries"]} == {"country"}
    assert names["China"]["name_zh"] == "中国"
    assert names["Beijing"]["name_zh"] == "北京"


@pytest.mark.parametrize("z", [16, 17, 19])
def test_central_helsinki_has_streets_and_houses_also_deeper_than_stored(z: int) -> None:
    layers = layers_at((24.9480, 60.1690), z)

    assert layers["buildings"]
    assert layers["roads"]
    assert layers["land"]


def test_streets_carry_their_names() -> None:
    names = {road["properties"].get("name") for road in layers_at(RAILWAY_SQUARE, 14)["roads"]}

    assert {"Aleksanterinkatu", "Mannerheimintie", "Kaisaniemenkatu"} <= names


@pytest.mark.parametrize("z", [7, 9, 10, 13, 16, 20])
def test_beyond_the_extract_land_goes_on_at_every_zoom(z: int) -> None:
    layers = layers_at(UPPER_RHINE, z)

    assert shapely.union_all([land["geometry"] for land in layers["land"]]).area >= basemap_tiles.EXTENT**2 * 0.99


@pytest.mark.parametrize("z", [5, 8, 14])
def test_open_sea_is_no_tile(z: int) -> None:
    assert basemap_tiles.vector_tile(z, *tile_at(*MID_ATLANTIC, z)) is None


def test_the_bay_is_water_and_the_square_is_land() -> None:
    def is_land(lon: float, lat: float) -> bool:
        point = shapely.Point(unit_position(lon, lat, 14))
        return any(land["geometry"].contains(point) for land in layers_at((lon, lat), 14)["land"])

    assert is_land(*RAILWAY_SQUARE)
    assert is_land(24.9468, 60.1785)  # Siltasaari, beyond the bay
    assert not is_land(24.9443, 60.1781)  # the bay
    assert not is_land(24.9430, 60.17905)  # the bay at the extract's northern edge


def test_a_label_stands_within_a_metre_of_its_place() -> None:
    """One unit of a zoom-16 tile is 0.07 m here."""
    kamp = next(row for row in json.loads(gzip.decompress(PLACES.read_bytes())) if row["name"] == "Hotel Kämp")

    label = next(row for row in layers_at((kamp["lon"], kamp["lat"]), 16)["labels"] if row["properties"]["name"] == "Hotel Kämp")

    x, y = unit_position(kamp["lon"], kamp["lat"], 16)
    assert math.dist((x, y), label["geometry"].coords[0]) * 0.075 < 1.0
    assert label["properties"]["name_zh"] == "坎普酒店"


def test_a_cut_tile_agrees_with_its_parent() -> None:
    """The coast of a zoom-9 tile, cut from zoom 6, lies where the zoom-6 tile draws it, to a unit of zoom 6."""
    lonlat = (24.9, 60.1)
    parent, child = layers_at(lonlat, 6), layers_at(lonlat, 9)
    x, y = tile_at(*lonlat, 9)
    scale = 8
    left, top = (x % scale) * basemap_tiles.EXTENT / scale, (y % scale) * basemap_tiles.EXTENT / scale

    def back(geometry: shapely.Geometry) -> shapely.Geometry:
        return shapely.transform(geometry, lambda xy: xy / scale + (left, top))

    window = shapely.box(left, top, left + basemap_tiles.EXTENT / scale, top + basemap_tiles.EXTENT / scale)
    of_parent = shapely.union_all([land["geometry"] for land in parent["land"]]).intersection(window)
    of_child = shapely.union_all([back(land["geometry"]) for land in child["land"]]).intersection(window)
    assert of_parent.symmetric_difference(of_child).area < 0.01 * window.area


def test_many_threads_get_the_same_bytes() -> None:
    wanted = [(z, *tile_at(24.94 + dx, 60.17, z)) for z in range(20) for dx in (-0.01, 0, 0.01)] * 4
    alone = [basemap_tiles.vector_tile(*tile) for tile in wanted]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda tile: basemap_tiles.vector_tile(*tile), wanted))

    assert together == alone


def test_only_the_declared_layers_leave_in_their_order() -> None:
    layers = layers_at(RAILWAY_SQUARE, 16)

    assert list(layers) == [name for name in basemap_tiles.LAYERS if name in layers]
    assert "coverage" in {name for z in range(10, 17) for name in layers_at((24.9352, 60.1642), z)}


def unit_position(lon: float, lat: float, z: int) -> tuple[float, float]:
    """Return where a position falls in its tile, in tile units, y down."""
    world = basemap_tiles.EXTENT * (1 << z)
    x = (lon + 180) / 360 * world
    y = (0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)) * world
    return x % basemap_tiles.EXTENT, y % basemap_tiles.EXTENT
