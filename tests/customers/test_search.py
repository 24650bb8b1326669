"""One box finds a customer by whatever a person remembers of it."""

import pytest
from django.contrib.gis.geos import Point as Geos

from customers import services
from spatial.models import Place
from tests.cast import MONDAY, MUSEUM, Browser, new_customer

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def first(planner, text: str) -> dict:
    results = Browser(planner).get("/api/v1/search", q=text).json()["results"]
    return results[0] if results else {}


def test_of_a_phone_number_it_tells_whose_it_is_and_how_it_ends(museum, planner):
    assert first(planner, "09552")["contact"] == {"name": "Mikko", "phone_ends": "09552"}
    assert first(planner, "552")["contact"] == {"name": "Mikko", "phone_ends": "9552"}
    assert "contact" not in first(planner, "0012345678")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("Kansallismuseo", "name"),
        ("kansallism", "name"),
        ("national muse", "name"),
        ("国家博物馆", "name"),
        ("博物", "name"),
        ("guojiabowu", "name"),
        ("guo jia bo wu", "pinyin"),
        ("gjbwg", "initials"),
        ("GJB", "initials"),
        ("0012345678", "account"),
        ("45678", "account"),
        ("９５５２", "phone"),
        ("9552", "phone"),
        ("mannerheimintie 34", "name"),
        ("Museovirasto", "name"),
        ("kansalismuseo", "similar"),
        ("natoinal museum", "similar"),
    ],
)
def test_the_museum_is_found(museum, theatre, planner, text, match):
    found = first(planner, text)

    assert found.get("id") == museum.pk, found
    assert found["match"] == match
    assert (found["lon"], found["lat"]) == MUSEUM


def test_a_customer_without_a_location_is_found_too(theatre, planner):
    found = first(planner, "Kansallisteatteri")

    assert (found["id"], found["lon"]) == (theatre.pk, None)


@pytest.mark.parametrize("text", ["24.9316, 60.1751", "60.1751, 24.9316", "60°10'30.36\"N 24°55'53.76\"E"])
def test_coordinates_are_found_in_either_order_because_the_utility_lies_there(museum, planner, text):
    found = first(planner, text)

    assert found["kind"] == "coordinate"
    assert (found["lon"], found["lat"]) == pytest.approx(MUSEUM, abs=1e-6)


def test_a_street_of_the_basemap_is_found(planner, db):
    Place.objects.create(kind="street", name="Mannerheimintie", origin="test", geom=Geos(24.93, 60.17))
    Place.objects.create(kind="poi", name="Mannerheimin museo", origin="test", geom=Geos(24.95, 60.16))

    assert first(planner, "mannerheimint")["title"] == "Mannerheimintie"
    assert first(planner, "manerheimintie")["title"] == "Mannerheimintie"


def test_a_place_tells_its_category_and_its_address_but_never_its_name_twice(planner, db):
    Place.objects.create(kind="poi", name="Robert's Coffee", category="cafe", address="Kaivokatu 1", origin="test", geom=Geos(24.94, 60.17))
    Place.objects.create(
        kind="address", name="Kaivokatu 1", category="address", address="Kaivokatu 1", origin="test", geom=Geos(24.94, 60.17)
    )
    Place.objects.create(kind="street", name="Kaivokatu", category="primary", origin="test", geom=Geos(24.94, 60.17))

    results = Browser(planner).get("/api/v1/search", q="kaivokatu").json()["results"]

    assert {(row["title"], row["category"], row["subtitle"]) for row in results} == {
        ("Robert's Coffee", "cafe", "Kaivokatu 1"),
        ("Kaivokatu 1", "address", ""),
        ("Kaivokatu", "street", ""),
    }


def test_the_graver_customer_comes_first_among_equals(helsinki, planner):
    services.create_customers(
        [new_customer("Sairaala Itä", "1", grade="second"), new_customer("Sairaala Länsi", "2", grade="special")], user=planner, at=MONDAY
    )

    assert first(planner, "sairaala")["title"] == "Sairaala Länsi"


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "'", "\\", "x" * 5000, "（）", "\x00", "1=1) or (1=1", "😀"])
def test_odd_text_finds_little_and_breaks_nothing(museum, planner, text):
    answer = Browser(planner).get("/api/v1/search", q=text)

    assert answer.status_code == 200


def test_a_nul_byte_in_an_address_to_find_is_no_fault(museum, planner):
    assert Browser(planner).get("/api/v1/geocode", q="\x00").json()["results"] == []


def test_a_deleted_customer_is_not_found(museum, planner):
    services.delete_customers([services.CustomerEdit(museum.pk, 1)], user=planner, at=MONDAY, reason="gone")

    assert first(planner, "Kansallismuseo") == {}
