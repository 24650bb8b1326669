"""Draw a shape and see who is inside: by pointer, by finger, by typing; live, filtered, as a link."""

import re

import pytest
from playwright.sync_api import Page, expect

MUSEUM = (24.9316, 60.1751)
NEAR = (24.9326, 60.1753)
OUTSIDE = (24.9400, 60.1751)


@pytest.fixture
def town(world) -> dict[str, dict]:
    """Two customers near each other, one without a known capacity, and one 450 m away."""
    return {
        "museum": world.customer(
            "Kansallismuseo", MUSEUM, name_en="National Museum", grade="special", classes=["large"], contract_kva=1250
        ),
        "kiosk": world.customer("Kioski", NEAR, name_en="Kiosk", grade="none"),
        "outside": world.customer("Ulkona", OUTSIDE, name_en="Outside", grade="second", contract_kva=400),
    }


def panel(page: Page):
    return page.get_by_role("complementary", name="Draw and count")


def choose(page: Page, kind: str) -> None:
    panel(page).get_by_role("button", name=kind, exact=True).click()
    expect(page.get_by_role("toolbar", name="Draw and count")).to_be_visible()


def test_a_polygon_by_pointer_lists_counts_and_sums(page, sign_in, open_map, town):
    sign_in(page)
    on_map = open_map(page, at=MUSEUM, zoom=16, panel="draw")
    corners = [(MUSEUM[0] - 0.001, MUSEUM[1] - 0.0006), (NEAR[0] + 0.001, MUSEUM[1] - 0.0006), (NEAR[0] + 0.001, NEAR[1] + 0.0008)]
    pixels = [on_map.pixel_of(corner) for corner in [*corners, (MUSEUM[0] - 0.001, NEAR[1] + 0.0008)]]

    choose(page, "Polygon")
    for pixel in pixels:
        page.mouse.click(*pixel)
        page.wait_for_timeout(300)  # Slower than a double click.
    page.keyboard.press("Enter")

    expect(panel(page)).to_contain_text("2 customers inside")
    expect(panel(page)).to_contain_text("1,250 kVA")
    expect(panel(page).get_by_role("list", name="Grade")).to_contain_text("Special grade1")
    expect(panel(page).get_by_role("list", name="Business class")).to_contain_text("Large customer1")
    hits = panel(page).get_by_role("list", name="Customers")
    expect(hits.get_by_role("listitem")).to_have_count(2)
    # Unknown is not zero.
    expect(hits.get_by_role("listitem").filter(has_text="Kiosk")).to_contain_text("Not known")
    expect(page).to_have_url(re.compile("draw=polygon:24"))
    # The tool is out of the hand again, and nothing was selected on the way.
    expect(page.get_by_role("toolbar", name="Draw and count")).to_have_count(0)
    assert "sel=" not in page.url

    hits.get_by_role("button", name=re.compile("National Museum")).click()
    expect(page).to_have_url(re.compile(f"sel=customers:{town['museum']['id']}"))


def test_escape_cancels_backspace_takes_back_and_controls_never_draw(page, sign_in, open_map, town):
    sign_in(page)
    on_map = open_map(page, at=MUSEUM, zoom=16, panel="draw")
    first, second = on_map.pixel_of(MUSEUM), on_map.pixel_of(NEAR)
    choose(page, "Polygon")
    bar = page.get_by_role("toolbar", name="Draw and count")
    page.mouse.click(*first)
    page.wait_for_timeout(300)
    page.mouse.click(second[0] + 60, second[1])
    expect(bar).to_contain_text("2 corners")

    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom out").click()
    page.wait_for_timeout(400)
    expect(bar).to_contain_text("2 corners")

    page.locator("#map").focus()
    page.keyboard.press("Backspace")
    expect(bar).to_contain_text("1 corner")
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    assert "draw=" not in page.url
    # The map selects again.
    on_map.click(MUSEUM)
    expect(page).to_have_url(re.compile("sel=customers:"))


def test_a_circle_by_two_presses_is_round_on_the_ground(page, sign_in, open_map, town):
    sign_in(page)
    on_map = open_map(page, at=MUSEUM, zoom=16, panel="draw")
    centre, edge = on_map.pixel_of(MUSEUM), on_map.pixel_of((MUSEUM[0], MUSEUM[1] + 0.0009))

    choose(page, "Circle")
    page.mouse.click(*centre)
    page.mouse.move(centre[0], (centre[1] + edge[1]) / 2)
    page.mouse.move(*edge)
    page.wait_for_timeout(300)
    page.mouse.click(*edge)

    expect(page).to_have_url(re.compile(r"draw=circle:(9[5-9]|10[0-6])~24\.931"))
    expect(panel(page)).to_contain_text("2 customers inside")


def test_a_typed_circle_can_be_resized_and_says_what_is_unknown(page, sign_in, open_map, town):
    sign_in(page)
    open_map(page, at=NEAR, panel="draw")
    panel(page).get_by_text("Type it instead").click()

    panel(page).get_by_label("Centre").fill("nowhere")
    panel(page).get_by_role("button", name="Show customers inside").click()
    expect(panel(page)).to_contain_text("Line 1 is not a position.")

    panel(page).get_by_label("Centre").fill(f"{NEAR[1]} N, {NEAR[0]} E")
    panel(page).get_by_label("Radius in metres").fill("20")
    panel(page).get_by_role("button", name="Show customers inside").click()
    expect(panel(page)).to_contain_text("1 customer inside")
    expect(panel(page).get_by_text("Not known")).to_have_count(3)

    panel(page).get_by_label("Radius in metres").last.fill("600")
    expect(panel(page)).to_contain_text("3 customers inside")
    expect(panel(page)).to_contain_text("1,650 kVA")
    panel(page).get_by_label("Radius in metres").last.fill("-5")
    expect(panel(page).get_by_role("alert")).to_contain_text("1 to 200,000")
    expect(page).to_have_url(re.compile("draw=circle:600~"))


