"""Uploaded pictures and archives become basemap files in the shut-in child: real files, made here, in the layouts that people have."""

import gzip
import io
import sqlite3
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin
from rasterio.warp import transform as reprojected
from rasterio.warp import transform_bounds

from spatial.files import rasters
from spatial.files.rows import BadFile
from spatial.tile_files import TileFile
from spatial.tiles import tile_bounds

pytestmark = pytest.mark.unit

# A square kilometre around Helsinki's railway station in ETRS-TM35FIN.
EASTING, NORTHING = 385_500.0, 6_673_000.0
SIZE = 800


def photo(*, bands: int = 3, dtype: str = "uint8", size: int = SIZE) -> np.ndarray:
    """A picture with many colours: gradients and grain."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:size, 0:size]
    waves = np.stack([np.sin(x / 37 + band) + np.cos(y / (53 + 9 * band)) for band in range(bands)])
    values = (waves + 2) / 4 * 0.9 + rng.random((bands, size, size)) * 0.1
    top = 255 if dtype == "uint8" else 4000
    return (values * top).astype(dtype)


def written(folder: Path, pixels: np.ndarray, *, crs: str | None = "EPSG:3067", placed: bool = True, **more) -> Path:
    """Write `folder`/upload as a GeoTIFF; return the folder."""
    folder.mkdir(exist_ok=True)
    count, height, width = pixels.shape
    profile = {"driver": "GTiff", "count": count, "height": height, "width": width, "dtype": pixels.dtype, "crs": crs} | more
    if placed:
        profile["transform"] = from_origin(EASTING, NORTHING, 1000 / width, 1000 / height)
    with rasterio.open(folder / rasters.UPLOAD, "w", **profile) as image:
        image.write(pixels)
    return folder


def made(folder: Path, **wishes) -> rasters.Made:
    heard: list[float | None] = []
    result = rasters.make(folder, tick=heard.append, **wishes)
    assert heard or result.format == "pmtiles"
    return result


def refusal(folder: Path, **wishes) -> BadFile:
    with pytest.raises(BadFile) as caught:
        rasters.make(folder, tick=lambda share: None, **wishes)
    assert not (folder / rasters.RESULT).exists()
    return caught.value


def test_a_photograph_in_a_local_grid_becomes_a_cog_of_the_same_place(tmp_path):
    pixels = photo()
    folder = written(tmp_path / "a", pixels, compress="deflate")

    result = made(folder)

    with rasterio.open(folder / rasters.RESULT) as cog:
        assert cog.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert (cog.compression.value, cog.block_shapes[0], cog.overviews(1)) == ("JPEG", (512, 512), [2])
        assert (cog.crs.to_epsg(), cog.width, cog.height, cog.count) == (3067, SIZE, SIZE, 3)
        assert np.abs(cog.read().astype(int) - pixels).mean() < 12
    (west, north), (east, south) = (
        [axis[0] for axis in reprojected("EPSG:3067", "EPSG:4326", [x], [y])]
        for x, y in ((EASTING, NORTHING), (EASTING + 1000, NORTHING - 1000))
    )
    assert result.bounds == pytest.approx([west, south, east, north], abs=0.001)
    assert (result.format, result.kind, result.crs, result.taken_date) == ("cog", "imagery", "EPSG:3067", "")
    assert result.pixel_m == pytest.approx(1000 / SIZE, rel=0.01)
    assert result.max_zoom in (16, 17)


def test_alpha_stays_hard_edges_as_a_mask_and_soft_ones_as_they_are(tmp_path):
    hard = np.concatenate([photo(), np.full((1, SIZE, SIZE), 255, np.uint8)])
    hard[3, :300] = 0
    soft = hard.copy()
    soft[3, 300:400] = 128
    roles = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
    for name, pixels, bands in (("hard", hard, 3), ("soft", soft, 4)):
        folder = written(tmp_path / name, pixels, photometric="RGB", alpha="yes")
        with rasterio.open(folder / rasters.UPLOAD) as image:
            assert list(image.colorinterp) == roles

        made(folder)

        with rasterio.open(folder / rasters.RESULT) as cog:
            assert cog.count == bands
            there = cog.dataset_mask()
            assert (there[:295] == 0).all()
            assert (there[405:] == 255).all()
            if name == "soft":
                assert (cog.read(4)[300:400] == 128).all()


def test_what_a_file_calls_no_data_becomes_a_hole(tmp_path):
    pixels = photo()
    pixels[:, 500:, 500:] = 0
    folder = written(tmp_path / "a", pixels, nodata=0)

    made(folder)

    with rasterio.open(folder / rasters.RESULT) as cog:
        there = cog.dataset_mask()
    assert (there[520:, 520:] == 0).all()
    assert (there[:480] == 255).mean() > 0.99


def test_sixteen_bits_and_heights_are_stretched_and_it_is_said(tmp_path):
    deep = photo(bands=4, dtype="uint16")
    folder = written(tmp_path / "deep", deep, photometric="RGB", alpha="unspecified")
    result = made(folder)
    low, high = result.stretched
    assert 0 < low < 1000 < 3000 < high < 4000
    with rasterio.open(folder / rasters.RESULT) as cog:
        assert (cog.count, cog.dtypes[0]) == (3, "uint8")
        assert cog.read(1).std() > 40

    heights = photo(bands=1).astype(np.float32) * 0.3 + 12
    heights[0, :200] = np.nan
    folder = written(tmp_path / "heights", heights)
    result = made(folder)
    with rasterio.open(folder / rasters.RESULT) as cog:
        assert (cog.dataset_mask()[:190] == 0).all()
        assert cog.read(1)[250:].std() > 40


def test_a_drawn_map_keeps_its_colours_exactly(tmp_path):
    pixels = np.zeros((1, SIZE, SIZE), np.uint8)
    pixels[0, 100:110] = 1
    pixels[0, :, 500:520] = 2
    folder = written(tmp_path / "a", pixels)
    with rasterio.open(folder / rasters.UPLOAD, "r+") as image:
        image.write_colormap(1, {0: (250, 250, 245), 1: (200, 30, 30), 2: (20, 60, 160)})

    made(folder)

    with rasterio.open(folder / rasters.RESULT) as cog:
        assert [tuple(cog.read()[:, row, column]) for row, column in ((50, 50), (105, 50), (50, 510))] == [
            (250, 250, 245),
            (200, 30, 30),
            (20, 60, 160),
        ]


def test_the_day_is_read_from_the_file(tmp_path):
    folder = written(tmp_path / "a", photo())
    with rasterio.open(folder / rasters.UPLOAD, "r+") as image:
        image.update_tags(TIFFTAG_DATETIME="2025:05:14 10:30:00")

    assert made(folder).taken_date == "2025-05-14"


def test_a_picture_without_a_coordinate_system_is_asked_about(tmp_path):
    folder = written(tmp_path / "a", photo(), crs=None)
    assert refusal(folder).code == "no_crs"

    assert made(folder, crs="EPSG:3067").bounds[1] == pytest.approx(60.17, abs=0.05)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("not placed", "not_placed"),
        ("off the earth", "not_placed"),
        ("cut off", "damaged"),
        ("png", "unsupported"),
        ("vrt", "unsupported"),
        ("empty", "unsupported"),
    ],
)
def test_what_cannot_become_a_basemap_is_refused_with_a_sentence(tmp_path, name, code):
    folder = tmp_path / "a"
    if name == "not placed":
        written(folder, photo(), placed=False)
    elif name == "off the earth":
        written(folder, photo(), crs="EPSG:4326")
    else:
        written(folder, photo(), compress="deflate")
        upload = folder / rasters.UPLOAD
        whole = upload.read_bytes()
        contents = {"cut off": whole[: len(whole) // 2], "vrt": b"<VRTDataset rasterXSize='1' rasterYSize='1'/>", "empty": b""}
        picture = io.BytesIO()
        Image.new("RGB", (9, 9)).save(picture, "PNG")
        upload.write_bytes(contents.get(name, picture.getvalue()))

    fault = refusal(folder)

    assert fault.code == code
    assert str(fault).endswith(".")


def test_s25_a_picture_of_a_million_by_a_million_pixels_is_refused_at_once(tmp_path):
    """Sparse: four megabytes on disk, four terabytes unpacked."""
    folder = tmp_path / "a"
    folder.mkdir()
    shape = {"width": 1_000_000, "height": 1_000_000, "count": 3, "dtype": "uint8", "tiled": True, "blockxsize": 16384, "blockysize": 16384}
    with rasterio.open(
        folder / rasters.UPLOAD,
        "w",
        driver="GTiff",
        SPARSE_OK=True,
        BIGTIFF="YES",
        crs="EPSG:3857",
        transform=from_origin(0, 0, 1, 1),
        **shape,
    ):
        pass

    assert refusal(folder).code == "too_large"


def tile_of(x: int, y: int, *, size: int = 256, kind: str = "PNG") -> bytes:
    """A tile whose colour says where it is."""
    out = io.BytesIO()
    Image.new("RGB", (size, size), (x % 256, y % 256, 90)).save(out, kind)
    return out.getvalue()


def mbtiles(folder: Path, tiles: dict[tuple[int, int, int], bytes], *, as_view: str = "") -> Path:
    """Write `folder`/upload as MBTiles (rows from the south); `as_view` is what a view called tiles selects instead."""
    folder.mkdir(exist_ok=True)
    with sqlite3.connect(folder / rasters.UPLOAD) as database:
        database.execute("create table metadata (name text, value text)")
        if as_view:
            database.execute(f"create view tiles as {as_view}")
        else:
            database.execute("create table tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")
            rows = [(z, x, (1 << z) - 1 - y, content) for (z, x, y), content in tiles.items()]
            database.executemany("insert into tiles values (?, ?, ?, ?)", rows)
    database.close()
    return folder


def pyramid(x: int, y: int, z: int, *, size: int = 256) -> dict[tuple[int, int, int], bytes]:
    """Four tiles below one, and that one."""
    below = {(z + 1, 2 * x + dx, 2 * y + dy): tile_of(2 * x + dx, 2 * y + dy, size=size) for dx in (0, 1) for dy in (0, 1)}
    return {(z, x, y): tile_of(x, y, size=size)} | below


def test_mbtiles_of_pictures_become_one_archive_of_the_same_tiles(tmp_path):
    tiles = pyramid(9328, 4743, 14)
    folder = mbtiles(tmp_path / "a", tiles)

    result = made(folder)

    assert (result.format, result.kind, result.min_zoom, result.max_zoom) == ("pmtiles", "imagery", 14, 15)
    assert result.bounds == pytest.approx(transform_bounds("EPSG:3857", "EPSG:4326", *tile_bounds(14, 9328, 4743)), abs=1e-6)
    archive = TileFile(folder / rasters.RESULT)
    assert {place: archive.tile(*place) for place in tiles} == tiles
    assert archive.tile(14, 0, 0) is None

    (tmp_path / "b").mkdir()
    (folder / rasters.RESULT).rename(tmp_path / "b" / rasters.UPLOAD)
    again = made(tmp_path / "b")
    assert again == result
    assert TileFile(tmp_path / "b" / rasters.RESULT).tile(15, 18656, 9486) == tiles[15, 18656, 9486]


def test_vector_tiles_are_kept_compressed(tmp_path):
    roads = [{"geometry": "LINESTRING(0 0, 4096 4096)", "properties": {"class": "primary"}}]
    tile = mapbox_vector_tile.encode([{"name": "transportation", "features": roads}])
    folder = mbtiles(tmp_path / "a", {(10, 582, 296): tile})

    assert made(folder).kind == "vector"
    kept = TileFile(folder / rasters.RESULT).vector_tile(10, 582, 296)
    assert gzip.decompress(kept) == tile


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("no tiles", "unsupported"),
        ("empty", "empty"),
        ("odd size", "unsupported"),
        ("no picture", "unsupported"),
        ("mixed", "damaged"),
        ("off the grid", "damaged"),
        ("cut off", "damaged"),
        ("endless view", "too_large"),
    ],
)
def test_archives_that_are_none_are_refused_with_a_sentence(tmp_path, name, code, monkeypatch):
    vector = mapbox_vector_tile.encode([{"name": "a", "features": [{"geometry": "POINT(1 1)", "properties": {}}]}])
    tiles = {
        "no tiles": {},
        "empty": {},
        "odd size": {(3, 1, 1): tile_of(1, 1, size=300)},
        "no picture": {(3, 1, 1): b"<svg/>"},
        "mixed": {(3, 1, 1): tile_of(1, 1), (3, 1, 2): vector},
        "off the grid": {(3, 9, 1): tile_of(1, 1)},
    }
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select 5 as zoom_level, i as tile_column, 1 as tile_row, x'89' as tile_data from n"
    folder = mbtiles(tmp_path / "a", tiles.get(name, pyramid(3, 3, 3)), as_view=endless if name == "endless view" else "")
    upload = folder / rasters.UPLOAD
    if name == "no tiles":
        with sqlite3.connect(upload) as database:
            database.execute("drop table tiles")
        database.close()
    elif name == "cut off":
        upload.write_bytes(upload.read_bytes()[:5000])

    fault = refusal(folder)

    assert fault.code == code
    assert str(fault).endswith(".")
