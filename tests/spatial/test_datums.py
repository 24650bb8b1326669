"""Datums against the vectors of the domain reference, section 9."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from spatial import datums

pytestmark = pytest.mark.unit

HELSINKI, BOZHOU = (24.8, 60.1, 25.3, 60.3), (115.7, 33.8, 115.9, 33.9)


@pytest.mark.parametrize(
    ("wgs84", "gcj02", "bd09"),
    [
        ((115.7787, 33.8446), (115.7842393, 33.8431563), (115.7906736, 33.8493929)),
        ((116.404, 39.915), (116.4102445, 39.9164043), (116.4166272, 39.9226996)),
        ((7.765, 48.41), (7.765, 48.41), (7.765, 48.41)),
    ],
)
def test_the_published_vectors_hold_both_ways(wgs84, gcj02, bd09):
    assert datums.wgs84_to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-7)
    assert datums.gcj02_to_bd09(*gcj02) == pytest.approx(bd09, abs=1e-7)
    assert datums.to_wgs84(*gcj02, "GCJ02") == pytest.approx(wgs84, abs=1e-6)
    assert datums.to_wgs84(*bd09, "BD09") == pytest.approx(wgs84, abs=1e-6)


@given(st.floats(74, 135), st.floats(2, 54))
def test_there_and_back_again_ends_within_a_millimetre(lon, lat):
    assert datums.gcj02_to_wgs84(*datums.wgs84_to_gcj02(lon, lat)) == pytest.approx((lon, lat), abs=1e-8)


@pytest.mark.parametrize(("code", "easting"), [("EPSG:4527", 39_386_962.138), ("EPSG:4548", 386_962.138)])
def test_a_gauss_kruger_zone_with_and_without_prefix_names_the_same_spot(code, easting):
    lon, lat = datums.to_wgs84(easting, 3_747_095.353, code)

    assert (lon, lat) == pytest.approx((115.7787, 33.8446), abs=1e-7)


@pytest.mark.parametrize(
    "name",
    ["WGS72?", "EPSG:abc", "EPSG:99999", "EPSG:4555", "EPSG:2401", "+proj=longlat", "PROJCS[...]", "EPSG:4326 +geoidgrids=/etc/passwd", ""],
)
def test_a_datum_that_is_not_in_the_register_is_refused(name):
    with pytest.raises(datums.UnknownDatum):
        datums.to_wgs84(1.0, 2.0, name)


def test_cgcs2000_is_stored_as_it_is():
    assert datums.to_wgs84(115.0, 33.0, "CGCS2000") == (115.0, 33.0)
    assert not math.isnan(datums.to_wgs84(115.0, 33.0, "EPSG:4490")[0])


# The browser's conversions are tested against the same file (frontend/src/lib/datums.test.ts).
VECTORS = json.loads((Path(__file__).parent / "datum_vectors.json").read_text())


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: f"{row['name']}-{row['datum']}")
def test_every_vector_holds_both_ways_as_one_of_many(row):
    lon, lat = np.full(3, row["lon"]), np.full(3, row["lat"])

    x, y, there = datums.from_wgs84_many(lon, lat, row["datum"])
    back_lon, back_lat, back = datums.to_wgs84_many(x, y, row["datum"])

    assert there.all()
    assert back.all()
    assert (x[1], y[1]) == pytest.approx((row["x"], row["y"]), abs=0.001 if datums.is_metres(row["datum"]) else 1e-7)
    assert (back_lon[2], back_lat[2]) == pytest.approx((row["lon"], row["lat"]), abs=1e-8)


def test_every_zone_of_cgcs2000_is_where_its_name_says():
    six, three = range(13, 24), range(25, 46)
    codes = [4491 + zone - 13 for zone in six] + [4502 + zone - 13 for zone in six]
    codes += [4513 + zone - 25 for zone in three] + [4534 + zone - 25 for zone in three]

    assert codes == [*range(4491, 4555)]
    for code in codes:
        has_prefix, is_six = code < 4502 or 4513 <= code < 4534, code < 4513
        meridian = 75 + 6 * ((code - 4491) % 11) if is_six else 75 + 3 * ((code - 4513) % 21)
        zone = (meridian + 3) // 6 if is_six else meridian // 3
        area = CRS.from_epsg(code).area_of_use
        lat = (area.south + area.north) / 2

        x, y, there = datums.from_wgs84_many([meridian, meridian + 1], [lat, lat], f"EPSG:{code}")
        lon, back_lat, back = datums.to_wgs84_many(x, y, f"EPSG:{code}")

        assert there.all() and back.all(), code
        assert x[0] == pytest.approx(500_000 + zone * 1_000_000 * has_prefix, abs=1e-6), code
        assert x[1] - x[0] == pytest.approx(111_320 * math.cos(math.radians(lat)), rel=0.004), code
        assert (lon.tolist(), back_lat[1]) == (pytest.approx([meridian, meridian + 1], abs=1e-9), pytest.approx(lat, abs=1e-9)), code
        assert "CGCS2000" in datums.label(f"EPSG:{code}")


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-85, 85)), min_size=1, max_size=50), st.sampled_from(["GCJ02", "BD09"]))
def test_many_positions_are_converted_as_one_is_and_outside_of_china_nothing_moves(places, datum):
    lon, lat = np.array(places).T

    to_lon, to_lat, ok = datums.to_wgs84_many(lon, lat, datum)
    x, y, there = datums.from_wgs84_many(lon, lat, datum)

    assert ok.all()
    assert there.all()
    outside = (lon < 72.004) | (lon > 137.8347) | (lat < 0.8293) | (lat > 55.8271)
    assert (to_lon[outside] == lon[outside]).all()
    assert (x[outside] == lon[outside]).all()
    assert (y[outside] == lat[outside]).all()
    for row, place in enumerate(places):
        assert (to_lon[row], to_lat[row]) == datums.to_wgs84(*place, datum)


def test_rows_that_are_no_position_are_marked_and_the_others_are_converted():
    lon, lat, ok = datums.to_wgs84_many(
        [386_962.138, math.nan, math.inf, 39_386_962.138, 386_962.138], [3_747_095.353, 1.0, 2.0, 3_747_095.353, math.nan], "EPSG:4548"
    )

    assert ok.tolist() == [True, False, False, False, False]
    assert (lon[0], lat[0]) == pytest.approx((115.7787, 33.8446), abs=1e-7)
    assert np.isnan(lon[1:]).all()
    assert np.isnan(lat[1:]).all()
    assert datums.to_wgs84_many([10.0, 181.0], [91.0, 5.0], "WGS84")[2].tolist() == [False, False]


def test_the_axes_of_epsg_4490_are_longitude_first_here_whatever_the_register_says():
    assert CRS.from_epsg(4490).axis_info[0].direction == "north"

    lon, lat, ok = datums.to_wgs84_many([115.7787], [33.8446], "EPSG:4490")

    assert (lon[0], lat[0], ok[0]) == (115.7787, 33.8446, True)
    assert [float(value[0]) for value in datums.from_wgs84_many([115.7787], [33.8446], "EPSG:4490")[:2]] == [115.7787, 33.8446]


def test_a_file_of_two_zones_is_converted_row_by_row_where_the_prefix_tells():
    lon, _, ok = datums.to_wgs84_many([39_386_962.138, 38_600_000.0, 386_962.138], [3_747_095.353] * 3, datums.CGCS2000_ZONES)

    assert ok.tolist() == [True, True, False]
    assert lon[0] == pytest.approx(115.7787, abs=1e-7)
    assert lon[1] == pytest.approx(datums.to_wgs84(38_600_000.0, 3_747_095.353, "EPSG:4526")[0])
    with pytest.raises(datums.UnknownDatum):
        datums.from_wgs84_many([115.0], [33.0], datums.CGCS2000_ZONES)


def test_a_utilitys_own_grid_is_allowed_by_its_setting_and_only_if_it_exists():
    assert "EPSG:3794" not in datums.allowed()
    try:
        datums.allow(["EPSG:3794"])

        assert datums.to_wgs84_many([462_000.0], [101_000.0], "EPSG:3794")[2].all()
        assert datums.allowed()[4] == "EPSG:3794"
        with pytest.raises(datums.UnknownDatum):
            datums.allow(["EPSG:999999"])
    finally:
        datums.allow([])
    with pytest.raises(datums.UnknownDatum):
        datums.to_wgs84(462_000.0, 101_000.0, "EPSG:3794")


def test_what_is_offered_for_a_place_is_made_for_it():
    helsinki, bozhou = datums.made_for([HELSINKI]), datums.made_for([BOZHOU])

    assert {"WGS84", "GCJ02", "EPSG:3067", "EPSG:32635", "EPSG:3879"} <= {*helsinki}
    assert {"EPSG:4527", "EPSG:4548", "EPSG:4498", "EPSG:4509"} <= {*bozhou}
    assert "EPSG:4548" not in helsinki
    assert "EPSG:4526" not in bozhou


def test_two_regions_far_apart_are_offered_the_datums_of_both_and_each_once():
    both = datums.made_for([HELSINKI, BOZHOU])

    assert {*datums.made_for([HELSINKI]), *datums.made_for([BOZHOU])} == {*both}
    assert not {"EPSG:4326", "EPSG:4490"} & {*both}
    assert len({datums.label(datum) for datum in both}) == len(both)


def test_every_datum_has_a_chinese_name_of_its_own():
    names = {datum: datums.label_zh(datum) for datum in [*datums.allowed(), datums.CGCS2000_ZONES] if datum == datums.known_name(datum)}

    assert not [name for name in names.values() if re.search(r"zone|degree|Gauss|Mercator|Grid|CM ", name)]
    assert len(set(names.values())) == len(names)
