"""Access tokens: scripts and desktop GIS read some layers with them, with their owner's rights of that moment, and nothing else."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import mapbox_vector_tile
import pytest
import rasterio
import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.gis.gdal import DataSource
from django.test import Client
from django.utils import timezone

from customers.models import Account
from layers import services as rights
from layers import tokens
from layers.models import AccessToken, AuditRow, IdempotencyKey
from spatial.models import Area
from spatial.tiles import tile_at
from tests.cast import DIPOLI, MONDAY, MUSEUM, Browser, member, person, team
from tests.layers.live_server import WebProcess, session_of, until, web_process
from tests.layers.tile_client import TileClient

pytestmark = [pytest.mark.db, pytest.mark.django_db]
on_the_wire = pytest.mark.django_db(transaction=True)
READS = [
    "/api/v1/layers",
    "/api/v1/layers/customers/features",
    "/api/v1/layers/customers/snapshot",
    "/api/v1/customers",
    "/api/v1/customers/counts",
    "/api/v1/search?q=Dipoli",
]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Each test is a fresh process as far as tokens are concerned: their numbers come again after a rollback."""
    tokens._noted.clear()
    tokens.wrong_tokens.__init__()  # type: ignore[misc]
    yield


def made(user: User, *layers: str, days: int = 30) -> str:
    _, secret = tokens.make_token(user=user, name="QGIS", layer_ids=layers or ("customers",), days=days, at=timezone.now())
    return secret


class Script:
    """A program with a token and nothing else."""

    def __init__(self, secret: str, *, basic: bool = False) -> None:
        self.client = Client()
        pair = base64.b64encode(f"anything:{secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {pair}" if basic else f"Bearer {secret}"}

    def send(self, method: str, path: str, body: Any = None) -> Any:
        key = {"Idempotency-Key": "7d4f6f0e-0f5e-4b57-8f62-0a0e6c1d0001"}
        return self.client.generic(method, path, json.dumps(body or {}), content_type="application/json", headers=self.headers | key)

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.headers)


def test_a_token_is_shown_once_and_only_its_hash_is_kept(planner: User) -> None:
    browser, key = Browser(planner), "7d4f6f0e-0f5e-4b57-8f62-0a0e6c1d0001"
    body = {"name": "Desktop", "layers": ["customers", "areas"], "days": 30}

    first, again = (browser.post("/api/v1/tokens", body, key=key) for _ in range(2))
    [listed] = browser.get("/api/v1/tokens").json()

    assert (first.status_code, again.status_code) == (201, 201)
    secret = first.json()["token"]
    assert first.json() == listed | {"token": secret}
    assert again.json() == listed | {"token": None}
    assert secret.startswith("ga_") and secret.startswith(listed["prefix"]) and len(secret) == 46
    assert (listed["layers"], listed["last_used_at"]) == (["areas", "customers"], None)
    row = AccessToken.objects.get()
    assert row.expires_at - row.created_at == timedelta(days=30)
    everything_stored = [list(model.objects.values()) for model in (AccessToken, IdempotencyKey, AuditRow)]
    assert secret not in str(everything_stored)


@pytest.mark.parametrize("basic", [False, True])
def test_a_token_reads_its_layers_without_a_cookie(planner: User, dipoli: Account, basic: bool) -> None:
    script = Script(made(planner), basic=basic)

    answers = {path: script.get(path) for path in READS}

    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(READS, 200)
    assert [layer["id"] for layer in answers["/api/v1/layers"].json()] == ["customers"]
    assert answers["/api/v1/layers"].json()[0]["actions"] == ["view", "export"]
    assert answers["/api/v1/customers"].json()["count"] == 1
    assert [found["title"] for found in answers["/api/v1/search?q=Dipoli"].json()["results"]] == ["Dipoli"]


def test_a_token_for_another_layer_finds_nothing(planner: User, dipoli: Account) -> None:
    script = Script(made(planner, "areas"))

    assert script.get("/api/v1/layers/customers/features").status_code == 404
    assert script.get("/api/v1/layers/areas/features").json()["numberReturned"] == 1
    assert script.get("/api/v1/customers").json()["count"] == 0
    assert script.get("/api/v1/search?q=Dipoli").json()["results"] == []


