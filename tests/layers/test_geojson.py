"""Layers as lists: the browser's layer list, GeoJSON, the snapshot behind a stream, the generic move."""

import json

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon

from customers import services
from layers import event_log
from spatial.models import Area
from tests.cast import MONDAY, MUSEUM, THEATRE, Browser, new_customer, person
from tests.layers.town import edit

pytestmark = pytest.mark.db


def features(user, layer="customers", **query):
    answer = Browser(user).get(f"/api/v1/layers/{layer}/features", **query)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/geo+json"
    return json.loads(answer.content)


def test_the_layer_list_tells_a_browser_everything_it_draws_with(planner):
    layers = {layer["id"]: layer for layer in Browser(planner).get("/api/v1/layers").json()}

    assert list(layers) == ["areas", "network", "customers"]
    customers = layers["customers"]
    assert customers["tiles"] == "/tiles/customers/{z}/{x}/{y}.mvt"
    assert (customers["min_zoom"], customers["cluster_below"], customers["stream"]) == (0, 13, "customers")
    assert customers["filters"] == ["grade", "class", "status", "area", "q"]
    assert [part["id"] for part in customers["parts"]] == ["clusters", "customers"]
    assert customers["actions"] == ["view", "add", "move", "edit", "delete", "export"]
    assert layers["network"]["actions"] == ["view", "export"]
    for layer in layers.values():
        assert layer["title"]["en"] and layer["title"]["zh"]
        assert all(entry["label"]["en"] and entry["label"]["zh"] and entry["symbol"]["kind"] for entry in layer["legend"])


def test_a_customer_is_not_told_of_the_network(holder, grid):
    assert [layer["id"] for layer in Browser(holder).get("/api/v1/layers").json()] == ["areas", "customers"]
    assert Browser(holder).get("/api/v1/layers/network/features").status_code == 404


def test_nobody_is_told_without_signing_in(db):
    for path in ("/api/v1/layers", "/api/v1/layers/customers/features", "/api/v1/layers/customers/snapshot"):
        assert Browser(None).get(path).status_code == 401


def test_a_feature_list_is_geojson_with_whitelisted_properties_only(planner, museum, theatre):
    found = features(planner)

    assert (found["type"], found["numberMatched"], found["numberReturned"]) == ("FeatureCollection", 1, 1)
    assert "crs" not in found
    assert found["features"] == [
        {
            "type": "Feature",
            "id": museum.pk,
            "geometry": {"type": "Point", "coordinates": list(MUSEUM)},
            "properties": {
                "id": museum.pk,
                "name": "Kansallismuseo",
                "name_en": "National Museum",
                "name_zh": "国家博物馆",
                "grade": "first",
                "classes": "large",
                "status": "normal",
                "v": 1,
            },
        }
    ]


def test_coordinates_come_back_as_they_were_given_to_the_last_digit(planner, helsinki):
    where = (24.938412345678917, 60.170123456789123)
    services.create_customers([new_customer(at=where)], user=planner, at=MONDAY)

    assert features(planner)["features"][0]["geometry"]["coordinates"] == list(where)


def test_a_box_and_a_limit_narrow_the_list(planner, museum):
    east = (24.99, 60.18)
    others = [new_customer(f"Kioski {number}", f"00777000{number:02}", at=(east[0], east[1] + number / 10000)) for number in range(5)]
    services.create_customers(others, user=planner, at=MONDAY)

    assert features(planner, bbox="24.93,60.17,24.935,60.18")["numberMatched"] == 1
    few = features(planner, bbox="24.98,60,25,61", limit=2)
    assert (few["numberMatched"], few["numberReturned"], len(few["features"])) == (5, 2, 2)
    assert features(planner, bbox="0,0,1,1")["features"] == []
    assert features(planner, bbox="24.98,60,24.93,61")["numberMatched"] == 6 - 1, "west > east goes round the earth"


def test_filters_narrow_the_list_as_they_narrow_the_tiles(planner, museum):
    services.create_customers([new_customer("Ateneum", "0055500001", at=THEATRE, grade="second")], user=planner, at=MONDAY)

    assert [f["properties"]["name"] for f in features(planner, grade="second,special")["features"]] == ["Ateneum"]
    assert [f["properties"]["name"] for f in features(planner, **{"class": "large"})["features"]] == ["Kansallismuseo"]
    assert features(planner, area="HEL")["numberMatched"] == 2
    assert features(planner, area="elsewhere")["numberMatched"] == 0


