"""Files in other datums than ours: found out or asked, converted once, never twice."""

from pathlib import Path

import pytest
import shapely
from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon, Polygon

from customers.models import Account
from spatial.models import Area
from tests.cast import MUSEUM, THEATRE, Browser
from tests.customers.test_import import _media, bring, commit, rows, worked  # noqa: F401 (a fixture for every test here)
from tests.spatial.test_files import layer

pytestmark = [pytest.mark.db, pytest.mark.django_db]

BOZHOU = (115.7787, 33.8446)
GCJ = (115.7842393, 33.8431563)


@pytest.fixture
def bozhou(db) -> Area:
    """A county of Anhui, where the datums differ, and where two zones meet at 115.5 degrees."""
    return Area.objects.create(
        kind=Area.Kind.COUNTY, code="341600", name="Bozhou", geom=MultiPolygon(Polygon.from_bbox((115.3, 33.5, 116.2, 34.2)))
    )


def choose(browser: Browser, told: dict, **choices) -> dict:
    answer = browser.send("PATCH", f"/api/v1/imports/{told['id']}", choices)
    assert answer.status_code == 200, answer.content
    return worked(browser, told["id"])


def spot_of(number: str) -> tuple[float, float]:
    geom = Account.objects.get(account_no=number).point.geom
    return round(geom.x, 6), round(geom.y, 6)


def test_degrees_in_china_are_asked_about_and_a_shifted_map_is_put_right(planner: User, bozhou: Area) -> None:
    browser = Browser(planner)
    text = f"户号,户名,经度,纬度\n3400000001,博物馆,{GCJ[0]},{GCJ[1]}\n"
    told = bring(browser, text.encode("gb18030"), "台账.csv")
    assert (told["state"], [question["code"] for question in told["questions"]]) == ("waiting", ["crs_unknown"])
    assert {"WGS84", "GCJ02", "BD09", "EPSG:4527"} <= {option["code"] for option in told["crs_options"]}

    commit(browser, choose(browser, told, crs="GCJ02"))

    point = Account.objects.get().point
    assert spot_of("3400000001") == BOZHOU
    assert (point.datum, bool(point.converted_by)) == ("GCJ02", True)
    # What was said of these headings once is said of the next file too, and nothing is shifted a second time.
    again = bring(browser, text.encode("gb18030"), "台账二.csv")
    assert (again["state"], again["counts"]["unchanged"], again["choices"]["crs"]) == ("nothing", 1, "GCJ02")
    assert (again["choices"]["crs_from"], again["choices"]["remembered"]["by"]) == ("remembered", "Pekka")


def test_a_file_that_straddles_two_zones_is_placed_row_by_row(planner: User, bozhou: Area) -> None:
    browser = Browser(planner)
    west, east = "38456245.6", "39386962.138"

    told = bring(browser, f"account_no,name,easting,northing\n1,West,{west},3747095.353\n2,East,{east},3747095.353\n")
    if told["state"] == "waiting":
        told = choose(browser, told, crs="CGCS2000-ZONES")

    assert told["counts"]["new"] == 2, told
    commit(browser, told)
    assert spot_of("2") == BOZHOU
    assert 113.4 < spot_of("1")[0] < 115.5
    assert Account.objects.get(account_no="2").point.datum == "CGCS2000-ZONES"


def test_swapped_columns_are_noticed_and_asked_about(planner: User, helsinki: Area) -> None:
    browser = Browser(planner)
    told = bring(browser, f"account_no,name,lon,lat\n1,Museum,{MUSEUM[1]},{MUSEUM[0]}\n2,Theatre,{THEATRE[1]},{THEATRE[0]}\n")
    assert (told["state"], [question["code"] for question in told["questions"]]) == ("waiting", ["axes_swapped"])

    told = choose(browser, told, swap_axes=True)

    assert told["counts"]["new"] == 2
    commit(browser, told)
    assert spot_of("1") == MUSEUM


def test_a_single_swapped_row_is_rejected_and_the_others_are_not(planner: User, helsinki: Area) -> None:
    good = "".join(f"{n},Good,24.93,60.17\n" for n in range(10, 15))

    told = bring(Browser(planner), f"account_no,name,lon,lat\n{good}1,Bad,{MUSEUM[1]},{MUSEUM[0]}\n")

    assert told["counts"]["new"] == 5
    assert [row["problem"]["code"] for row in rows(Browser(planner), told["id"], status="rejected")] == ["looks_swapped"]


def test_what_a_file_declares_is_believed_and_the_same_file_shifts_nothing(planner: User, bozhou: Area, tmp_path: Path) -> None:
    browser = Browser(planner)
    spots = [shapely.Point(386962.138, 3747095.353), shapely.Point(387000, 3747100)]
    data = layer(tmp_path / "a.gpkg", "GPKG", crs="EPSG:4548", geometries=spots).read_bytes()
    told = bring(browser, data, "a.gpkg")
    told = choose(browser, told, mapping={"account_no": "number", "name": "name"})
    assert (told["state"], told["detected"]["crs"], told["detected"]["crs_from"]) == ("checked", "EPSG:4548", "file"), told

    commit(browser, told)

    assert spot_of("0012345678") == BOZHOU
    again = bring(browser, data, "b.gpkg")
    assert (again["counts"]["unchanged"], again["counts"]["moved"]) == (2, 0)


def test_a_coordinate_system_that_is_not_on_the_list_is_refused(planner: User, helsinki: Area) -> None:
    browser = Browser(planner)
    told = bring(browser, "account_no,name,lon,lat\n1,A,24.93,60.17\n")

    for crs in ("EPSG:4214", "+proj=longlat", "/vsicurl/http://127.0.0.1/x", "EPSG:999999"):
        answer = browser.send("PATCH", f"/api/v1/imports/{told['id']}", {"crs": crs[:20]})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["crs"])
