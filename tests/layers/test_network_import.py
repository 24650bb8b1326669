"""A planner brings a network as their GIS gives it, sees what will change and what hangs on nothing, stores it, takes it back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from django.contrib.auth.models import User
from django.contrib.gis.geos import LineString, MultiPolygon, Polygon
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from layers import audit, reference_data
from layers.importing import checking, services, storing, working
from layers.kept_files import QUOTA_BYTES
from layers.models import AuditRow, LayerGrant, NetworkImport, Stream
from spatial.models import Area, Feeder, Line, Network, Node, Station, Substation, Transformer
from tests.cast import Browser, person

pytestmark = [pytest.mark.db, pytest.mark.django_db]

KINDS = ("substations", "feeders", "stations", "lines")
TABLES = ("network", "substation", "bussection", "feeder", "station", "transformer", "line", "node")


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def upper_rhine() -> dict[str, Any]:
    return reference_data.read_document(reference_data.UPPER_RHINE)


def layer(
    path: Path, name: str, rows: list[dict[str, Any]], shapes: list[Any] | None, *, kind: str = "Point", crs: str = "EPSG:4326"
) -> None:
    """Write one layer of a GeoPackage; without shapes it is a table."""
    columns = {column: np.array([row.get(column) for row in rows], dtype=object) for column in rows[0]}
    pyogrio.raw.write(
        path, np.array([None if shapes is None else shapely.to_wkb(shape) for shape in (shapes or rows)], dtype=object) if shapes else None,
        list(columns.values()), list(columns), layer=name, driver="GPKG", append=path.exists(), geometry_type=kind if shapes else None, crs=crs if shapes else None,
    )  # fmt: skip


def geopackage(path: Path, document: dict[str, Any], *, move: Any = lambda shape: shape, crs: str = "EPSG:4326") -> Path:
    """Write a network document as a GIS gives it: one layer a kind, named as people name them, references by code."""

    def points(rows: list[dict[str, Any]]) -> list[Any]:
        return [move(shapely.Point(row["lon"], row["lat"])) for row in rows]

    def plain(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
        return [{name: row.get(name) for name in names} for row in rows]

    grid = document
    layer(
        path,
        "Substations",
        plain(grid["substations"], "code", "name", "voltage_kv", "secondary_kv", "rating_kva"),
        points(grid["substations"]),
        crs=crs,
    )
    layer(path, "Feeders", plain(grid["feeders"], "code", "name", "substation", "voltage_kv"), None)
    layer(path, "Transformer stations", plain(grid["stations"], "code", "name", "feeder", "rating_kva"), points(grid["stations"]), crs=crs)
    lines = plain(grid["lines"], "code", "feeder", "kind", "length_m", "from_code", "to_code", "normally_open")
    shapes = [move(shapely.LineString(row["coordinates"])) for row in grid["lines"]]
    layer(path, "MV lines", lines, shapes, kind="LineString", crs=crs)
    return path


def rows_of_everything() -> dict[str, list[Any]]:
    """Return every row of the network's tables as PostgreSQL holds it, to the byte."""
    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"select md5(t::text), t::text from spatial_{table} t order by t::text")
            found[table] = cursor.fetchall()
    return found


def bring(browser: Browser, path: Path) -> dict[str, Any]:
    answer = browser.client.post("/api/v1/network-imports", {"file": SimpleUploadedFile(path.name, path.read_bytes())})
    assert answer.status_code == 201, answer.content
    return worked(browser, answer.json()["id"])


def worked(browser: Browser, import_id: str) -> dict[str, Any]:
    while working.work(import_id, clock=timezone.now):
        pass
    return browser.get(f"/api/v1/network-imports/{import_id}").json()


def patched(browser: Browser, told: dict[str, Any], choices: dict[str, Any]) -> Any:
    return browser.send("PATCH", f"/api/v1/network-imports/{told['id']}", choices)


def choose(browser: Browser, told: dict[str, Any], **choices: Any) -> dict[str, Any]:
    answer = patched(browser, told, choices)
    assert answer.status_code == 200, answer.content
    return worked(browser, told["id"])


def command(browser: Browser, told: dict[str, Any], verb: str, **wish: Any) -> dict[str, Any]:
    answer = browser.post(f"/api/v1/network-imports/{told['id']}/{verb}", wish)
    assert answer.status_code == 200, answer.content
    return worked(browser, told["id"])


