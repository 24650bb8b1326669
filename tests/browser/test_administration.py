"""Administrators need no shell: people, rights, areas, what somebody sees, sign-ins, the system; all on one page beside the map."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.on_the_map import OpenMap
from tests.browser.screens import MUSEUM, THEATRE, prefer, say
from tests.browser.signing_in import status_with, with_second_step
from tests.browser.world import Person, Refused

CENTRE = (24.9400, 60.1735)
# Museum quarter, and without the theatre.
WEST = ["24.92, 60.17", "24.94, 60.17", "24.94, 60.18", "24.92, 60.18"]


# A little to the east of that.
BESIDE = (24.9408, 60.1750)

FAILED_JOB = """
from django.utils import timezone
from django_q.models import Task
now, why = timezone.now(), "Traceback:\\n  ...\\nOperationalError: the disk is full"
name = "portal.jobs.forget_old_tries"
Task.objects.create(id="0" * 32, name=name, func=name, args=(), kwargs={}, started=now, stopped=now, success=False, result=why)
"""
# No worker runs here that would take it.
TAKE_FROM_QUEUE = """
from django_q.models import OrmQ
for job in OrmQ.objects.all():
    print(job.func())
    job.delete()
"""


@pytest.fixture
def aino(base_url: str) -> Iterator[Person]:
    """The administrator, speaking to the API. What the test changed is as before when it ends."""
    aino = Person(base_url, "administrator")
    people, before, areas = aino.get("/api/v1/admin/people"), sets_of(aino), codes_of(aino)
    yield aino
    for row in people:
        aino.send("PATCH", f"/api/v1/admin/people/{row['id']}", {"groups": row["groups"], "is_active": row["is_active"]})
    for group, layer in sets_of(aino) | before:
        set_rights(aino, group, layer, before.get((group, layer), []))
    for code in codes_of(aino) - areas:
        aino.send("DELETE", f"/api/v1/admin/areas/{code}", {})


def sets_of(aino: Person) -> dict[tuple[str, str], list[dict]]:
    return {(row["group"], row["layer"]): row["grants"] for row in aino.get("/api/v1/admin/grants")}


def set_rights(aino: Person, group: str, layer: str, grants: list[dict]) -> None:
    body = {"group": group, "layer": layer, "grants": grants, "base": sets_of(aino).get((group, layer), [])}
    aino.send("PUT", "/api/v1/admin/grants", body)


def codes_of(aino: Person) -> set[str]:
    return {area["properties"]["code"] for area in aino.get("/api/v1/admin/areas")["features"]}


@pytest.fixture
def open_admin(page: Page, sign_in, open_map) -> Callable[..., OpenMap]:
    """`open_admin("roles/planner:north")`: the administrator's browser, there."""

    def go(place: str, **address: str) -> OpenMap:
        sign_in(page, "administrator")
        opened = open_map(page, at=CENTRE, zoom=14, admin=place, **address)
        expect(page.get_by_role("heading", name="Administration", exact=True)).to_be_visible()
        return opened

    return go


def draw_west(aino: Person, code: str = "WEST", name: str = "Museum quarter") -> None:
    ring = [[float(number) for number in corner.split(", ")] for corner in [*WEST, WEST[0]]]
    drawing = {"kind": "service_area", "name": name, "name_zh": "", "geometry": {"type": "Polygon", "coordinates": [ring]}}
    aino.send("PUT", f"/api/v1/admin/areas/{code}", drawing)


def give(aino: Person, group: str, *actions: str, area: str | None) -> None:
    set_rights(aino, group, "*", [{"action": action, "area": area} for action in actions])


def number_of(aino: Person, username: str) -> int:
    return next(row["id"] for row in aino.get(f"/api/v1/admin/people?q={username}") if row["username"] == username)


def put_into(aino: Person, username: str, *groups: str) -> int:
    number = number_of(aino, username)
    aino.send("PATCH", f"/api/v1/admin/people/{number}", {"groups": list(groups)})
    return number


def cell(page: Page, layer: str, action: str) -> Locator:
    """Return the button of the table of rights in that row and column."""
    heads = page.get_by_role("columnheader").all_inner_texts()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=layer, exact=True))
    return row.get_by_role("cell").nth(heads.index(action) - 1).get_by_role("button")


def test_only_administrators_get_near_it(page, sign_in, open_map):
    sign_in(page, "supervisor")
    open_map(page, at=CENTRE, admin="people", seeas="1")

    rail = page.get_by_role("navigation", name="Sections")
    expect(rail.get_by_role("button", name="Audit")).to_be_visible()
    expect(rail.get_by_role("button", name="Admin", exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="Administration")).to_have_count(0)
    expect(page.get_by_text("Back to my own view")).to_have_count(0)


