"""The walk: every address with every method, every tile over the foreign sites, their imagery, every stream, as a neighbour and as a customer.

Through real web processes on real ports, and through the real proxy before them: a person who may see everything asks first, so that every cache has the answer that must
not be given (S03). Whatever comes back is unpacked and searched for the names, numbers and people of customers who are not theirs.
"""

import io
import json
from collections.abc import Iterator

import mapbox_vector_tile
import numpy as np
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.http import urlencode
from PIL import Image

from customers import services
from customers.importing import services as imports
from customers.importing import working
from customers.models import Account, Import
from layers import basemap_uploads, exports, registry, tokens
from layers.export_rows import ExportQuery
from layers.importing import services as network_imports
from layers.importing import working as network_working
from layers.models import AccessToken, Basemap, BasemapUpload, Export, LayerGrant, NetworkImport, Session, Stream
from layers.ogc import collections
from spatial.models import Area
from spatial.services.points import PointCommand
from spatial.tiles import tile_at
from tests.cast import DIPOLI, MONDAY, new_customer
from tests.layers.live_server import Door, LiveBrowser, WebProcess, session_of, web_process
from tests.walk import addresses, imagery, scene
from tests.walk.imagery import map_proxy
from tests.walk.proxy import proxy
from tests.walk.scene import SPOTS, Answer, Scene, Walker, found_secrets

pytestmark = [pytest.mark.db, pytest.mark.long, pytest.mark.django_db(transaction=True)]
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
ZOOMS = range(6, 17)
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
# Drawn around the foreign sites.
RING = [[24.85, 60.15], [25.05, 60.15], [25.05, 60.25], [24.85, 60.25], [24.85, 60.15]]


@pytest.fixture(scope="module")
def servers(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[WebProcess]]:
    """Two workers: what one has rendered for staff, the other has not, and both must answer alike."""
    folder = tmp_path_factory.mktemp("walk")
    with map_proxy(folder / "imagery") as url:
        one, two = (
            web_process(settings.REDIS_URL, folder / name, MAPPROXY_URL=url, MEDIA_ROOT=str(settings.MEDIA_ROOT)) for name in ("one", "two")
        )
        with one as first, two as second:
            yield [first, second]


