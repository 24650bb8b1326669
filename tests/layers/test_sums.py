"""Sums hide what rows hide: whatever a door counts, it counts the rows that this person may see, at both sides of a border."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.gis.geos import LineString, Polygon

from customers import services
from customers.models import Account
from customers.rules import GRADES
from spatial.models import Area, Line, Network
from spatial.tiles import tile_at
from tests.cast import MONDAY, Browser, new_customer, person
from tests.layers.tile_client import TileClient

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
# The counties' common border, and a shape across it.
BORDER_LON = 24.8
RING = [(24.72, 60.15), (24.88, 60.16), (24.86, 60.25), (24.74, 60.24), (24.72, 60.15)]
ZOOMS = range(6, 13)


@pytest.fixture
def both_sides(planner: User, helsinki: Area, espoo: Area) -> list[Account]:
    """Customers scattered over the border, two of each county without a location, and lines: one in each county, one across."""
    chance = random.Random(11)
    commands = [
        new_customer(
            f"Site {number}",
            f"{number:010}",
            grade=GRADES[number % 5],
            classes=["large"] if number % 3 == 0 else ["top100"],
            contract_kva=100 + number,
            running_kva=50 + number,
            **({"at": (chance.uniform(24.7, 24.9), chance.uniform(60.15, 60.25))} if number < 40 else {}),
        )
        for number in range(44)
    ]
    accounts = services.create_customers(commands, user=planner, at=MONDAY)
    for account, area in zip(accounts[40:], (helsinki, espoo, helsinki, espoo), strict=True):
        Account.objects.filter(pk=account.pk).update(area=area)
    network = Network.objects.create(code="N", name="N")
    for code, west, east in (("W", 24.7, 24.71), ("E", 24.9, 24.91), ("WE", 24.79, 24.81)):
        Line.objects.create(network=network, code=code, kind="cable", length_m=1, geom=LineString((west, 60.2), (east, 60.2)))
    return list(Account.objects.select_related("point", "area").order_by("pk"))


def is_mine(account: Account, *, whole: bool) -> bool:
    """What a planner of Espoo alone may see, by arithmetic and not by the predicate."""
    return whole or (account.point.geom.x <= BORDER_LON if account.point.geom else account.area.code == "ESP")


def sums(rows: list[Account]) -> dict[str, Any]:
    return {
        "total": len(rows),
        "located": sum(account.point.geom is not None for account in rows),
        "unlocated": sum(account.point.geom is None for account in rows),
        "by_grade": Counter(account.grade for account in rows),
        "by_class": Counter(word for account in rows for word in account.classes),
        "by_status": Counter(account.status for account in rows),
        "contract_kva": sum(account.contract_kva for account in rows),
        "running_kva": sum(account.running_kva for account in rows),
    }


def located(rows: list[Account]) -> list[Account]:
    return [account for account in rows if account.point.geom]


def in_ring(rows: list[Account]) -> list[Account]:
    return [account for account in located(rows) if Polygon(RING).covers(account.point.geom)]


class Asked:
    """One person's doors."""

    def __init__(self, user: User, tiles: TileClient, everything: list[Account]) -> None:
        self.user, self.tiles, self.everything, self._browser = user, tiles, everything, Browser(user)

    def get(self, path: str, **query: Any) -> Any:
        return self._browser.get(f"/api/v1/{path}", **query).json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._browser.post(f"/api/v1/{path}", body).json()

    def seen_as(self) -> Any:
        return Browser(person("administrator", "aino")).get("/api/v1/admin/see-as", user=self.user.pk).json()

    def clustered(self, z: int) -> int:
        """Return how many customers the tiles over all of the town count, each tile its own cells."""
        places = {tile_at(*account.point.geom.coords, z) for account in located(self.everything)}
        clusters = [
            c for x, y in sorted(places) for c in self.tiles.get(f"/tiles/customers/{z}/{x}/{y}.mvt", self.user).features("clusters")
        ]
        return sum(c["properties"]["n"] for c in clusters if all(0 <= value < 4096 for value in c["geometry"]["coordinates"]))


