"""The cast of the tests: a few people, sites and areas with names. Loaded as a pytest plugin by tests/conftest.py."""

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Point, Polygon
from django.test import Client

from customers import services
from customers.models import Account, AccountHolder
from layers import access
from layers import services as rights
from spatial.models import Area, Feeder, Line, Network, Substation

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
# Two real spots of central Helsinki, lon, lat.
MUSEUM = (24.9316, 60.1751)
THEATRE = (24.9472, 60.1716)
# And one of Espoo, the county to the west.
DIPOLI = (24.7320, 60.1849)


def person(role: str, username: str | None = None) -> User:
    """Return a person of that role."""
    user = User.objects.create_user(username or role, password=PASSWORD, first_name=(username or role).capitalize())
    user.groups.add(*rights.ensure_roles([role]))
    return user


def team(name: str, *areas: Area, layer: str = "*", actions: Iterable[str] = access.ROLE_ACTIONS["planner"]) -> str:
    """Give the team (role:team) these actions in these areas only; return its name."""
    grants = [rights.Grant(action, area.code) for action in actions for area in areas]
    rights.set_grants(name, layer, grants, by=None, at=MONDAY)
    return name


def member(username: str, *groups: str) -> User:
    """Return a person of exactly these groups."""
    user = User.objects.create_user(username, password=PASSWORD, first_name=username.capitalize())
    rights.set_groups([user.pk], groups, by=None, at=MONDAY)
    return user


def new_customer(name: str = "Kansallismuseo", account_no: str = "0012345678", **fields) -> services.NewCustomer:
    """Return the command that opens a customer; with `at=(lon, lat)` it has a position."""
    where = fields.pop("at", None)
    if where:
        fields |= {"lon": where[0], "lat": where[1], "source": "survey"}
    return services.NewCustomer(name=name, account_no=account_no, **fields)


def command_headers(key: str | None = None) -> dict[str, str]:
    """Return the header every write needs."""
    return {"Idempotency-Key": key or str(uuid.uuid4())}


class Browser:
    """A signed-in person's browser, speaking JSON."""

    def __init__(self, user: User | None) -> None:
        self.client = Client()
        self.user = user
        if user:
            self.client.force_login(user)

    def get(self, path: str, **query):
        return self.client.get(path, query)

    def send(self, method: str, path: str, body: dict | None = None, *, key: str | None = None):
        return self.client.generic(method, path, json.dumps(body or {}), content_type="application/json", headers=command_headers(key))

    def post(self, path: str, body: dict | None = None, *, key: str | None = None):
        return self.send("POST", path, body, key=key)


@pytest.fixture
def planner(db) -> User:
    return person("planner", "pekka")


@pytest.fixture
def dispatcher(db) -> User:
    return person("dispatcher", "dina")


@pytest.fixture
def helsinki(db) -> Area:
    """A county that covers central Helsinki."""
    return Area.objects.create(
        kind=Area.Kind.COUNTY,
        code="HEL",
        name="Helsinki",
        name_zh="赫尔辛基",
        geom=MultiPolygon(Polygon.from_bbox((24.8, 60.1, 25.1, 60.3))),
    )


@pytest.fixture
def museum(planner: User, helsinki: Area) -> Account:
    """The National Museum: first grade, large, located."""
    command = new_customer(
        name_en="National Museum",
        name_zh="国家博物馆",
        enterprise="Museovirasto",
        grade="first",
        classes=["large"],
        address="Mannerheimintie 34",
        contract_kva=1250,
        at=MUSEUM,
        contacts=[services.NewContact(name="Mikko", phone="+358 9 4050 9552", is_duty=True)],
    )
    return services.create_customers([command], user=planner, at=MONDAY)[0]


@pytest.fixture
def theatre(planner: User, helsinki: Area) -> Account:
    """The National Theatre: second grade, not located yet."""
    command = new_customer("Kansallisteatteri", "0098765432", name_en="National Theatre", grade="second", contract_kva=800)
    return services.create_customers([command], user=planner, at=MONDAY)[0]


@pytest.fixture
def holder(db, museum: Account) -> User:
    """A person of the museum, who holds its account only."""
    user = person("customer", "kalle")
    AccountHolder.objects.create(user=user, account=museum)
    return user


@pytest.fixture
def espoo(db) -> Area:
    """The county to the west of Helsinki; they share a border."""
    geom = MultiPolygon(Polygon.from_bbox((24.5, 60.1, 24.8, 60.3)))
    return Area.objects.create(kind=Area.Kind.COUNTY, code="ESP", name="Espoo", name_zh="埃斯波", geom=geom)


@pytest.fixture
def dipoli(planner: User, espoo: Area) -> Account:
    """A conference centre in Espoo: second grade, located."""
    command = new_customer("Dipoli", "0011122233", name_en="Dipoli", grade="second", contract_kva=400, at=DIPOLI)
    return services.create_customers([command], user=planner, at=MONDAY)[0]


@pytest.fixture
def esko(espoo: Area) -> User:
    """A planner for Espoo alone."""
    return member("esko", team("planner:espoo", espoo))


@pytest.fixture
def grid(db) -> Network:
    """One substation and one feeder of two lines by the museum."""
    network = Network.objects.create(code="HEL", name="Helsinki")
    Substation.objects.create(network=network, code="S1", name="Kluuvi", voltage_kv=110, geom=Point(*THEATRE, srid=4326))
    course = [LineString(THEATRE, (24.94, 60.173)), LineString((24.94, 60.173), MUSEUM)]
    feeder = Feeder.objects.create(network=network, code="F1", name="Kluuvi 1", voltage_kv=20, geom=MultiLineString(course, srid=4326))
    for number, line in enumerate(course):
        Line.objects.create(network=network, feeder=feeder, code=f"L{number}", kind="cable", length_m=500, geom=line)
    return network
