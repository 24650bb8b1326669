"""Administrators give rights in the application, see what a person can see, and nobody else gets near."""

import pytest
from django.contrib.auth.models import Group, User

from customers.models import Account
from layers.models import LayerGrant
from spatial.models import Area
from tests.cast import Browser, member, person, team

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def aino(db: None) -> User:
    return person("administrator", "aino")


def test_the_grants_of_all_groups_are_listed(aino: User, espoo: Area) -> None:
    team("planner:espoo", espoo, actions=["view"])
    person("customer")

    sets = {(row["group"], row["layer"]): row["grants"] for row in Browser(aino).get("/api/v1/admin/grants").json()}

    assert sets["planner:espoo", "*"] == [{"action": "view", "area": "ESP"}]
    assert sets["customer", "*"] == [{"action": "view", "area": None}]


def test_the_roles_are_listed_with_their_people_and_rights(aino: User, espoo: Area, django_assert_max_num_queries) -> None:
    member("esko", team("planner:espoo", espoo, actions=["view"]))
    member("inkeri", "planner:espoo", "customer")

    browser = Browser(aino)

    with django_assert_max_num_queries(6):
        rows = {row["group"]: row for row in browser.get("/api/v1/admin/roles").json()}

    assert rows["planner:espoo"] == {
        "group": "planner:espoo",
        "role": "planner",
        "people": 2,
        "grants": [{"layer": "*", "action": "view", "area": "ESP"}],
    }
    assert (rows["customer"]["people"], rows["customer"]["grants"]) == (1, [{"layer": "*", "action": "view", "area": None}])


def test_a_set_of_grants_replaces_what_was_there(aino: User, espoo: Area) -> None:
    body = {
        "group": "planner:espoo",
        "layer": "customers",
        "grants": [{"action": "view", "area": "ESP"}, {"action": "export", "area": None}],
        "base": [],
    }

    answer = Browser(aino).send("PUT", "/api/v1/admin/grants", body)

    assert answer.status_code == 200, answer.content
    assert answer.json() == [
        {"group": "planner:espoo", "layer": "customers", "grants": [{"action": "export", "area": None}, {"action": "view", "area": "ESP"}]}
    ]
    assert Browser(aino).send("PUT", "/api/v1/admin/grants", body | {"grants": [], "base": body["grants"]}).json() == []
    assert not LayerGrant.objects.filter(group__name="planner:espoo").exists()