def test_a_token_opens_no_other_door(planner: User, dipoli: Account) -> None:
    aino = person("administrator", "aino")
    script = Script(made(aino))
    card = f"/api/v1/customers/{dipoli.pk}"
    closed = [
        ("GET", "/api/v1/me"),
        ("GET", "/api/v1/tokens"),
        ("POST", "/api/v1/tokens"),
        ("GET", card),
        ("GET", f"{card}/history"),
        ("PATCH", card),
        ("DELETE", card),
        ("POST", "/api/v1/customers"),
        ("POST", "/api/v1/customers/within"),
        ("POST", f"/api/v1/layers/customers/features/{dipoli.pk}/move"),
        ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/audit/export"),
        ("POST", "/api/v1/exports"),
        ("GET", "/api/v1/exports"),
        ("POST", "/api/v1/prints"),
        *(("GET", f"/api/v1/admin/{noun}") for noun in ("people", "grants", "roles", "areas", "tokens", "system")),
        ("POST", "/api/v1/session"),
        ("DELETE", "/api/v1/session"),
        ("GET", "/api/schema"),
        ("POST", "/api/v1/search"),
        ("OPTIONS", "/api/v1/customers"),
    ]

    answers = {(method, path): script.send(method, path) for method, path in closed}

    assert {answer.status_code for answer in answers.values()} == {403}
    assert {answer.json()["code"] for answer in answers.values()} == {"not_for_tokens"}
    assert script.get("/admin/").status_code == 302
    assert AuditRow.objects.filter(action="refusal", actor=aino).count() > 10


def test_s41_a_token_in_an_address_is_nothing(planner: User, dipoli: Account) -> None:
    secret = made(planner)

    assert Client().get(f"/api/v1/layers?token={secret}&access_token={secret}").status_code == 401


def test_beside_a_cookie_the_token_counts(planner: User, dipoli: Account) -> None:
    browser = Browser(planner)
    headers = {"Authorization": f"Bearer {made(planner, 'areas')}"}

    assert browser.client.get("/api/v1/customers", headers=headers).json()["count"] == 0
    assert browser.client.get("/api/v1/me", headers=headers).status_code == 403
    # Basic credentials that hold no token of ours are somebody else's, such as a proxy's in front.
    assert browser.client.get("/api/v1/me", headers={"Authorization": "Basic bWU6c2VjcmV0"}).status_code == 200


def test_rights_are_the_owners_of_that_moment(esko: User, espoo: Area, helsinki: Area, dipoli: Account, museum: Account) -> None:
    script = Script(made(esko))
    seen = [script.get("/api/v1/customers").json()["results"]]

    team("planner:espoo", helsinki)
    seen.append(script.get("/api/v1/customers").json()["results"])
    rights.set_groups([esko.pk], [], by=None, at=MONDAY)

    assert [[row["id"] for row in rows] for rows in seen] == [[dipoli.pk], [museum.pk]]
    assert script.get("/api/v1/layers/customers/features").status_code == 404


@pytest.mark.parametrize("end", ["revoked", "expired", "locked_out"])
def test_a_token_ends_at_once(planner: User, dipoli: Account, end: str) -> None:
    secret = made(planner, days=1)
    person("administrator", "aino")
    script, later = Script(secret), timezone.now()
    assert script.get("/api/v1/layers").status_code == 200

    if end == "revoked":
        assert Browser(planner).send("DELETE", f"/api/v1/tokens/{AccessToken.objects.get().pk}").status_code == 204
    elif end == "expired":
        later += timedelta(days=1, seconds=1)
    else:
        rights.set_active([planner.pk], is_active=False, by=None, at=MONDAY)

    with time_machine.travel(later, tick=True):
        answer = script.get("/api/v1/layers")
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"layers": ["moon"]}, 404),
        ({"layers": []}, 400),
        ({"layers": "customers"}, 400),
        ({"days": 0}, 400),
        ({"days": 367}, 400),
        ({"name": ""}, 400),
        ({"name": "a\nb"}, 400),
        ({"scope": "everything"}, 400),
    ],
)
def test_a_wrong_wish_is_refused(planner: User, change: dict[str, Any], status: int) -> None:
    answer = Browser(planner).post("/api/v1/tokens", {"name": "x", "layers": ["customers"], "days": 1} | change)

    assert answer.status_code == status, answer.content
    assert not AccessToken.objects.exists()