def test_back_and_escape_leave_it_and_a_link_opens_it(page, open_admin):
    open_admin("people")
    page.get_by_role("button", name="Roles", exact=True).click()
    expect(page.get_by_text("Choose a role or a team")).to_be_visible()

    page.go_back()
    expect(page.get_by_role("table", name="People")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("heading", name="Administration")).to_have_count(0)
    expect(page.locator("#map")).to_be_visible()
    assert "admin=" not in page.url


def test_a_team_of_an_area_is_made_and_its_member_sees_only_that(page, aino, world, open_admin, another_context, sign_in, open_map):
    world.customer("Kansallismuseo", MUSEUM)
    world.customer("Kansallisteatteri", THEATRE)
    draw_west(aino)
    open_admin("roles")

    page.get_by_role("button", name="New team").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the team").fill("museum")
    dialog.get_by_role("button", name="Museum quarter").click()
    dialog.get_by_role("button", name="Look at its rights").click()
    changes = page.get_by_role("region", name="What will change")
    expect(changes.get_by_text("View · Every layer · Museum quarter")).to_be_visible()
    changes.get_by_role("button", name="Save the rights").click()
    expect(page.get_by_text("The rights of planner:museum were changed.")).to_be_visible()

    page.get_by_role("button", name="People", exact=True).click()
    page.get_by_role("button", name="Paula Planner").click()
    pane = page.get_by_role("region", name="Paula Planner")
    pane.get_by_role("button", name=re.compile("Planner$")).click()
    pane.get_by_role("button", name="Planner · museum").click()
    pane.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Paula Planner was changed.")).to_be_visible()

    pane.get_by_role("button", name="What can this person see?").click()
    expect(page.get_by_text("As Paula Planner sees it. View · Customers: only inside the outlines.")).to_be_visible()
    customers = page.get_by_role("region", name="Customers", exact=True)
    expect(customers.get_by_text("1 seen")).to_be_visible()
    expect(customers.get_by_role("button", name="Move Museum quarter")).to_be_visible()
    expect(customers.get_by_text("May not: Approve.")).to_be_visible()

    paula = sign_in(another_context().new_page(), "planner2")
    open_map(paula, at=CENTRE, zoom=14, drawer="customers")
    expect(paula.get_by_text("Kansallismuseo").first).to_be_visible()
    expect(paula.get_by_text("Kansallisteatteri")).to_have_count(0)


def test_a_right_taken_away_narrows_the_open_browser(page, aino, world, open_admin, another_context, sign_in, open_map):
    world.customer("Kansallismuseo", MUSEUM)
    world.customer("Kansallisteatteri", THEATRE)
    draw_west(aino)
    give(aino, "planner:museum", "view", area=None)
    put_into(aino, "planner2", "planner:museum")
    paula = sign_in(another_context().new_page(), "planner2")
    open_map(paula, at=CENTRE, zoom=14, drawer="customers")
    expect(paula.get_by_text("Kansallisteatteri").first).to_be_visible()
    open_admin("roles/planner:museum")

    cell(page, "Every layer", "View").click()
    page.get_by_role("dialog").get_by_role("radio", name="In these areas").check()
    page.get_by_role("dialog").get_by_role("button", name="Museum quarter").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Taken away: View · Every layer · Everywhere")).to_be_visible()
    page.get_by_role("button", name="Save the rights").click()

    expect(paula.get_by_text("Kansallisteatteri")).to_have_count(0)
    expect(paula.get_by_text("Kansallismuseo").first).to_be_visible()

    page.get_by_role("button", name="Undo").click()
    expect(paula.get_by_text("Kansallisteatteri").first).to_be_visible()


