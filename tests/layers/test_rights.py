"""Rights are grants: role x layer x action x area. Who sees what, who may do what where, and that a change counts at once."""

import json

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.gis.geos import LineString, MultiPolygon, Polygon

from customers import search, services
from customers.models import Account, AccountHolder
from layers import access, event_log, registry, tile_sql, visibility
from layers import services as rights
from layers.map_layers import areas_seen_by
from layers.models import LayerGrant
from spatial.models import Area, Line, Network
from spatial.services.points import PointCommand
from tests.cast import DIPOLI, MONDAY, MUSEUM, THEATRE, Browser, member, new_customer, person, team
from tests.layers.test_events_rebuild_state import catch_up, loaded

pytestmark = [pytest.mark.db, pytest.mark.django_db]
IN_ESPOO = (24.7, 60.2)


def again(user: User) -> User:
    """Return the person as the next request sees them."""
    return User.objects.get(pk=user.pk)


def seen(user: User) -> set[int]:
    return set(Account.objects.visible_to(again(user)).values_list("pk", flat=True))


def move(user: User, account: Account, where: tuple[float, float]) -> None:
    account.point.refresh_from_db()
    command = PointCommand(account.point_id, *where, base_version=account.point.version, reason="wrong gate")
    services.move_customers([command], user=user, at=MONDAY, confirmed=True)


@pytest.mark.parametrize("role", access.ROLE_ACTIONS)
def test_every_role_starts_with_what_it_could_always_do_everywhere(role: str, db: None) -> None:
    user = person(role)

    assert access.actions_of(user, "customers") == access.ROLE_ACTIONS[role]
    assert all(access.areas_of(user, "network", action).whole for action in access.ROLE_ACTIONS[role])


def test_what_an_administrator_took_from_a_role_does_not_come_back_by_itself(db: None) -> None:
    rights.set_grants("dispatcher", "*", [], by=None, at=MONDAY)

    rights.ensure_roles()

    assert access.actions_of(person("dispatcher")) == set()


def test_a_person_of_an_area_sees_the_customers_that_stand_there(esko: User, dipoli: Account, museum: Account, theatre: Account) -> None:
    assert seen(esko) == {dipoli.pk}


def test_where_a_customer_stands_counts_not_the_county_in_its_row(esko: User, espoo: Area, dipoli: Account, museum: Account) -> None:
    Account.objects.filter(pk=museum.pk).update(area=espoo)

    assert seen(esko) == {dipoli.pk}


def test_without_a_location_the_county_decides(esko: User, espoo: Area, theatre: Account) -> None:
    assert seen(esko) == set()

    Account.objects.filter(pk=theatre.pk).update(area=espoo)

    assert seen(esko) == {theatre.pk}


def test_several_groups_add_up(espoo: Area, helsinki: Area, dipoli: Account, museum: Account) -> None:
    user = member("two", team("planner:espoo", espoo), team("inspector:helsinki", helsinki, actions=["view", "move"]))

    assert seen(user) == {dipoli.pk, museum.pk}
    assert access.role_of(again(user)) == "planner"
    assert len(access.areas_of(again(user), "customers", "move").areas) == 2
    assert len(access.areas_of(again(user), "customers", "edit").areas) == 1


def test_a_group_that_is_no_role_gives_nothing(espoo: Area, dipoli: Account) -> None:
    group = Group.objects.create(name="gardeners")
    LayerGrant.objects.create(group=group, layer="*", action="view")
    user = User.objects.create_user("gardener")
    user.groups.add(group)

    assert seen(user) == set()
    assert access.scope_of(again(user), "customers") == access.NOTHING


def test_a_grant_on_one_layer_says_nothing_of_another(espoo: Area, dipoli: Account) -> None:
    user = member("one", team("planner:espoo", espoo, layer="customers", actions=["view"]))

    assert [layer.id for layer in registry.layers_for(again(user))] == ["customers"]
    assert access.actions_of(again(user), "network") == set()


def test_deleting_an_area_takes_its_rights_away(esko: User, espoo: Area) -> None:
    espoo.delete()

    assert access.actions_of(again(esko)) == set()


def test_a_redrawn_area_is_another_right(esko: User, espoo: Area, dipoli: Account, museum: Account) -> None:
    espoo.geom = MultiPolygon(Polygon.from_bbox((24.9, 60.1, 24.94, 60.3)))
    espoo.save()

    assert seen(esko) == {museum.pk}


