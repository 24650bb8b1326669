"""Files as people have them: every format, encoding and oddity, read in the child process."""

import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import shapely
from pyogrio import raw

from spatial.files.reading import read
from spatial.files.rows import BadFile, Header, Wanted

pytestmark = pytest.mark.unit

NUMBERS = ["0012345678", "0098765432"]
NAMES = ["国家博物馆", "Kansallisteatteri"]
SPOTS = [(24.9316, 60.1751), (24.9472, 60.1716)]


def contents(path: Path, wanted: Wanted | None = None) -> tuple[Header, list[list]]:
    """Return the header and, per row: row_no, x, y, problem, cells."""
    with read(path, wanted) as file:
        rows = [list(row.values()) for batch in file.batches for row in batch.to_pylist()]
        return file.header, rows


def cells(path: Path, wanted: Wanted | None = None) -> list[list[str]]:
    return [row[4:] for row in contents(path, wanted)[1]]


def layer(path: Path, driver: str, *, crs: str | None = "EPSG:4326", geometries: Sequence | None = None, **more) -> Path:
    """Write the two customers with pyogrio."""
    shapes = geometries or [shapely.Point(*spot) for spot in SPOTS]
    raw.write(
        str(path),
        geometry=np.array([shape and shape.wkb for shape in shapes], dtype=object),
        field_data=[np.array(NUMBERS, dtype=object), np.array(NAMES, dtype=object), np.array([1250.5, 800.0])],
        fields=["number", "name", "kva"],
        geometry_type=more.pop("geometry_type", "Point"),
        crs=crs,
        driver=driver,
        **more,
    )
    return path


def zipped(folder: Path, name: str = "shapes.zip") -> Path:
    archive = folder.parent / name
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in sorted(folder.iterdir()):
            target.write(file, file.name)
    return archive


def shapefile(tmp_path: Path, **more) -> Path:
    folder = tmp_path / "shapes"
    folder.mkdir()
    layer(folder / "sites.shp", "ESRI Shapefile", **more)
    return folder


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [("UTF-8", "utf-8"), ("UTF-8", "utf-8-sig"), ("UTF-16", "utf-16"), ("UTF-16LE", "utf-16-le"), ("GB18030", "gb18030")],
)
def test_a_table_is_read_in_any_encoding(tmp_path: Path, encoding: str, codec: str) -> None:
    file = tmp_path / "台账.csv"
    file.write_bytes(f"户号,户名\n0012345678,{NAMES[0]}\n0098765432,{NAMES[1]}\n".encode(codec))

    header, rows = contents(file)

    assert (header.format, header.encoding, header.columns) == ("CSV", encoding, ["户号", "户名"])
    assert [row[4:] for row in rows] == [[NUMBERS[0], NAMES[0]], [NUMBERS[1], NAMES[1]]]
    assert [row[0] for row in rows] == [2, 3]


def test_western_letters_are_not_taken_for_chinese_ones(tmp_path: Path) -> None:
    file = tmp_path / "asiakkaat.csv"
    file.write_bytes("number;name\n1;Hämeentie Öljytehdas Åbo\n2;Töölö\n".encode("cp1252"))

    header, rows = contents(file)

    assert header.encoding == "windows-1252"
    assert [row[5] for row in rows] == ["Hämeentie Öljytehdas Åbo", "Töölö"]