def test_only_layers_that_one_sees_can_be_opened(holder: User) -> None:
    wish = {"name": "x", "layers": ["network"], "days": 1}

    assert Browser(holder).post("/api/v1/tokens", wish).json()["code"] == "unknown_layer"
    assert Browser(member("inkeri")).post("/api/v1/tokens", wish | {"layers": ["customers"]}).status_code == 403
    assert Browser(holder).post("/api/v1/tokens", wish | {"layers": ["customers"]}).status_code == 201


def test_a_customers_token_reads_what_they_hold(holder: User, museum: Account, theatre: Account) -> None:
    assert [row["id"] for row in Script(made(holder)).get("/api/v1/customers").json()["results"]] == [museum.pk]


def test_a_person_has_so_many_tokens_at_most(planner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 1)
    made(planner)

    answer = Browser(planner).post("/api/v1/tokens", {"name": "x", "layers": ["customers"], "days": 1})

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_tokens")


def test_another_persons_token_is_not_found_but_administrators_revoke_it(planner: User, dispatcher: User) -> None:
    made(planner)
    token_id, aino = AccessToken.objects.get().pk, person("administrator", "aino")
    administrator = Browser(aino)

    assert Browser(dispatcher).get("/api/v1/tokens").json() == []
    assert Browser(dispatcher).send("DELETE", f"/api/v1/tokens/{token_id}").status_code == 404
    [row] = administrator.get("/api/v1/admin/tokens").json()
    assert (row["id"], row["user_id"], row["username"], row["owner"], row["name"]) == (token_id, planner.pk, "pekka", "Pekka", "QGIS")
    assert administrator.get("/api/v1/admin/tokens", user=dispatcher.pk).json() == []
    assert administrator.get("/api/v1/admin/tokens", user="x").status_code == 400
    assert administrator.send("DELETE", f"/api/v1/admin/tokens/{token_id}").status_code == 204
    assert not AccessToken.objects.exists()
    assert list(AuditRow.objects.filter(action__startswith="token.").order_by("seq").values_list("action", "actor__username")) == [
        ("token.make", "pekka"),
        ("token.revoke", "aino"),
    ]


def test_a_use_is_noted_once_a_minute_and_audited_once_a_day_and_address(planner: User, dipoli: Account) -> None:
    script = Script(made(planner, days=300))
    start = timezone.now().replace(hour=3)  # eleven in the morning of the utility's zone

    def ask(minutes: float, ip: str = "192.0.2.7") -> None:
        tokens._noted.clear()
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert script.client.get("/api/v1/layers", headers=script.headers, REMOTE_ADDR=ip).status_code == 200

    AccessToken.objects.update(created_at=start)
    used = []
    for minutes, ip in ((0, "192.0.2.7"), (0.5, "192.0.2.7"), (2, "192.0.2.7"), (4, "192.0.2.8"), (24 * 60, "192.0.2.7")):
        ask(minutes, ip)
        used.append((AccessToken.objects.get().last_used_at - start) / timedelta(minutes=1))

    assert used == [0, 0, 2, 4, 24 * 60]
    rows = AuditRow.objects.filter(action="token.use").order_by("seq")
    assert [(row.ip, (row.at - start) / timedelta(minutes=1)) for row in rows] == [
        ("192.0.2.7", 0),
        ("192.0.2.8", 4),
        ("192.0.2.7", 24 * 60),
    ]
    assert {row.actor for row in rows} == {planner}


