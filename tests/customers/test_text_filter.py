"""The text filter of the screen: list, counts, drawn shapes and the map's features leave the same customers."""

import pytest

from tests.cast import MUSEUM, Browser

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("national", ["museum", "theatre"]),
        ("NATIONAL mus", ["museum"]),
        ("mannerheimintie,museo", ["museum"]),
        ("国家博物馆", ["museum"]),
        ("00987", ["theatre"]),
        ("nobody", []),
        ("%", []),
        (",", ["museum", "theatre"]),
    ],
)
def test_a_text_narrows_list_counts_and_shape_alike(museum, theatre, planner, text, found):
    browser = Browser(planner)
    wanted = {{"museum": museum, "theatre": theatre}[name].pk for name in found}
    drawn = {"centre": {"lon": MUSEUM[0], "lat": MUSEUM[1]}, "radius_m": 100, "q": text}

    listed = browser.get("/api/v1/customers", q=text).json()

    assert {row["id"] for row in listed["results"]} == wanted
    assert browser.get("/api/v1/customers/counts", q=text).json()["total"] == len(wanted)
    # Only the museum has a location.
    on_the_map = wanted - {theatre.pk}
    features = browser.get("/api/v1/layers/customers/features", q=text).json()["features"]
    assert {feature["id"] for feature in features} == on_the_map
    assert {row["id"] for row in browser.post("/api/v1/customers/within", drawn).json()["customers"]} == on_the_map
