"""Read points, or shapes as drawn, of a GeoPackage, Shapefile, GeoJSON or DXF through GDAL, of which only these four drivers are left."""

import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from spatial.files import gdal_drivers, text, zips
from spatial.files.kinds import DXF, GEOJSON, GPKG, SHP
from spatial.files.rows import BATCH_ROWS, MAX_CELL, BadFile, Header, Source, Wanted, batch_of, column_names

DRIVERS = {GPKG: "GPKG", SHP: "ESRI Shapefile", GEOJSON: "GeoJSON", DXF: "DXF"}
_SIDE_FILES = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_POINT, _MULTIPOINT = 0, 4
MAX_CORNERS = 20_000


def leave_drivers(names: set[str]) -> set[str]:
    """Take every other driver out of GDAL, so that a file disguised as something else has nothing that opens it; return what is left."""
    left = gdal_drivers.leave(pyogrio, names)
    if set(pyogrio.list_drivers()) - names:
        raise BadFile("not_installed", "The drivers of GDAL cannot be narrowed on this server, so that no such file is opened.")
    return left


def open_gpkg(path: Path, wanted: Wanted) -> Source:
    """Open a GeoPackage: one of its feature tables, never a view, and nothing that its triggers would run."""
    _check_gpkg(path)
    return _open(GPKG, path, wanted)


def open_geojson(path: Path, wanted: Wanted) -> Source:
    """Open a GeoJSON file: WGS 84 unless an old `crs` member says otherwise."""
    return _open(GEOJSON, path, wanted)


def open_dxf(path: Path, wanted: Wanted) -> Source:
    """Open a drawing: its points and inserted blocks. A drawing names no coordinate system."""
    return _open(DXF, path, wanted, crs="")


def open_shp(path: Path, wanted: Wanted) -> Source:
    """Unpack a zipped Shapefile beside its archive and open it; the letters of its table are told by the .cpg file or by themselves."""
    # One a layer, since each is read with its own letters.
    folder = Path(tempfile.mkdtemp(prefix="unpacked-", dir=path.parent))
    with zipfile.ZipFile(path) as archive:
        names = [name for name in zips.checked_names(archive) if name.lower().endswith(_SIDE_FILES) and "__macosx" not in name.lower()]
        last = [Path(name).name.lower() for name in names]
        if len(set(last)) < len(last):
            raise BadFile("bad_zip", "The archive holds two Shapefiles of one name in different folders.")
        try:
            zips.unpack(archive, names, folder)
        except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            raise BadFile("bad_zip", "The archive is damaged.") from error
    # Names of strangers end here: readers see s0.shp, s1.shp. What differs in case only is one file to people.
    stems: dict[str, str] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() == ".shp":
            stems[file.stem.lower()] = file.stem
    numbers = {stem: number for number, stem in enumerate(stems)}
    for file in sorted(folder.iterdir()):
        if file.stem.lower() in numbers:
            file.rename(folder / f"s{numbers[file.stem.lower()]}{file.suffix.lower()}")
    layers = list(stems.values())
    chosen = wanted.layer or layers[0]
    if chosen.lower() not in numbers:
        raise BadFile("no_layer", f"The archive has no Shapefile “{chosen[:60]}”.")
    shape = folder / f"s{numbers[chosen.lower()]}.shp"
    _check_shp(shape)
    encoding = wanted.encoding or _encoding_of_dbf(shape)
    text.codec_named(encoding)
    source = _open(SHP, shape, Wanted(encoding=encoding, shapes=wanted.shapes), encoding=encoding)
    return Source(_renamed(source.header, layers, chosen), source.batches)


def _renamed(header: Header, layers: list[str], layer: str) -> Header:
    return replace(header, layers=layers, layer=layer, has_geometry=True)