def test_rights_that_are_not_saved_stay_while_one_looks_elsewhere(page, aino, open_admin):
    give(aino, "planner:museum", "view", area=None)
    open_admin("roles/planner:museum")

    cell(page, "Customers", "Move").click()
    page.get_by_role("dialog").get_by_role("radio", name="Everywhere").check()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="System", exact=True).click()
    page.get_by_role("button", name="Roles", exact=True).click()

    row = page.get_by_role("button", name=re.compile("Planner · museum.*Not saved"))
    row.click()
    expect(page.get_by_text("Given: Move · Customers · Everywhere")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("What will change")).to_have_count(0)
    assert aino.get("/api/v1/admin/roles") and not any(
        grant["action"] == "move"
        for role in aino.get("/api/v1/admin/roles")
        if role["group"] == "planner:museum"
        for grant in role["grants"]
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_on_a_tablet_the_table_of_rights_and_the_tabs_are_not_cut_off(another_context, sign_in, open_map, language):
    page = another_context(viewport={"width": 1024, "height": 768}, has_touch=True).new_page()
    prefer(page, language=language, theme="light")
    sign_in(page, "administrator")
    wider = "(box) => box.scrollWidth - box.clientWidth"

    open_map(page, at=CENTRE, admin="roles/supervisor")
    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader").last).to_have_text(say(language, "administration:action.export"))
    assert table.locator("xpath=..").evaluate(wider) == 0

    open_map(page, at=CENTRE, admin="areas")
    tabs = page.get_by_role("navigation", name=say(language, "administration:tabs"))
    expect(tabs.get_by_role("button").last).to_be_visible()
    assert tabs.evaluate(wider) == 0


def test_rights_that_somebody_changed_meanwhile_are_shown_and_what_was_ticked_stays(page, aino, open_admin):
    give(aino, "planner:museum", "view", area=None)
    open_admin("roles/planner:museum")
    cell(page, "Every layer", "Move").click()
    page.get_by_role("dialog").get_by_role("radio", name="Everywhere").check()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    give(aino, "planner:museum", "view", "export", area=None)

    page.get_by_role("button", name="Save the rights").click()
    expect(page.get_by_text("Somebody changed these rights meanwhile")).to_be_visible()
    changes = page.get_by_role("region", name="What will change")
    expect(changes.get_by_text("Export · Every layer · Everywhere")).to_be_visible()
    expect(changes.get_by_text("Given: Move · Every layer · Everywhere")).to_be_visible()
    assert [grant["action"] for grant in sets_of(aino)["planner:museum", "*"]] == ["export", "view"]

    page.get_by_role("button", name="Save the rights").click()
    expect(page.get_by_text("The rights of planner:museum were changed.")).to_be_visible()
    assert [grant["action"] for grant in sets_of(aino)["planner:museum", "*"]] == ["export", "move", "view"]


def test_what_somebody_sees_is_cut_out_of_the_dimmed_map(page, aino, world, open_admin):
    draw_west(aino)
    give(aino, "planner:museum", "view", "move", area="WEST")
    number = put_into(aino, "planner2", "planner:museum")
    opened = open_admin("see", seeas=str(number))
    expect(page.get_by_text("only inside the outlines")).to_be_visible()
    page.wait_for_load_state("networkidle")

    inside, outside = (mask_at(page, *opened.pixel_of(place)) for place in (MUSEUM, BESIDE))
    assert (inside, outside > 100) == (0, True)

    page.get_by_role("button", name="Close", exact=True).first.click()
    expect(page.get_by_role("button", name="Rights in words")).to_be_visible()
    page.get_by_role("button", name="Back to my own view").click()
    expect(page.locator(".reach-mask")).to_have_count(0)
    assert "seeas" not in page.url


def mask_at(page: Page, x: float, y: float) -> int:
    """Return how opaque the mask over the map is there, 0 to 255."""
    return page.evaluate(
        """([x, y]) => {
            const canvas = document.querySelector(".reach-mask canvas");
            const box = canvas.getBoundingClientRect();
            const [px, py] = [(x - box.x) * canvas.width / box.width, (y - box.y) * canvas.height / box.height];
            return canvas.getContext("2d").getImageData(px, py, 1, 1).data[3];
        }""",
        [x, y],
    )


def test_an_area_is_drawn_on_the_map_renamed_and_deleted(page, aino, open_admin):
    opened = open_admin("areas")
    page.get_by_role("button", name="Draw a new area").click()
    expect(page.get_by_role("toolbar", name="Drawing the outline")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Draw the outline first")).to_be_visible()
    expect(page.get_by_label("Code")).to_be_focused()
    expect(page.get_by_text("Fill in this field.")).to_have_count(2)
    page.get_by_label("Code").fill("TRI")
    page.get_by_label("Name", exact=True).fill("Triangle")

    for corner in [(24.92, 60.17), (24.94, 60.17)]:
        opened.click(corner)
    page.keyboard.press("Enter")
    expect(page.get_by_text("at least three corners")).to_be_visible()
    opened.click((24.94, 60.18))
    expect(page.get_by_text("3 corners")).to_be_visible()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("A new outline with 3 corners, not saved yet.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Triangle was saved.")).to_be_visible()
    [drawn] = [area for area in aino.get("/api/v1/admin/areas")["features"] if area["properties"]["code"] == "TRI"]
    lons = [lon for lon, lat in drawn["geometry"]["coordinates"][0][0]]
    assert (min(lons), max(lons)) == (pytest.approx(24.92, abs=0.001), pytest.approx(24.94, abs=0.001))

    page.get_by_role("button", name="Edit or redraw").click()
    page.get_by_label("Name", exact=True).fill("Museum triangle")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Museum triangle was saved.")).to_be_visible()

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Museum triangle was deleted.")).to_be_visible()
    expect(page.get_by_role("button", name="Museum triangle")).to_have_count(0)


def test_corners_of_an_area_can_be_typed_and_a_refusal_keeps_them(page, aino, open_admin):
    open_admin("areas/new area")
    page.get_by_text("Type the corners").click()
    corners = page.get_by_label("Corners, one per line")
    corners.fill("\n".join([WEST[0], WEST[2], WEST[1], WEST[3]]))
    page.get_by_role("button", name="Show on the map").click()
    page.get_by_label("Code").fill("BOW")
    page.get_by_label("Name", exact=True).fill("Bow tie")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("crosses itself")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Bow tie")

    corners.fill("\n".join(WEST))
    page.get_by_role("button", name="Show on the map").click()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Bow tie was saved.")).to_be_visible()


def test_an_area_that_rights_depend_on_stays(page, aino, open_admin):
    draw_west(aino)
    give(aino, "planner:museum", "view", area="WEST")
    open_admin("areas/WEST")
    expect(page.get_by_text("1 right depends on it.")).to_be_visible()

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Something depends on this area")


def test_the_last_administrator_is_told_why_they_stay(page, aino, open_admin):
    open_admin(f"people/{number_of(aino, 'administrator')}")

    page.get_by_role("button", name="Block").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("This is you")).to_be_visible()
    dialog.get_by_role("button", name="Block").click()

    expect(dialog.get_by_role("alert")).to_contain_text("this would leave no administrator")


