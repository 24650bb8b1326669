"""The stage itself stands: the server answers, people get in, the map shows."""

from playwright.sync_api import expect

from tests.browser.on_the_map import metres_between

MUSEUM = (24.9316, 60.1751)


def test_a_planner_opens_the_map_where_the_address_says(page, sign_in, open_map, world):
    world.customer("Kansallismuseo", MUSEUM)
    sign_in(page, "planner")

    on_map = open_map(page, at=MUSEUM)

    expect(page.get_by_role("application", name="Map of key customers")).to_be_visible()
    x, y = on_map.pixel_of(MUSEUM)
    assert metres_between(on_map.read(x, y), MUSEUM) < 3