def test_wrong_tokens_are_limited_by_address_and_right_ones_go_on(planner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens.time, "monotonic", lambda: 6000.0)
    good, late = Script(made(planner)), Script(made(planner))
    assert good.get("/api/v1/layers").status_code == 200

    wrong = [Script("ga_" + "x" * 43).get("/api/v1/layers") for _ in range(tokens.WRONG_A_MINUTE + 1)]

    assert [answer.status_code for answer in wrong[-2:]] == [401, 429]
    assert (wrong[-1].json()["code"], wrong[-1].headers["Retry-After"]) == ("throttled", "60")
    assert good.get("/api/v1/layers").status_code == 200
    assert late.get("/api/v1/layers").status_code == 429
    assert late.client.get("/api/v1/layers", headers=late.headers, REMOTE_ADDR="192.0.2.9").status_code == 200
    monkeypatch.setattr(tokens.time, "monotonic", lambda: 6060.0)
    assert late.get("/api/v1/layers").status_code == 200


def test_wrong_tokens_from_all_over_one_ipv6_household_are_counted_together(planner: User) -> None:
    def wrong(ip: str) -> int:
        return Client().get("/api/v1/layers", headers={"Authorization": "Bearer ga_x"}, REMOTE_ADDR=ip).status_code

    statuses = [wrong(f"2001:db8:0:7::{number:x}") for number in range(1, tokens.WRONG_A_MINUTE + 2)]

    assert statuses[-2:] == [401, 429]
    assert wrong("2001:db8:0:8::1") == 401, "the neighbours"


def test_listing_tokens_costs_the_same_however_many_there_are(planner: User, django_assert_max_num_queries: Any) -> None:
    administrator = Browser(person("administrator", "aino"))
    for _ in range(5):
        made(planner)

    with django_assert_max_num_queries(5):
        assert len(administrator.get("/api/v1/admin/tokens").json()) == 5


# On the wire: tiles, through the tile application and through a real web process.


def over(where: tuple[float, float], z: int = 15) -> str:
    x, y = tile_at(*where, z)
    return f"/tiles/customers/{z}/{x}/{y}.mvt"


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with web_process(settings.REDIS_URL, tmp_path_factory.mktemp("tokens") / "log", PUBLIC_URL="") as process:
        yield process


@pytest.fixture
def tiles(transactional_db: None) -> Iterator[TileClient]:
    client = TileClient()
    yield client
    client.close()


class DesktopGis:
    """What a desktop GIS does: HTTP with Basic credentials sent at once, no cookies, no scripts."""

    def __init__(self, server: WebProcess, secret: str) -> None:
        self.address = f"http://127.0.0.1:{server.port}"
        self.authorization = "Basic " + base64.b64encode(f"pekka:{secret}".encode()).decode()

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(self.address + path, headers={"Authorization": self.authorization, **headers})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@pytest.fixture
def _written() -> Iterator[None]:
    """What the server writes after it answered must be written before the tables are emptied."""
    yield
    until(lambda: not AccessToken.objects.filter(last_used_at=None).exists(), within_s=10, what="Every use is noted")


@on_the_wire
@pytest.mark.usefixtures("_written")
def test_a_desktop_gis_reads_the_layer_by_its_tilejson(server: WebProcess, planner: User, dipoli: Account) -> None:
    gis = DesktopGis(server, made(planner))

    tilejson = json.loads(gis.get("/tiles/customers.json")[1])
    x, y = tile_at(*DIPOLI, 15)
    template = tilejson["tiles"][0].removeprefix(gis.address)
    status, body = gis.get(template.format(z=15, x=x, y=y))
    features = json.loads(gis.get("/api/v1/layers/customers/features?bbox=24,60,25,61")[1])

    assert (status, [feature["id"] for feature in mapbox_vector_tile.decode(body)["customers"]["features"]]) == (200, [dipoli.pk])
    assert [feature["properties"]["name"] for feature in features["features"]] == ["Dipoli"]
    assert gis.get("/imagery/demo/0/0/0.png")[0] in (401, 403)
    assert gis.get("/api/v1/me")[0] == 403
    assert [gis.get(path)[0] for path in ("/tiles/network.json", "/basemaps/osm/0/0/0.mvt")] == [404, 403]
    until(lambda: AuditRow.objects.filter(action="refusal").count() == 3, within_s=10, what="Each refusal is recorded")


