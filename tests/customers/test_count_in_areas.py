"""The count of an area team's list, most of which the pyramid knows, is the number of customers that its polygons cover."""

import itertools

import pytest
from django.contrib.gis.geos import MultiPolygon

from customers import pages
from customers.models import Account, Enterprise
from customers.selectors import CustomerFilter, customers_found
from layers import counting, pyramid
from spatial.models import Area, Point
from tests.cast import MONDAY, member, team
from tests.layers.test_rights_edges import SHAPES, spots_around

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def ledger_around(*shapes: MultiPolygon) -> None:
    """A customer at every spot around the shapes' edges and all over, one that waits for its place, and one that is gone."""
    spots = [*itertools.chain.from_iterable(map(spots_around, shapes)), None, spots_around(shapes[0])[0]]
    owner = Enterprise.objects.create(name="Owner")
    points = Point.objects.bulk_create(Point(geom=spot) for spot in spots)
    accounts = Account.objects.bulk_create(
        Account(enterprise=owner, account_no=f"{n:010}", name=f"N {n}", point=point, created_at=MONDAY, updated_at=MONDAY)
        for n, point in enumerate(points)
    )
    Account.objects.filter(pk=accounts[-1].pk).update(deleted_at=MONDAY)
    Account.objects.filter(pk=accounts[-2].pk).update(area=Area.objects.first())
    pyramid.rebuild("customers")


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_it_is_as_many_as_the_polygon_covers(shape: MultiPolygon) -> None:
    area = Area.objects.create(kind=Area.Kind.SERVICE_AREA, code="A", name="A", geom=shape)
    user = member("arja", team("planner:a", area))
    ledger_around(shape)

    told = pages.customer_page(user=user, wanted=CustomerFilter(), ordering="grade", limit=5)["count"]

    assert told == customers_found(user=user, wanted=CustomerFilter()).count() > 1


def test_areas_that_overlap_count_nobody_twice() -> None:
    shapes = [SHAPES["a round county"], SHAPES["a gear"], SHAPES["two islands"]]
    areas = [Area.objects.create(kind=Area.Kind.SERVICE_AREA, code=f"A{n}", name="A", geom=shape) for n, shape in enumerate(shapes)]
    user = member("arja", team("planner:a", *areas))
    ledger_around(*shapes)

    told = pages.customer_page(user=user, wanted=CustomerFilter(), ordering="grade", limit=5)["count"]

    assert told == customers_found(user=user, wanted=CustomerFilter()).count()
    # And it was not counted point by point.
    assert counting.count("customers", shapes).inside > told / 3
