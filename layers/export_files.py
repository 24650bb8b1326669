"""Write rows as a file: GeoJSON, GeoPackage, zipped Shapefile, KML, CSV, XLSX. A batch at a time, so memory stays flat."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import shapely
from django.conf import settings
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES, ILLEGAL_CHARACTERS_RE

from layers import csv_text
from layers.export_rows import Table, batches
from layers.registry import Words
from spatial import datums

# Suffix and media type by format.
FORMATS = {
    "geojson": ("geojson", "application/geo+json"),
    "gpkg": ("gpkg", "application/geopackage+sqlite3"),
    "shp": ("zip", "application/zip"),
    "kml": ("kml", "application/vnd.google-earth.kml+xml"),
    "csv": ("csv", "text/csv; charset=utf-8"),
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
# Their standards know WGS 84 only.
ALWAYS_WGS84 = frozenset({"geojson", "kml"})
# They name the datum by its EPSG code, which GCJ-02 and BD-09 do not have.
BY_EPSG_CODE = frozenset({"gpkg", "shp"})
SHEET_ROWS = 1_048_575

_DRIVERS = {"gpkg": "GPKG", "shp": "ESRI Shapefile"}
_GEOMETRY_TYPES = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon"}
_WKB = "ST_AsBinary(r.geom)"
_COORDINATES: dict[bool, tuple[Words, Words]] = {
    False: ({"en": "Longitude", "zh": "经度"}, {"en": "Latitude", "zh": "纬度"}),
    True: ({"en": "Easting", "zh": "东坐标"}, {"en": "Northing", "zh": "北坐标"}),
}
_PART: Words = {"en": "Feature", "zh": "要素"}

Language = Any
Tick = Callable[[int], None]


class CannotWrite(RuntimeError):
    """The file could not be written; the reason is in the worker's log."""


@dataclass(frozen=True, slots=True)
class Order:
    """A file to be written: which rows, in which datum, with headers in which language ("en" or "zh")."""

    title: str
    tables: Sequence[Table]
    crs: str
    language: Language
    titles: dict[str, Words]

    def header(self, name: str) -> str:
        return self.titles[name][self.language] if name in self.titles else name

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(name for table in self.tables for name in table.columns))

    @property
    def coordinate_headers(self) -> list[str]:
        """Name the datum beside the number: a file must be read back as what it was written as."""
        name = datums.NAMES.get(self.crs, self.crs)
        return [f"{words[self.language]} ({name})" for words in _COORDINATES[datums.is_metres(self.crs)]]


def write(file_format: str, path: Path, order: Order, tick: Tick) -> None:
    """Write the file; `tick(n)` is told how many rows were written so far, and may stop it by raising.

    Raises:
        CannotWrite: the process that writes GeoPackages and Shapefiles failed.
    """
    _WRITERS[file_format](path, order, _counting(tick))


def _counting(tick: Tick) -> Tick:
    total = 0

    def add(rows: int) -> None:
        nonlocal total
        total += rows
        tick(total)

    return add


def _write_geojson(path: Path, order: Order, tick: Tick) -> None:
    """RFC 7946: WGS 84, no `crs` member, outer rings counter-clockwise."""
    with path.open("w", encoding="utf-8") as out:
        out.write('{"type":"FeatureCollection","features":[')
        separator = "\n"
        for table, rows in _all_rows(order, "ST_AsGeoJSON(ST_ForcePolygonCCW(r.geom), 9)"):
            several = {"part": table.part.id} if len(order.tables) > 1 else {}
            for geometry, pk, *values in rows:
                properties = dict(zip(table.columns, map(_plain, values), strict=True)) | several
                text = json.dumps(properties, ensure_ascii=False)
                out.write(f'{separator}{{"type":"Feature","id":{pk},"geometry":{geometry or "null"},"properties":{text}}}')
                separator = ",\n"
            tick(len(rows))
        out.write("\n]}\n")


