"""Who is inside a drawn shape: the list equals an independent computation."""

import random

import pytest
from pyproj import Geod
from shapely.geometry import Point, Polygon

from customers import services
from customers.models import Account
from tests.cast import MONDAY, MUSEUM, Browser, new_customer

pytestmark = [pytest.mark.db, pytest.mark.django_db]

GRADES = ["special", "first", "second", "temporary", "none"]
GEOD = Geod(ellps="WGS84")


@pytest.fixture
def sixty(helsinki, planner) -> list[Account]:
    """Sixty customers scattered over 3 km around the museum."""
    dice = random.Random(7)
    commands = [
        new_customer(
            f"Site {n}",
            f"{n:010}",
            grade=GRADES[n % 5],
            classes=["large"] if n % 2 else ["top100"],
            contract_kva=100 + n,
            at=(MUSEUM[0] + dice.uniform(-0.03, 0.03), MUSEUM[1] + dice.uniform(-0.015, 0.015)),
        )
        for n in range(60)
    ]
    return services.create_customers(commands, user=planner, at=MONDAY)


def ask(planner, shape: dict) -> dict:
    return Browser(planner).post("/api/v1/customers/within", shape).json()


def test_a_polygon_gives_the_customers_their_counts_and_their_kva(sixty, planner):
    ring = [(24.92, 60.168), (24.95, 60.170), (24.945, 60.182), (24.915, 60.180), (24.92, 60.168)]
    inside = [account for account in sixty if Polygon(ring).covers(Point(account.point.geom.coords))]

    answer = ask(planner, {"geometry": {"type": "Polygon", "coordinates": [ring]}})

    assert 0 < len(inside) < 60
    assert {row["id"] for row in answer["customers"]} == {account.pk for account in inside}
    assert answer["count"] == len(inside)
    assert answer["contract_kva"] == sum(account.contract_kva for account in inside)
    assert sum(answer["by_grade"].values()) == len(inside)
    assert answer["by_class"]["large"] == sum("large" in account.classes for account in inside)


@pytest.mark.parametrize("radius_m", [50, 300, 1000, 5000])
def test_a_circle_is_measured_in_metres_on_the_ellipsoid(sixty, planner, radius_m):
    inside = {account.pk for account in sixty if GEOD.inv(*MUSEUM, *account.point.geom.coords)[2] <= radius_m}

    answer = ask(planner, {"centre": {"lon": MUSEUM[0], "lat": MUSEUM[1]}, "radius_m": radius_m})

    assert {row["id"] for row in answer["customers"]} == inside


def test_a_corridor_takes_half_its_width_to_each_side(sixty, planner):
    west, east = (24.91, 60.1751), (24.95, 60.1751)
    # Along a parallel this short the distance to the line is the distance to the nearest longitude on it.
    inside = {
        account.pk
        for account in sixty
        if GEOD.inv(min(max(account.point.geom.x, west[0]), east[0]), 60.1751, *account.point.geom.coords)[2] <= 200
    }

    answer = ask(planner, {"line": [west, east], "width_m": 400})

    assert len({row["id"] for row in answer["customers"]} ^ inside) <= 1
    assert answer["count"] > 0


def test_the_filters_of_the_screen_narrow_the_shape_too(sixty, planner):
    everything = ask(planner, {"centre": {"lon": MUSEUM[0], "lat": MUSEUM[1]}, "radius_m": 5000})
    graded = ask(planner, {"centre": {"lon": MUSEUM[0], "lat": MUSEUM[1]}, "radius_m": 5000, "grade": "special,first"})

    assert everything["by_grade"]["special"] + everything["by_grade"]["first"] == graded["count"]
    assert set(graded["by_grade"]) == {"special", "first"}


def test_a_customer_gets_only_their_own_sums(sixty, museum, holder):
    answer = ask(holder, {"centre": {"lon": MUSEUM[0], "lat": MUSEUM[1]}, "radius_m": 100_000})

    assert (answer["count"], answer["contract_kva"]) == (1, 1250.0)


def test_no_capacity_known_is_null_and_not_zero(helsinki, planner):
    services.create_customers([new_customer("Bare", "1", at=MUSEUM)], user=planner, at=MONDAY)

    answer = ask(planner, {"centre": {"lon": MUSEUM[0], "lat": MUSEUM[1]}, "radius_m": 100})

    assert (answer["count"], answer["contract_kva"]) == (1, None)
