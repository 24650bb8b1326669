"""Administrators draw the areas that bound rights and lists; what crosses itself, is too large or in use is refused with a sentence."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import services
from customers.models import Account
from layers.models import AuditRow, Stream
from spatial.models import Area
from tests.cast import MONDAY, Browser, member, new_customer, person, team

pytestmark = [pytest.mark.db, pytest.mark.django_db]
# Around Dipoli in Espoo; and around the museum in Helsinki.
AROUND_DIPOLI = [[[24.7, 60.15], [24.75, 60.15], [24.75, 60.2], [24.7, 60.2], [24.7, 60.15]]]
AROUND_MUSEUM = [[[24.92, 60.17], [24.94, 60.17], [24.94, 60.18], [24.92, 60.18], [24.92, 60.17]]]


@pytest.fixture
def aino(db: None) -> User:
    return person("administrator", "aino")


def drawing(coordinates: Any, kind: str = "service_area", name: str = "Otaniemi", shape: str = "Polygon") -> dict[str, Any]:
    return {"kind": kind, "name": name, "name_zh": "奥塔涅米", "geometry": {"type": shape, "coordinates": coordinates}}


def draw(user: User, code: str, body: dict[str, Any], **more: Any) -> Any:
    return Browser(user).send("PUT", f"/api/v1/admin/areas/{code}", body, **more)


def test_a_new_area_is_listed_with_its_rights_and_customers(aino: User, dipoli: Account, museum: Account) -> None:
    answer = draw(aino, "OTA", drawing(AROUND_DIPOLI))
    team("planner:ota", Area.objects.get(code="OTA"), actions=["view", "move"])

    collection = Browser(aino).get("/api/v1/admin/areas").json()

    assert answer.status_code == 200, answer.content
    assert answer.json() == {"code": "OTA", "kind": "service_area", "name": "Otaniemi", "name_zh": "奥塔涅米", "grants": 0, "customers": 1}
    listed = {feature["properties"]["code"]: feature for feature in collection["features"]}
    assert collection["type"] == "FeatureCollection"
    assert listed["OTA"]["properties"] | {"grants": 2} == listed["OTA"]["properties"]
    assert listed["OTA"]["geometry"] == {"type": "MultiPolygon", "coordinates": [AROUND_DIPOLI]}
    assert {code: feature["properties"]["customers"] for code, feature in listed.items()} == {"OTA": 1, "ESP": 1, "HEL": 1}


def test_a_redrawn_area_moves_rights_at_once(aino: User, dipoli: Account, museum: Account) -> None:
    draw(aino, "OTA", drawing(AROUND_DIPOLI))
    olli = Browser(member("olli", team("planner:ota", Area.objects.get(code="OTA"))))
    assert [row["id"] for row in olli.get("/api/v1/customers").json()["results"]] == [dipoli.pk]

    draw(aino, "OTA", drawing(AROUND_MUSEUM))

    assert [row["id"] for row in olli.get("/api/v1/customers").json()["results"]] == [museum.pk]
    assert olli.get(f"/api/v1/customers/{dipoli.pk}").status_code == 404


def test_customers_belong_to_the_county_that_covers_them_now(aino: User, dipoli: Account, museum: Account) -> None:
    browser = Browser(aino)
    everything = [[[24.5, 60.1], [25.1, 60.1], [25.1, 60.3], [24.5, 60.3], [24.5, 60.1]]]
    epoch = Stream.objects.filter(key="areas").values_list("epoch", flat=True).first()

    draw(aino, "HEL", drawing(AROUND_DIPOLI, "county", "Helsinki"))
    counties = [browser.get(f"/api/v1/customers/{account.pk}").json()["area"] for account in (dipoli, museum)]
    draw(aino, "HEL", drawing(everything, "county", "Helsinki"))

    assert (counties[0]["code"], counties[1]) == ("ESP", None)
    assert browser.get(f"/api/v1/customers/{museum.pk}").json()["area"]["code"] == "HEL"
    assert browser.get("/api/v1/customers", area="HEL").json()["count"] == 2 - Account.objects.filter(area__code="ESP").count()
    # Every map loads the areas afresh.
    assert Stream.objects.get(key="areas").epoch != epoch


def test_a_deleted_county_leaves_its_customers_to_the_next(aino: User, dipoli: Account, espoo: Area) -> None:
    draw(aino, "OTA", drawing(AROUND_DIPOLI, "county"))

    answer = Browser(aino).send("DELETE", "/api/v1/admin/areas/ESP")

    assert answer.status_code == 204
    assert Account.objects.get(pk=dipoli.pk).area.code == "OTA"
    assert Browser(aino).send("DELETE", "/api/v1/admin/areas/ESP").status_code == 404


def test_an_area_in_use_stays(aino: User, esko: User, espoo: Area, helsinki: Area, planner: User) -> None:
    [account] = services.create_customers([new_customer("Bunker")], user=planner, at=MONDAY)
    Account.objects.filter(pk=account.pk).update(area=helsinki)

    with_rights = Browser(aino).send("DELETE", "/api/v1/admin/areas/ESP")
    with_customers = Browser(aino).send("DELETE", "/api/v1/admin/areas/HEL")
    made_service_area = draw(aino, "HEL", drawing(AROUND_MUSEUM, "service_area"))

    assert [answer.json()["code"] for answer in (with_rights, with_customers, made_service_area)] == ["area_in_use"] * 3
    assert "rights hold in" in with_rights.json()["detail"]
    assert Area.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_draw_a_new_area_of_one_code_at_once_leave_one_area(aino: User, monkeypatch: pytest.MonkeyPatch) -> None:
    other = person("administrator", "oona")
    both_looked = Barrier(2)

    def save_when_both_have_looked(area: Area, save: Any = Area.save) -> None:
        # Whoever is alone here was the second and found what the first drew.
        with suppress(BrokenBarrierError):
            both_looked.wait(timeout=1)
        save(area)

    monkeypatch.setattr(Area, "save", save_when_both_have_looked)

    def draw_it(user: User, shape: Any) -> int:
        try:
            return draw(user, "OTA", drawing(shape)).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        statuses = list(threads.map(draw_it, [aino, other], [AROUND_DIPOLI, AROUND_MUSEUM]))

    assert statuses == [200, 200]
    assert Area.objects.filter(code="OTA").count() == 1
    assert list(AuditRow.objects.filter(object_id="OTA").order_by("seq").values_list("action", flat=True)) == ["area.add", "area.change"]


def circle(corners: int) -> list[Any]:
    ring = [[24.8 + number / corners / 10, 60.2] for number in range(corners)]
    return [[*ring, [24.85, 60.25], ring[0]]]


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"type": "Polygon", "coordinates": [[[24, 60], [25, 61], [25, 60], [24, 61], [24, 60]]]}, "crosses itself"),
        (
            {
                "type": "MultiPolygon",
                "coordinates": [[[[24, 60], [25, 60], [25, 61], [24, 60]]], [[[24.1, 60], [25, 60], [25, 61], [24.1, 60]]]],
            },
            "crosses itself",
        ),
        ({"type": "Polygon", "coordinates": circle(50_000)}, "50,000 are the most"),
        ({"type": "Polygon", "coordinates": [[[60, 124], [61, 124], [61, 125], [60, 124]]]}, "longitude first"),
        ({"type": "Polygon", "coordinates": [[[24, 60], [1e308, 60], [25, 61], [24, 60]]]}, "longitude first"),
        ({"type": "Polygon", "coordinates": [[[24, 60], [25, 60], [25, 61]]]}, "closed lists"),
        ({"type": "Polygon", "coordinates": [[[24, 60], [25, 60], [25, 61], [24, 61]]]}, "closed lists"),
        ({"type": "Polygon", "coordinates": []}, "closed lists"),
        ({"type": "Polygon", "coordinates": [[]]}, "closed lists"),
        ({"type": "Polygon", "coordinates": [["a", {}, None]]}, "closed lists"),
        ({"type": "Polygon", "coordinates": [[[24, 60, 5], [25, 60, 5], [25, 61, 5], [24, 60, 5]]]}, "without a height"),
        ({"type": "Polygon", "coordinates": "POLYGON"}, "Draw a polygon"),
        ({"type": "Point", "coordinates": [24, 60]}, "Draw a polygon"),
        ({"type": "GeometryCollection", "geometries": []}, "Draw a polygon"),
        ("POLYGON((24 60, 25 60, 25 61, 24 60))", "Draw a polygon"),
        (None, "may not be null"),
    ],
)
def test_what_is_no_area_is_refused_with_a_sentence(aino: User, geometry: Any, words: str) -> None:
    answer = draw(aino, "OTA", drawing([]) | {"geometry": geometry})

    assert answer.status_code == 400, answer.content
    assert words in json.dumps(answer.json()["errors"]["geometry"], ensure_ascii=False)
    assert not Area.objects.exists()


@pytest.mark.parametrize("code", ["A,B", "A B", "Ä", "A" * 41, "..%2F"])
def test_a_code_that_no_address_line_could_hold_is_refused(aino: User, code: str) -> None:
    assert draw(aino, code, drawing(AROUND_DIPOLI)).status_code in (400, 404)
    assert not Area.objects.exists()


def test_every_change_of_an_area_is_in_the_audit_and_no_change_is_none(aino: User) -> None:
    draw(aino, "OTA", drawing(AROUND_DIPOLI))
    draw(aino, "OTA", drawing(AROUND_DIPOLI))
    draw(aino, "OTA", drawing(AROUND_MUSEUM, name="Töölö"))
    Browser(aino).send("DELETE", "/api/v1/admin/areas/OTA")

    rows = list(AuditRow.objects.filter(layer="areas").order_by("seq"))

    assert [row.action for row in rows] == ["area.add", "area.change", "area.delete"]
    assert (rows[1].before, rows[1].after) == (
        {"name": "Otaniemi", "corners": 5, "box": [24.7, 60.15, 24.75, 60.2]},
        {"name": "Töölö", "corners": 5, "box": [24.92, 60.17, 24.94, 60.18], "customers_resettled": 0},
    )
    assert {row.actor for row in rows} == {aino}


def test_a_drawing_sent_twice_is_drawn_once(aino: User) -> None:
    key = "7d4f6f0e-0f5e-4b57-8f62-0a0e6c1d0001"

    answers = [draw(aino, "OTA", drawing(AROUND_DIPOLI), key=key) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["Idempotent-Replay"] == "true"
    assert AuditRow.objects.filter(action="area.add").count() == 1


def test_ten_areas_cost_as_many_queries_as_one(aino: User, dipoli: Account, django_assert_num_queries: Any) -> None:
    browser = Browser(aino)
    with CaptureQueriesContext(connection) as one:
        browser.get("/api/v1/admin/areas")
        queries = len(one)
    for number in range(10):
        draw(aino, f"OTA-{number}", drawing(AROUND_DIPOLI))

    with django_assert_num_queries(queries):
        assert len(browser.get("/api/v1/admin/areas").json()["features"]) == 11


def test_where_the_map_opens_costs_the_same_for_many_service_areas(planner: User, dipoli: Account, django_assert_num_queries: Any) -> None:
    aino, browser = person("administrator", "aino"), Browser(planner)
    draw(aino, "OTA", drawing(AROUND_DIPOLI))
    with CaptureQueriesContext(connection) as one:
        home = browser.get("/api/v1/me").json()["utility"]["home"]
        queries = len(one)
    for number in range(5):
        draw(aino, f"EMPTY-{number}", drawing(AROUND_MUSEUM))

    with django_assert_num_queries(queries):
        assert browser.get("/api/v1/me").json()["utility"]["home"] == home == [24.732, 60.1849, 24.732, 60.1849]
