"""Positions as people type them."""

import pytest

from spatial import notation

pytestmark = pytest.mark.unit

HELSINKI = (24.9408, 60.1699)


@pytest.mark.parametrize(
    "text",
    [
        "24.9408, 60.1699",
        "24.9408 60.1699",
        "24.9408，60.1699",
        "60.1699N 24.9408E",
        "60.1699 N, 24.9408 E",
        "24,9408; 60,1699",
    ],
)
def test_decimal_degrees_are_read(text):
    assert (notation.readings(text)[0].lon, notation.readings(text)[0].lat) == pytest.approx(HELSINKI, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    ["60°10'11.64\"N 24°56'26.88\"E", "24°56'26.88\"E, 60°10'11.64\"N", "60 10 11.64 N 24 56 26.88 E", "60°10′11.64″N 24°56′26.88″E"],
)
def test_degrees_minutes_seconds_are_read_in_either_order(text):
    found = notation.readings(text)

    assert len(found) == 1
    assert (found[0].lon, found[0].lat) == pytest.approx(HELSINKI, abs=1e-6)


def test_south_and_west_are_negative():
    found = notation.readings("33°52'S 151°12'W")

    assert (found[0].lon, found[0].lat) == pytest.approx((-151.2, -33.866667), abs=1e-5)


def test_without_letters_both_orders_are_offered():
    assert [(r.lon, r.lat) for r in notation.readings("24.9, 60.1")] == [(24.9, 60.1), (60.1, 24.9)]


@pytest.mark.parametrize(
    "text",
    ["", "hospital", "24.9", "24.9, 60.1, 3", "nan, nan", "1e400, 2", "999, 999", "24°99'00\"E 60°10'00\"N", "0012345678", "x" * 500],
)
def test_what_is_no_position_gives_nothing(text):
    assert notation.readings(text) == []