def counts(told: dict[str, Any], kind: str) -> dict[str, int]:
    return {name: count for name, count in told["counts"][kind].items() if count}


def test_the_upper_rhine_comes_in_from_a_geopackage_and_goes_again(planner: User, tmp_path: Path) -> None:
    browser = Browser(planner)

    told = bring(browser, geopackage(tmp_path / "upper-rhine.gpkg", upper_rhine()))

    assert told["state"] == "checked", told
    assert {kind: counts(told, kind) for kind in told["counts"]} == {
        "substations": {"new": 2}, "feeders": {"new": 4}, "stations": {"new": 141}, "lines": {"new": 181},
    }  # fmt: skip
    assert (told["detected"]["crs"], told["detected"]["crs_from"], told["choices"]["network"]) == ("WGS84", "file", "upper-rhine")
    assert {name: told["parts"][name] for name in ("nodes", "parts", "unconnected", "loops")} == {
        "nodes": 178,
        "parts": 1,
        "unconnected": 0,
        "loops": 0,
    }
    assert not Network.objects.exists()

    stored = command(browser, told, "commit")

    assert (stored["state"], stored["can"]) == ("committed", ["revert"])
    grid = Network.objects.get(code="upper-rhine")
    assert (grid.substations.count(), grid.feeders.count(), grid.stations.count(), grid.lines.count()) == (2, 4, 141, 181)
    assert (grid.nodes.count(), set(grid.nodes.values_list("part", flat=True))) == (178, {1})
    assert grid.lines.filter(normally_open=True).count() == 6
    assert all(feeder.geom.num_geom == feeder.lines.count() for feeder in grid.feeders.all())

    back = command(browser, stored, "revert")

    assert (back["state"], back["not_reverted"]) == ("reverted", 0)
    assert not any(model.objects.exists() for model in (Network, Substation, Feeder, Station, Line, Node))
    assert audit.check().problem == ""
    actions = AuditRow.objects.filter(action__startswith="network_import.").order_by("seq").values_list("action", flat=True)
    assert list(actions) == [f"network_import.{verb}" for verb in ("start", "commit", "committed", "revert", "reverted")]


def test_the_same_file_twice_changes_nothing(planner: User, tmp_path: Path) -> None:
    browser = Browser(planner)
    file = geopackage(tmp_path / "upper-rhine.gpkg", upper_rhine())
    command(browser, bring(browser, file), "commit")
    before, epoch = rows_of_everything(), Stream.objects.get(key="network").epoch

    again = bring(browser, file.rename(tmp_path / "another name.gpkg"))

    assert {kind: set(counts(again, kind)) for kind in again["counts"]} == {kind: {"unchanged"} for kind in KINDS}
    assert "commit" not in again["can"]
    assert (again["choices"]["network"], rows_of_everything(), Stream.objects.get(key="network").epoch) == ("upper-rhine", before, epoch)
    assert browser.post(f"/api/v1/network-imports/{again['id']}/commit", {}).status_code == 409


def test_what_a_file_changed_is_taken_back_byte_for_byte(planner: User, tmp_path: Path) -> None:
    call_command("import_network", "--upper-rhine", verbosity=0)
    before = rows_of_everything()
    grid = upper_rhine()
    grid["stations"][0] |= {"lon": grid["stations"][0]["lon"] + 0.0005, "name": "Mill"}
    grid["stations"][1]["rating_kva"] = 630.5
    grid["lines"][0]["coordinates"][1:2] = []
    grid["lines"][1] |= {"feeder": "UR-999"}
    grid["feeders"].append({"code": "UR-999", "name": "New", "substation": "UR-S1", "voltage_kv": 20.0})
    browser = Browser(planner)

    told = bring(browser, geopackage(tmp_path / "upper-rhine.gpkg", grid))

    assert counts(told, "stations") == {"moved": 1, "changed": 2, "unchanged": 139}
    assert counts(told, "feeders") == {"new": 1, "unchanged": 4}
    assert counts(told, "lines") == {"moved": 1, "changed": 1, "unchanged": 179}
    assert [(part["sites"], part["codes"]) for part in told["parts"]["listed"]] == [(1, ["UR-T001"])]
    moved = browser.get(f"/api/v1/network-imports/{told['id']}/rows", kind="stations", status="moved").json()["rows"]
    assert [(row["code"], row["status"], round(row["moved_m"]), row["changes"]) for row in moved] == [
        ("UR-T001", "moved_and_changed", 37, [{"field": "name", "from": "Station 1", "to": "Mill"}])
    ]
    assert rows_of_everything() == before

    stored = command(browser, told, "commit")

    assert Station.objects.get(code="UR-T001").name == "Mill"
    assert str(Station.objects.get(code="UR-T002").rating_kva) == "630.500"
    assert Feeder.objects.get(code="UR-999").geom.num_geom == 1
    assert Line.objects.get(code="UR-L001").feeder.code == "UR-999"
    assert rows_of_everything() != before
    assert command(browser, stored, "revert")["not_reverted"] == 0
    assert rows_of_everything() == before


