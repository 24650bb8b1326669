"""The customers nearest to a point: nearest in metres, as far as one may see them."""

import random

import pytest
from django.contrib.auth.models import User
from pyproj import Geod

from customers import services
from customers.models import Account
from spatial.geometry import box_around
from tests.cast import DIPOLI, MONDAY, MUSEUM, THEATRE, Browser, new_customer

pytestmark = [pytest.mark.db, pytest.mark.django_db]
GEOD = Geod(ellps="WGS84")
DOOR = "/api/v1/customers/nearest"


def scattered(planner: User, lon: float, lat: float, count: int = 80) -> list[Account]:
    dice = random.Random(7)
    spots = [((lon + dice.gauss(0, 0.05) + 180) % 360 - 180, lat + dice.gauss(0, 0.05)) for _ in range(count)]
    commands = [new_customer(f"Site {n}", f"{n:010}", grade=["first", "none"][n % 2], at=where) for n, where in enumerate(spots)]
    return services.create_customers(commands, user=planner, at=MONDAY)


def metres(account: Account, lon: float, lat: float) -> float:
    return GEOD.inv(lon, lat, *account.point.geom.coords)[2]


def near(user: User, lon: float, lat: float, **query) -> list[dict]:
    answer = Browser(user).get(DOOR, near=f"{lon},{lat}", **query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


# In the far north a degree of longitude is a tenth of one of latitude; the others are at the date line and the equator.
@pytest.mark.parametrize("where", [MUSEUM, (25.78, 84.0), (179.999, -16.8), (0.0, 0.0)])
def test_they_are_the_nearest_in_metres_and_in_order(planner, where):
    accounts = scattered(planner, *where)
    expected = sorted(accounts, key=lambda account: metres(account, *where))[:10]

    rows = near(planner, *where)

    assert [row["id"] for row in rows] == [account.pk for account in expected]
    assert [row["distance_m"] for row in rows] == pytest.approx([metres(account, *where) for account in expected], abs=0.01)


def test_fewer_than_asked_for_are_all_and_nobody_is_none(planner, museum, theatre):
    assert [row["id"] for row in near(planner, *THEATRE, limit=50)] == [museum.pk]
    assert near(planner, *THEATRE, grade="special") == []


def test_the_filters_of_the_list_choose_whom(planner):
    accounts = scattered(planner, *MUSEUM)
    key_customers = [account for account in accounts if account.grade == "first"]

    rows = near(planner, *MUSEUM, grade="first", limit=7)

    assert [row["id"] for row in rows] == [
        account.pk for account in sorted(key_customers, key=lambda account: metres(account, *MUSEUM))[:7]
    ]


def test_nobody_is_told_of_a_customer_that_is_not_theirs(esko, holder, museum, dipoli):
    assert [row["id"] for row in near(esko, *MUSEUM)] == [dipoli.pk]
    assert [row["id"] for row in near(holder, *DIPOLI)] == [museum.pk]


@pytest.mark.parametrize(
    "query", [{}, {"near": "24"}, {"near": "24,x"}, {"near": "nan,60"}, {"near": "24,91"}, {"near": "24,60", "limit": "0"}]
)
def test_a_place_that_is_none_is_refused(planner, query):
    assert Browser(planner).get(DOOR, **query).status_code == 400


@pytest.mark.parametrize("lat", [-84.9, -45, 0, 60.2, 84.9])
@pytest.mark.parametrize("radius_m", [1, 5_000, 400_000, 3_000_000])
def test_the_box_around_a_circle_holds_all_of_it(lat, radius_m):
    halves = box_around(179.5, lat, radius_m).halves()

    for bearing in range(0, 360, 5):
        lon, reached, _ = GEOD.fwd(179.5, lat, bearing, radius_m * 0.999999)
        assert any(box.west <= lon <= box.east and box.south <= reached <= box.north for box in halves), bearing