def test_the_network_is_shown_as_far_as_it_reaches_into_the_area(esko: User, espoo: Area, planner: User) -> None:
    network = Network.objects.create(code="N", name="N")
    crossing = Line.objects.create(network=network, code="1", kind="cable", length_m=1, geom=LineString((24.79, 60.2), (24.81, 60.2)))
    Line.objects.create(network=network, code="2", kind="cable", length_m=1, geom=LineString((24.9, 60.2), (24.91, 60.2)))
    lines = registry.layer("network").part("lines").rows

    assert set(lines(again(esko))) == {crossing}
    assert lines(again(planner)).count() == 2


def test_of_the_areas_only_ones_own_and_those_inside_exist(esko: User, espoo: Area, helsinki: Area) -> None:
    inner = Area.objects.create(
        kind="service_area", code="ESP-1", name="Inner", geom=MultiPolygon(Polygon.from_bbox((24.6, 60.15, 24.7, 60.2)))
    )

    assert set(areas_seen_by(again(esko))) == {espoo, inner}
    answer = Browser(esko).get("/api/v1/me").json()
    assert {area["code"] for area in answer["utility"]["areas"]} == {"ESP", "ESP-1"}
    assert Browser(esko).get("/api/v1/customers", area="HEL").status_code == 400


def test_the_scope_of_equal_rights_is_equal_and_changes_with_the_polygon(espoo: Area, helsinki: Area) -> None:
    one, two = member("one", team("planner:espoo", espoo)), member("two", team("dispatcher:espoo", espoo, actions=["view"]))
    other = member("other", team("planner:helsinki", helsinki))
    assert (
        access.scope_of(again(one), "customers") == access.scope_of(again(two), "customers") != access.scope_of(again(other), "customers")
    )
    assert access.scope_of(person("planner"), "customers") == access.EVERYTHING


def test_a_customer_of_the_utility_sees_what_they_hold_while_they_hold_it(museum: Account, dipoli: Account, holder: User) -> None:
    assert seen(holder) == {museum.pk}

    AccountHolder.objects.filter(user=holder).update(valid_to_date="2026-03-02")
    assert seen(holder) == set(), "that day has come"
    AccountHolder.objects.filter(user=holder).update(valid_to_date="2999-01-01")
    assert seen(holder) == {museum.pk}


def test_what_a_customer_holds_is_part_of_their_sockets_standing(museum: Account, theatre: Account, holder: User) -> None:
    session = Browser(holder).client.cookies["sessionid"].value
    before = event_log.standings([(session, holder.pk)])[session]

    AccountHolder.objects.create(user=holder, account=theatre)

    assert before.holdings == str(museum.pk)
    assert event_log.standings([(session, holder.pk)])[session] != before


# By place: what one may do


@pytest.fixture
def ines(espoo: Area, helsinki: Area) -> User:
    """An inspector who sees both counties and may move customers in Espoo only."""
    return member("ines", team("inspector:espoo", espoo, actions=["view", "move"]), team("inspector:helsinki", helsinki, actions=["view"]))


def test_a_move_inside_the_area_is_allowed(ines: User, dipoli: Account) -> None:
    answer = Browser(ines).post(
        f"/api/v1/customers/{dipoli.pk}/move", {"lon": 24.733, "lat": 60.185, "base_version": 1, "reason": "gate", "confirm_distance": True}
    )

    assert answer.status_code == 200, answer.content


def test_a_customer_outside_may_be_seen_and_not_moved(ines: User, museum: Account) -> None:
    answer = Browser(ines).post(
        f"/api/v1/customers/{museum.pk}/move", {"lon": 24.7, "lat": 60.2, "base_version": 1, "reason": "gate", "confirm_distance": True}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "outside_area")
    assert "outside the areas" in answer.json()["detail"]


def test_nothing_is_moved_out_of_the_area(ines: User, esko: User, dipoli: Account) -> None:
    for user in (ines, esko):
        answer = Browser(user).post(
            f"/api/v1/customers/{dipoli.pk}/move",
            {"lon": MUSEUM[0], "lat": MUSEUM[1], "base_version": 1, "reason": "gate", "confirm_distance": True},
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "outside_area")
    dipoli.point.refresh_from_db()
    assert dipoli.point.geom.coords == DIPOLI
    assert dipoli.point.moves.count() == 1