def test_another_coordinate_system_gives_the_same_network(planner: User, tmp_path: Path) -> None:
    call_command("import_network", "--upper-rhine", verbosity=0)
    project = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True).transform

    def move(shape: Any) -> Any:
        return shapely.transform(shape, lambda places: np.column_stack(project(places[:, 0], places[:, 1])))

    file = geopackage(tmp_path / "grid.gpkg", upper_rhine(), move=move, crs="EPSG:25832")

    told = bring(Browser(planner), file)

    assert told["detected"]["crs"] == "EPSG:25832"
    assert {kind: set(counts(told, kind)) for kind in told["counts"]} == {kind: {"unchanged"} for kind in KINDS}


def test_unconnected_parts_are_listed_and_a_larger_tolerance_joins_them(planner: User, tmp_path: Path) -> None:
    grid = upper_rhine()
    first = next(line for line in grid["lines"] if line["from_code"] == "UR-S2" or line["to_code"] == "UR-S2")
    end = 0 if first["from_code"] == "UR-S2" else -1
    first["coordinates"][end][1] += 0.00002  # 2.2 m
    browser = Browser(planner)

    told = bring(browser, geopackage(tmp_path / "grid.gpkg", grid))

    assert (told["choices"]["tolerance_m"], told["parts"]["nodes"]) == (0.5, 179)
    shown = browser.get(f"/api/v1/network-imports/{told['id']}/map").json()
    assert sum(feature["properties"]["role"] == "unconnected" for feature in shown["features"]) == told["parts"]["unconnected"]
    assert choose(browser, told, tolerance_m=3)["parts"]["nodes"] < 179
    assert patched(browser, told, {"tolerance_m": 51}).status_code == 400


