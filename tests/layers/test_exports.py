"""Files that leave: every format holds the rows of the screen, in the datum asked for, for whoever may take them away."""

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyogrio
import pytest
import shapely
import time_machine
from django.contrib.auth.models import User
from django.contrib.gis.geos import LineString, MultiLineString, Point
from django.utils import timezone
from django_q.models import OrmQ

from customers.models import Account
from layers import export_rows, exports, jobs, registry
from layers import services as rights
from layers.models import AuditRow, Export
from spatial import datums
from spatial.models import Feeder, Line, Network, Substation
from tests.cast import MUSEUM, THEATRE, Browser, member, person, team
from tests.layers.town import build_town
from tests.portal.test_people import run_jobs

pytestmark = [pytest.mark.db, pytest.mark.django_db]
PATH = "/api/v1/exports"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "exports"


@pytest.fixture
def grid(db: None) -> Network:
    """One feeder of two cables and a substation."""
    network = Network.objects.create(code="HEL", name="Helsinki")
    Substation.objects.create(network=network, code="S1", name="Kluuvi", voltage_kv=110, geom=Point(*THEATRE, srid=4326))
    course = LineString(MUSEUM, THEATRE, srid=4326)
    feeder = Feeder.objects.create(network=network, code="F1", name="Kluuvi 1", voltage_kv=20, geom=MultiLineString(course, srid=4326))
    for number in (1, 2):
        Line.objects.create(network=network, feeder=feeder, code=f"L{number}", kind="cable", length_m=500, geom=course)
    return network


def asked(user: User, file_format: str, **more: Any) -> Any:
    return Browser(user).post(PATH, {"what": "customers", "format": file_format, **more})


def taken(user: User, file_format: str, **more: Any) -> bytes:
    """Ask, wait for the worker if need be, fetch."""
    answer = asked(user, file_format, **more)
    assert answer.status_code == 201, answer.content
    run_jobs()
    [found] = [row for row in Browser(user).get(PATH).json() if row["id"] == answer.json()["id"]]
    file = Browser(user).get(found["file"])
    assert file.status_code == 200
    return b"".join(file.streaming_content)