def layer_counts(answer: dict[str, Any]) -> dict[str, int]:
    return {layer["id"]: layer["count"] for layer in answer["layers"] if layer["id"] != "imagery"}


# The door's numbers, and the same from the rows.
DOORS: dict[str, tuple[Callable[[Asked], Any], Callable[[list[Account]], Any]]] = {
    "counts": (lambda asked: asked.get("customers/counts"), sums),
    "counts of a filter": (
        lambda asked: asked.get("customers/counts", grade="first")["total"],
        lambda rows: sum(account.grade == "first" for account in rows),
    ),
    "list": (lambda asked: asked.get("customers", limit=1)["count"], len),
    "list of a box": (
        lambda asked: asked.get("customers", limit=1, bbox="24.75,60.15,24.85,60.25")["count"],
        lambda rows: sum(24.75 <= account.point.geom.x <= 24.85 for account in located(rows)),
    ),
    "list without locations": (lambda asked: asked.get("customers", located="false")["count"], lambda rows: len(rows) - len(located(rows))),
    "within": (
        lambda asked: asked.post("customers/within", {"geometry": {"type": "Polygon", "coordinates": [RING]}}),
        lambda rows: sums(in_ring(rows)) | {"count": len(in_ring(rows))},
    ),
    "search": (
        lambda asked: sum(found["kind"] == "customer" for found in asked.get("search", q="Site", limit=50)["results"]),
        len,
    ),
    "features": (lambda asked: asked.get("layers/customers/features", limit=1)["numberMatched"], lambda rows: len(located(rows))),
    "snapshot": (lambda asked: len(asked.get("layers/customers/snapshot")["features"]), lambda rows: len(located(rows))),
    "see-as": (lambda asked: asked.seen_as()["customers"], sums),
    **{f"clusters z{z}": (lambda asked, z=z: asked.clustered(z), lambda rows: len(located(rows))) for z in ZOOMS},
}


@pytest.mark.parametrize("who", ["everywhere", "espoo"])
@pytest.mark.parametrize("door", DOORS)
def test_what_a_door_counts_is_what_its_person_may_see(
    door: str, who: str, planner: User, esko: User, both_sides: list[Account], tiles: TileClient
) -> None:
    of_door, of_rows = DOORS[door]
    rows = [account for account in both_sides if is_mine(account, whole=who == "everywhere")]
    # Whoever sees everything asks first: what is kept must not answer the other.
    if who != "everywhere" and door != "see-as":
        of_door(Asked(planner, tiles, both_sides))

    told = of_door(Asked(planner if who == "everywhere" else esko, tiles, both_sides))

    wanted = of_rows(rows)
    if isinstance(wanted, dict):
        told = {name: told[name] for name in wanted}
    assert told == wanted
    assert of_rows(both_sides) != of_rows([account for account in both_sides if is_mine(account, whole=False)]), (
        "the door would hide nothing"
    )


@pytest.mark.parametrize(("who", "lines", "areas"), [("everywhere", 3, 2), ("espoo", 2, 1)])
def test_network_and_areas_are_counted_as_far_as_one_sees_them(
    who: str, lines: int, areas: int, planner: User, esko: User, both_sides: list[Account], tiles: TileClient
) -> None:
    asked = Asked(planner if who == "everywhere" else esko, tiles, both_sides)

    counts = layer_counts(asked.seen_as())

    assert (counts["network"], counts["areas"]) == (lines, areas)
    assert asked.get("layers/network/features")["numberMatched"] == lines
    assert asked.get("layers/areas/features")["numberMatched"] == areas
    assert len(asked.get("me")["utility"]["areas"]) == areas
    drawn = {
        line["properties"]["code"]
        for lon in (24.705, 24.8, 24.905)
        for line in tiles.get("/tiles/network/14/{}/{}.mvt".format(*tile_at(lon, 60.2, 14)), asked.user).features("lines")
    }
    assert len(drawn) == lines