def _open(kind: str, path: Path, wanted: Wanted, *, encoding: str = "UTF-8", crs: str | None = None) -> Source:
    leave_drivers({DRIVERS[kind]})
    # The Shapefile's letters come as they are, one sign a byte, and are decoded here: GDAL needs a library for it that may be missing.
    asked: dict[str, Any] = {"encoding": "ISO-8859-1"} if kind == SHP else {}
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if not layers:
            raise BadFile("empty", "The file has no layer.")
        layer = wanted.layer or layers[0]
        if layer not in layers:
            raise BadFile("no_layer", f"The file has no layer “{layer[:60]}”.")
        info = pyogrio.read_info(path, layer=layer, **asked)
        fields = [_decoded(str(name), encoding) if kind == SHP else str(name) for name in info["fields"]]
        header = Header(
            kind,
            column_names(fields or ["fid"]),
            encoding=encoding if kind == SHP else "UTF-8",
            crs=_epsg(info["crs"]) if crs is None else crs,
            layers=layers,
            layer=layer,
            rows=max(int(info["features"]), 0) if int(info["features"]) >= 0 else None,
            has_geometry=info["geometry_type"] is not None,
            has_shapes=wanted.shapes,
        )
    except (DataSourceError, DataLayerError, UnicodeError, ValueError) as error:
        raise BadFile(
            "damaged", "The file is damaged, or not what it seems to be; open it in the program it came from and save it again."
        ) from error
    return Source(header, _batches(header, path, list(info["fields"]), asked, encoding if kind == SHP else ""))


def _batches(header: Header, path: Path, fields: list[str], asked: dict[str, Any], encoding: str) -> Iterator[pa.RecordBatch]:
    row_no = 1
    layer = None if header.format == SHP else header.layer
    try:
        with pyogrio.open_arrow(path, layer=layer, batch_size=BATCH_ROWS, use_pyarrow=True, **asked) as (meta, reader):
            name = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                drawn = batch[name] if name in batch.schema.names else None
                x, y, problems = _points(drawn) if drawn is not None and not header.has_shapes else _no_points(len(batch))
                shapes = None
                if drawn is not None and header.has_shapes:
                    shapes, problems = _shapes(drawn)
                columns = [_text(batch[field], encoding) for field in fields] or [pa.array([""] * len(batch), pa.string())]
                yield batch_of(header, np.arange(row_no, row_no + len(batch)), columns, x=x, y=y, problems=problems, shapes=shapes)
                row_no += len(batch)
    except (DataSourceError, DataLayerError, pa.ArrowException, shapely.GEOSException, UnicodeError) as error:
        raise BadFile("damaged", f"The file is damaged after row {row_no - 1}.") from error


def _points(wkb: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], pa.Array]:
    geometries = shapely.from_wkb(np.asarray(wkb.to_numpy(zero_copy_only=False)), on_invalid="ignore")
    kinds = shapely.get_type_id(geometries)
    single = (kinds == _MULTIPOINT) & (shapely.get_num_geometries(geometries) == 1)
    geometries = np.where(single, shapely.get_geometry(geometries, 0), geometries)
    is_point = (kinds == _POINT) | single
    x, y = np.full(len(geometries), np.nan), np.full(len(geometries), np.nan)
    x[is_point], y[is_point] = shapely.get_x(geometries[is_point]), shapely.get_y(geometries[is_point])
    other = ~is_point & ~shapely.is_missing(geometries)
    return x, y, pa.array(["not_a_point" if is_other else None for is_other in other], pa.string())