def table(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


def saved(folder: Path, name: str, content: bytes) -> Path:
    path = folder.parent / name
    path.write_bytes(content)
    return path


def listed(user: User, **query: str) -> list[dict[str, Any]]:
    return sorted(Browser(user).get("/api/v1/customers", **query).json()["results"], key=lambda row: row["account_no"])


def test_geojson_is_rfc_7946_and_holds_the_rows_of_the_screen(planner: User, museum: Account, theatre: Account, dipoli: Account) -> None:
    found = json.loads(taken(planner, "geojson"))

    assert "crs" not in found
    features = {feature["id"]: feature for feature in found["features"]}
    rows = listed(planner)
    assert features.keys() == {row["id"] for row in rows}
    for row in rows:
        told = features[row["id"]]["properties"]
        assert {name: told[name] for name in ("account_no", "name", "grade", "status", "contract_kva")} == {
            name: row[name] for name in ("account_no", "name", "grade", "status", "contract_kva")
        }
        assert told["classes"] == ",".join(row["classes"])
        place = features[row["id"]]["geometry"]
        assert (place and place["coordinates"]) == (None if row["lon"] is None else pytest.approx([row["lon"], row["lat"]], abs=1e-8))


def test_csv_reads_in_a_spreadsheet_in_the_persons_language(planner: User, museum: Account, theatre: Account) -> None:
    text = taken(planner, "csv", language="zh")
    rows = table(text)

    assert text.startswith("\ufeff户号,名称".encode())
    assert rows[0]["户号"] == "0012345678"
    assert rows[0]["合同容量（kVA）"] == "1250"
    assert (float(rows[0]["经度 (WGS 84)"]), float(rows[0]["纬度 (WGS 84)"])) == pytest.approx(MUSEUM)
    assert rows[1]["经度 (WGS 84)"] == ""
    assert table(taken(planner, "csv"))[0]["Account number"] == "0012345678"


@pytest.mark.parametrize("crs", ["CGCS2000", "GCJ02", "BD09", "EPSG:3067", "EPSG:32635", "EPSG:3857"])
def test_csv_in_another_datum_says_so_and_comes_back_to_the_same_place(planner: User, museum: Account, crs: str) -> None:
    [row] = table(taken(planner, "csv", crs=crs))
    names = [name for name in row if name.split(" (")[0] in ("Longitude", "Latitude", "Easting", "Northing")]
    x, y = (float(row[name]) for name in names)

    assert datums.NAMES.get(crs, crs) in names[0]
    assert datums.to_wgs84(x, y, crs) == pytest.approx(MUSEUM, abs=1e-7)


def test_xlsx_keeps_leading_zeros_and_numbers(planner: User, museum: Account, theatre: Account, folder: Path) -> None:
    book = openpyxl.load_workbook(saved(folder, "list.xlsx", taken(planner, "xlsx", language="zh")))
    head, *rows = book.active.iter_rows(values_only=True)

    assert book.sheetnames == ["客户"]
    assert head[:3] == ("户号", "名称", "英文名称")
    assert rows[0][head.index("户号")] == "0012345678"
    assert rows[0][head.index("合同容量（kVA）")] == 1250
    assert rows[0][head.index("经度 (WGS 84)")] == pytest.approx(MUSEUM[0])


@pytest.mark.parametrize("crs", ["WGS84", "EPSG:3067"])
def test_gpkg_is_version_1_3_and_read_back_whole(planner: User, museum: Account, theatre: Account, folder: Path, crs: str) -> None:
    path = saved(folder, "list.gpkg", taken(planner, "gpkg", crs=crs))
    meta, _, geometry, columns = pyogrio.raw.read(path)
    names = list(meta["fields"])
    points = shapely.from_wkb(geometry)

    assert sqlite3.connect(path).execute("pragma user_version").fetchone() == (10300,)
    assert pyogrio.list_layers(path).tolist() == [["customers", "Point"]]
    assert meta["crs"] == datums.crs(crs).to_string()
    assert list(columns[names.index("account_no")]) == ["0012345678", "0098765432"]
    assert columns[names.index("contract_kva")].tolist() == [1250.0, 800.0]
    assert datums.to_wgs84(points[0].x, points[0].y, crs) == pytest.approx(MUSEUM, abs=1e-8)
    assert points[1] is None


def test_a_shapefile_says_its_datum_and_its_letters(planner: User, museum: Account, folder: Path) -> None:
    path = saved(folder, "list.zip", taken(planner, "shp", crs="EPSG:3067"))
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert {"customers.shp", "customers.shx", "customers.dbf", "customers.prj", "customers.cpg"} <= {*names}
        assert archive.read("customers.cpg").strip() == b"UTF-8"
        assert b"TM35FIN" in archive.read("customers.prj")
    meta, _, _, columns = pyogrio.raw.read(f"/vsizip/{path}/customers.shp")

    assert columns[list(meta["fields"]).index("name_zh")][0] == "国家博物馆"


def test_kml_is_read_by_others(planner: User, museum: Account, folder: Path) -> None:
    path = saved(folder, "list.kml", taken(planner, "kml"))
    meta, _, geometry, columns = pyogrio.raw.read(path)

    assert shapely.from_wkb(geometry)[0].coords[0][:2] == pytest.approx(MUSEUM, abs=1e-8)
    assert columns[list(meta["fields"]).index("account_no")][0] == "0012345678"
    assert columns[list(meta["fields"]).index("Name")][0] == "Kansallismuseo"


@pytest.mark.parametrize("file_format", ["geojson", "gpkg", "shp", "kml", "csv", "xlsx"])
def test_a_layer_of_several_kinds_leaves_whole(planner: User, grid: Network, folder: Path, file_format: str) -> None:
    suffix = {"shp": "zip"}.get(file_format, file_format)
    path = saved(folder, f"network.{suffix}", taken(planner, file_format, what="network"))

    if file_format == "csv":
        rows = table(path.read_bytes())
        assert [(row["Feature"], row["Code"]) for row in rows][:2] == [("feeders", "F1"), ("lines", "L1")]
        assert sum(row["WKT (WGS 84)"].startswith("LINESTRING") for row in rows) == 2
        assert [float(row["Longitude (WGS 84)"]) for row in rows if row["Code"] == "S1"] == [pytest.approx(THEATRE[0])]
    elif file_format == "xlsx":
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == ["feeders", "lines", "stations", "substations"]
        assert book["lines"].max_row == 3
    elif file_format == "geojson":
        found = json.loads(path.read_text())["features"]
        assert [feature["properties"]["part"] for feature in found] == ["feeders", "lines", "lines", "substations"]
    elif file_format == "shp":
        assert pyogrio.read_info(f"/vsizip/{path}/lines.shp")["features"] == 2
    else:
        found = {name: pyogrio.read_info(path, layer=name)["features"] for name, _ in pyogrio.list_layers(path)}
        assert (found["feeders"], found["lines"], found["substations"]) == (1, 2, 1)


@pytest.mark.parametrize(
    "narrowed",
    [
        {"grade": "first"},
        {"q": "teatt"},
        {"located": "false"},
        {"bbox": "24.9,60.1,25.0,60.3"},
        {"class": "large", "status": "normal"},
        {"area": "ESP"},
        {"grade": "special"},
    ],
)  # fmt: skip
def test_the_file_holds_what_the_list_shows(
    planner: User, museum: Account, theatre: Account, dipoli: Account, narrowed: dict[str, str]
) -> None:
    rows = table(taken(planner, "csv", filter=narrowed))

    assert sorted(row["Account number"] for row in rows) == [row["account_no"] for row in listed(planner, **narrowed)]


def test_who_works_for_one_area_takes_away_that_area(esko: User, museum: Account, dipoli: Account) -> None:
    assert [row["Account number"] for row in table(taken(esko, "csv"))] == [dipoli.account_no]
    assert table(taken(esko, "csv", filter={"q": museum.account_no})) == []


def test_to_see_is_not_to_take_away(museum: Account, dipoli: Account, espoo: Any) -> None:
    name = team("analyst:espoo", espoo, actions=["export"])
    rights.set_grants(name, "*", [rights.Grant("view"), rights.Grant("export", "ESP")], by=None, at=timezone.now())
    anna = member("anna", name)

    assert {row["account_no"] for row in listed(anna)} == {museum.account_no, dipoli.account_no}
    assert [row["Account number"] for row in table(taken(anna, "csv"))] == [dipoli.account_no]


def test_without_the_right_nothing_leaves(museum: Account, holder: User) -> None:
    inspector = person("inspector", "irma")

    for user in (inspector, holder):
        assert asked(user, "csv").status_code == 403
    assert Browser(holder).get(PATH).status_code == 403
    assert asked(inspector, "csv", what="nothing").status_code == 404
    assert not Export.objects.exists()


def test_a_file_is_its_askers_alone_and_ends_with_their_rights(planner: User, esko: User, dipoli: Account) -> None:
    made = asked(esko, "csv").json()

    for path in (f"{PATH}/{made['id']}", made["file"]):
        assert Browser(planner).get(path).status_code == 404
        assert Browser(esko).get(path).status_code == 200
    rights.set_grants("planner:espoo", "*", [rights.Grant("view", "ESP")], by=None, at=timezone.now())
    fresh = User.objects.get(pk=esko.pk)
    assert Browser(fresh).get(made["file"]).status_code == 404


def test_an_export_and_its_download_are_audited(planner: User, museum: Account, theatre: Account) -> None:
    taken(planner, "csv", filter={"grade": "first"}, crs="GCJ02")

    left, fetched = AuditRow.objects.filter(action__in=["customers.export", "customers.download"]).order_by("seq")
    assert (left.action, fetched.action) == ("customers.export", "customers.download")
    assert (left.actor, left.layer) == (planner, "customers")
    assert left.after == fetched.after
    assert {name: left.after[name] for name in ("format", "crs", "rows", "filter")} == {
        "format": "csv",
        "crs": "GCJ02",
        "rows": 1,
        "filter": {"grade": ["first"]},
    }


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"format": "geojson", "crs": "EPSG:3067"}, "format_cannot_hold"),
        ({"format": "kml", "crs": "GCJ02"}, "format_cannot_hold"),
        ({"format": "gpkg", "crs": "GCJ02"}, "format_cannot_hold"),
        ({"format": "csv", "crs": "EPSG:2401"}, "unknown_datum"),
        ({"format": "csv", "crs": "+proj=longlat"}, "unknown_datum"),
        ({"format": "csv", "crs": "CGCS2000-ZONES"}, "unknown_datum"),
        ({"format": "pdf"}, "invalid"),
        ({"format": "csv", "filter": {"grade": "superb"}}, "bad_filter"),
        ({"format": "csv", "filter": {"deleted_by": "1"}}, "bad_filter"),
        ({"format": "csv", "filter": {"bbox": "1,2,3"}}, "invalid"),
        ({"format": "csv", "sql": "select"}, "invalid"),
    ],
)
def test_what_cannot_be_written_is_refused_with_a_reason(planner: User, museum: Account, wish: dict[str, Any], code: str) -> None:
    answer = Browser(planner).post(PATH, {"what": "customers", **wish})

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Export.objects.exists()


