"""What the numbers of a file say about their datum, and what they cannot say."""

import numpy as np
import pytest

from spatial import datums
from spatial.datum_guess import guess_datum, looks_swapped, straddles_zones

pytestmark = pytest.mark.unit

BOZHOU = (115.3, 33.4, 116.5, 34.2)
HELSINKI = (24.5, 60.0, 25.3, 60.4)
LON, LAT = np.linspace(115.55, 116.2, 12), np.linspace(33.6, 34.0, 12)


def numbers(datum, lon=LON, lat=LAT):
    x, y, ok = datums.from_wgs84_many(lon, lat, datum)
    assert ok.all()
    return x, y


def test_degrees_outside_of_china_are_wgs84_for_sure_and_inside_only_a_word_tells():
    assert (guess_datum([24.9, 25.0], [60.1, 60.2]).datum, guess_datum([24.9], [60.1]).certain) == ("WGS84", True)
    plain = guess_datum(LON, LAT)
    assert (plain.datum, plain.certain) == ("WGS84", False)
    assert set(plain.candidates) == {"WGS84", "CGCS2000", "GCJ02", "BD09"}


@pytest.mark.parametrize(
    ("word", "datum"),
    [
        ("lon_gcj02", "GCJ02"), ("高德经度", "GCJ02"), ("火星坐标X", "GCJ02"), ("百度经度", "BD09"), ("bd09_lng", "BD09"),
        ("CGCS2000经度", "CGCS2000"), ("国家2000经度", "CGCS2000"), ("wgs84_lon", "WGS84"), ("GPS经度", "WGS84"), ("lon_epsg_4490", "CGCS2000"),
    ],
)  # fmt: skip
def test_a_columns_name_tells_the_datum_of_degrees(word, datum):
    guess = guess_datum(LON, LAT, ["户号", word])

    assert (guess.datum, guess.certain, guess.candidates[0]) == (datum, True, datum)


@pytest.mark.parametrize("code", ["EPSG:4527", "EPSG:4498"])
def test_the_prefix_of_an_easting_tells_its_zone(code):
    guess = guess_datum(*numbers(code))

    assert (guess.datum, guess.certain, guess.swapped, guess.straddles) == (code, True, False, False)


def test_surveyors_name_the_northing_x_and_that_is_noticed():
    x, y = numbers("EPSG:4527")
    plain_x, plain_y = numbers("EPSG:4548")

    assert (guess_datum(y, x).datum, guess_datum(y, x).swapped) == ("EPSG:4527", True)
    assert (guess_datum(plain_y, plain_x, extent=BOZHOU).datum, guess_datum(plain_y, plain_x, extent=BOZHOU).swapped) == ("EPSG:4548", True)


def test_eastings_without_prefix_need_the_utilitys_area_or_a_word():
    x, y = numbers("EPSG:4548")

    assert guess_datum(x, y).datum is None
    assert not guess_datum(x, y).certain
    assert guess_datum(x, y, ["中央子午线117 X"]).datum == "EPSG:4548"
    assert guess_datum(x, y, ["easting_epsg_4548"]).datum == "EPSG:4548"
    within = guess_datum(x, y, extent=BOZHOU)
    # The 6-degree zone of 117 E is the same projection: either answer is right.
    assert within.datum == "EPSG:4548"
    assert {"EPSG:4509", "EPSG:32650"} <= {*within.candidates}
    # UTM of the same meridian is 1.5 km off: a number alone cannot tell the two apart.
    assert not within.certain


def test_metres_of_other_countries_are_told_by_the_utilitys_area():
    x, y = numbers("EPSG:3067", np.array([24.93, 24.96]), np.array([60.16, 60.19]))

    guess = guess_datum(x, y, extent=HELSINKI)

    assert guess.datum == "EPSG:3067"
    assert guess_datum(y, x, ["ETRS-TM35FIN (EPSG:3067)"], extent=HELSINKI).certain


def test_web_mercator_of_shanghai_is_not_taken_for_a_zone_with_prefix():
    x, y = numbers("EPSG:3857", np.array([121.4, 121.5]), np.array([31.2, 31.3]))

    assert not guess_datum(x, y).certain
    assert guess_datum(x, y, extent=(120.8, 30.7, 122.2, 31.9)).datum == "EPSG:3857"


def test_a_file_that_straddles_two_zones_is_noticed():
    west, east = numbers("EPSG:4526", LON[:6] - 0.2, LAT[:6]), numbers("EPSG:4527", LON[6:], LAT[6:])
    x, y = (np.concatenate(pair) for pair in zip(west, east, strict=True))
    both = guess_datum(x, y, extent=BOZHOU)

    assert straddles_zones(x)
    assert not straddles_zones(east[0])
    assert (guess_datum(x, y).datum, guess_datum(x, y).straddles) == (datums.CGCS2000_ZONES, True)
    assert (both.datum, both.straddles) == (datums.CGCS2000_ZONES, True)
    # Without the prefix the same rows stand at both edges of "the" zone; nobody but the person can part them.
    bare = guess_datum(x % 1_000_000, y, extent=BOZHOU)
    assert (bare.straddles, bare.certain) == (True, False)
    assert guess_datum(y, x).swapped


@pytest.mark.parametrize(
    "places", [(np.array([33.8, 33.9]), np.array([115.7, 115.8])), (np.array([60.16, 60.17]), np.array([24.9, 24.95]))]
)
def test_latitude_in_the_first_column_is_noticed(places):
    extent = BOZHOU if places[1][0] > 90 else HELSINKI

    assert guess_datum(*places, extent=extent).swapped
    assert looks_swapped(*places, "WGS84", extent=extent)
    assert not looks_swapped(*places[::-1], "WGS84", extent=extent)


def test_old_datums_with_a_secret_shift_are_never_guessed():
    assert guess_datum(*numbers("EPSG:4527"), ["西安80坐标X"]).datum is None
    assert guess_datum(*numbers("EPSG:4527"), ["北京54 Y"]).datum is None


def test_nothing_is_guessed_from_nothing():
    assert guess_datum([np.nan, 0.0], [1.0, 0.0]).datum is None
