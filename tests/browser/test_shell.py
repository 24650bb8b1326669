"""The frame around the map: search by keyboard, the basemap switch, live state, address and Back, language and theme."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

PICTURE = Path(__file__).parents[2] / "layers" / "data" / "no-imagery.png"
MUSEUM = (24.9316, 60.1751)
THEATRE = (24.9472, 60.1716)
# In the county, beyond the detail of the basemap.
BARE = (25.0900, 60.2900)


@pytest.fixture
def museum(world) -> dict:
    return world.customer("Kansallismuseo", MUSEUM, name_en="National Museum", name_zh="国家博物馆", grade="first")


def view(page: Page) -> tuple[float, ...]:
    """Return zoom, latitude and longitude of the address."""
    found = re.search(r"map=([\d.]+)/([\d.]+)/([\d.]+)", page.url)
    assert found, page.url
    return tuple(float(number) for number in found.groups())


@pytest.mark.parametrize("typed", ["kansallismus", "gjbwg", "kansalismuseo", "24.9316, 60.1751"])
def test_a_customer_or_place_is_found_by_keyboard_alone(page, sign_in, open_map, museum, typed):
    sign_in(page, "dispatcher")
    open_map(page, at=THEATRE, zoom=15)

    page.keyboard.press("/")
    expect(page.get_by_role("combobox").first).to_be_focused()
    page.keyboard.type(typed)
    # At once, as people in a hurry do: before the answer is there.
    page.keyboard.press("Enter")

    if typed[0].isalpha():
        expect(page).to_have_url(re.compile(f"sel=customers:{museum['id']}"))
        expect(page.get_by_role("heading", name="National Museum")).to_be_visible()
    expect(page).to_have_url(re.compile(r"map=[\d.]+/60\.175\d*/24\.931"))


def test_a_view_of_the_world_asks_for_few_tiles(page, sign_in, open_map):
    """Layers begin at zooms of their own: below, they are not made up of thousands of small tiles."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith(".mvt") else None)
    sign_in(page, "dispatcher")

    open_map(page, at=(15, 40), zoom=3)

    assert 10 < len(asked) < 100, f"{len(asked)} tiles for one screen"


def test_switching_the_basemap_keeps_view_and_selection_and_shifts_no_point(page, sign_in, open_map, museum):
    sign_in(page, "dispatcher")
    on_map = open_map(page, at=MUSEUM, zoom=17, sel=f"customers:{museum['id']}")
    before, pixel = view(page), on_map.pixel_of(MUSEUM)

    page.keyboard.press("b")
    expect(page).to_have_url(re.compile("base=imagery"))

    assert view(page) == before
    assert on_map.pixel_of(MUSEUM) == pytest.approx(pixel, abs=1.0)
    expect(page.get_by_role("heading", name="National Museum")).to_be_visible()


def test_imagery_that_does_not_answer_costs_a_notice_and_the_customers_stay(page, sign_in, open_map, museum):
    sign_in(page, "dispatcher")
    on_map = open_map(page, at=MUSEUM, zoom=17)

    page.keyboard.press("b")

    expect(page.get_by_text("does not answer")).to_be_visible(timeout=20_000)
    on_map.click(MUSEUM)
    expect(page).to_have_url(re.compile(f"sel=customers:{museum['id']}"))


def test_imagery_that_answers_again_is_drawn_without_a_reload_and_the_notice_goes(page, sign_in, open_map):
    page.clock.install()
    sign_in(page, "dispatcher")
    open_map(page, at=MUSEUM, zoom=17)
    page.keyboard.press("b")
    expect(page.get_by_text("does not answer")).to_be_visible(timeout=20_000)

    came = []

    def picture(route: Route) -> None:
        came.append(route.request.url)
        route.fulfill(body=PICTURE.read_bytes(), content_type="image/png")

    page.route("**/imagery/**", picture)
    # The server says "down" for 15 s of its own clock.
    page.route("**/api/v1/basemaps", lambda route: route.fulfill(json=[row | {"status": "ok"} for row in route.fetch().json()]))
    for _ in range(6):
        page.clock.run_for(31_000)
        page.wait_for_timeout(700)
        if not page.get_by_text("does not answer").count():
            break

    expect(page.get_by_text("does not answer")).to_have_count(0)
    assert len(set(came)) > 3, "one was asked for, and then all"


def test_a_lost_network_is_said_and_what_happened_meanwhile_is_there_afterwards(page, sign_in, open_map, museum, world):
    sign_in(page, "dispatcher")
    open_map(page, at=MUSEUM, zoom=17, sel=f"customers:{museum['id']}")
    chip = page.get_by_role("status").filter(has_text=re.compile("Live|Delayed|Offline")).first
    expect(chip).to_contain_text("Live")

    page.context.set_offline(True)
    expect(chip).to_contain_text(re.compile("Offline|Delayed"), timeout=60_000)
    world.move(museum["id"], (24.9318, 60.1752))
    page.context.set_offline(False)

    expect(chip).to_contain_text("Live", timeout=60_000)
    expect(page.get_by_text("24.931800, 60.175200").first).to_be_visible(timeout=20_000)


def test_back_returns_to_what_was_open_before(page, sign_in, open_map, museum):
    sign_in(page, "dispatcher")
    on_map = open_map(page, at=MUSEUM, zoom=17)

    on_map.click(MUSEUM)
    expect(page.get_by_role("heading", name="National Museum")).to_be_visible()
    page.go_back()

    expect(page.get_by_role("heading", name="National Museum")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("sel="))