@pytest.fixture
def large(planner: User, helsinki: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Account]]:
    """A list that is too long to be written at once, and comes in several batches."""
    monkeypatch.setattr(exports, "AT_ONCE_ROWS", 20)
    monkeypatch.setattr(export_rows, "BATCH_ROWS", 7)
    return build_town(planner, 30)


def test_a_long_list_is_written_by_the_worker_with_progress(planner: User, large: list[Account], folder: Path) -> None:
    made = asked(planner, "csv").json()
    assert (made["state"], made["total"], made["done"], made["file"]) == ("working", 30, 0, None)
    assert Browser(planner).get(f"{PATH}/{made['id']}/file").json()["code"] == "export_not_ready"
    assert not AuditRow.objects.filter(action="customers.export").exists()

    run_jobs()

    now = Browser(planner).get(f"{PATH}/{made['id']}").json()
    assert (now["state"], now["done"], now["file_bytes"]) == ("done", 30, (folder / f"{made['id']}.csv").stat().st_size)
    rows = table(b"".join(Browser(planner).get(now["file"]).streaming_content))
    assert {row["Account number"] for row in rows} == {account.account_no for account in large}
    assert AuditRow.objects.get(action="customers.export").actor == planner


def test_progress_is_told_batch_by_batch_and_taking_it_back_stops_it(
    planner: User, large: list[Account], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asked(planner, "csv").json()
    seen: list[int] = []
    batches = export_rows.batches

    def watched(*args: Any) -> Iterator[Any]:
        for rows in batches(*args):
            seen.append(Browser(planner).get(f"{PATH}/{made['id']}").json()["done"])
            if len(seen) == 3:
                assert Browser(planner).send("DELETE", f"{PATH}/{made['id']}").status_code == 204
            yield rows

    monkeypatch.setattr("layers.export_files.batches", watched)
    run_jobs()

    assert seen == [0, 7, 14]
    assert not Export.objects.exists()
    assert list(folder.iterdir()) == []


def test_a_job_that_runs_again_or_too_late_does_no_harm(planner: User, large: list[Account]) -> None:
    made = asked(planner, "csv").json()
    rights.set_groups([planner.pk], ["inspector"], by=None, at=timezone.now())
    run_jobs()

    assert Export.objects.get().state == "failed"
    assert "Nothing to write" in jobs.write_export(made["id"], "", "")


def test_nobody_fills_the_worker_with_files(planner: User, large: list[Account]) -> None:
    answers = [asked(planner, "csv") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [201] * 5 + [409]
    assert answers[-1].json()["code"] == "too_many_exports"
    assert OrmQ.objects.count() == 5


def test_whoever_exports_without_end_has_to_wait(planner: User, museum: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_AN_HOUR", 3)
    for _ in range(3):
        made = asked(planner, "csv").json()
        Browser(planner).send("DELETE", f"{PATH}/{made['id']}")

    refused = asked(planner, "csv")

    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 3500 < int(refused["Retry-After"]) <= 3601


def test_a_failed_export_says_why_by_a_code_and_what_cannot_be_fetched_is_not_listed(
    planner: User, museum: Account, large: list[Account]
) -> None:
    failed = asked(planner, "csv").json()
    done = asked(planner, "csv", filter={"q": "Kansallismuseo"}).json()
    assert (failed["state"], done["state"], done["problem"]) == ("working", "done", None)

    rights.set_groups([planner.pk], ["inspector"], by=None, at=timezone.now())
    run_jobs()

    listed_now = {row["id"]: row for row in Browser(planner).get(PATH).json()}
    assert set(listed_now) == {failed["id"]}
    assert (listed_now[failed["id"]]["state"], listed_now[failed["id"]]["problem"]["code"]) == ("failed", "rights_changed")
    for export_id in listed_now:
        assert Browser(planner).get(f"{PATH}/{export_id}").status_code == 200
    assert Browser(planner).get(f"{PATH}/{done['id']}").status_code == 404


def test_the_same_command_twice_writes_one_file(planner: User, museum: Account) -> None:
    key = "7d4f6f0e-0f5e-4b57-8f62-0a0e6c1d0001"
    first, again = (Browser(planner).post(PATH, {"what": "customers", "format": "csv"}, key=key) for _ in range(2))

    assert first.json() == again.json()
    assert Export.objects.count() == 1


def test_files_last_a_day(planner: User, museum: Account, folder: Path) -> None:
    made = asked(planner, "csv").json()
    assert len(list(folder.iterdir())) == 1

    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert Browser(planner).get(PATH).json() == []
        assert exports.forget_old(timezone.now()) == 1
    assert list(folder.iterdir()) == []
    assert Browser(planner).get(made["file"]).status_code == 404


def test_a_file_is_an_attachment_that_no_cache_keeps(planner: User, museum: Account) -> None:
    answer = Browser(planner).get(asked(planner, "csv").json()["file"])

    assert answer["Content-Disposition"].startswith('attachment; filename="customers-')
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_every_column_of_every_layer_has_a_name_in_both_languages(planner: User) -> None:
    for layer in registry.layers():
        for part in [layer.listing] if layer.listing else layer.parts:
            assert {*part.properties} <= {*layer.column_titles}, layer.id


def test_the_datums_offered_are_those_of_the_place(planner: User, helsinki: Any) -> None:
    offered = Browser(planner).get("/api/v1/datums").json()

    assert [row["code"] for row in offered[:4]] == ["WGS84", "CGCS2000", "GCJ02", "BD09"]
    name = "ETRS89 / TM35FIN(E,N)"
    assert {"code": "EPSG:3067", "label": name, "label_zh": name, "metres": True} in offered
    assert "EPSG:4548" not in {row["code"] for row in offered}
