"""The quick tests before an area's polygon change nothing: who stands inside is who the polygon itself covers, on its edges and corners too."""

import itertools
import math
import random

import pytest
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Polygon
from django.contrib.gis.geos import Point as Spot

from layers import access
from spatial import shapes
from spatial.models import SRID, Area, Point
from tests.cast import member, team

pytestmark = [pytest.mark.db, pytest.mark.django_db]
ISLAND = Spot(24.9, 60.2).buffer(0.3, 250)


def gear(teeth: int, lon: float, lat: float, radius: float) -> Polygon:
    """A ring that goes in and out."""
    corners = []
    for n in range(teeth * 2):
        angle, length = math.pi * n / teeth, radius * (1 if n % 2 else 0.6)
        corners.append((lon + length * math.cos(angle), lat + length * math.sin(angle)))
    return Polygon([*corners, corners[0]])


def strip() -> Polygon:
    """A river of 200 corners, a metre wide."""
    bank = [(24 + n / 100, 60 + math.sin(n / 5) / 10) for n in range(100)]
    return Polygon([*bank, *((lon, lat + 0.00001) for lon, lat in reversed(bank)), bank[0]])


SHAPES = {
    "a round county": MultiPolygon(ISLAND),
    "one with a lake": MultiPolygon(ISLAND.difference(Spot(24.95, 60.2).buffer(0.15, 100))),
    "two islands": MultiPolygon(ISLAND, Spot(26.5, 60.2).buffer(0.2, 100)),
    "a gear": MultiPolygon(gear(150, 24.9, 60.2, 0.4)),
    "a house": MultiPolygon(Spot(24.9, 60.2).buffer(0.0005, 100)),
    "a river": MultiPolygon(strip()),
    "across the date line's side": MultiPolygon(Spot(179.6, -16.8).buffer(0.35, 250)),
    "a box": MultiPolygon(Polygon.from_bbox((24.5, 60.1, 24.8, 60.3))),
}


def spots_around(shape: GEOSGeometry) -> list[Spot]:
    """Corners, middles of edges, a hair beside them, corners of the box inside, and places all over."""
    dice = random.Random(7)
    corners = [corner for part in shape for ring in part for corner in ring.coords]
    near = dice.sample(corners, min(60, len(corners)))
    near += [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in itertools.pairwise(corners[:41])]
    near += [corner for part in shapes.inside(shape) if not part.empty for corner in part.convex_hull.exterior_ring.coords]
    hair = [(lon + dice.choice((-1, 1)) * dice.choice((1e-12, 1e-7, 1e-5)), lat + dice.choice((-1, 1)) * 1e-9) for lon, lat in near]
    west, south, east, north = shape.extent
    all_over = [(dice.uniform(west - 0.01, east + 0.01), dice.uniform(south - 0.01, north + 0.01)) for _ in range(400)]
    return [Spot(*where, srid=SRID) for where in (*near, *hair, *all_over)]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_area_holds_exactly_the_points_that_its_polygon_covers(shape: MultiPolygon) -> None:
    area = Area.objects.create(kind=Area.Kind.SERVICE_AREA, code="A", name="A", geom=shape)
    Point.objects.bulk_create(Point(geom=spot) for spot in spots_around(shape))
    reach = access.areas_of(member("arja", team("planner:a", area)), "customers", access.VIEW)

    held = set(Point.objects.filter(reach.holds("geom")).values_list("pk", flat=True))

    covered = set(Point.objects.filter(geom__coveredby=Area.objects.get().geom).values_list("pk", flat=True))
    assert held == covered
    assert 0 < len(covered) < Point.objects.count()


def test_what_is_asked_first_lies_inside_and_holds_most() -> None:
    shape = SHAPES["a round county"]

    box, simple = shapes.inside(shape)

    assert shape.covers(simple) and simple.covers(box)
    assert simple.num_coords <= 40 < shape.num_coords
    assert simple.area > 0.9 * shape.area
    assert box.area > 0.5 * shape.area


def test_a_shape_of_few_corners_and_one_too_narrow_have_nothing_to_ask_first() -> None:
    assert all(part.empty for name in ("a box", "a river") for part in shapes.inside(SHAPES[name]))