def test_two_administrators_do_not_overwrite_each_others_rights(aino: User, espoo: Area) -> None:
    team("planner:espoo", espoo, actions=["view"])
    seen = next(row for row in Browser(aino).get("/api/v1/admin/grants").json() if row["group"] == "planner:espoo")
    view, move_it, export = seen["grants"][0], {"action": "move", "area": "ESP"}, {"action": "export", "area": None}
    first = Browser(aino).send("PUT", "/api/v1/admin/grants", seen | {"base": [view], "grants": [view, export]})

    second = Browser(person("administrator", "oona")).send(
        "PUT", "/api/v1/admin/grants", seen | {"base": [view], "grants": [view, move_it]}
    )

    assert first.status_code == 200, first.content
    assert second.status_code == 409
    assert second.json()["code"] == "rights_changed"
    assert second.json()["theirs"] == {"group": "planner:espoo", "layer": "*", "grants": [export, view]}
    assert second.json()["theirs"] in Browser(aino).get("/api/v1/admin/grants").json(), "nothing was overwritten"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"base": None}, 400, "invalid"),
        ({"group": "gardeners"}, 400, "unknown_group"),
        ({"layer": "moon"}, 404, "unknown_layer"),
        ({"grants": [{"action": "view", "area": "MOON"}]}, 400, "unknown_area"),
        ({"grants": [{"action": "fly", "area": None}]}, 400, "invalid"),
        ({"grants": [{"action": "move", "areas": "ESP"}]}, 400, "invalid"),
        ({"grants": [{"action": "move"}]}, 400, "invalid"),
    ],
)
def test_a_wrong_set_is_refused_with_a_sentence(aino: User, change: dict, status: int, code: str) -> None:
    body = {"group": "planner", "layer": "*", "grants": [{"action": "view", "area": None}], "base": []} | change

    answer = Browser(aino).send("PUT", "/api/v1/admin/grants", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_people_are_found_put_into_groups_and_locked_out(aino: User, espoo: Area, dipoli: Account) -> None:
    team("planner:espoo", espoo)
    inkeri = member("inkeri")
    browser = Browser(aino)
    assert [row["role"] for row in browser.get("/api/v1/admin/people", q="inkeri").json()] == [""]

    answer = browser.send("PATCH", f"/api/v1/admin/people/{inkeri.pk}", {"groups": ["planner:espoo"]})
    assert (answer.json()["role"], answer.json()["groups"]) == ("planner", ["planner:espoo"])
    own = Browser(inkeri)
    assert own.get("/api/v1/customers").json()["count"] == 1

    browser.send("PATCH", f"/api/v1/admin/people/{inkeri.pk}", {"is_active": False})
    assert own.get("/api/v1/customers").status_code == 401


def test_what_is_no_field_of_a_person_is_refused(aino: User) -> None:
    answer = Browser(aino).send("PATCH", f"/api/v1/admin/people/{aino.pk}", {"is_superuser": True})

    assert answer.status_code == 400
    assert not User.objects.get(pk=aino.pk).is_superuser


def test_the_last_administrator_cannot_lock_themselves_out(aino: User) -> None:
    answer = Browser(aino).send("PATCH", f"/api/v1/admin/people/{aino.pk}", {"is_active": False})

    assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")
    assert Browser(aino).send("PATCH", "/api/v1/admin/people/99999999", {"is_active": False}).status_code == 404


def test_what_can_a_person_see(aino: User, esko: User, planner: User, dipoli: Account, museum: Account, theatre: Account) -> None:
    browser = Browser(aino)

    bound = browser.get("/api/v1/admin/see-as", user=esko.pk).json()
    free = browser.get("/api/v1/admin/see-as", user=planner.pk).json()

    assert [(feature["properties"]["code"], feature["geometry"]["type"]) for feature in bound["features"]] == [("ESP", "MultiPolygon")]
    assert {layer["id"]: layer["actions"].get("view") for layer in bound["layers"]} == {
        "network": ["ESP"],
        "areas": ["ESP"],
        "customers": ["ESP"],
        "imagery": ["ESP"],
    }
    assert (bound["customers"]["total"], bound["person"]["role"]) == (1, "planner")
    assert (free["features"], free["customers"]["total"], free["layers"][0]) == (
        [],
        3,
        {"id": "imagery", "actions": {"view": "everywhere"}, "count": 0},
    )


def test_a_customer_is_seen_as_by_what_they_hold(aino: User, holder: User, museum: Account, theatre: Account) -> None:
    seen = Browser(aino).get("/api/v1/admin/see-as", user=holder.pk).json()

    assert seen["customers"]["total"] == 1
    assert "network" not in [layer["id"] for layer in seen["layers"]]


@pytest.mark.parametrize("text", ["", "x", "-1", "²"])
def test_see_as_asks_for_a_person(aino: User, text: str) -> None:
    assert Browser(aino).get("/api/v1/admin/see-as", user=text).status_code == 400


@pytest.mark.parametrize("role", ["dispatcher", "planner", "inspector", "supervisor", "analyst", "customer"])
def test_nobody_else_administers(role: str) -> None:
    browser = Browser(person(role))
    grants = {"group": role, "layer": "*", "grants": [{"action": "approve", "area": None}]}

    answers = [
        browser.get("/api/v1/admin/grants"),
        browser.get("/api/v1/admin/people"),
        browser.get("/api/v1/admin/see-as", user="1"),
        *(browser.get(f"/api/v1/admin/{noun}") for noun in ("roles", "areas", "system", "tokens")),
        browser.send("PUT", "/api/v1/admin/areas/HEL", {"kind": "county", "name": "x", "geometry": None}),
        browser.send("DELETE", "/api/v1/admin/areas/HEL"),
        browser.post("/api/v1/admin/jobs/1/retry"),
        browser.send("DELETE", "/api/v1/admin/tokens/1"),
        browser.send("PUT", "/api/v1/admin/grants", grants),
        browser.send("PATCH", "/api/v1/admin/people/1", {"groups": ["administrator"]}),
    ]

    assert {answer.status_code for answer in answers} == {403}


def test_an_administrator_who_joins_a_team_stays_one(db):
    aino = person("administrator", "aino")
    aino.groups.add(Group.objects.get_or_create(name="planner")[0])

    assert Browser(aino).get("/api/v1/me").json()["role"] == "administrator"
    assert Browser(aino).get("/api/v1/admin/people").status_code == 200
