"""The lines of the reliability list that are about who sees what, by their numbers; the walk is S01 and S02 at large."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon, Polygon

from customers import services
from customers.models import Account
from layers import access
from layers import services as rights
from spatial.models import Area
from spatial.services.points import PointCommand
from spatial.tiles import tile_at
from tests.cast import DIPOLI, MONDAY, MUSEUM, Browser, member, person, team
from tests.layers.live_server import LiveBrowser, WebProcess, web_process
from tests.layers.tile_client import TileClient

on_the_database = pytest.mark.django_db(transaction=True)
pytestmark = pytest.mark.db


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with web_process(settings.REDIS_URL, tmp_path_factory.mktemp("reliability") / "log") as process:
        yield process


@pytest.fixture
def tiles(transactional_db: None) -> Iterator[TileClient]:
    client = TileClient()
    yield client
    client.close()


@pytest.fixture
def _closed_afterwards() -> Iterator[None]:
    yield
    LiveBrowser.close_all()


def over(where: tuple[float, float], z: int = 15, query: str = "") -> str:
    x, y = tile_at(*where, z)
    return f"/tiles/customers/{z}/{x}/{y}.mvt{query}"


@pytest.mark.django_db
def test_s01_a_foreign_object_is_404_and_its_name_is_in_no_answer(esko: User, museum: Account, helsinki: Area) -> None:
    browser = Browser(esko)
    for method in ("GET", "PUT", "PATCH", "DELETE", "POST"):
        for tail in ("", "/history", "/restore", "/move", "/undo"):
            body = {"base_version": 1, "reason": "x", "lon": 24.7, "lat": 60.2, "move_id": 1, "name": "x"}
            answer, nobodys = (browser.send(method, f"/api/v1/customers/{pk}{tail}", body) for pk in (museum.pk, 999_999_999))
            # A body that nobody could send is refused before anything is looked up.
            assert answer.status_code in (400, 404, 405), (method, tail, answer.content)
            assert [answer.status_code, answer.json()["detail"]] == [nobodys.status_code, nobodys.json()["detail"]]
            assert "museo" not in answer.content.decode().lower()


@on_the_database
def test_s02_tiles_over_foreign_sites_are_empty(tiles: TileClient, esko: User, museum: Account, dipoli: Account) -> None:
    for z in range(6, 17):
        answer = tiles.get(over(MUSEUM, z), esko)
        own = {feature.get("id") for part in ("customers", "clusters") for feature in answer.features(part)}
        assert own <= {dipoli.pk}, z
        if z > 12:
            assert answer.status == 204
    assert [feature["id"] for feature in tiles.get(over(DIPOLI), esko).features("customers")] == [dipoli.pk]


@on_the_database
def test_s03_what_staff_were_given_is_given_to_nobody_else(tiles: TileClient, planner: User, esko: User, museum: Account) -> None:
    staffs = tiles.get(over(MUSEUM), planner)

    answer = tiles.get(over(MUSEUM), esko)
    with_their_tag = tiles.get(over(MUSEUM), esko, tag=staffs.headers["etag"])

    assert (staffs.status, answer.status, with_their_tag.status) == (200, 204, 204)
    assert staffs.headers["etag"] != answer.headers["etag"]
    assert "private" in answer.headers["cache-control"]


@on_the_database
def test_s03_people_with_equal_rights_share_a_tile_and_still_see_a_change_at_once(tiles: TileClient, espoo: Area, dipoli: Account) -> None:
    one, two = member("one", team("planner:espoo", espoo)), member("two", "planner:espoo")
    tiles.get(over(DIPOLI), one)
    renders = tiles.server.renders
    assert len(tiles.get(over(DIPOLI), two).features("customers")) == 1
    assert tiles.server.renders == renders

    services.edit_customers([services.CustomerEdit(dipoli.pk, 1, {"name": "Dipoli II"})], user=access.everybody(), at=MONDAY)

    assert tiles.get(over(DIPOLI), two).features("customers")[0]["properties"]["name"] == "Dipoli II"


@on_the_database
@pytest.mark.usefixtures("_closed_afterwards")
def test_s06_a_foreign_stream_is_refused_and_an_old_cursor_tells_nothing(
    server: WebProcess, esko: User, planner: User, museum: Account
) -> None:
    browser = LiveBrowser(server, esko).open().follow()
    browser.say(json.dumps({"type": "hello", "streams": [{"key": f"customer:{museum.pk}", "epoch": None, "cursor": None}]}))
    browser.until(lambda: any(frame["type"] == "error" for frame in browser.frames))
    browser.say(json.dumps({"type": "hello", "streams": [{"key": "customers", "epoch": browser.map.epoch, "cursor": 0}]}))

    services.move_customers([PointCommand(museum.point_id, 24.95, 60.17, base_version=1)], user=planner, at=MONDAY, confirmed=True)
    browser.until(lambda: browser.map.cursor == 2)

    assert [frame["code"] for frame in browser.frames if frame["type"] == "error"] == ["unknown_stream"]
    assert "museo" not in json.dumps(browser.frames)
    assert browser.map.features == {}


@on_the_database
@pytest.mark.usefixtures("_closed_afterwards")
@pytest.mark.parametrize("change", ["grants", "groups", "polygon", "deactivated"])
def test_s07_a_change_of_rights_ends_the_socket_and_the_next_tile(
    server: WebProcess, tiles: TileClient, espoo: Area, esko: User, dipoli: Account, change: str
) -> None:
    assert len(tiles.get(over(DIPOLI), esko).features("customers")) == 1
    browser = LiveBrowser(server, esko).open().follow()
    assert set(browser.map.features) == {dipoli.pk}

    match change:
        case "grants":
            rights.set_grants("planner:espoo", "*", [], by=None, at=MONDAY)
        case "groups":
            rights.set_groups([esko.pk], [], by=None, at=MONDAY)
        case "polygon":
            espoo.geom = MultiPolygon(Polygon.from_bbox((24.5, 60.1, 24.6, 60.2)))
            espoo.save()
        case "deactivated":
            rights.set_active([esko.pk], is_active=False, by=None, at=MONDAY)

    status = tiles.get(over(DIPOLI), esko).status
    assert status == {"polygon": 204, "deactivated": 401}.get(change, 404), "from the very next request on"
    assert browser.close_code(within_s=5.0) == (4401 if change == "deactivated" else 4403)


@pytest.mark.django_db
def test_s08_what_is_not_a_persons_to_set_is_never_stored(planner: User, museum: Account) -> None:
    fields = {
        "id": 7,
        "enterprise_id": 7,
        "is_staff": True,
        "approved_by": 1,
        "deleted_at": None,
        "geom_srid": 3857,
        "version": 99,
        "point": 1,
        "area": "X",
    }
    before = Account.objects.filter(pk=museum.pk).values().get()

    for name, value in fields.items():
        answer = Browser(planner).send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, name: value})
        assert answer.status_code in (200, 400), name
        now = Account.objects.filter(pk=museum.pk).values().get()
        changed = {key for key in now if now[key] != before[key]} - {"version", "updated_at", "search_text", "pinyin", "initials"}
        assert changed == set(), name
        Account.objects.filter(pk=museum.pk).update(version=1)
    assert not User.objects.get(pk=planner.pk).is_staff


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["dispatcher", "analyst", "customer"])
def test_s09_no_spelling_of_an_address_opens_what_the_role_may_not_do(role: str, museum: Account) -> None:
    browser = Browser(person(role))
    body = {
        "base_version": 1,
        "reason": "x",
        "lon": 24.94,
        "lat": 60.17,
        "confirm_distance": True,
        "name": "Mine",
        "account_no": "1",
        "contract_kva": 1,
    }
    own = f"/api/v1/customers/{museum.pk}"
    spellings = [
        own,
        f"{own}/",
        f"{own}?format=json",
        f"/api/v1//customers/{museum.pk}",
        own.replace("customers", quote("customers").replace("c", "%63", 1)),
    ]
    dotted = ["/api/v1/./customers", "/api/v1/%2e/customers", "/api//v1/customers", "/API/v1/customers"]

    for path in [
        *spellings,
        *(f"{path}/move" for path in spellings),
        *(f"{path}/restore" for path in spellings),
        "/api/v1/customers",
        *dotted,
    ]:
        for method in ("POST", "PATCH", "DELETE", "PUT"):
            answer = browser.send(method, path, body)
            assert answer.status_code in (301, 403, 404, 405), (method, path, answer.status_code)
    overridden = browser.client.get(own, headers={"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"})
    assert overridden.status_code == (404 if role == "customer" else 200)
    for path in ("/api/v1/admin/grants", "/api/v1/admin/people", "/api/v1/admin/grants?format=json", "/api/v1/admin/people/"):
        assert browser.get(path).status_code in (403, 404)

    museum.refresh_from_db()
    assert (museum.version, museum.deleted_at, Account.objects.count()) == (1, None, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        {"ordering": "holders__user__password"},
        {"ordering": "-contacts__phone"},
        {"enterprise__name__startswith": "Museo"},
        {"holders__user__username": "kalle"},
        {"id__in": "1,2"},
    ],
)
def test_s11_related_fields_are_no_oracle(planner: User, museum: Account, query: dict[str, str]) -> None:
    for path in ("/api/v1/customers", "/api/v1/customers/counts", "/api/v1/layers/customers/features"):
        answer = Browser(planner).get(path, **query)
        everything = Browser(planner).get(path)
        # Refused, or as if it had not been asked: it must not narrow or order anything.
        assert answer.status_code == 400 or answer.content == everything.content, (path, answer.content)