@pytest.fixture(scope="module")
def proxied(servers: list[WebProcess], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the real proxy before both workers: what browsers talk to."""
    with proxy([server.port for server in servers], tmp_path_factory.mktemp("walk") / "nginx") as port:
        yield port


@pytest.fixture
def town(helsinki: Area, espoo: Area) -> Iterator[Scene]:
    yield scene.build(espoo)
    LiveBrowser.close_all()


def samples(town: Scene) -> dict[str, list]:
    """Sample values for every parameter that occurs in an address: the foreign objects, wherever an object is asked for."""
    foreign = [account.pk for account in town.foreign]
    return {
        "account_id": foreign,
        "feature_id": foreign,
        "layer_id": [*(layer.id for layer in registry.layers()), f"imagery.{imagery.KEY}"],
        "tile_set": ["WebMercatorQuad"],
        "form": ["png"],
        # Every foreign customer of their own collection, then the others.
        "collection_id": [*(["customers"] * len(foreign)), *(found.id for found in collections.collections_for(town.staff))],
        "user_id": [town.staff.pk],
        "key": ["demo"],
        "z": [12],
        "x": [tile_at(*SPOTS["hospital"], 12)[0]],
        "y": [tile_at(*SPOTS["hospital"], 12)[1]],
        "id": [town.staff.pk],
        "object_id": [foreign[0], town.staff.pk],
        "content_type_id": [1],
        "code": ["HEL", "ESP"],
        "job_id": ["0" * 32],
        "provider_id": ["sso"],
        "sid": [Session.objects.get(pk=session_of(town.staff)).sid],
        "token_id": [staffs_token(town).pk],
        "import_id": [staffs_import(town).pk, staffs_network_import(town).pk],
        "export_id": [staffs_export(town).pk],
        "basemap_key": ["demo"],
        "upload_id": [staffs_upload(town).pk],
    }


def staffs_token(town: Scene) -> AccessToken:
    token, _ = tokens.make_token(user=town.staff, name="QGIS", layer_ids=["customers"], days=30, at=timezone.now())
    return token


def staffs_upload(town: Scene) -> BasemapUpload:
    """A picture on its way here."""
    wishes = {"title_en": "Ortho", "title_zh": "正射"}
    return basemap_uploads.begin(file_name="ortho.tif", size=1000, stamp="", wishes=wishes, user=town.staff, at=timezone.now())


def staffs_import(town: Scene) -> Import:
    """A file about the foreign customers, read and waiting to be stored."""
    rows = "".join(f"{account.account_no},{account.name},{account.address}\n" for account in town.foreign)
    batch = imports.start_import(
        user=town.staff, file_name="ledger.csv", pieces=[f"account_no,name,address\n{rows}".encode()], at=timezone.now(), queue=False
    )
    while working.work(batch.pk, clock=timezone.now):
        pass
    return batch


def staffs_network_import(town: Scene) -> NetworkImport:
    """A station that stands where a foreign customer does, read and waiting to be stored."""
    account = town.foreign[0]
    batch = network_imports.start_import(
        user=town.staff, file_name="stations.csv", pieces=[f"code,name,lon,lat\nT-1,{account.name},24.93,60.17\n".encode()], at=timezone.now(), queue=False
    )  # fmt: skip
    while network_working.work(batch.pk, clock=timezone.now):
        pass
    return batch


def staffs_export(town: Scene) -> Export:
    wish = exports.Wish(layer_id="customers", format="csv", crs="WGS84", language="en", query=ExportQuery())
    return exports.request_export(wish, user=town.staff, at=timezone.now())


def questions(town: Scene) -> list[str]:
    """Query strings to put behind every address that answers: each secret of two of them as a search, each filter, each order, foreign fields too."""
    known = list(town.secrets.values())
    secrets = sorted({secret for secrets in (known[0], known[-1]) for secret in secrets if secret})
    parts = [secret[:6] for secret in secrets if not secret.isdigit()] + [secret[-4:] for secret in secrets if secret.isdigit()]
    asked = [{name: word} for word in (*secrets, *parts) for name in ("q",)]
    asked += [{name: pk} for pk in town.secrets for name in ("id", "user", "account", "customer__in", "pk")]
    asked += [
        {"area": "HEL"},
        {"deleted": "true"},
        {"located": "false"},
        {"located": "true"},
        {"limit": "200"},
        {"format": "json"},
        {"class": "large"},
    ]
    asked += [{"grade": "special"}, {"bbox": "24.85,60.15,25.05,60.25"}, {"bbox": "-180,-85,180,85"}, {"q": "24.9316, 60.1751"}]
    asked += [{"f": "html"}, {"crs": f"{EPSG}3067"}, {"bbox": "60.15,24.85,60.25,25.05", "bbox-crs": f"{EPSG}4326"}]
    asked += [{"ordering": order} for order in ("-contract_kva", "enterprise__name", "holders__user__password")]
    return [urlencode(query) for query in asked]


def commands(town: Scene) -> addresses.Bodies:
    lon, lat = SPOTS["hospital"]
    return addresses.Bodies(
        {
            "lon": lon,
            "lat": lat,
            "base_version": 1,
            "move_id": 1,
            "account_no": town.foreign[0].account_no,
            "name": "Walker",
            "group": "planner:espoo",
            "groups": ["administrator"],
            "layer": "*",
            "area": "HEL",
            "username": town.staff.username,
            "password": "guess",
            "datum": "WGS84",
            "source": "survey",
            "line": RING[:2],
            "geometry": {"type": "Polygon", "coordinates": [RING]},
            "centre": {"lon": lon, "lat": lat},
        }
    )


SHAPES = [
    {"geometry": {"type": "Polygon", "coordinates": [RING]}},
    {"centre": {"lon": SPOTS["command"][0], "lat": SPOTS["command"][1]}, "radius_m": 5000},
    {"line": RING[:3], "width_m": 20000},
]


def state() -> dict[str, list]:
    """What a person without the right must not have changed."""
    return {
        "accounts": list(Account.objects.filter(pk__gte=scene.FIRST_FOREIGN_ID).order_by("pk").values()),
        "points": list(Account.objects.filter(pk__gte=scene.FIRST_FOREIGN_ID).order_by("pk").values_list("point__version", "point__geom")),
        "tokens": list(AccessToken.objects.filter(name="QGIS").values_list("name", "user__username")),
        "grants": list(LayerGrant.objects.order_by("pk").values()),
        "people": list(User.objects.order_by("pk").values("pk", "is_active", "is_staff", "is_superuser", "groups")),
    }


def test_no_address_tells_of_what_is_foreign(servers: list[WebProcess], proxied: int, town: Scene) -> None:
    known = samples(town)
    places = addresses.addresses(known)
    bodies, queries = commands(town), questions(town)
    before = state()
    staff = [Walker(port, town.staff, town) for port in (*(server.port for server in servers), proxied)]
    walkers = [Walker(proxied, user, town) for user in (town.neighbour, town.customer)]

    told_staff = 0
    for address in places:
        # Staff first: whatever keeps answers has them now.
        for walker in staff:
            told_staff += bool(found_secrets(scene.readable(walker.ask("GET", address)), town))
        for walker in walkers:
            for method in METHODS:
                if method in ("GET", "HEAD", "OPTIONS", "TRACE"):
                    walker.look(method, address)
                    continue
                for body in [*bodies.of(method, address), *(SHAPES if method == "POST" and address.startswith("/api/") else [])]:
                    walker.look(method, address, body)
            if walker.look("GET", address).status == 200 and address.startswith(("/api/v1/", "/ogc/")):
                for query in queries:
                    walker.look("GET", f"{address}?{query}")

    asked = sum(walker.asked for walker in walkers)
    print(
        f"\nwalk: {len(addresses.patterns())} patterns, {len(places)} addresses, {asked} requests; {told_staff} of them tell staff something"
    )
    assert [leak for walker in walkers for leak in walker.leaks] == []
    assert told_staff > 10, "the walk would find nothing anywhere"
    assert Session.objects.filter(sid__in=known["sid"]).exists(), "somebody ended another person's session"
    assert state() == before, "somebody changed what they may not even see"


def test_sums_are_of_what_one_may_see(servers: list[WebProcess], town: Scene) -> None:
    for user, own in ((town.neighbour, 2), (town.customer, 1)):
        walker = Walker(servers[0].port, user, town)

        def answer(method: str, address: str, body: object = None, walker: Walker = walker) -> dict:
            return json.loads(walker.look(method, address, body).content)

        counts = answer("GET", "/api/v1/customers/counts")
        assert (counts["total"], counts["located"], counts["unlocated"], counts["by_grade"]) == (own, own, 0, {"none": own})
        assert answer("GET", "/api/v1/customers")["count"] == own
        assert answer("GET", "/api/v1/customers?area=HEL" if user is town.customer else "/api/v1/customers?grade=special")["count"] == 0
        assert answer("GET", "/api/v1/layers/customers/features")["numberMatched"] == own
        assert len(answer("GET", "/api/v1/layers/customers/snapshot")["features"]) == own
        assert [answer("POST", "/api/v1/customers/within", shape)["count"] for shape in SHAPES[:1]] == [0]
        home = answer("GET", "/api/v1/me")["utility"]["home"]
        assert home[2] < 24.8, "the map opens where their own are"


def test_no_tile_tells_of_what_is_foreign(servers: list[WebProcess], proxied: int, town: Scene) -> None:
    paths = sorted(
        {
            f"/tiles/{layer.id}/{z}/{x + dx}/{y + dy}.mvt{query}"
            for layer in registry.layers()
            for where in SPOTS.values()
            for z in ZOOMS
            for x, y in [tile_at(*where, z)]
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for query in (["", "?grade=special"] if layer.id == "customers" else [""])
        }
    )
    own = {account.pk for account in town.own}
    ports = [*(server.port for server in servers), proxied]
    staff = [Walker(port, town.staff, town) for port in ports]
    readers = [Walker(port, user, town) for port in ports for user in (town.neighbour, town.customer)]

    seen_by_staff: set[int] = set()
    for path in paths:
        staffs = [walker.ask("GET", path) for walker in staff]
        seen_by_staff |= {pk for answer in staffs for pk in ids(answer)}
        tag = staffs[0].headers.get("etag")
        for walker in readers:
            # With a tag that staff were given: "unchanged" would be an answer about what is foreign, any other comes whole.
            answer = walker.look("GET", path, headers={"If-None-Match": tag} if tag and walker.port != ports[0] else {})
            assert answer.status in (200, 204, 404)
            assert ids(answer) <= own, path
            assert counted(answer) <= len(own), path
            if answer.status != 404:
                assert "private" in answer.headers["cache-control"]
                assert answer.headers["etag"] != tag, "one tag for two scopes would let a cache mix them up"

    print(f"\nwalk: {len(paths)} tiles, {sum(walker.asked for walker in readers)} requests of zooms {ZOOMS[0]} to {ZOOMS[-1]}")
    assert [leak for walker in readers for leak in walker.leaks] == []
    assert seen_by_staff >= {account.pk for account in town.foreign[:3]}, "the walk looked at the wrong tiles"


def test_no_imagery_shows_what_is_foreign(servers: list[WebProcess], proxied: int, town: Scene) -> None:
    """Of the neighbour's imagery every pixel with a colour lies in Espoo, west of the border."""
    Basemap.objects.create(key=imagery.KEY, kind="imagery", title_en="Walk", title_zh="Walk", source_type="geotiff", source="elsewhere")
    border = (24.8, 60.18)
    tiles = sorted({(z, *tile_at(*where, z)) for where in (*SPOTS.values(), DIPOLI, border) for z in ZOOMS})
    ports = [*(server.port for server in servers), proxied]
    staff = [Walker(port, town.staff, town) for port in ports]
    neighbours = [Walker(port, town.neighbour, town) for port in ports]

    own = foreign = 0
    paths = [(f"/imagery/{imagery.KEY}/{z}/{x}/{y}.png", z, x) for z, x, y in tiles]
    paths += [(f"/maps/wmts/imagery.{imagery.KEY}/WebMercatorQuad/{z}/{x}/{y}.png", z, x) for z, x, y in tiles]
    for path, z, x in paths:
        staffs = [walker.ask("GET", path) for walker in staff]
        foreign += sum((lons_of(answer, z, x) > border[0]).sum() for answer in staffs)
        tag = staffs[0].headers["etag"]
        for walker in neighbours:
            answer = walker.look("GET", path, headers={"If-None-Match": tag} if walker.port != ports[0] else {})
            assert answer.status in (200, 404), path
            if answer.status == 200:
                assert (lons_of(answer, z, x) <= border[0]).all(), path
                own += len(lons_of(answer, z, x))
                assert "private" in answer.headers["cache-control"]
                assert answer.headers["etag"] != tag, path

    print(f"\nwalk: {len(paths)} tiles of imagery, {sum(walker.asked for walker in neighbours)} requests")
    assert min(own, foreign) > 100_000, "the walk looked at the wrong tiles"


def test_no_picture_shows_what_is_foreign(servers: list[WebProcess], proxied: int, town: Scene) -> None:
    """Of drawn customers and areas every pixel that the neighbour and the customer get lies in Espoo, at each zoom, and nothing is told there."""
    ports = [*(server.port for server in servers), proxied]
    staff = Walker(ports[0], town.staff, town)
    readers = [Walker(port, user, town) for port in ports for user in (town.neighbour, town.customer)]
    paths = [
        (f"/maps/wmts/{layer}/WebMercatorQuad/{z}/{x}/{y}.png", z, x)
        for layer in ("customers", "network", "areas")
        for where in SPOTS.values()
        for z in ZOOMS
        for x, y in [tile_at(*where, z)]
    ]
    info = urlencode({"REQUEST": "GetFeatureInfo", "VERSION": "1.3.0", "CRS": "CRS:84", "QUERY_LAYERS": "customers,areas", "WIDTH": 100, "HEIGHT": 100, "I": 50, "J": 50, "FEATURE_COUNT": 50})  # fmt: skip

    seen = 0
    for path, z, x in paths:
        first = staff.ask("GET", path)
        seen += first.status == 200 and bool(len(lons_of(first, z, x)))
        for walker in readers:
            answer = walker.look("GET", path, headers={"If-None-Match": first.headers["etag"]} if walker.port != ports[0] else {})
            assert answer.status in (200, 404), path
            if walker.user == town.customer and "/customers/" not in path:
                continue  # the borders of counties are everybody's
            # A symbol at the border reaches over it by its own size.
            assert answer.status == 404 or (lons_of(answer, z, x) <= 24.8 + 30 * 360 / (256 << z)).all(), path
    told = 0
    for lon, lat in SPOTS.values():
        for half in (0.0005, 0.02, 2.0):
            address = f"/maps/wms?{info}&BBOX={lon - half},{lat - half},{lon + half},{lat + half}"
            told += bool(found_secrets(scene.readable(staff.ask("GET", address)), town))
            for walker in readers:
                walker.look("GET", address)

    print(f"\nwalk: {len(paths)} drawn tiles, {sum(walker.asked for walker in readers)} requests")
    assert [leak for walker in readers for leak in walker.leaks] == []
    assert seen > len(paths) / 3 and told >= 3, "the walk looked at the wrong places"


def lons_of(answer: Answer, z: int, x: int) -> np.ndarray:
    """Return the longitudes of the pixels (their centres) that have a colour or are not wholly transparent."""
    assert answer.status == 200
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))
    _, columns = np.nonzero(pixels.any(axis=2))
    return (x + (columns + 0.5) / pixels.shape[1]) / (1 << z) * 360 - 180