@pytest.mark.parametrize(
    "query",
    [
        {"bbox": "1,2,3"},
        {"bbox": "nan,0,1,1"},
        {"bbox": "0,inf,1,1"},
        {"bbox": "0,10,1,0"},
        {"bbox": "-181,0,1,1"},
        {"bbox": "a,b,c,d"},
        {"limit": "0"},
        {"limit": "10001"},
        {"limit": "many"},
        {"grade": "gold"},
        {"grade": "first') or ('1'='1"},
        {"colour": "red"},
        {"area": "x" * 5 + "\x00"},
    ],
)
def test_bad_queries_get_a_sentence(planner, museum, query):
    answer = Browser(planner).get("/api/v1/layers/customers/features", **query)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_an_unknown_layer_is_404(planner):
    for layer in ("nothing", "customers;drop table", "%27"):
        assert Browser(planner).get(f"/api/v1/layers/{layer}/features").status_code == 404


def test_features_of_several_parts_say_which(planner, grid):
    found = features(planner, "network")

    assert sorted(feature["properties"]["part"] for feature in found["features"]) == ["feeders", "lines", "lines", "substations"]
    assert found["numberMatched"] == 4


def test_a_line_whose_box_alone_touches_is_not_in_the_list(planner, grid):
    # A corner of the feeder's bounding box where no line runs.
    assert features(planner, "network", bbox="24.9317,60.1700,24.9330,60.1720")["features"] == []


def test_polygons_follow_the_right_hand_rule(planner, db):
    clockwise = Polygon([(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)], srid=4326)
    Area.objects.create(kind="county", code="A", name="A", geom=MultiPolygon(clockwise, srid=4326))

    [area] = features(planner, "areas")["features"]

    assert Polygon(area["geometry"]["coordinates"][0][0]).exterior_ring.is_counterclockwise


def test_a_holder_sees_only_what_they_hold(holder, museum, planner):
    services.create_customers([new_customer("Ateneum", "0055500001", at=THEATRE)], user=planner, at=MONDAY)

    assert [feature["id"] for feature in features(holder)["features"]] == [museum.pk]
    assert [feature["id"] for feature in snapshot(holder)["features"]] == [museum.pk]


def snapshot(user, layer="customers"):
    answer = Browser(user).get(f"/api/v1/layers/{layer}/snapshot")
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def test_a_snapshot_names_the_position_from_which_events_go_on(planner, museum):
    before = snapshot(planner)
    edit(museum.pk, name="Museum")
    after = snapshot(planner)

    assert (before["epoch"], after["epoch"]) == (event_log.position("customers")[0],) * 2
    assert after["seq"] == before["seq"] + 1
    assert after["features"][0]["properties"]["name"] == "Museum"


def test_a_snapshot_of_a_layer_without_events_starts_at_zero(planner):
    assert snapshot(planner, "areas") | {"epoch": ""} == {"epoch": "", "seq": 0, "features": []}


def test_a_planner_moves_a_feature_through_the_generic_door(planner, museum):
    body = {"lon": THEATRE[0], "lat": THEATRE[1], "base_version": 1, "reason": "other side", "confirm_distance": True}

    answer = Browser(planner).post(f"/api/v1/layers/customers/features/{museum.pk}/move", body)

    assert answer.status_code == 200, answer.content
    assert answer.json()["feature"]["geometry"]["coordinates"] == list(THEATRE)
    assert answer.json()["move"]["reason"] == "other side"
    assert features(planner)["features"][0]["properties"]["v"] == 2


def test_the_generic_door_refuses_as_the_customers_own_door_does(planner, dispatcher, museum):
    path = f"/api/v1/layers/customers/features/{museum.pk}/move"
    here = {"lon": THEATRE[0], "lat": THEATRE[1], "base_version": 1}

    assert Browser(planner).post(path, here | {"base_version": 0, "confirm_distance": True}).json()["code"] == "version_conflict"
    assert Browser(planner).post(path, here).json()["code"] == "guard_distance"
    assert Browser(planner).post(path, here | {"lon": "NaN"}).status_code == 400
    assert Browser(planner).post(path, here | {"surprise": 1}).status_code == 400
    assert Browser(planner).post("/api/v1/layers/customers/features/999999/move", here).status_code == 404
    assert Browser(planner).post("/api/v1/layers/network/features/1/move", here).status_code == 403
    assert Browser(dispatcher).post(path, here).status_code == 403
    assert Browser(person("customer", "kim")).post(path, here).status_code == 403