def test_somebody_is_locked_out_and_let_in_again(page, aino, open_admin):
    open_admin(f"people/{number_of(aino, 'analyst')}")
    pane = page.get_by_role("region", name="Analyst Tester")

    pane.get_by_role("button", name="Block").click()
    page.get_by_role("dialog").get_by_role("button", name="Block").click()
    expect(pane.get_by_text("Blocked")).to_be_visible()
    with pytest.raises(Refused):
        Person(aino.base_url, "analyst")

    page.get_by_role("button", name="Undo").click()
    expect(pane.get_by_text("Blocked")).to_have_count(0)
    Person(aino.base_url, "analyst")


def test_the_system_shows_what_the_server_says_and_reads_it_again(page, aino, open_admin):
    page.clock.install()
    open_admin("system")

    report = aino.get("/api/v1/admin/system")
    expect(page.get_by_text(re.compile(r"^Times are in .+ Time\.$"))).to_be_visible()
    versions = page.get_by_role("region", name="Versions")
    expect(versions.get_by_text(report["versions"]["postgis"], exact=True)).to_be_visible()
    health = page.get_by_role("region", name="Health")
    expect(health.get_by_role("listitem").filter(has_text="Database").first).to_contain_text("Works")
    expect(health.get_by_role("listitem").filter(has_text="Background work")).to_contain_text("Needs attention")
    biggest = page.get_by_role("table", name="Biggest tables")
    expect(biggest.get_by_role("row").nth(1)).to_contain_text(report["storage"]["tables"][0]["name"])

    seq = next(stream["seq"] for stream in report["streams"] if stream["key"] == "customers")
    row = page.get_by_role("table", name="Live streams").get_by_role("row").filter(has_text="Customers")
    expect(row).to_contain_text(f"{seq:,}")
    draw_west(aino)
    before = page.get_by_text(re.compile(r"As of \d\d:\d\d:\d\d")).inner_text()
    page.clock.run_for(11_000)
    expect(page.get_by_text(before)).to_have_count(0)


