"""Datums against the vectors of the domain reference, section 9."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial import datums

pytestmark = pytest.mark.unit


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
    "name", ["WGS72?", "EPSG:abc", "EPSG:99999", "+proj=longlat", "PROJCS[...]", "EPSG:4326 +geoidgrids=/etc/passwd", ""]
)
def test_a_datum_that_is_not_in_the_register_is_refused(name):
    with pytest.raises(datums.UnknownDatum):
        datums.to_wgs84(1.0, 2.0, name)


def test_cgcs2000_is_stored_as_it_is():
    assert datums.to_wgs84(115.0, 33.0, "CGCS2000") == (115.0, 33.0)
    assert not math.isnan(datums.to_wgs84(115.0, 33.0, "EPSG:4490")[0])
