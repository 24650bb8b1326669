"""A press where several customers stand on each other lets a person choose; a cluster opens to what it holds."""

import re

import pytest
from playwright.sync_api import expect

MUSEUM = (24.9316, 60.1751)
THEATRE = (24.9472, 60.1716)


@pytest.fixture
def pair(world) -> list[dict]:
    """Two customers in one house: the same coordinates."""
    return [
        world.customer("Kansallismuseo", MUSEUM, name_en="National Museum", grade="special"),
        world.customer("Museokahvila", MUSEUM, name_en="Museum Café", grade="none"),
    ]


def test_one_alone_is_selected_at_once(page, sign_in, open_map, world):
    museum = world.customer("Kansallismuseo", MUSEUM)
    sign_in(page)
    on_map = open_map(page, at=MUSEUM)

    on_map.click(MUSEUM)

    expect(page).to_have_url(re.compile(f"sel=customers:{museum['id']}"))


def test_two_in_one_house_are_offered_and_the_keyboard_chooses(page, sign_in, open_map, pair):
    sign_in(page)
    on_map = open_map(page, at=MUSEUM)

    on_map.click(MUSEUM)

    offer = page.get_by_role("dialog", name="2 customers here")
    expect(offer).to_be_visible()
    expect(offer.get_by_role("button", name=re.compile("National Museum|Museum Café")).first).to_be_focused()
    expect(offer).to_contain_text("Special grade")
    # No zoom can tell them apart, so none is offered.
    expect(offer.get_by_role("button", name="Zoom in to tell them apart")).to_have_count(0)

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(rf"sel=customers:({pair[0]['id']}|{pair[1]['id']})"))
    expect(offer).to_have_count(0)


def test_escape_leaves_the_offer_and_nothing_is_selected(page, sign_in, open_map, pair):
    sign_in(page)
    on_map = open_map(page, at=MUSEUM)
    on_map.click(MUSEUM)
    expect(page.get_by_role("dialog", name="2 customers here")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#map")).to_be_focused()
    assert "sel=" not in page.url


def test_an_empty_press_closes_the_card(page, sign_in, open_map, world):
    museum = world.customer("Kansallismuseo", MUSEUM)
    sign_in(page)
    on_map = open_map(page, at=MUSEUM, sel=f"customers:{museum['id']}")
    expect(page.get_by_role("complementary", name="Selected customer")).to_be_visible()

    on_map.click((MUSEUM[0] - 0.001, MUSEUM[1] + 0.0004))

    expect(page.get_by_role("complementary", name="Selected customer")).to_have_count(0)


def test_a_cluster_opens_to_the_customers_it_holds(page, sign_in, open_map, world):
    for n in range(4):
        world.customer(f"Talo {n}", (MUSEUM[0] + n * 0.0005, MUSEUM[1] + n * 0.0002))
    sign_in(page)
    on_map = open_map(page, at=MUSEUM, zoom=11)

    on_map.click((MUSEUM[0] + 0.00075, MUSEUM[1] + 0.0003))

    expect(page).to_have_url(re.compile(r"#map=1[5-7]\."))


def test_a_cluster_that_no_zoom_can_split_is_a_list(page, sign_in, open_map, pair):
    sign_in(page)
    on_map = open_map(page, at=MUSEUM, zoom=11)

    on_map.click(MUSEUM)

    expect(page.get_by_role("dialog", name="2 customers here")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Museum Café")).click()
    expect(page).to_have_url(re.compile(f"sel=customers:{pair[1]['id']}"))


def test_enter_on_the_map_selects_what_is_in_its_middle(page, sign_in, open_map, world):
    museum = world.customer("Kansallismuseo", MUSEUM)
    sign_in(page)
    open_map(page, at=MUSEUM)

    page.locator("#map").focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"sel=customers:{museum['id']}"))


def test_near_ones_can_be_told_apart_by_zooming(page, sign_in, open_map, world):
    world.customer("Kansallismuseo", MUSEUM)
    world.customer("Naapuri", (MUSEUM[0] + 0.00005, MUSEUM[1]))
    sign_in(page)
    on_map = open_map(page, at=MUSEUM, zoom=16)
    on_map.click(MUSEUM)
    offer = page.get_by_role("dialog", name="2 customers here")

    offer.get_by_role("button", name="Zoom in to tell them apart").click()

    expect(page).to_have_url(re.compile(r"#map=(19|20)\."))


def test_home_and_areas_bring_the_map_there(page, sign_in, open_map, world):
    world.customer("Kansallismuseo", MUSEUM)
    world.customer("Kansallisteatteri", THEATRE)
    sign_in(page)
    open_map(page, at=(8.0, 48.0), zoom=9)

    page.get_by_role("button", name="Home: where most customers are").click()
    expect(page).to_have_url(re.compile(r"#map=1\d\.\d+/60\.17\d+/24\.9"))

    page.get_by_role("button", name="Go to an area").click()
    page.get_by_role("button", name=re.compile("^Helsinki")).click()
    expect(page).to_have_url(re.compile(r"#map=\d+\.\d+/60\.20\d*/24\.95"))
