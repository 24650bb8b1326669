"""The stage of the browser tests: the people, one street, one county. Run by conftest.py in the server's own environment.

Customers are not here: every test opens its own through the API (`world.customer`), and they are gone when it ends.
"""

from pathlib import Path

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.gis.geos import MultiPolygon, Point, Polygon  # noqa: E402

from layers import services as rights  # noqa: E402
from layers.access import ROLE_ACTIONS  # noqa: E402
from layers.basemap_records import VECTOR, demo_imagery, save_basemaps  # noqa: E402
from spatial.models import Area, Place  # noqa: E402
from tests.cast import PASSWORD  # noqa: E402

# Two planners, because some stories need two people who may do the same.
# Whose account is changed by a story: nobody else signs in as them.
ACCOUNTS = ("aino", "eino", "helmi", "ilona", "onni", "saara", "toivo", "urho", "vesa")
PEOPLE = {role: role for role in ROLE_ACTIONS} | {"planner2": "planner"} | dict.fromkeys(ACCOUNTS, "planner")
NAMES = {"planner": ("Pekka", "Planner"), "planner2": ("Paula", "Planner"), "inspector": ("Ines", "Inspector")}


def set_up() -> None:
    for username, role in PEOPLE.items():
        first_name, last_name = NAMES.get(username, (username.capitalize(), "Tester"))
        user = User.objects.create_user(username, password=PASSWORD, first_name=first_name, last_name=last_name)
        user.groups.add(*rights.ensure_roles([role]))
        # As the accounts of the demo are made: the first administrator may open the tables at /admin/ too.
        user.is_staff = user.is_superuser = role == "administrator"
        user.save()
    county = MultiPolygon(Polygon.from_bbox((24.8, 60.1, 25.1, 60.3)))
    Area.objects.create(kind=Area.Kind.COUNTY, code="HEL", name="Helsinki", name_zh="赫尔辛基", geom=county)
    # No map proxy runs here: the imagery is a source that is down.
    save_basemaps([VECTOR, demo_imagery(Path("nowhere.tif"))])
    Place.objects.create(kind="street", name="Mannerheimintie", origin="test", geom=Point(24.9352, 60.1723))
    Place.objects.create(
        kind="building",
        name="Finlandia-talo",
        address="Mannerheimintie 13",
        category="concert hall",
        origin="test",
        geom=Point(24.9336, 60.1757),
    )


if __name__ == "__main__":
    set_up()