def test_no_script_in_a_name_runs(page, sign_in, open_map, world):
    """S44: what a person typed is text, in the card, the list and the search."""
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    name = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    customer = world.customer(name, MUSEUM, address="javascript:alert(3)")
    sign_in(page, "dispatcher")

    open_map(page, at=MUSEUM, zoom=17, sel=f"customers:{customer['id']}")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("onerror")
    expect(page.get_by_role("option").first).to_be_visible()

    assert asked == []


def test_the_question_mark_lists_the_keys(page, sign_in, open_map):
    sign_in(page, "dispatcher")
    open_map(page, at=MUSEUM, zoom=15)

    page.keyboard.press("?")

    expect(page.get_by_role("dialog")).to_contain_text("Change the basemap")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_on_a_phone_the_rail_is_a_bar_below_and_the_card_a_sheet(page, sign_in, open_map, museum):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, "dispatcher")
    open_map(page, at=MUSEUM, zoom=17, sel=f"customers:{museum['id']}")

    rail = page.get_by_role("navigation").first.bounding_box()
    card = page.get_by_role("heading", name="National Museum").bounding_box()

    assert rail and rail["y"] > 700
    assert card and card["y"] > 300
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_list_of_keys_has_an_order_and_only_what_the_role_may(page, sign_in, open_map, museum):
    sign_in(page, "planner")
    open_map(page, at=MUSEUM)
    page.keyboard.press("?")
    deeds = page.get_by_role("dialog").get_by_role("term")
    expect(deeds.first).to_have_text("Search")
    planners = deeds.all_inner_texts()
    assert len(set(planners)) == len(planners)
    assert {"Move the selected customer", "Undo my last move of the selected customer", "Draw and count"} <= set(planners)


def test_a_customer_is_not_offered_to_count_customers(page, sign_in, open_map):
    sign_in(page, "customer")
    open_map(page, at=MUSEUM)
    expect(page.get_by_role("button", name="Zoom in")).to_be_visible()
    expect(page.get_by_role("button", name="Draw and count")).to_have_count(0)

    page.keyboard.press("?")

    deeds = page.get_by_role("dialog").get_by_role("term")
    expect(deeds.first).to_have_text("Search")
    assert not {"Move the selected customer", "Undo my last move of the selected customer", "Draw and count"} & set(deeds.all_inner_texts())


def test_where_the_basemap_ends_it_says_so(page, sign_in, open_map):
    sign_in(page)
    open_map(page, at=(7.9, 48.0))
    hint = page.get_by_text("The basemap has no detail here, only land, water and names.")
    expect(hint).to_be_visible()

    open_map(page, at=(24.9440, 60.1710))

    expect(hint).to_be_hidden()


def test_a_place_is_told_by_a_word_and_its_address(page, sign_in, open_map):
    sign_in(page)
    open_map(page, at=MUSEUM)
    page.get_by_role("combobox").first.fill("mannerheimintie")

    expect(page.get_by_role("option", name="Mannerheimintie Street")).to_be_visible()
    expect(page.get_by_role("option", name="Finlandia-talo Place · Mannerheimintie 13")).to_be_visible()


def test_a_phone_number_tells_whose_it_is_and_what_matched(page, sign_in, open_map, world):
    world.customer("Kansallismuseo", MUSEUM, contacts=[{"name": "Mikko", "phone": "+358 9 4050 9552"}, {"name": "Anna", "phone": "112"}])
    sign_in(page, "dispatcher")
    open_map(page, at=MUSEUM)
    found = page.get_by_role("listbox").get_by_role("option")

    page.get_by_role("combobox").first.fill("0 9552")
    expect(found).to_contain_text("Mikko …09552")
    expect(found.locator("mark")).to_have_text("09552")

    page.get_by_role("combobox").first.fill("kansall")
    expect(found.locator("mark")).to_have_text("Kansall")


def test_on_a_phone_the_notice_of_the_basemap_leaves_the_selected_customer_in_sight(another_context, sign_in, open_map, world):
    customer = world.customer("Kaukotalo", BARE)
    page = another_context(viewport={"width": 390, "height": 844}, has_touch=True).new_page()
    sign_in(page)
    open_map(page, at=BARE, sel=f"customers:{customer['id']}")
    notice = page.get_by_text("The basemap has no detail here, only land, water and names.")
    expect(notice).to_be_visible()

    [over, card] = [place.bounding_box() for place in (notice, page.get_by_role("complementary", name="Selected customer"))]
    assert over and card
    # The selection stands in the middle of what is free above the card, its name below it.
    middle = (48 + card["y"]) / 2
    assert middle + 50 < over["y"]
    assert over["y"] + over["height"] < card["y"]


@pytest.mark.parametrize("size", [(1024, 768), (390, 844)])
def test_who_made_the_map_is_read_while_a_customer_is_moved(another_context, sign_in, open_map, world, size):
    customer = world.customer("Kansallismuseo", MUSEUM)
    page = another_context(viewport={"width": size[0], "height": size[1]}, has_touch=True).new_page()
    sign_in(page)
    open_map(page, at=MUSEUM, sel=f"customers:{customer['id']}")
    page.get_by_role("button", name="Move", exact=True).click()
    panel = page.get_by_role("region", name="Move Kansallismuseo")
    expect(panel).to_be_visible()

    by = page.get_by_text("© OpenStreetMap contributors").bounding_box()
    covers = panel.bounding_box()
    assert by and covers
    assert by["y"] + by["height"] <= covers["y"]
