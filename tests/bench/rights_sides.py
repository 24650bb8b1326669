"""The sides of RIGHTS, run in the bench database's own environment: the same tiles and lists for who sees everything, and through areas.

Prints one JSON object: side -> milliseconds per round. "area" is a polygon of a thousand corners around every customer, so both sides
answer the same; "county" is one that holds about a tenth, what an area team really has.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon, Point
from django.db import connection
from django.utils import timezone

from customers import pages, selectors
from layers import registry, tile_sql
from layers import services as rights
from spatial.models import Area
from tests.bench.harness import towns


def people() -> dict[str, User]:
    """Return who sees everything, and the members of a team of each area."""
    found = {"whole": User.objects.get_or_create(username="bench-whole")[0]}
    found["whole"].groups.set(rights.ensure_roles(["planner"]))
    town = towns()[0]
    shapes = {"area": Point(25.5, 60.85, srid=4326).buffer(3.5, 250), "county": Point(town.lon, town.lat, srid=4326).buffer(0.25, 250)}
    for name, shape in shapes.items():
        code = f"BENCH-{name}"
        Area.objects.update_or_create(code=code, defaults={"kind": "service_area", "name": code, "geom": MultiPolygon(shape, srid=4326)})
        rights.set_grants(f"planner:{name}", "*", [rights.Grant("view", code)], by=None, at=timezone.now())
        found[name] = User.objects.get_or_create(username=f"bench-{name}")[0]
        rights.set_groups([found[name].pk], [f"planner:{name}"], by=None, at=timezone.now())
    return found


def tile_side(user: User, z: int, tiles: list[tuple[int, int]]) -> Callable[[], None]:
    statement = tile_sql.tile_statement(registry.layer("customers"), user, (), z, from_pyramid=False)
    assert statement
    name = f"side_{user.pk}_{z}"
    with connection.cursor() as cursor:
        cursor.execute(f"prepare {name} ({statement.types}) as {statement.sql.replace('%', '%%')}", [])

    def run() -> None:
        with connection.cursor() as cursor:
            for x, y in tiles:
                cursor.execute(f"execute {name}({tile_sql.tile_arguments(statement, z, x, y)})")
                cursor.fetchall()

    return run


def list_side(user: User) -> Callable[[], None]:
    def run() -> None:
        pages.customer_page(user=user, wanted=selectors.CustomerFilter(), ordering="grade", limit=50)

    return run


def main(rounds: int, tiles_text: str) -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("set jit = off; set plan_cache_mode = force_generic_plan")
    tiles: list[tuple[int, int]] = [(x, y) for x, y in json.loads(tiles_text)]
    sides: dict[str, Callable[[], Any]] = {}
    for name, user in people().items():
        sides |= {f"tile {name}": tile_side(user, 14, tiles), f"list {name}": list_side(user)}
    for run in sides.values():
        run()
    took: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            began = time.perf_counter()
            run()
            took[name].append((time.perf_counter() - began) * 1000)
    print(json.dumps({"took_ms": took, "medians_ms": {name: statistics.median(times) for name, times in took.items()}}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
