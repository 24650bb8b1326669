"""Files that somebody made to harm: whatever is in them, they are refused in time, and nothing outside is touched (S22 to S27, S63, S64, S66)."""

import json
import os
import resource
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from customers.importing import storage
from customers.models import Account, Import
from layers import csv_text
from spatial.files import reading, sandbox, zips
from spatial.files.reading import read
from spatial.files.rows import BadFile, Wanted
from tests.cast import Browser
from tests.customers.test_import import bring, commit, rows
from tests.spatial.test_files import contents, layer, shapefile, zipped

pytestmark = [pytest.mark.db]
ROOT = Path(__file__).parents[2]


class Listener:
    """A server nobody should call; `hits` counts who did."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.hits = 0
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        try:
            while True:
                wire, _ = self.socket.accept()
                self.hits += 1
                wire.close()
        except OSError:
            return


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.socket.close()


@pytest.fixture(autouse=True)
def _media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def refused(path: Path, wanted: Wanted | None = None) -> BadFile:
    with pytest.raises(BadFile) as caught:
        contents(path, wanted)
    return caught.value


def in_the_sandbox(code: str) -> "subprocess.CompletedProcess[str]":
    program = f"from pathlib import Path\nfrom spatial.files import sandbox\nsandbox.enter([Path({str(ROOT / 'manage.py')!r})])\n{code}"
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


# --- the sandbox -----------------------------------------------------------------------------------------------------


def test_s24_the_reading_process_has_no_network_and_starts_no_program(listener: Listener) -> None:
    tries = {
        "internet": f"import socket; socket.create_connection(('127.0.0.1', {listener.port}))",
        "ipv6": "import socket; socket.socket(socket.AF_INET6)",
        "unix": "import socket; socket.socket(socket.AF_UNIX)",
        "program": "import os; os.execv('/bin/true', ['true'])",
    }
    for name, code in tries.items():
        done = in_the_sandbox(code)
        assert done.returncode != 0, name
        assert "Permission denied" in done.stderr, done.stderr

    assert listener.hits == 0


def test_s24_the_reading_process_has_little_memory_and_time() -> None:
    assert "MemoryError" in in_the_sandbox("x = bytearray(2 << 30)").stderr
    limits = in_the_sandbox(
        "import resource; print([resource.getrlimit(getattr(resource, 'RLIMIT_' + n))[1] for n in ('CPU', 'FSIZE', 'CORE')])"
    )
    assert json.loads(limits.stdout) == [sandbox.CPU_S, sandbox.FILE_BYTES, 0]


def test_s24_the_reading_process_knows_no_secrets() -> None:
    names = set(reading.ENVIRONMENT)
    assert not {name for name in names if "SECRET" in name or "DATABASE" in name or "REDIS" in name}


def test_a_reading_process_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n" + "1,2\n" * 3_000_000)

    started = time.monotonic()
    with pytest.raises(BadFile) as caught, read(file, wall_s=1.0) as source:
        for _ in source.batches:
            time.sleep(0.05)

    assert caught.value.code == "killed"
    assert time.monotonic() - started < 60


# --- S22: shapes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "geometry",
    [
        '{"type":"GeometryCollection","geometries":[' * 10_000 + "]}" * 10_000,
        '{"type":"Point","coordinates":' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=["nested collections", "nested brackets"],
)
def test_s22_a_shape_nested_without_end_is_refused(tmp_path: Path, geometry: str) -> None:
    file = tmp_path / "a.geojson"
    file.write_text('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"n":"1"},"geometry":' + geometry + "}]}")

    try:
        _, found = contents(file)
    except BadFile as error:
        assert error.code in ("damaged", "killed", "unsupported")
    else:
        assert all(row[3] == "not_a_point" or row[1] != row[1] for row in found)


@pytest.mark.django_db
def test_s22_numbers_that_are_no_position_are_a_problem_of_their_row(planner: User, museum: Account) -> None:
    browser = Browser(planner)
    bad = ["nan,1", "inf,1", "1e308,1", "1e999,2", "181,60", "24.9,86", "-1e5,60", "24.9,", "abc,60", "0x10,60", "１８１,60"]
    lines = "".join(f"{1000 + n},Name,{pair}\n" for n, pair in enumerate(bad))

    good = "".join(f"{n},Fine,24.93,60.17\n" for n in range(150))

    told = bring(browser, f"account_no,name,lon,lat\n{good}{lines}")

    assert (told["counts"]["new"], told["counts"]["rejected"]) == (150, len(bad))
    assert {row["problem"]["code"] for row in rows(browser, told["id"], status="rejected")} <= {
        "bad_position",
        "half_position",
        "looks_swapped",
    }


def test_s22_a_point_with_z_and_m_is_a_point_and_a_huge_ring_costs_little(tmp_path: Path) -> None:
    ring = ",".join(f"[{n % 360 - 180},{n % 170 - 85}]" for n in (*range(200_000), 0))
    file = tmp_path / "a.geojson"
    file.write_text(
        '{"type":"FeatureCollection","features":['
        '{"type":"Feature","properties":{"n":"1"},"geometry":{"type":"Point","coordinates":[24.9,60.1,5.5,7]}},'
        f'{{"type":"Feature","properties":{{"n":"2"}},"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}]}}'
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    _, found = contents(file)

    assert (found[0][1], found[0][3]) == (24.9, None)
    assert found[1][3] == "not_a_point"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


# --- S23, S24: files that are others, names that lead away ------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["evil.shp", "evil.geojson", "evil.tif", "evil.csv", "evil.kml"])
def test_s23_a_virtual_file_is_refused_whatever_it_is_called(planner: User, listener: Listener, name: str) -> None:
    address = f"http://127.0.0.1:{listener.port}/x"
    bodies = [
        f'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand><SourceFilename>/vsicurl/{address}</SourceFilename></VRTRasterBand></VRTDataset>',
        f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/{address}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
        f'<?xml version="1.0"?>\n<GDAL_WMS><Service name="TMS"><ServerUrl>{address}</ServerUrl></Service></GDAL_WMS>',
        f'<!DOCTYPE kml SYSTEM "{address}"><kml xmlns="http://www.opengis.net/kml/2.2"></kml>',
        '{"type":"gdal_virtual","url":"' + address + '"}',
    ]
    for body in bodies:
        answer = Browser(planner).client.post("/api/v1/imports", {"file": SimpleUploadedFile(name, body.encode())})
        if answer.status_code == 201:
            # A KML by its bytes: the document type definition is what it is refused for.
            assert bring(Browser(planner), body, name)["problem"]["code"] == "unsupported"
        else:
            assert (answer.status_code, answer.json()["code"]) == (422, "unsupported")

    assert listener.hits == 0
    assert not [file for file in (storage.FILES.path_of(Import())).parent.glob("*") if not Import.objects.filter(pk=file.name).exists()]


@pytest.mark.django_db
def test_s23_a_layer_that_names_another_file_fetches_nothing(planner: User, listener: Listener, tmp_path: Path) -> None:
    address = f"/vsicurl/http://127.0.0.1:{listener.port}/x"
    told = bring(
        Browser(planner),
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "properties": {"account_no": address, "name": address}, "geometry": None}],
            }
        ),
        "a.geojson",
    )

    assert [row["problem"]["code"] for row in rows(Browser(planner), told["id"])] == ["bad_account_no"]
    assert listener.hits == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["/vsicurl/http://127.0.0.1/x.csv", "/vsizip//vsicurl/x", "/vsis3/bucket/x", "PG:host=localhost", "WMS:http://x", "\\\\?\\C:\\x.csv",
     "../../a.html", "a.php.jpg", "a" * 300 + ".csv", "abc\u202egnp.csv", "a\nb.csv", ""],
)  # fmt: skip
def test_s24_s63_a_name_is_only_shown_and_the_file_lies_under_one_of_ours(planner: User, museum: Account, name: str, settings) -> None:
    boundary = "x" * 12
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name.replace(chr(10), "%0A")}"\r\n\r\n'
        f"account_no,name\n1,A\n\r\n--{boundary}--\r\n"
    ).encode()
    answer = Browser(planner).client.generic("POST", "/api/v1/imports", body, content_type=f"multipart/form-data; boundary={boundary}")

    assert answer.status_code in (201, 400)
    if answer.status_code == 201:
        told = answer.json()
        assert len(told["file_name"]) <= 200
        assert not set(told["file_name"]) & set("/\\\u202e\n")
        assert (settings.MEDIA_ROOT / "imports" / told["id"]).read_bytes().startswith(b"account_no")
        assert [file.name for file in settings.MEDIA_ROOT.rglob("*") if file.is_file()] == [told["id"]]


# --- S25: archives ---------------------------------------------------------------------------------------------------


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries.items():
            target.writestr(name, content)
    return path


def test_s25_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    # The .dbf is 250 MB of zeros, packed to a quarter of a megabyte.
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.shp", b"")
        target.writestr("a.shx", b"")
        with target.open("a.dbf", "w") as entry:
            for _ in range(100):
                entry.write(bytes(1 << 20))

    started = time.monotonic()
    assert refused(file).code == "bad_zip"
    assert time.monotonic() - started < 20


def test_s25_real_bytes_are_counted_and_not_those_promised(tmp_path: Path) -> None:
    file = tmp_path / "liar.zip"
    archive(file, {"a.shp": b"", "a.shx": b"", "a.dbf": bytes(40 << 20)})
    data = bytearray(file.read_bytes())
    # The central directory says 10 bytes.
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    file.write_bytes(data)

    assert refused(file).code in ("bad_zip", "damaged", "incomplete")


@pytest.mark.parametrize("name", ["../../x.shp", "/etc/x.shp", "C:\\x.shp", "..\\x.shp", "a/../../x.shp", "C:x.shp"])
def test_s25_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    assert refused(archive(tmp_path / "a.zip", {name: b"x"})).code == "bad_zip"


def test_s25_links_doubles_crowds_nests_and_locks_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.shp")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as target:
        target.writestr(link, "/etc/passwd")
    assert refused(tmp_path / "link.zip").code == "bad_zip"

    assert refused(archive(tmp_path / "case.zip", {"A.shp": b"x", "a.shp": b"y"})).code == "bad_zip"
    assert refused(archive(tmp_path / "crowd.zip", {f"{n}.shp": b"" for n in range(zips.MAX_ENTRIES + 1)})).code == "bad_zip"
    nested = archive(tmp_path / "inner.zip", {"a.shp": b"x"}).read_bytes()
    assert refused(archive(tmp_path / "nested.zip", {"inner.zip": nested})).code == "unsupported"

    locked = bytearray(archive(tmp_path / "locked.zip", {"a.shp": b"x"}).read_bytes())
    at = locked.index(b"PK\x01\x02")
    locked[at + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    assert refused(tmp_path / "locked.zip").code == "bad_zip"


def test_s25_entries_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    data = archive(tmp_path / "a.zip", {"a.shp": os.urandom(5000), "b.shp": b"x"}).read_bytes()
    second = bytearray(data)
    # The second entry of the directory points into the first one's bytes.
    at = second.rindex(b"PK\x01\x02")
    second[at + 42 : at + 46] = struct.pack("<I", 100)
    (tmp_path / "a.zip").write_bytes(second)

    assert refused(tmp_path / "a.zip").code == "bad_zip"


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + os.urandom(2000))

    assert refused(tmp_path / "a.zip").code == "bad_zip"


# --- S26: a GeoPackage is a database ---------------------------------------------------------------------------------


def test_s26_a_layer_that_is_an_endless_view_is_refused(tmp_path: Path) -> None:
    file = layer(tmp_path / "a.gpkg", "GPKG")
    with sqlite3.connect(file) as database:
        database.execute(
            "create view v as with recursive c(x) as (select 1 union all select x + 1 from c) select x as fid, null as geom from c"
        )
        database.execute("insert into gpkg_contents (table_name, data_type, identifier, srs_id) values ('v', 'features', 'v', 4326)")
        database.execute("insert into gpkg_geometry_columns values ('v', 'geom', 'POINT', 4326, 0, 0)")

    assert refused(file).code == "unsupported"


def test_s26_a_table_that_promises_more_layers_than_it_has_is_refused(tmp_path: Path) -> None:
    file = layer(tmp_path / "a.gpkg", "GPKG")
    with sqlite3.connect(file) as database:
        database.execute("drop table gpkg_geometry_columns")
        database.execute("create table gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m)")
        database.executemany("insert into gpkg_geometry_columns values (?, 'geom', 'POINT', 4326, 0, 0)", [(f"t{n}",) for n in range(5000)])

    assert refused(file).code == "unsupported"


def test_s26_a_trigger_does_nothing_and_a_damaged_database_is_refused(tmp_path: Path) -> None:
    file = layer(tmp_path / "a.gpkg", "GPKG")
    with sqlite3.connect(file) as database:
        database.execute("create trigger t after insert on gpkg_contents begin delete from a; end")
    assert len(contents(file)[1]) == 2

    data = bytearray(file.read_bytes())
    data[4096:60_000] = os.urandom(len(data[4096:60_000]))
    file.write_bytes(data)
    assert refused(file).code in ("damaged", "unsupported", "killed")


def test_s26_a_blob_of_a_gigabyte_ends_at_the_limit(tmp_path: Path) -> None:
    file = layer(tmp_path / "a.gpkg", "GPKG")
    with sqlite3.connect(file) as database:
        database.execute("create table b (fid integer primary key, geom point, big blob)")
        database.execute("insert into gpkg_contents (table_name, data_type, identifier, srs_id) values ('b', 'features', 'b', 4326)")
        database.execute("insert into gpkg_geometry_columns values ('b', 'geom', 'POINT', 4326, 0, 0)")
        # A value that says it is 150 MB of zeros, five times over.
        for _ in range(5):
            database.execute("insert into b (big) values (zeroblob(150000000))")

    assert refused(file, Wanted(layer="b")).code in ("killed", "too_large", "damaged")


# --- S27: Shapefiles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [".shx", ".dbf"])
def test_s27_a_shapefile_without_a_part_says_which(tmp_path: Path, missing: str) -> None:
    folder = shapefile(tmp_path)
    (folder / f"sites{missing}").unlink()

    error = refused(zipped(folder))

    assert (error.code, missing in str(error)) == ("incomplete", True)


def test_s27_a_table_that_promises_a_billion_rows_is_refused(tmp_path: Path) -> None:
    folder = shapefile(tmp_path)
    table = folder / "sites.dbf"
    data = bytearray(table.read_bytes())
    data[4:8] = struct.pack("<I", 1_000_000_000)
    table.write_bytes(data)

    assert refused(zipped(folder)).code == "damaged"


def test_s27_a_projection_of_a_megabyte_is_refused(tmp_path: Path) -> None:
    folder = shapefile(tmp_path)
    (folder / "sites.prj").write_text("GEOGCS[" * 200_000)

    assert refused(zipped(folder)).code == "damaged"


def test_s27_null_shapes_are_rows_without_a_place(tmp_path: Path) -> None:
    folder = shapefile(tmp_path, geometries=[None, None])

    assert all(row[1] != row[1] and row[3] is None for row in contents(zipped(folder))[1])


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
def test_s27_a_part_full_of_noise_never_breaks_more_than_its_own_reading(tmp_path: Path, part: str) -> None:
    folder = shapefile(tmp_path)
    (folder / f"sites{part}").write_bytes(os.urandom(5000))

    try:
        contents(zipped(folder))
    except BadFile as error:
        assert error.code in ("damaged", "killed", "bad_encoding", "empty", "too_many_columns", "too_large")


# --- S63: uploads ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [b"", b"MZ\x90\x00" + bytes(100), b"\x7fELF" + bytes(100), b"%PDF-1.7\n", b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)", b"\x89PNG\r\n\x1a\n",
     b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<html><script>alert(1)</script></html>", bytes(range(256)) * 20],
)  # fmt: skip
def test_s63_what_is_no_table_and_no_map_is_refused_at_the_door(planner: User, body: bytes, settings) -> None:
    answer = Browser(planner).client.post("/api/v1/imports", {"file": SimpleUploadedFile("台账.csv", body)})

    assert answer.status_code in (400, 422), answer.content
    assert not Import.objects.exists()
    assert not [file for file in settings.MEDIA_ROOT.rglob("*") if file.is_file()]


@pytest.mark.django_db
def test_s63_a_person_has_only_so_much_room(planner: User, museum: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.importing.services.QUOTA_BYTES", 100)
    browser = Browser(planner)
    assert (
        browser.client.post("/api/v1/imports", {"file": SimpleUploadedFile("a.csv", b"account_no,name\n" + b"1,A\n" * 15)}).status_code
        == 201
    )

    answer = browser.client.post("/api/v1/imports", {"file": SimpleUploadedFile("b.csv", b"account_no,name\n" + b"2,B\n" * 15)})

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    monkeypatch.setattr("layers.kept_files.MAX_BYTES", 20)
    assert browser.client.post("/api/v1/imports", {"file": SimpleUploadedFile("c.csv", b"x,y\n" * 10)}).status_code == 413


# --- S64: formulas ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_s64_a_name_like_a_formula_goes_out_guarded_and_comes_back_as_it_was(planner: User, museum: Account) -> None:
    browser = Browser(planner)
    names = ["=cmd|'/c calc'!A1", "+1", "-2", "@x", "＝1+1", "'=1", "Plain"]
    lines = "".join(csv_text.line([str(5000 + n), name, 24.93, -0.0 if n == 6 else 60.17]) for n, name in enumerate(names))

    commit(browser, bring(browser, "account_no,name,lon,lat\n" + lines))

    stored = dict(Account.objects.filter(account_no__startswith="500").values_list("account_no", "name"))
    # Exactly one ' comes off, and only where it guards something.
    assert [stored[str(5000 + n)] for n in range(len(names))] == names
    again = bring(browser, "account_no,name,lon,lat\n" + lines, "again.csv")
    assert again["counts"]["unchanged"] == len(names)


# --- S66: workbooks --------------------------------------------------------------------------------------------------


def test_s66_a_workbook_with_a_document_type_definition_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append(["1", "2"])
    plain = tmp_path / "plain.xlsx"
    book.save(plain)
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    evil = tmp_path / "evil.xlsx"
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(evil, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name).decode()
            if name.startswith("xl/worksheets/sheet"):
                head, _, rest = content.partition("?>") if content.startswith("<?xml") else ("", "", content)
                content = (f"{head}?>" if head else "") + laughs + rest
            target.writestr(name, content)

    assert refused(evil).code in ("unsupported", "bad_workbook")


def test_s66_a_workbook_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    file = archive(tmp_path / "a.xlsx", {"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": bytes(100 << 20)})

    assert refused(file).code in ("bad_zip", "too_large")


@pytest.mark.django_db
def test_s66_odd_cells_are_reasons_of_their_rows_and_nothing_is_half_stored(planner: User, museum: Account, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["account_no", "name", "contract_kva", "grade"])
    for row in (["1", "Negative", -5, "first"], ["2", "Formula", "=1+1", "first"], ["3", "Words", "many", "first"], ["4", "Grade", 1, "platinum"],
                ["5", "Comma", "1,250", "first"], ["6", "Fine", 1250.5, "一级"], ["6", "Twice", 1, "first"], ["7", "Inf", "inf", "first"]):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("A10:B10")
    book.save(tmp_path / "a.xlsx")
    browser = Browser(planner)

    told = bring(browser, (tmp_path / "a.xlsx").read_bytes(), "a.xlsx")

    reasons = {row["row_no"]: row["problem"]["code"] for row in rows(browser, told["id"], status="rejected")}
    assert reasons == {
        2: "bad_contract_kva",
        4: "bad_contract_kva",
        5: "bad_grade",
        6: "bad_contract_kva",
        8: "twice_in_file",
        9: "bad_contract_kva",
    }
    assert commit(browser, told)["state"] == "committed"
    assert set(Account.objects.exclude(pk=museum.pk).values_list("name", flat=True)) == {"Formula", "Fine"}