@on_the_wire
@pytest.mark.usefixtures("_written")
def test_gdal_opens_the_layer_over_http(server: WebProcess, planner: User, dipoli: Account, museum: Account) -> None:
    secret = made(planner)

    with rasterio.Env(GDAL_HTTP_USERPWD=f"pekka:{secret}", GDAL_HTTP_AUTH="BASIC", CPL_CURL_VERBOSE=False):
        source = DataSource(f"GeoJSON:http://127.0.0.1:{server.port}/api/v1/layers/customers/features")
        found = {feature.get("name"): feature.geom.tuple for feature in source[0]}

    assert found["Dipoli"] == pytest.approx(DIPOLI)
    assert set(found) == {"Dipoli", "Kansallismuseo"}


@on_the_wire
@pytest.mark.usefixtures("_written")
def test_tiles_follow_the_token_and_its_owners_rights(server: WebProcess, esko: User, dipoli: Account, museum: Account) -> None:
    gis, cookie = DesktopGis(server, made(esko)), f"sessionid={session_of(person('planner', 'paula'))}"
    answers = [gis.get(over(where))[0] for where in (DIPOLI, MUSEUM)]
    # The cookie of somebody who sees everything does not widen it.
    beside = gis.get(over(MUSEUM), Cookie=cookie)[0]

    rights.set_groups([esko.pk], ["planner:nowhere"], by=None, at=MONDAY)
    narrowed = gis.get(over(DIPOLI))[0]
    until(lambda: AuditRow.objects.filter(action="refusal").exists(), within_s=10, what="The refusal is recorded")
    rights.set_active([esko.pk], is_active=False, by=None, at=MONDAY)

    assert (answers, beside, narrowed, gis.get(over(DIPOLI))[0]) == ([200, 204], 204, 404, 401)


@on_the_wire
def test_a_revoked_or_expired_token_gets_no_more_tiles(tiles: TileClient, planner: User, dipoli: Account) -> None:
    first, second = made(planner), made(planner)

    def get(secret: str) -> int:
        return tiles.get(over(DIPOLI), authorization=f"Bearer {secret}").status

    assert (get(first), get(second)) == (200, 200)
    tokens.revoke_token(AccessToken.objects.get(digest=tokens.digest_of(first)).pk, by=planner, at=MONDAY)
    assert (get(first), get(second)) == (401, 200)
    AccessToken.objects.update(expires_at=timezone.now())
    assert get(second) == 401
    answer = tiles.get(over(DIPOLI), authorization=f"Bearer {second}")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@on_the_wire
def test_wrong_tokens_are_limited_on_tiles_too(tiles: TileClient, planner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens.time, "monotonic", lambda: 6000.0)

    answers = [tiles.get(over(DIPOLI), authorization="Bearer ga_x").status for _ in range(tokens.WRONG_A_MINUTE + 1)]

    assert answers[-2:] == [401, 429]


@on_the_wire
def test_people_and_programs_of_equal_rights_share_tiles(tiles: TileClient, planner: User, dipoli: Account) -> None:
    secret = made(planner)

    by_cookie = tiles.get(over(DIPOLI), planner)
    by_token = tiles.get(over(DIPOLI), authorization=f"Bearer {secret}")

    assert (by_token.status, by_token.headers["etag"]) == (200, by_cookie.headers["etag"])
    assert tiles.server.renders == 1


@on_the_wire
def test_a_tile_by_token_is_noted_as_its_use(tiles: TileClient, planner: User, dipoli: Account) -> None:
    secret = made(planner)

    tiles.get(over(DIPOLI), authorization=f"Bearer {secret}")

    until(lambda: AccessToken.objects.get().last_used_at, within_s=5, what="The use is noted")
    assert AuditRow.objects.filter(action="token.use", actor=planner).count() == 1