def test_bad_assets_are_rejected_with_the_reason_and_come_as_a_file(planner: User, tmp_path: Path) -> None:
    grid = upper_rhine()
    grid["lines"][0]["feeder"] = "UR-777"
    grid["lines"][1]["code"] = ""
    grid["lines"][2]["code"] = grid["lines"][3]["code"]
    grid["lines"][4]["coordinates"] = [grid["lines"][4]["coordinates"][0]] * 2
    grid["lines"][5]["length_m"] = -1
    grid["lines"][6]["kind"] = "wire"
    grid["lines"][7]["coordinates"] = [[7.9, 48.4], [7.9, 148.4]]
    grid["stations"][0]["code"] = "=HYPERLINK(1)"
    grid["stations"][1]["name"] = "x" * 121
    browser = Browser(planner)

    told = bring(browser, geopackage(tmp_path / "grid.gpkg", grid))

    rejected = browser.get(f"/api/v1/network-imports/{told['id']}/rows", status="rejected").json()["rows"]
    assert [(row["kind"], row["row_no"], row["problem"]["code"]) for row in rejected] == [
        ("stations", 2, "too_long"),
        *(("lines", n, why) for n, why in [
            (1, "unknown_feeder"), (2, "no_code"), (4, "twice_in_file"), (5, "no_length"), (6, "bad_number"), (7, "bad_kind"), (8, "bad_position"),
        ]),
    ]  # fmt: skip
    lines = b"".join(browser.get(f"/api/v1/network-imports/{told['id']}/rejects.csv").streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 9
    assert lines[0].startswith("layer,row,reason,reason_text,code,")
    assert lines[2].startswith("MV lines,1,unknown_feeder,")
    stored = command(browser, told, "commit")
    assert (counts(stored, "lines"), Line.objects.count()) == ({"new": 174, "rejected": 7}, 174)


def test_a_table_of_stations_and_transformers_comes_by_its_columns(planner: User, tmp_path: Path) -> None:
    call_command("import_network", "--upper-rhine", verbosity=0)
    table = tmp_path / "变压器.csv"
    table.write_text(
        "编号,名称,所属配电站,额定容量(kVA),一次电压(kV)\nT-1,一号变,UR-T001,400,20\nT-2,二号变,UR-T002,1e3,20\nT-3,三号变,NO-SUCH,400,20\n"
    )
    browser = Browser(planner)

    told = bring(browser, table)

    told = choose(browser, told, network="upper-rhine")
    assert counts(told, "transformers") == {"new": 2, "rejected": 1}
    stored = command(browser, told, "commit")
    one = Transformer.objects.get(code="T-1")
    assert (one.name, one.station.code, one.rating_kva, one.primary_kv, one.geom) == ("一号变", "UR-T001", 400, 20, None)
    command(browser, stored, "revert")
    assert not Transformer.objects.exists()


def test_what_somebody_changed_since_stays_and_is_listed(planner: User, tmp_path: Path) -> None:
    browser = Browser(planner)
    told = bring(browser, geopackage(tmp_path / "grid.gpkg", upper_rhine()))
    stored = command(browser, told, "commit")
    Station.objects.filter(code="UR-T001").update(name="By hand")
    Transformer.objects.create(network=Network.objects.get(), station=Station.objects.get(code="UR-T002"), code="X", name="X")

    back = command(browser, stored, "revert")

    kept = browser.get(f"/api/v1/network-imports/{told['id']}/rows", status="not_reverted").json()["rows"]
    assert {(row["code"], row["problem"]["code"]) for row in kept} >= {("UR-T001", "changed_since"), ("UR-T002", "in_use")}
    assert back["not_reverted"] == len(kept)
    assert set(Station.objects.values_list("code", flat=True)) == {"UR-T001", "UR-T002"}
    assert Network.objects.exists()


def test_what_was_stored_between_check_and_commit_is_left_alone(planner: User, tmp_path: Path) -> None:
    browser = Browser(planner)
    told = bring(browser, geopackage(tmp_path / "upper-rhine.gpkg", upper_rhine()))
    call_command("import_network", "--upper-rhine", verbosity=0)
    before = rows_of_everything()

    stored = command(browser, told, "commit")

    assert counts(stored, "lines") == {"rejected": 181}
    assert rows_of_everything() == before


def test_a_planner_writes_only_inside_their_areas(tmp_path: Path) -> None:
    west = Area.objects.create(kind="county", code="W", name="West", geom=MultiPolygon(Polygon.from_bbox((7.0, 48.0, 7.85, 49.0))))
    user = person("planner", "wilma")
    group = user.groups.get()
    LayerGrant.objects.filter(group=group).update(area=west)
    browser = Browser(user)
    grid = upper_rhine()
    # The eastern substation is not theirs to open, so its feeders are not there to hang a station on.
    western = {feeder["code"] for feeder in grid["feeders"] if feeder["substation"] == "UR-S2"}
    inside = sum(row["lon"] <= 7.85 and row["feeder"] in western for row in grid["stations"])

    told = bring(browser, geopackage(tmp_path / "grid.gpkg", grid))

    assert 0 < inside < 141
    assert counts(told, "stations") == {"new": inside, "rejected": 141 - inside}
    rejected = browser.get(f"/api/v1/network-imports/{told['id']}/rows", status="rejected").json()["rows"]
    assert {row["problem"]["code"] for row in rejected} == {"outside_area", "unknown_substation", "unknown_feeder"}
    assert all(row["problem"]["code"] == "outside_area" for row in rejected if row["kind"] == "substations")
    LayerGrant.objects.filter(group=group, action="add").delete()
    assert counts(command(browser, told, "commit"), "stations") == {"rejected": 141}
    assert not Station.objects.exists()


def test_others_neither_bring_nor_see_an_import(planner: User, dispatcher: User, tmp_path: Path) -> None:
    file = geopackage(tmp_path / "grid.gpkg", upper_rhine())
    told = bring(Browser(planner), file)
    colleague = Browser(person("planner", "paula"))

    assert (
        Browser(dispatcher).client.post("/api/v1/network-imports", {"file": SimpleUploadedFile("a.gpkg", file.read_bytes())}).status_code
        == 403
    )
    for door in ("", "/rows", "/map", "/rejects.csv"):
        assert colleague.get(f"/api/v1/network-imports/{told['id']}{door}").status_code == 404
    for verb in ("commit", "cancel", "revert"):
        assert colleague.post(f"/api/v1/network-imports/{told['id']}/{verb}", {}).status_code == 404


def test_a_killed_worker_goes_on_and_a_cancelled_one_takes_back(planner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("import_network", "--helsinki", verbosity=0)
    before = rows_of_everything()
    monkeypatch.setattr(storing, "PIECE", 50)
    browser = Browser(planner)
    told = bring(browser, geopackage(tmp_path / "grid.gpkg", upper_rhine()))
    browser.post(f"/api/v1/network-imports/{told['id']}/commit", {})
    assert storing.store_piece(told["id"], at=timezone.now())
    assert storing.store_piece(told["id"], at=timezone.now())
    half = browser.get(f"/api/v1/network-imports/{told['id']}").json()
    assert (half["state"], half["progress"]["done"], half["progress"]["total"]) == ("committing", 100, 328)

    NetworkImport.objects.update(seen_at=timezone.now() - working.SILENCE * 2)
    assert [str(pk) for pk in working.stalled(at=timezone.now())] == [told["id"]]
    browser.post(f"/api/v1/network-imports/{told['id']}/cancel")
    cancelled = worked(browser, told["id"])

    assert (cancelled["state"], cancelled["can"]) == ("cancelled", [])
    assert rows_of_everything() == before


def test_the_worker_finishes_what_it_had_begun(planner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "PIECE", 100)
    browser = Browser(planner)
    told = bring(browser, geopackage(tmp_path / "grid.gpkg", upper_rhine()))
    browser.post(f"/api/v1/network-imports/{told['id']}/commit", {})
    storing.store_piece(told["id"], at=timezone.now())

    assert worked(browser, told["id"])["state"] == "committed"
    assert Line.objects.count() == 181


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("a.gpkg", b"", 422, "empty"),
        ("a.gpkg", b"%PDF-1.7", 422, "unsupported"),
        ("a.kml", b'<kml xmlns="http://www.opengis.net/kml/2.2"></kml>', 422, "unsupported"),
    ],
)
def test_what_is_no_network_is_refused_at_once(planner: User, name: str, content: bytes, status: int, code: str) -> None:
    answer = Browser(planner).client.post("/api/v1/network-imports", {"file": SimpleUploadedFile(name, content)})

    assert (answer.status_code, answer.json().get("code")) == (status if content else 400, code if content else "invalid")