def _write_kml(path: Path, order: Order, tick: Tick) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>')
        out.write(f"<name>{_xml(order.title)}</name>\n")
        for table in order.tables:
            out.write(f"<Folder><name>{_xml(table.part.id)}</name>\n")
            for rows in batches(table, "ST_AsKML(r.geom, 9)"):
                out.writelines(_placemark(order, table, row) for row in rows)
                tick(len(rows))
            out.write("</Folder>\n")
        out.write("</Document></kml>\n")


def _placemark(order: Order, table: Table, row: Sequence[Any]) -> str:
    geometry, _, *values = row
    told = dict(zip(table.columns, map(_plain, values), strict=True))
    data = "".join(
        f'<Data name="{_xml(name)}"><displayName>{_xml(order.header(name))}</displayName><value>{_xml(value)}</value></Data>'
        for name, value in told.items()
        if value is not None
    )
    name = _xml(told.get("name") or told.get("code") or "")
    return f"<Placemark><name>{name}</name><ExtendedData>{data}</ExtendedData>{geometry or ''}</Placemark>\n"


def _write_csv(path: Path, order: Order, tick: Tick) -> None:
    """One table, whatever the kinds of features: points by two numbers, anything else as WKT."""
    columns = order.columns
    several = len(order.tables) > 1
    has_points = any(table.part.geometry == "point" for table in order.tables)
    has_shapes = any(table.part.geometry != "point" for table in order.tables)
    wkt = f"WKT ({datums.NAMES.get(order.crs, order.crs)})"
    with path.open("w", encoding="utf-8", newline="") as out:
        head = [_PART[order.language]] * several + [order.header(name) for name in columns]
        out.write(csv_text.BOM + csv_text.line(head + order.coordinate_headers * has_points + [wkt] * has_shapes))
        for table, rows in _all_rows(order, _WKB):
            shapes, x, y = _in_datum(table, rows, order.crs)
            for row, shape, east, north in zip(rows, shapes, x, y, strict=True):
                told = dict(zip(table.columns, map(_plain, row[2:]), strict=True))
                cells: list[Any] = [table.part.id] * several + [told.get(name) for name in columns]
                cells += [east, north] * has_points
                cells += [shapely.to_wkt(shape, rounding_precision=9) if shape and table.part.geometry != "point" else None] * has_shapes
                out.write(csv_text.line(cells))
            tick(len(rows))


def _write_xlsx(path: Path, order: Order, tick: Tick) -> None:
    """One sheet per kind of feature. Every text is a cell of type string: none is a formula, whatever it begins with."""
    book = Workbook(write_only=True)
    for table in order.tables:
        is_point = table.part.geometry == "point"
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", order.title if len(order.tables) == 1 else table.part.id)[:31])
        sheet.freeze_panes = "A2"
        head = [order.header(name) for name in table.columns] + order.coordinate_headers * is_point
        sheet.append([_text_cell(sheet, text) for text in head])
        for rows in batches(table, _WKB):
            _, x, y = _in_datum(table, rows, order.crs)
            for row, east, north in zip(rows, x, y, strict=True):
                cells = [*map(_plain, row[2:]), *([east, north] * is_point)]
                sheet.append([_text_cell(sheet, cell) if isinstance(cell, str) else cell for cell in cells])
            tick(len(rows))
    book.save(path)


def _text_cell(sheet: Any, text: str) -> Any:
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    # Only these are taken for something else than text; a cell object for every text would take twice the time.
    if not text.startswith("=") and text not in ERROR_CODES:
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def _write_gpkg(path: Path, order: Order, tick: Tick) -> None:
    for table in order.tables:
        _write_by_child("gpkg", path, table, order, tick)


def _write_shapefile(path: Path, order: Order, tick: Tick) -> None:
    with TemporaryDirectory(dir=path.parent) as folder:
        for table in order.tables:
            _write_by_child("shp", Path(folder) / f"{table.part.id}.shp", table, order, tick)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(folder).iterdir()):
                archive.write(file, file.name)