def ids(answer: Answer) -> set[int]:
    return {feature["id"] for part in _parts(answer, "customers", "clusters") for feature in part if feature.get("id")}


def counted(answer: Answer) -> int:
    return sum(feature["properties"]["n"] for part in _parts(answer, "clusters") for feature in part)


def _parts(answer: Answer, *names: str) -> list[list[dict]]:
    if answer.status != 200:
        return []
    decoded = mapbox_vector_tile.decode(answer.content)
    return [decoded[name]["features"] for name in names if name in decoded]


def test_no_stream_tells_of_what_is_foreign(servers: list[WebProcess], proxied: int, town: Scene) -> None:
    doors = [*servers, Door(proxied)]
    browsers = [LiveBrowser(door, user).open().follow() for door in doors for user in (town.neighbour, town.customer)]
    for browser in browsers:
        # From the beginning of the log: what is replayed passes the same predicate.
        browser.say(json.dumps({"type": "hello", "streams": [{"key": "customers", "epoch": browser.map.epoch, "cursor": 0}]}))
        browser.say(json.dumps({"type": "hello", "streams": [{"key": f"customer:{town.foreign[0].pk}", "epoch": None, "cursor": None}]}))
        browser.say(
            json.dumps({"type": "hello", "streams": [{"key": layer.id, "epoch": None, "cursor": None} for layer in registry.layers()]})
        )
    own = {account.pk for account in town.own}

    hospital, command = (Account.objects.select_related("point").get(pk=account.pk) for account in town.foreign[:2])
    services.move_customers(
        [PointCommand(hospital.point_id, *SPOTS["command"], base_version=1)], user=town.staff, at=MONDAY, confirmed=True
    )
    services.edit_customers([services.CustomerEdit(command.pk, 1, {"status": "changing"})], at=MONDAY, user=town.staff)
    services.delete_customers([services.CustomerEdit(command.pk, 2)], user=town.staff, at=MONDAY, reason="Hiddenlane 177")
    services.restore_customers([command.pk], user=town.staff, at=MONDAY)
    [late] = services.create_customers([new_customer("Zyxlate", "6695554433", at=SPOTS["waterworks"])], user=town.staff, at=MONDAY)
    head = Stream.objects.get(key="customers").seq

    for browser in browsers:
        browser.until(lambda browser=browser: browser.map.cursor == head, within_s=10)
        heard = json.dumps(browser.frames, ensure_ascii=False)
        assert found_secrets(heard, town, question=f"customer:{town.foreign[0].pk}") == []
        assert str(late.pk) not in heard
        assert set(browser.map.features) <= own
    print(f"\nwalk: {len(browsers)} sockets, {sum(len(browser.frames) for browser in browsers)} frames")


def test_an_address_with_an_unknown_parameter_fails_the_walk(town: Scene) -> None:
    known = samples(town)
    del known["account_id"]

    with pytest.raises(addresses.NoSample, match="account_id"):
        addresses.addresses(known)
