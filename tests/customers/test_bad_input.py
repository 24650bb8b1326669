"""Bad input: a clear sentence and a 4xx, nothing half-stored."""

import json

import pytest

from customers.models import Account
from spatial.models import PointMove
from tests.cast import Browser, command_headers

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def raw_move(planner, account: Account, body: str):
    return Browser(planner).client.post(
        f"/api/v1/customers/{account.pk}/move", body, content_type="application/json", headers=command_headers()
    )


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        ("NaN", "60.17", "invalid"),
        ("24.93", "Infinity", "invalid"),
        ("-Infinity", "60.17", "invalid"),
        ("1e308", "60.17", "bad_coordinates"),
        ("24.93", "91", "looks_swapped"),
        ("190", "200", "bad_coordinates"),
        ("24.93", "-86", "looks_swapped"),
        ('"east"', "60.17", "invalid"),
        ("null", "60.17", "invalid"),
        ("[24.93]", "60.17", "invalid"),
        ("60.17", "24.93", "looks_swapped"),
    ],
)
def test_what_is_no_position_is_refused_with_a_sentence(museum, planner, lon, lat, code):
    answer = raw_move(planner, museum, f'{{"lon": {lon}, "lat": {lat}, "base_version": 1, "reason": "x"}}')

    assert answer.status_code == 400, answer.content
    problem = answer.json()
    assert problem["code"] in (code, "not_json")
    assert problem["detail"].endswith((".", "?"))
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert PointMove.objects.filter(point=museum.point).count() == 1


def test_swapped_coordinates_come_back_with_the_likely_position(museum, planner):
    answer = raw_move(planner, museum, '{"lon": 60.1751, "lat": 24.9316, "base_version": 1, "reason": "x"}')

    assert answer.json()["suggestion"] == {"lon": 24.9316, "lat": 60.1751}


@pytest.mark.parametrize("name", ["", "   ", "n" * 10_000, "two\nlines", "nul\x00byte"])
def test_a_name_that_is_empty_too_long_or_not_one_line_is_refused(planner, helsinki, name):
    answer = Browser(planner).post("/api/v1/customers", {"name": name, "account_no": "1"})

    assert answer.status_code == 400
    assert "name" in answer.json()["errors"]
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    "name",
    ["<img src=x onerror=alert(1)>", "javascript:alert(1)", "'; drop table customers_account; --", "=cmd|'/c calc'!A1", "😀" * 50, "‮evil"],
)
def test_a_script_in_a_name_is_only_text(planner, helsinki, name):
    answer = Browser(planner).post("/api/v1/customers", {"name": name, "account_no": "1"})

    assert answer.status_code == 201
    assert Account.objects.get().name == name


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '"text"',
        "null",
        "{}",
        '{"name": "x"}',
        '{"name": {"$ne": 1}, "account_no": "1"}',
        '{"name": "x", "account_no": "1", "deleted_at": "now"}',
        "[" * 5000 + "]" * 5000,
    ],
)
def test_a_malformed_body_is_refused(planner, body):
    answer = Browser(planner).client.post("/api/v1/customers", body, content_type="application/json", headers=command_headers())

    assert answer.status_code == 400
    assert not Account.objects.exists()


@pytest.mark.parametrize("door", ["customers/{}/move", "layers/customers/features/{}/move"])
@pytest.mark.parametrize(
    "wrong", [{"reason": "two\nlines"}, {"device": "a\x00b"}, {"colour": "red"}, {"accuracy_m": 0}, {"source": "rumour"}]
)
def test_both_doors_of_a_move_refuse_the_same(museum, planner, door, wrong):
    answer = Browser(planner).post(f"/api/v1/{door.format(museum.pk)}", {"lon": 24.9317, "lat": 60.1751, "base_version": 1, **wrong})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, list(wrong))


@pytest.mark.parametrize("field", ["is_staff", "version", "deleted_by", "point_id", "id", "geom_srid"])
def test_fields_that_are_not_offered_cannot_be_smuggled_in(museum, planner, field):
    answer = Browser(planner).send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, field: 7})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize("kva", ["-1", "NaN", "1e999", "12345678901234567", '"much"'])
def test_a_capacity_that_is_no_capacity_is_refused(planner, helsinki, kva):
    answer = Browser(planner).client.post(
        "/api/v1/customers",
        f'{{"name": "x", "account_no": "1", "contract_kva": {kva}}}',
        content_type="application/json",
        headers=command_headers(),
    )

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "grade=purple",
        "class=;drop",
        "bbox=1,2,3",
        "bbox=9,9,1,1",
        "bbox=nan,1,2,3",
        "area=NOWHERE",
        "limit=0",
        "limit=1e9",
        "colour=red",
        "cursor=-1",
        "ordering=owner__password",
    ],
)
def test_an_unknown_filter_or_value_is_refused(museum, planner, query):
    answer = Browser(planner).client.get(f"/api/v1/customers?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"]


BOWTIE = [[[24, 60], [25, 61], [25, 60], [24, 61], [24, 60]]]


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"geometry": {"type": "Polygon", "coordinates": BOWTIE}},
        {"geometry": {"type": "Polygon", "coordinates": []}},
        {"geometry": {"type": "Polygon", "coordinates": [[[24, 60], [25, 61]]]}},
        {"geometry": {"type": "Point", "coordinates": [24, 60]}},
        {"geometry": {"type": "Polygon", "coordinates": [[[24, 60], [25, 61], [25, "x"], [24, 60]]]}},
        {"geometry": {"type": "Polygon", "coordinates": [[[24.0 + n / 1e6, 60] for n in range(10_050)]]}},
        {"geometry": {"type": "GeometryCollection", "geometries": []}},
        {"centre": {"lon": 24, "lat": 60}},
        {"centre": {"lon": 24, "lat": 60}, "radius_m": 1e9},
        {"line": [[24, 60], [24, 60]], "width_m": 10},
        {"line": [[24, 60]], "width_m": 10},
        {"centre": {"lon": 24, "lat": 60}, "radius_m": 10, "line": [[24, 60], [25, 60]], "width_m": 5},
    ],
)
def test_a_shape_that_is_no_shape_is_refused(museum, planner, shape):
    answer = Browser(planner).post("/api/v1/customers/within", shape)

    assert answer.status_code == 400, answer.content


def test_a_filter_text_never_reaches_a_raster_lookup(museum, planner):
    answer = Browser(planner).client.get("/api/v1/customers", {"bbox": "/vsicurl/http://127.0.0.1:9/x.tif"})

    assert answer.status_code == 400


def test_a_body_above_the_limit_is_refused(planner):
    body = json.dumps({"name": "x" * (6 * 1024 * 1024), "account_no": "1"})

    answer = Browser(planner).client.post("/api/v1/customers", body, content_type="application/json", headers=command_headers())

    assert answer.status_code in (400, 413)