def test_a_foreign_customer_is_not_there_whatever_one_tries(esko: User, museum: Account) -> None:
    browser = Browser(esko)
    tries = [
        browser.get(f"/api/v1/customers/{museum.pk}"),
        browser.get(f"/api/v1/customers/{museum.pk}/history"),
        browser.send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "name": "Mine"}),
        browser.send("DELETE", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "reason": "away"}),
        browser.post(f"/api/v1/customers/{museum.pk}/move", {"lon": 24.7, "lat": 60.2, "base_version": 1, "reason": "x"}),
        browser.post(f"/api/v1/layers/customers/features/{museum.pk}/move", {"lon": 24.7, "lat": 60.2, "base_version": 1, "reason": "x"}),
    ]

    assert [answer.status_code for answer in tries] == [404] * len(tries)


def test_customers_are_added_inside_the_area_only(esko: User, espoo: Area, helsinki: Area) -> None:
    body = {"name": "New", "account_no": "0099", "contract_kva": 1, "reason": "new"}
    inside, outside, nowhere = {"lon": 24.7, "lat": 60.2, "source": "survey"}, {"lon": MUSEUM[0], "lat": MUSEUM[1], "source": "survey"}, {}

    answers = [Browser(esko).post("/api/v1/customers", body | where) for where in (outside, nowhere, inside)]

    assert [answer.status_code for answer in answers] == [403, 403, 201], answers[2].content
    assert Account.objects.count() == 1


def test_edits_and_deletions_go_by_place_too(espoo: Area, helsinki: Area, dipoli: Account, museum: Account) -> None:
    browser = Browser(member("esko", team("planner:espoo", espoo), team("planner:helsinki", helsinki, actions=["view"])))

    edit = browser.send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "name": "Mine"})
    delete = browser.send("DELETE", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "reason": "away"})

    assert [edit.status_code, delete.status_code] == [403, 403]
    assert browser.get(f"/api/v1/customers/{museum.pk}").json()["actions"] == ["view"]
    assert "move" in browser.get(f"/api/v1/customers/{dipoli.pk}").json()["actions"]
    assert browser.send("PATCH", f"/api/v1/customers/{dipoli.pk}", {"base_version": 1, "name": "Ours"}).status_code == 200


def test_a_stored_answer_is_not_given_to_who_lost_the_right(esko: User, espoo: Area) -> None:
    key = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
    body = {"name": "New", "account_no": "0099", "contract_kva": 1, "reason": "new", "lon": 24.7, "lat": 60.2, "source": "survey"}
    assert Browser(esko).post("/api/v1/customers", body, key=key).status_code == 201

    services.move_customers(
        [PointCommand(Account.objects.get().point_id, *MUSEUM, base_version=1)], user=person("planner"), at=MONDAY, confirmed=True
    )

    assert Browser(esko).post("/api/v1/customers", body, key=key).status_code == 404


# Live events: what enters and leaves a person's sight


def test_a_customer_that_leaves_the_area_leaves_the_map(esko: User, planner: User, dipoli: Account, helsinki: Area) -> None:
    page = loaded(esko)
    assert set(page.features) == {dipoli.pk}

    move(planner, dipoli, MUSEUM)
    catch_up(page, again(esko), is_restricted=True)

    assert page.features == {}
    assert page.drawn() == loaded(esko).drawn()


def test_a_customer_that_enters_the_area_comes_whole(esko: User, planner: User, museum: Account, espoo: Area) -> None:
    page = loaded(esko)

    move(planner, museum, IN_ESPOO)
    catch_up(page, again(esko), is_restricted=True)

    assert page.features[museum.pk]["geometry"]["coordinates"] == list(IN_ESPOO)
    assert page.drawn() == loaded(esko).drawn()


def test_there_and_back_and_away_again_ends_as_a_fresh_load(esko: User, planner: User, museum: Account, dipoli: Account) -> None:
    page = loaded(esko)

    for where in (IN_ESPOO, MUSEUM, DIPOLI, THEATRE):
        move(planner, museum, where)
        move(planner, dipoli, IN_ESPOO if where == THEATRE else where)
    catch_up(page, again(esko), is_restricted=True)

    assert page.drawn() == loaded(esko).drawn()
    assert page.cursor == loaded(esko).cursor


def test_of_what_happens_elsewhere_only_the_count_is_told(esko: User, planner: User, museum: Account, theatre: Account) -> None:
    page = loaded(esko)

    move(planner, museum, THEATRE)
    services.delete_customers([services.CustomerEdit(museum.pk, 1)], user=planner, at=MONDAY, reason="closed")
    services.create_customers([new_customer("Ateneum", "0055500001", at=MUSEUM)], user=planner, at=MONDAY)
    events = event_log.read_after({"customers": page.cursor}, 100)["customers"].events

    assert visibility.heard(again(esko), "customers", events).whole == set()
    assert visibility.heard(again(esko), "customers", events).gone == set()