def _write_by_child(file_format: str, path: Path, table: Table, order: Order, tick: Tick) -> None:
    schema = pa.schema(
        [
            pa.field("geometry", pa.binary(), metadata={"ARROW:extension:name": "ogc.wkb"}),
            *(pa.field(name, pa.float64() if name in table.numbers else pa.string()) for name in table.columns),
        ]
    )
    code = f"EPSG:{datums.crs(order.crs).to_epsg()}"
    command = [sys.executable, "-m", "layers.export_child", _DRIVERS[file_format], str(path), table.part.id]
    # What it says goes into a file: a pipe that nobody reads meanwhile would fill up and stop it.
    with TemporaryFile() as words:
        child = subprocess.Popen(
            [*command, _GEOMETRY_TYPES[table.part.geometry], code],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=words,
        )
        assert child.stdin
        try:
            with pa.ipc.new_stream(child.stdin, schema) as stream:
                for rows in batches(table, _WKB if table.part.geometry == "point" else "ST_AsBinary(ST_Multi(r.geom))"):
                    stream.write_batch(_record_batch(table, rows, order.crs, schema))
                    tick(len(rows))
            child.stdin.close()
            if child.wait(timeout=60):
                raise CannotWrite(_last_of(words))
        except BrokenPipeError as error:
            child.wait(timeout=60)
            raise CannotWrite(_last_of(words)) from error
        finally:
            child.kill()
            child.wait()


def _last_of(words: IO[bytes]) -> str:
    words.seek(0)
    return words.read().decode(errors="replace")[-500:]


def _record_batch(table: Table, rows: Sequence[Sequence[Any]], crs: str, schema: pa.Schema) -> pa.RecordBatch:
    shapes, _, _ = _in_datum(table, rows, crs)
    columns: list[list[Any]] = [list(shapely.to_wkb(shapes))]
    for place, name in enumerate(table.columns, start=2):
        values = (_plain(row[place]) for row in rows)
        columns.append([None if value is None else float(value) if name in table.numbers else str(value) for value in values])
    return pa.record_batch(columns, schema=schema)


def _in_datum(table: Table, rows: Sequence[Sequence[Any]], crs: str) -> tuple[Any, list[float | None], list[float | None]]:
    """Return the shapes of the rows in the datum and, of points, both numbers; None where there is no position, or none in this datum."""
    shapes = shapely.from_wkb([None if row[0] is None else bytes(row[0]) for row in rows])

    def convert(places: np.ndarray) -> np.ndarray:
        x, y, _ = datums.from_wgs84_many(places[:, 0], places[:, 1], crs)
        return np.column_stack([x, y])

    shapes = shapely.transform(shapes, convert)
    # A shape of which one corner cannot be expressed would be another shape.
    corners, owners = shapely.get_coordinates(shapes, return_index=True)
    shapes[np.unique(owners[np.isnan(corners).any(axis=1)])] = None
    if table.part.geometry != "point":
        nothing: list[float | None] = [None] * len(rows)
        return shapes, nothing, nothing
    digits = 3 if datums.is_metres(crs) else 9
    x, y = (
        [None if np.isnan(value) else round(float(value), digits) for value in axis]
        for axis in (shapely.get_x(shapes), shapely.get_y(shapes))
    )
    return shapes, x, y


def _all_rows(order: Order, geometry: str) -> Iterator[tuple[Table, list[tuple[Any, ...]]]]:
    for table in order.tables:
        for rows in batches(table, geometry):
            yield table, rows


def _plain(value: Any) -> Any:
    """Return the value as a file holds it: a number, a text or nothing."""
    if isinstance(value, Decimal | float):
        return int(value) if value == value.__trunc__() else float(value)
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value if value is None or isinstance(value, int | str) else str(value)


def _xml(text: Any) -> str:
    # XML 1.0 has no control characters, not even escaped.
    return escape(ILLEGAL_CHARACTERS_RE.sub("", str(text)), {'"': "&quot;"})


_WRITERS: dict[str, Callable[[Path, Order, Tick], None]] = {
    "geojson": _write_geojson,
    "gpkg": _write_gpkg,
    "shp": _write_shapefile,
    "kml": _write_kml,
    "csv": _write_csv,
    "xlsx": _write_xlsx,
}