def test_a_damaged_file_fails_with_a_sentence(planner: User, tmp_path: Path) -> None:
    file = geopackage(tmp_path / "grid.gpkg", upper_rhine())
    file.write_bytes(file.read_bytes()[:50_000])

    told = bring(Browser(planner), file)

    assert (told["state"], told["problem"]["code"], told["can"]) == ("failed", "damaged", ["change", "cancel"])


def test_layers_that_nobody_can_tell_are_asked_about(planner: User, tmp_path: Path) -> None:
    grid = upper_rhine()
    layer(
        tmp_path / "export.gpkg",
        "netz",
        [{"nr": row["code"]} for row in grid["lines"]],
        [shapely.LineString(row["coordinates"]) for row in grid["lines"]],
        kind="LineString",
    )
    browser = Browser(planner)

    told = bring(browser, tmp_path / "export.gpkg")
    assert (told["state"], [question["code"] for question in told["questions"]]) == ("waiting", ["no_kind"])
    told = choose(browser, told, layers={"netz": {"kind": "lines"}})
    assert [question["code"] for question in told["questions"]] == ["no_code"]
    told = choose(browser, told, layers={"netz": {"mapping": {"code": "nr"}}})

    assert (told["state"], counts(told, "lines")) == ("checked", {"new": 181})
    assert told["parts"]["unconnected"] == 1  # no substation came with it
    command(browser, told, "commit")
    assert {line.kind for line in Line.objects.all()} == {"unknown"}
    assert Line.objects.get(code="UR-L000").length_m == pytest.approx(622.6, rel=0.001)  # as drawn