def test_somebody_is_invited_and_a_refusal_keeps_what_was_typed(page, aino, open_admin):
    name = f"uusi{aino.get('/api/v1/admin/system')['streams'][0]['seq']}"
    open_admin("people")
    page.get_by_role("button", name="Invite a person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("First name").fill("Ulla")
    dialog.get_by_label("Last name").fill("Uusi")
    dialog.get_by_label("E-mail").fill("ulla@example.org")
    dialog.get_by_label("User name").fill("planner")
    dialog.get_by_role("button", name="Dispatcher", exact=True).click()
    dialog.get_by_role("button", name="Send the invitation").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Somebody is called so already")
    expect(dialog.get_by_label("E-mail")).to_have_value("ulla@example.org")

    dialog.get_by_label("User name").fill(name)
    dialog.get_by_role("button", name="Send the invitation").click()

    expect(page.get_by_text("The invitation was sent to ulla@example.org.")).to_be_visible()
    pane = page.get_by_role("region", name="Ulla Uusi")
    expect(pane.get_by_text("Invited").first).to_be_visible()
    [row] = aino.get(f"/api/v1/admin/people?q={name}")
    assert (row["email"], row["groups"], row["last_login"]) == ("ulla@example.org", ["dispatcher"], None)
    assert row["invited_at"]

    pane.get_by_role("button", name="Send the invitation again").click()
    expect(page.get_by_text("The invitation was sent to ulla@example.org again.")).to_be_visible()
    pane.get_by_label("E-mail").fill("ulla.uusi@example.org")
    pane.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Ulla Uusi was changed.")).to_be_visible()
    assert aino.get(f"/api/v1/admin/people?q={name}")[0]["email"] == "ulla.uusi@example.org"


def test_a_session_of_somebody_is_ended(page, aino, open_admin):
    anna = Person(aino.base_url, "analyst")
    assert anna.get("/api/v1/me")["username"] == "analyst"
    open_admin(f"access/{number_of(aino, 'analyst')}")
    sessions = page.get_by_role("table", name="Sessions")
    expect(sessions.get_by_role("rowheader").first).to_contain_text("Analyst Tester")
    expect(sessions.get_by_role("cell", name="Python", exact=True).first).to_be_visible()

    while sessions.get_by_role("button", name="End").count():
        before = sessions.get_by_role("row").count()
        sessions.get_by_role("button", name="End").first.click()
        page.get_by_role("dialog").get_by_role("button", name="End").click()
        expect(sessions.get_by_role("row")).to_have_count(before - 1 if before > 2 else 0)

    expect(page.get_by_text("Nobody is signed in")).to_be_visible()
    with pytest.raises(Refused):
        anna.get("/api/v1/me")


def test_a_token_of_somebody_is_revoked(page, aino, open_admin):
    vesa = Person(aino.base_url, "vesa")
    token = vesa.post("/api/v1/tokens", {"name": "QGIS of Vesa", "layers": ["customers"], "days": 7})["token"]
    features = f"{aino.base_url}/api/v1/layers/customers/features?bbox=24.9,60.1,25.0,60.2"
    assert status_with(token, features) == 200
    open_admin(f"access/{number_of(aino, 'vesa')}")
    tokens = page.get_by_role("table", name="Access tokens")
    expect(tokens.get_by_role("row").nth(1)).to_contain_text("QGIS of Vesa")

    tokens.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()

    expect(page.get_by_text("No token", exact=True)).to_be_visible()
    assert status_with(token, features) == 401


def test_the_second_factor_of_a_lost_phone_is_removed(page, aino, open_admin, at_the_server):
    with_second_step(at_the_server, "vesa")
    assert not Person(aino.base_url, "vesa").is_signed_in()
    open_admin(f"people/{number_of(aino, 'vesa')}")
    pane = page.get_by_role("region", name="Vesa Tester")

    pane.get_by_role("button", name="Remove the second factor").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove the second factor").click()

    expect(page.get_by_text("Vesa Tester has no second factor any more.")).to_be_visible()
    expect(pane.get_by_role("button", name="Remove the second factor")).to_have_count(0)
    assert Person(aino.base_url, "vesa").is_signed_in()


def test_failed_work_is_told_in_words_and_tried_again(page, aino, open_admin, at_the_server):
    at_the_server(FAILED_JOB)
    open_admin("system")
    failed = page.get_by_role("table", name="Failed work")
    expect(failed.get_by_role("rowheader")).to_have_text("Forget old tries of passwords")
    expect(failed.get_by_role("row").nth(1)).to_contain_text("OperationalError: the disk is full")

    failed.get_by_role("button", name="Try again").click()

    expect(page.get_by_text("“Forget old tries of passwords” was put in the queue again.")).to_be_visible()
    expect(failed).to_have_count(0)
    # No worker runs here: what earlier tests have asked for waits there too.
    assert "portal.jobs.forget_old_tries" in at_the_server(TAKE_FROM_QUEUE).split()
