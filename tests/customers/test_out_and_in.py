"""What leaves as a file comes in again: the import's own reader finds every row where it was, and nothing to change."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon, Polygon

from customers import services
from customers.models import Account
from spatial.models import Area
from tests.cast import MONDAY, Browser, new_customer
from tests.customers.test_import import bring, rows
from tests.layers.test_exports import taken

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.parametrize(
    ("file_format", "crs", "language"),
    [
        ("csv", "WGS84", "en"),
        ("csv", "WGS84", "zh"),
        ("csv", "EPSG:3067", "en"),
        ("csv", "EPSG:3067", "zh"),
        ("xlsx", "WGS84", "zh"),
        ("xlsx", "EPSG:3067", "en"),
        ("geojson", "WGS84", "en"),
        ("gpkg", "WGS84", "en"),
        ("gpkg", "EPSG:3067", "en"),
        ("shp", "EPSG:3067", "en"),
        ("kml", "WGS84", "en"),
    ],
)
def test_a_file_of_the_list_comes_in_again_and_changes_nothing(
    planner: User, museum: Account, theatre: Account, dipoli: Account, file_format: str, crs: str, language: str
) -> None:
    suffix = {"shp": "zip"}.get(file_format, file_format)
    browser = Browser(planner)

    told = bring(browser, taken(planner, file_format, crs=crs, language=language), f"list.{suffix}")

    assert told["state"] == "nothing", told
    assert told["counts"] == {"new": 0, "moved": 0, "changed": 0, "unchanged": 3, "rejected": 0, "far_moves": 0}, [
        (row["status"], row["changes"], row["moved_m"], row["problem"]) for row in rows(browser, told["id"])
    ]
    assert told["choices"]["crs"] == crs


@pytest.mark.parametrize("crs", ["CGCS2000", "GCJ02", "BD09", "EPSG:4527", "EPSG:4548"])
def test_in_china_the_datum_written_beside_the_number_is_read_from_there(planner: User, crs: str) -> None:
    county = MultiPolygon(Polygon.from_bbox((115.0, 33.0, 116.5, 34.5)))
    Area.objects.create(kind=Area.Kind.COUNTY, code="BZ", name="Bozhou", name_zh="亳州", geom=county)
    services.create_customers([new_customer("亳州站", "0000000001", at=(115.7787, 33.8446))], user=planner, at=MONDAY)
    browser = Browser(planner)

    told = bring(browser, taken(planner, "csv", crs=crs, language="zh"), "list.csv")

    assert (told["state"], told["choices"]["crs"]) == ("nothing", crs), told
    assert told["counts"]["unchanged"] == 1, rows(browser, told["id"])