def test_the_encoding_can_be_chosen_and_a_wrong_one_is_said(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes("number,name\n1,国家博物馆\n".encode("gb18030"))

    assert cells(file, Wanted(encoding="GB18030")) == [["1", "国家博物馆"]]
    with pytest.raises(BadFile) as caught:
        contents(file, Wanted(encoding="UTF-8"))
    assert caught.value.code == "bad_encoding"
    with pytest.raises(BadFile, match="not known here"):
        contents(file, Wanted(encoding="rot13"))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_is_read_with_any_separator(tmp_path: Path, separator: str) -> None:
    file = tmp_path / "a.txt"
    file.write_text(f'number{separator}name{separator}lon\n1{separator}"A{separator} ""B"""{separator}24,5\n\n2{separator}C\n')

    assert cells(file) == [["1", f'A{separator} "B"', "24" if separator == "," else "24,5"], ["2", "C", ""]]


def test_a_title_above_the_headings_is_passed_over_and_headings_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("Customers of 2026\n\nnumber,name,name,\n1,A,B,x\n")

    header, rows = contents(file)

    assert header.columns == ["number", "name", "name (2)"]
    assert [(row[0], row[3]) for row in rows] == [(4, "too_many_cells")]


def test_a_workbook_is_read_by_its_values(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "空"
    sheet = book.create_sheet("台账")
    sheet.append(["Customers", None, None])
    sheet.merge_cells("A1:C1")
    sheet.append(["户号", "户名", "合同容量"])
    sheet.append(["0012345678", "国家博物馆", 1250])
    sheet.append([98765432, "=1+1", 0.5])
    sheet.append([None, None, None])
    sheet.append(["7", None, -2])
    file = tmp_path / "book.xlsx"
    book.save(file)

    header, rows = contents(file)

    assert (header.format, header.layers, header.layer) == ("XLSX", ["空", "台账"], "台账")
    assert header.columns == ["户号", "户名", "合同容量"]
    # A formula that no program has computed yet has no value.
    assert [row[4:] for row in rows] == [["0012345678", "国家博物馆", "1250"], ["98765432", "", "0.5"], ["7", "", "-2"]]
    with pytest.raises(BadFile, match="no sheet"):
        contents(file, Wanted(layer="Sheet9"))


@pytest.mark.parametrize(("driver", "name", "kind"), [("GPKG", "a.gpkg", "GPKG"), ("GeoJSON", "a.geojson", "GeoJSON")])
def test_a_layer_of_points_is_read(tmp_path: Path, driver: str, name: str, kind: str) -> None:
    header, rows = contents(layer(tmp_path / name, driver))

    assert (header.format, header.crs, header.has_geometry, header.rows) == (kind, "EPSG:4326", True, 2)
    assert header.columns == ["number", "name", "kva"]
    assert [(row[1], row[2]) for row in rows] == SPOTS
    assert [row[4:] for row in rows] == [[NUMBERS[0], NAMES[0], "1250.5"], [NUMBERS[1], NAMES[1], "800"]]


def test_another_coordinate_system_is_told_by_its_code_and_another_layer_by_its_name(tmp_path: Path) -> None:
    file = layer(tmp_path / "a.gpkg", "GPKG", layer="one")
    layer(file, "GPKG", layer="two", crs="EPSG:4548", geometries=[shapely.Point(386962.1, 3747095.4)] * 2)

    header, rows = contents(file, Wanted(layer="two"))

    assert (header.layers, header.crs, rows[0][1]) == (["one", "two"], "EPSG:4548", 386962.1)


@pytest.mark.parametrize(("asked", "found"), [("UTF-8", "UTF-8"), ("GBK", "GB18030")])
def test_a_zipped_shapefile_is_read_with_its_letters(tmp_path: Path, asked: str, found: str) -> None:
    folder = shapefile(tmp_path, encoding=asked, crs="EPSG:4548")

    header, rows = contents(zipped(folder))

    assert (header.format, header.encoding, header.layer, header.crs) == ("SHP", found, "sites", "EPSG:4548")
    assert [row[5] for row in rows] == NAMES


@pytest.mark.parametrize("mark", ["", "UTF-8", "nonsense"])
def test_s27_a_shapefile_with_a_wrong_mark_of_its_letters_is_read_all_the_same(tmp_path: Path, mark: str) -> None:
    folder = shapefile(tmp_path, encoding="GBK")
    (folder / "sites.cpg").write_text(mark)

    assert [row[1] for row in cells(zipped(folder))] == NAMES


def test_kml_keeps_its_extended_data(tmp_path: Path) -> None:
    file = tmp_path / "a.kml"
    file.write_text(
        '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>'
        "<Placemark><name>国家博物馆</name><description><![CDATA[<b>Old</b> town]]></description>"
        '<ExtendedData><Data name="户号"><value>0012345678</value></Data>'
        '<SchemaData><SimpleData name="kva">1250</SimpleData></SchemaData></ExtendedData>'
        "<Point><coordinates>24.9316,60.1751,0</coordinates></Point></Placemark>"
        "<Placemark><name>A line</name><LineString><coordinates>1,1 2,2</coordinates></LineString></Placemark>"
        "</Folder></Document></kml>"
    )

    header, rows = contents(file)

    assert (header.format, header.crs, header.columns) == ("KML", "EPSG:4326", ["name", "description", "户号", "kva"])
    assert rows[0] == [1, 24.9316, 60.1751, None, "国家博物馆", "Old  town", "0012345678", "1250"]
    assert rows[1][3] == "not_a_point"


def test_the_points_of_a_drawing_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.dxf"
    points = "".join(f"0\nPOINT\n8\nSITES\n10\n{x}\n20\n{y}\n30\n0\n" for x, y in SPOTS)
    file.write_text(f"0\nSECTION\n2\nENTITIES\n{points}0\nENDSEC\n0\nEOF\n")

    header, rows = contents(file)

    assert (header.format, header.crs, header.has_geometry) == ("DXF", "", True)
    assert [(row[1], row[2]) for row in rows] == SPOTS


def test_what_is_no_point_is_a_problem_of_its_row(tmp_path: Path) -> None:
    line = shapely.LineString([(0, 0), (1, 1)])
    file = layer(tmp_path / "a.gpkg", "GPKG", geometries=[line, shapely.MultiPoint([(1, 2)])], geometry_type="Unknown")

    _, rows = contents(file)

    assert [row[3] for row in rows] == ["not_a_point", None]
    assert (rows[1][1], rows[1][2]) == (1, 2)


def test_the_kind_is_told_by_the_bytes_and_not_by_the_name(tmp_path: Path) -> None:
    file = layer(tmp_path / "a.gpkg", "GPKG").rename(tmp_path / "a.csv")

    assert contents(file)[0].format == "GPKG"


def test_a_row_without_a_place_has_none(tmp_path: Path) -> None:
    _, rows = contents(layer(tmp_path / "a.gpkg", "GPKG", geometries=[None, shapely.Point(*SPOTS[1])]))

    assert [np.isnan(row[1]) for row in rows] == [True, False]


def test_what_a_killed_reading_left_behind_is_gone_with_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stray, other = tmp_path / "gridatlas-read-dead", tmp_path / "gridatlas-read-alive"
    for folder in (stray, other):
        folder.mkdir()
        (folder / "file").write_text("a,b\n1,2\n")
    os.utime(stray, (0, 0))

    cells(other / "file")

    assert (stray.exists(), other.exists()) == (False, True)