def _shapes(wkb: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the shapes as drawn, heights left out, and what is wrong with a row: curves and the like, or more corners than any honest line."""
    given = np.asarray(wkb.to_numpy(zero_copy_only=False))
    geometries = shapely.force_2d(shapely.from_wkb(given, on_invalid="ignore"))
    corners = shapely.get_num_coordinates(geometries)
    problems = np.full(len(given), None, dtype=object)
    problems[shapely.is_missing(geometries) & np.array([value is not None for value in given], dtype=bool)] = "bad_shape"
    problems[corners > MAX_CORNERS] = "too_many_corners"
    is_good = (corners > 0) & (corners <= MAX_CORNERS)
    shapes = np.full(len(given), None, dtype=object)
    shapes[is_good] = shapely.to_wkb(geometries[is_good])
    return pa.array(shapes, pa.binary()), pa.array(problems, pa.string())


def _no_points(rows: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], pa.Array]:
    return np.full(rows, np.nan), np.full(rows, np.nan), pa.nulls(rows, pa.string())


def _text(column: pa.Array, encoding: str) -> pa.Array:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        words = column.cast(pa.string())
        if encoding:
            words = pa.array(
                [word if word is None or word.isascii() else _decoded(word, encoding) for word in words.to_pylist()], pa.string()
            )
    elif pa.types.is_floating(kind):
        words = pc.replace_substring_regex(column.cast(pa.string()), r"\.0$", "")
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        words = pa.array([None if value is None else str(value)[:MAX_CELL] for value in column.to_pylist()], pa.string())
    else:
        words = column.cast(pa.string())
    if len(words) and (pc.max(pc.utf8_length(words)).as_py() or 0) > MAX_CELL:
        raise BadFile("too_large", f"A field holds more than {MAX_CELL:,} signs.")
    return words.fill_null("")


def _decoded(word: str, encoding: str) -> str:
    try:
        return word.encode("latin-1").decode(text.codec_named(encoding))
    except UnicodeDecodeError as error:
        raise BadFile("bad_encoding", f"The table cannot be read as {encoding}; choose another encoding.") from error


def _epsg(crs: str | None) -> str:
    """Return EPSG:nnnn, or "" for what has no such code: then a person says which it is."""
    return crs if crs and crs.startswith("EPSG:") and crs[5:].isdigit() else ""


def _check_shp(shape: Path) -> None:
    missing = [suffix for suffix in (".shx", ".dbf") if not shape.with_suffix(suffix).exists()]
    if missing:
        raise BadFile("incomplete", f"The Shapefile lacks its {' and '.join(missing)} file; zip all of its files together.")
    projection = shape.with_suffix(".prj")
    if projection.exists() and projection.stat().st_size > 20_000:
        raise BadFile("damaged", "The Shapefile's .prj file is not a description of a coordinate system.")
    with shape.with_suffix(".dbf").open("rb") as table:
        head = table.read(32)
    records, header_size, record_size = (
        int.from_bytes(head[4:8], "little"),
        int.from_bytes(head[8:10], "little"),
        int.from_bytes(head[10:12], "little"),
    )
    # A table may be cut off, but never promise far more rows than it has bytes for.
    if len(head) < 32 or header_size + records * record_size > shape.with_suffix(".dbf").stat().st_size + record_size + 1:
        raise BadFile("damaged", f"The Shapefile's table promises {records:,} rows that are not there.")


def _encoding_of_dbf(shape: Path) -> str:
    """Return the table's encoding: what .cpg says if the bytes agree, else what the bytes look like."""
    mark = shape.with_suffix(".cpg")
    said = mark.read_bytes()[:40].decode("ascii", "replace").strip().upper().replace("-", "") if mark.exists() else ""
    with shape.with_suffix(".dbf").open("rb") as table:
        table.seek(int.from_bytes(table.read(10)[8:10], "little"))
        sample = b""
        while piece := table.read(1 << 20):
            if not piece.isascii():
                sample = piece
                break
    found = text.guess_of_bytes(sample)
    known = {
        "UTF8": text.UTF_8,
        "65001": text.UTF_8,
        "GBK": text.GB18030,
        "CP936": text.GB18030,
        "936": text.GB18030,
        "GB18030": text.GB18030,
        "GB2312": text.GB18030,
    }
    if sample.isascii() and said in known:
        return known[said]
    if known.get(said) == text.GB18030 and found != text.UTF_8:
        return text.GB18030
    return found


def _check_gpkg(path: Path) -> None:
    """Look at the database before GDAL does: a whole one, whose layers are tables.

    Raises:
        BadFile: damaged, or a layer is a view, which could compute for ever, or it has more tables than any honest one.
    """
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            steps = iter(range(20_000))
            # After some seconds of steps it gives up, whatever the file makes it compute.
            database.set_progress_handler(lambda: next(steps, None) is None, 10_000)
            for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0"):
                database.execute(f"pragma {pragma}")
            kinds = dict(database.execute("select lower(name), type from sqlite_master where type in ('table', 'view')").fetchmany(5000))
            layers = [
                name
                for (name,) in database.execute("select lower(table_name) from gpkg_contents where data_type = 'features'").fetchmany(1001)
            ]
            columns = database.execute("select count(*) from (select 1 from gpkg_geometry_columns limit 1001)").fetchone()[0]
        finally:
            database.close()
    except sqlite3.Error as error:
        raise BadFile("damaged", "The GeoPackage is damaged.") from error
    if len(layers) > 1000 or columns > 1000:
        raise BadFile("unsupported", "The GeoPackage has more than 1,000 layers.")
    if any(kinds.get(name) != "table" for name in layers) or kinds.get("gpkg_geometry_columns") != "table":
        raise BadFile("unsupported", "A layer of the GeoPackage is a view and not a table; export the layer alone.")
