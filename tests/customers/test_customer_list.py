"""The list of customers: what a box holds, and pages that neither repeat nor lose a row."""

from customers import services
from tests.cast import MONDAY, Browser, new_customer


def names(user, **query) -> list[str]:
    return sorted(row["name"] for row in Browser(user).get("/api/v1/customers", **query).json()["results"])


def test_a_box_across_the_antimeridian_holds_the_same_customers_as_the_map(planner):
    places = {"Taveuni": (179.99, -16.8), "Rabi": (-179.98, -16.5), "Between": (24.9, 60.2)}
    commands = [new_customer(name, f"00{number}", at=at) for number, (name, at) in enumerate(places.items())]
    services.create_customers(commands, user=planner, at=MONDAY)
    box = "179.9,-20,-179.9,-15"

    listed = names(planner, bbox=box)

    on_map = Browser(planner).get("/api/v1/layers/customers/features", bbox=box).json()["features"]
    assert listed == ["Rabi", "Taveuni"] == sorted(feature["properties"]["name"] for feature in on_map)