def test_choices_that_the_file_does_not_offer_are_refused(planner: User, tmp_path: Path) -> None:
    browser = Browser(planner)
    told = bring(browser, geopackage(tmp_path / "grid.gpkg", upper_rhine()))

    for choices in (
        {"crs": "EPSG:1"}, {"network": "a b"}, {"tolerance_m": -1}, {"encoding": "KOI8"}, {"layers": {"MV lines": {"kind": "pipes"}}},
        {"layers": {"nothing": {"kind": "lines"}}}, {"layers": {"MV lines": {"mapping": {"code": "no such"}}}},
        {"layers": {"MV lines": {"mapping": {"colour": "code"}}}}, {"layers": []}, {"unknown": 1},
    ):  # fmt: skip
        assert patched(browser, told, choices).status_code == 400, choices
    assert browser.get(f"/api/v1/network-imports/{told['id']}").json()["state"] == "checked"


def test_the_command_takes_a_file_of_a_gis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = geopackage(tmp_path / "upper-rhine.gpkg", upper_rhine())

    call_command("import_network", str(file), "--dry-run", "--json", "--tolerance", "1")
    told = json.loads(capsys.readouterr().out)
    assert (told["network"], told["dry_run"], told["total"]) == (
        "upper-rhine", True, {"new": 328, "moved": 0, "changed": 0, "unchanged": 0, "rejected": 0},
    )  # fmt: skip
    assert (told["choices"]["tolerance_m"], told["parts"]["nodes"]) == (1, 178)
    assert not Network.objects.exists()
    call_command("import_network", str(file))
    call_command("import_network", str(file))
    first, _, second, _ = capsys.readouterr().out.splitlines()
    assert first == "upper-rhine: 328 new, 0 moved, 0 changed, 0 unchanged, 0 rejected."
    assert second == "upper-rhine: 0 new, 0 moved, 0 changed, 328 unchanged, 0 rejected."
    with pytest.raises(CommandError, match="not a coordinate system"):
        call_command("import_network", str(file), "--crs", "EPSG:1")


def western_planner() -> User:
    """Return a planner whose rights, seeing too, end at 7.85 degrees east."""
    west = Area.objects.create(kind="county", code="W", name="West", geom=MultiPolygon(Polygon.from_bbox((7.0, 48.0, 7.85, 49.0))))
    user = person("planner", "wilma")
    LayerGrant.objects.filter(group=user.groups.get()).update(area=west)
    return user


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    lines = [rows[0].keys(), *(row.values() for row in rows)]
    path.write_text("".join(",".join(map(str, line)) + "\n" for line in lines))
    return path


def everything_told(browser: Browser, told: dict[str, Any]) -> str:
    """Return all that the doors tell of an import, as one text."""
    door = f"/api/v1/network-imports/{told['id']}"
    parts = [
        json.dumps(browser.get(f"{door}{part}", **query).json()) for part, query in (("", {}), ("/rows", {"limit": 200}), ("/map", {}))
    ]
    return "\n".join([*parts, b"".join(browser.get(f"{door}/rejects.csv").streaming_content).decode()])