def test_around_the_selected_customer(page, sign_in, open_map, town):
    sign_in(page)
    open_map(page, at=MUSEUM, panel="draw", sel=f"customers:{town['museum']['id']}")
    panel(page).get_by_text("Type it instead").click()

    panel(page).get_by_role("button", name="Around National Museum").click()
    panel(page).get_by_label("Radius in metres").fill("30")
    panel(page).get_by_role("button", name="Show customers inside").click()

    expect(panel(page)).to_contain_text("1 customer inside")


def test_a_corridor_by_typing_and_its_width_afterwards(page, sign_in, open_map, town):
    sign_in(page)
    open_map(page, at=MUSEUM, zoom=15, panel="draw")
    panel(page).get_by_text("Type it instead").click()
    panel(page).get_by_label("Shape").select_option("corridor")
    panel(page).get_by_label("Corners, one per line").fill("24.9290, 60.1751\n24.9420, 60.1751")
    panel(page).get_by_label("Width in metres").first.fill("30")
    panel(page).get_by_role("button", name="Show customers inside").click()

    # Kiosk stands 22 m beside the line.
    expect(panel(page)).to_contain_text("2 customers inside")
    panel(page).get_by_label("Width in metres").last.fill("100")
    expect(panel(page)).to_contain_text("3 customers inside")
    expect(page).to_have_url(re.compile("draw=corridor:100~"))


def test_the_result_follows_changes_and_filters(page, sign_in, open_map, town, world):
    sign_in(page)
    open_map(page, at=MUSEUM, panel="draw", draw=f"circle:150~{MUSEUM[0]},{MUSEUM[1]}")
    expect(panel(page)).to_contain_text("2 customers inside")

    world.move(town["outside"]["id"], (MUSEUM[0] + 0.0004, MUSEUM[1]), reason="Moved house")
    expect(panel(page)).to_contain_text("3 customers inside")

    open_map(page, at=MUSEUM, panel="draw", draw=f"circle:150~{MUSEUM[0]},{MUSEUM[1]}", grade="special")
    expect(panel(page)).to_contain_text("1 customer inside")
    expect(panel(page)).to_contain_text("Only those that match the filters.")
    expect(page.get_by_role("region", name="Filters of the map and the list")).to_contain_text("Special grade")


def test_a_link_opens_the_shape_for_somebody_else(page, another_context, sign_in, open_map, town):
    sign_in(page)
    open_map(page, at=MUSEUM, panel="draw", draw=f"circle:150~{MUSEUM[0]},{MUSEUM[1]}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel(page).get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("The link to this shape is copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")

    other = sign_in(another_context().new_page(), "dispatcher")
    other.goto(link)

    expect(panel(other)).to_contain_text("2 customers inside")


def test_without_its_panel_the_shape_stays_and_can_be_cleared(page, sign_in, open_map, town):
    sign_in(page)
    open_map(page, at=MUSEUM, draw=f"circle:150~{MUSEUM[0]},{MUSEUM[1]}")

    expect(page.get_by_role("button", name="Circle 2 customers")).to_be_visible()
    page.get_by_role("button", name="Clear shape").click()
    expect(page.get_by_role("button", name="Circle 2 customers")).to_have_count(0)
    assert "draw=" not in page.url


def test_an_outline_that_crosses_itself_is_refused_with_a_sentence(page, sign_in, open_map, town):
    bow = "24.930,60.174~24.934,60.177~24.934,60.174~24.930,60.177"
    sign_in(page)
    open_map(page, at=MUSEUM, panel="draw", draw=f"polygon:{bow}")

    expect(panel(page).get_by_role("alert")).to_contain_text("The outline crosses itself")


def test_a_cut_list_says_so(page, sign_in, open_map, town):
    def cut(route) -> None:
        answer = route.fetch().json()
        route.fulfill(json={**answer, "count": 5312, "truncated": True})

    page.route("**/api/v1/customers/within", cut)
    sign_in(page)
    open_map(page, at=MUSEUM, panel="draw", draw=f"circle:150~{MUSEUM[0]},{MUSEUM[1]}")

    expect(panel(page)).to_contain_text("The list shows the first 2 of 5,312. Counts and sums hold all of them.")
    # The end of the test deletes customers, and the shape asks again.
    page.unroute_all(behavior="ignoreErrors")


def test_with_fingers_on_a_phone(another_context, sign_in, open_map, town):
    page = another_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    sign_in(page)
    open_map(page, at=MUSEUM, zoom=16, panel="draw")
    panel(page).get_by_role("button", name="Corridor", exact=True).tap()
    # The panel makes room for the map.
    expect(panel(page)).to_have_count(0)
    bar = page.get_by_role("toolbar", name="Draw and count")

    page.touchscreen.tap(80, 420)
    page.wait_for_timeout(400)
    page.touchscreen.tap(310, 420)
    expect(bar).to_contain_text(re.compile(r"\d+ m|km"))
    bar.get_by_role("button", name="Finish").tap()

    expect(page).to_have_url(re.compile("draw=corridor:200~"))
    expect(panel(page)).to_contain_text("inside")