def test_a_deleted_customer_of_the_area_leaves_the_map(esko: User, planner: User, dipoli: Account) -> None:
    page = loaded(esko)

    services.delete_customers([services.CustomerEdit(dipoli.pk, 1)], user=planner, at=MONDAY, reason="closed")
    catch_up(page, again(esko), is_restricted=True)

    assert page.drawn() == {} == loaded(esko).drawn()


# Sums and searches


def test_sums_are_of_what_one_sees(esko: User, dipoli: Account, museum: Account, theatre: Account) -> None:
    counts = Browser(esko).get("/api/v1/customers/counts").json()

    assert (counts["total"], counts["unlocated"], counts["contract_kva"], counts["by_grade"]) == (1, 0, 400.0, {"second": 1})


def test_the_search_knows_nothing_of_others(esko: User, museum: Account, dipoli: Account) -> None:
    for text in ("Kansallismuseo", "guojiabowuguan", "0012345678", "5678", "9552", "Mannerheimintie 34", "Kansalismuseo"):
        assert [found for found in search.search(user=again(esko), text=text) if found["kind"] == "customer"] == []
    assert [found["id"] for found in search.search(user=again(esko), text="dipoli")] == [dipoli.pk]


def test_only_who_sees_everything_is_served_from_the_pyramid(esko: User, planner: User, dipoli: Account) -> None:
    layer = registry.layer("customers")
    for user, uses_pyramid in ((planner, True), (again(esko), False)):
        from_pyramid = access.scope_of(user, "customers") == access.EVERYTHING
        statement = tile_sql.tile_statement(layer, user, (), 8, from_pyramid=from_pyramid)
        assert statement is not None
        assert ("layers_tilecell" in statement.sql) == uses_pyramid


# The services


def test_grants_are_set_as_a_set_and_say_what_changed(espoo: Area, helsinki: Area) -> None:
    view, move_it = rights.Grant("view", "ESP"), rights.Grant("move", "ESP")
    rights.set_grants("planner:espoo", "customers", [view, move_it], by=None, at=MONDAY)

    changes = rights.set_grants("planner:espoo", "customers", [view, rights.Grant("view", "HEL")], by=None, at=MONDAY)

    assert [(change.what, change.grant) for change in changes] == [("revoked", move_it), ("granted", rights.Grant("view", "HEL"))]
    assert LayerGrant.objects.filter(group__name="planner:espoo", action="view").count() == 2
    rights.set_grants("planner:espoo", "customers", [rights.Grant("view", "HEL")], by=None, at=MONDAY)
    assert LayerGrant.objects.get(group__name="planner:espoo").area == helsinki


@pytest.mark.parametrize(
    ("name", "layer", "grant", "error"),
    [
        ("gardeners", "*", rights.Grant("view"), rights.UnknownGroup),
        ("planner", "moon", rights.Grant("view"), registry.UnknownLayer),
        ("planner", "*", rights.Grant("fly"), rights.UnknownAction),
        ("planner", "*", rights.Grant("view", "MOON"), rights.UnknownArea),
    ],
)
def test_a_wrong_grant_is_refused_whole(db: None, name: str, layer: str, grant: rights.Grant, error: type[Exception]) -> None:
    rights.ensure_roles()
    before = LayerGrant.objects.count()

    with pytest.raises(error):
        rights.set_grants(name, layer, [rights.Grant("export"), grant], by=None, at=MONDAY)

    assert LayerGrant.objects.count() == before


def test_the_last_administrator_stays(db: None) -> None:
    one, two = person("administrator", "one"), person("administrator", "two")

    rights.set_active([two.pk], is_active=False, by=one, at=MONDAY)
    with pytest.raises(rights.LastAdministrator):
        rights.set_active([one.pk], is_active=False, by=one, at=MONDAY)
    with pytest.raises(rights.LastAdministrator):
        rights.set_groups([one.pk], ["planner"], by=one, at=MONDAY)

    assert access.role_of(again(one)) == "administrator"


def test_a_line_in_the_snapshot_is_judged_like_its_row(esko: User, espoo: Area) -> None:
    network = Network.objects.create(code="N", name="N")
    Line.objects.create(network=network, code="secret-line", kind="cable", length_m=1, geom=LineString((24.9, 60.2), (24.91, 60.2)))

    answer = Browser(esko).get("/api/v1/layers/network/snapshot")

    assert json.loads(answer.content)["features"] == []