def test_an_import_tells_nothing_of_what_its_author_may_not_see(tmp_path: Path) -> None:
    call_command("import_network", "--upper-rhine", verbosity=0)
    east = [station for station in Station.objects.order_by("code") if station.geom.x > 7.85]
    west = [station for station in Station.objects.order_by("code") if station.geom.x <= 7.85]
    Station.objects.filter(pk__in=[station.pk for station in east]).update(name="SECRET", rating_kva=77)
    Substation.objects.filter(code="UR-S1").update(name="SECRET")
    Transformer.objects.create(network=Network.objects.get(), station=east[0], code="T-EAST", name="SECRET")
    Transformer.objects.create(network=Network.objects.get(), station=west[0], code="T-WEST", name="Seen")
    browser = Browser(western_planner())

    def rows_of(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
        return {row["code"]: row for row in browser.get(f"/api/v1/network-imports/{told['id']}/rows", limit=200).json()["rows"]}

    files = {
        "only codes": table(tmp_path / "stations.csv", [{"code": station.code, "note": ""} for station in (*east, *west)]),
        "moved": table(
            tmp_path / "station.csv",
            [{"code": station.code, "name": "Mine", "rating_kva": 1, "lon": 7.8, "lat": 48.4} for station in (*east, *west)],
        ),
        "feeders": table(tmp_path / "feeders.csv", [{"code": feeder.code, "name": "Mine"} for feeder in Feeder.objects.all()]),
        "transformers": table(tmp_path / "transformers.csv", [{"code": "T-EAST", "note": ""}, {"code": "T-WEST", "note": ""}]),
        "hung on it": table(
            tmp_path / "trafo.csv",
            [{"code": "N-1", "station": east[0].code}, {"code": "N-2", "station": west[0].code}, {"code": "N-3", "station": "NONE"}],
        ),
    }
    rows = {}
    for name, file in files.items():
        told = bring(browser, file)
        if told["choices"]["network"] != "upper-rhine":
            told = choose(browser, told, network="upper-rhine")
        assert told["state"] == "checked", told["problem"]
        rows[name] = rows_of(told)
        text = everything_told(browser, told)
        assert "SECRET" not in text
        assert not any(str(station.geom.x) in text for station in east)

    blank = {"status": "rejected", "name": "", "lon": None, "lat": None, "moved_m": None, "changes": []}
    for name in ("only codes", "moved"):
        for station in east:
            row = rows[name][station.code]
            assert (row["problem"]["code"], {field: row[field] for field in blank}) == ("outside_area", blank)
    assert {rows["only codes"][station.code]["status"] for station in west} == {"unchanged"}
    assert {rows["moved"][station.code]["status"] for station in west} == {"moved_and_changed"}
    east_feeders = set(Feeder.objects.filter(substation__code="UR-S1").values_list("code", flat=True))
    assert {code for code, row in rows["feeders"].items() if row["status"] == "rejected"} == east_feeders
    assert {code: row["status"] for code, row in rows["transformers"].items()} == {"T-EAST": "rejected", "T-WEST": "unchanged"}
    hung = rows["hung on it"]
    assert {code: (row["problem"] or {}).get("code") for code, row in hung.items()} == {
        "N-1": "unknown_station", "N-2": None, "N-3": "unknown_station",
    }  # fmt: skip
    assert (hung["N-1"]["lon"], hung["N-2"]["lon"]) == (None, west[0].geom.x)


def test_a_row_keeps_the_reference_that_it_has_already(tmp_path: Path) -> None:
    call_command("import_network", "--upper-rhine", verbosity=0)
    mine = next(station for station in Station.objects.filter(feeder__substation__code="UR-S1") if station.geom.x <= 7.85)
    browser = Browser(western_planner())

    told = bring(browser, table(tmp_path / "stations.csv", [{"code": mine.code, "feeder": mine.feeder.code, "name": "Mill"}]))

    assert counts(told, "stations") == {"changed": 1}


def test_unconnected_parts_are_listed_where_the_author_may_see_all_of_them(planner: User, tmp_path: Path) -> None:
    call_command("import_network", "--upper-rhine", verbosity=0)
    grid = Network.objects.get()
    for code, west, east in (("SECRET", 8.1, 8.2), ("ACROSS", 7.84, 7.86), ("SEEN", 7.6, 7.7)):
        Line.objects.create(network=grid, code=code, geom=LineString((west, 48.9), (east, 48.9)), length_m=100)
    station = next(station for station in Station.objects.order_by("code") if station.geom.x <= 7.85)
    file = table(tmp_path / "stations.csv", [{"code": station.code, "name": "Mill"}])

    whole = bring(Browser(planner), file)
    browser = Browser(western_planner())
    told = bring(browser, file)

    assert sorted(part["codes"] for part in whole["parts"]["listed"]) == [["ACROSS"], ["SECRET"], ["SEEN"]]
    for parts in (told["parts"], command(browser, told, "commit")["parts"]):
        assert [part["codes"] for part in parts["listed"]] == [["SEEN"]]
        assert {name: parts[name] for name in ("nodes", "parts", "unconnected", "loops")} == dict.fromkeys(
            ("nodes", "parts", "unconnected", "loops")
        )
    assert not {"SECRET", "ACROSS"} & set(everything_told(browser, told).replace('"', " ").split())


def test_a_network_keeps_its_tolerance_until_another_is_chosen(planner: User, tmp_path: Path) -> None:
    call_command("import_network", "--upper-rhine", verbosity=0)
    grid = Network.objects.get()
    Network.objects.update(tolerance_m=2)
    browser = Browser(planner)

    def tolerance_m() -> float:
        return Network.objects.values_list("tolerance_m", flat=True).get()

    told = bring(browser, table(tmp_path / "stations.csv", [{"code": "UR-T001", "name": "Mill"}]))
    assert told["choices"]["tolerance_m"] == 2
    command(browser, command(browser, told, "commit"), "revert")
    assert tolerance_m() == 2

    told = choose(browser, bring(browser, table(tmp_path / "stations.csv", [{"code": "UR-T001", "name": "Hill"}])), tolerance_m=3)
    command(browser, told, "commit")
    assert tolerance_m() == 3
    command(browser, told, "revert")
    assert tolerance_m() == 2

    told = choose(browser, bring(browser, table(tmp_path / "stations.csv", [{"code": "UR-T001", "name": "Dale"}])), tolerance_m=3)
    command(browser, told, "commit")
    Network.objects.update(tolerance_m=4)
    command(browser, told, "revert")
    assert tolerance_m() == 4

    west = Browser(western_planner())
    mine = next(station for station in grid.stations.order_by("code") if station.geom.x <= 7.85)
    told = choose(west, bring(west, table(tmp_path / "stations.csv", [{"code": mine.code, "name": "Dale"}])), tolerance_m=5)
    assert told["choices"]["tolerance_m"] == 4
    assert command(west, told, "commit")["state"] == "committed"
    assert tolerance_m() == 4


def test_a_long_check_is_heard_of_and_a_queued_one_is_waited_for(planner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_HEARTBEAT_S", 0.0)
    start, browser = timezone.now(), Browser(planner)
    path = geopackage(tmp_path / "grid.gpkg", upper_rhine())
    told = browser.client.post("/api/v1/network-imports", {"file": SimpleUploadedFile(path.name, path.read_bytes())}).json()
    assert working.stalled(at=start + working.SILENCE * 2) == []
    assert [str(pk) for pk in working.stalled(at=timezone.now() + working.QUEUED * 2)] == [told["id"]]
    ticks = (start + working.SILENCE * 0.9 * number for number in range(100))
    silences = []

    def clock() -> Any:
        now = next(ticks)
        silences.append(working.stalled(at=now))
        return now

    while working.work(told["id"], clock=clock):
        pass

    assert NetworkImport.objects.get().state == "checked"
    assert (len(silences) > 10, [found for found in silences if found]) == (True, [])


def test_old_imports_are_forgotten_but_not_what_failed_half_stored(planner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "PIECE", 50)
    browser = Browser(planner)
    half = bring(browser, geopackage(tmp_path / "grid.gpkg", upper_rhine()))
    browser.post(f"/api/v1/network-imports/{half['id']}/commit", {})
    storing.store_piece(half["id"], at=timezone.now())
    services.fail_import(half["id"], {"code": "server_error", "text": ""}, at=timezone.now())
    checked = bring(browser, table(tmp_path / "substations.csv", [{"code": "S-9", "lon": 7.8, "lat": 48.4}]))

    forgotten = services.forget_imports(older_than=timezone.now(), at=timezone.now())

    again = browser.get(f"/api/v1/network-imports/{checked['id']}").json()
    assert (forgotten, again["state"], again["can"]) == (1, "cancelled", [])
    assert command(browser, half, "cancel")["state"] == "cancelled"
    assert not Station.objects.exists()


def test_every_kept_file_counts_in_a_persons_quota(planner: User, tmp_path: Path) -> None:
    browser = Browser(planner)
    command(browser, bring(browser, geopackage(tmp_path / "grid.gpkg", upper_rhine())), "commit")
    NetworkImport.objects.update(file_bytes=QUOTA_BYTES)

    answer = browser.client.post("/api/v1/network-imports", {"file": SimpleUploadedFile("a.csv", b"code,name\nA,B\n")})

    assert answer.status_code == 413
