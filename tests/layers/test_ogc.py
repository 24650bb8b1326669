"""OGC API Features: what desktop GIS is told, in which order of axes, for whom."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils import timezone
from jsonschema import Draft202012Validator
from shapely import from_wkb

from customers import services
from customers.models import Account
from layers import services as rights
from layers import tokens
from layers.models import AuditRow
from layers.ogc import collections, documents
from spatial import datums
from spatial.models import Area, Network
from tests.cast import DIPOLI, MONDAY, MUSEUM, THEATRE, Browser, new_customer
from tests.layers.live_server import WebProcess, web_process

pytestmark = [pytest.mark.db, pytest.mark.django_db]
on_the_wire = pytest.mark.django_db(transaction=True)

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
ROOT = "/ogc/features"
ITEMS = f"{ROOT}/collections/customers/items"

# RFC 7946, by hand: what a reader of GeoJSON may rely on.
_POSITION = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}
_LINE = {"type": "array", "items": _POSITION, "minItems": 2}
_POLYGON = {"type": "array", "items": {"type": "array", "items": _POSITION, "minItems": 4}}


def _geometry(kind: str, coordinates: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"type": {"const": kind}, "coordinates": coordinates}, "required": ["type", "coordinates"]}


_GEOMETRY = {
    "oneOf": [
        {"type": "null"},
        _geometry("Point", _POSITION),
        _geometry("LineString", _LINE),
        _geometry("MultiLineString", {"type": "array", "items": _LINE}),
        _geometry("Polygon", _POLYGON),
        _geometry("MultiPolygon", {"type": "array", "items": _POLYGON}),
    ]
}
_LINKS = {
    "type": "array",
    "items": {"type": "object", "required": ["href", "rel", "type"], "properties": {"href": {"pattern": "^https?://"}}},
}
FEATURE = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "not": {"anyOf": [{"required": [name]} for name in ("crs", "coordinates", "geometries", "features")]},
    "properties": {
        "type": {"const": "Feature"},
        "id": {"type": "integer"},
        "geometry": _GEOMETRY,
        "properties": {"type": "object"},
        "links": _LINKS,
    },
}
FEATURE_COLLECTION = {
    "type": "object",
    "required": ["type", "features", "links", "timeStamp", "numberMatched", "numberReturned"],
    "not": {"anyOf": [{"required": [name]} for name in ("crs", "coordinates", "geometries", "geometry", "properties")]},
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {"type": "array", "items": FEATURE},
        "links": _LINKS,
        "timeStamp": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "numberMatched": {"type": "integer", "minimum": 0},
        "numberReturned": {"type": "integer", "minimum": 0},
    },
}


def check(document: Any, schema: dict[str, Any]) -> None:
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []


def got(user: User, path: str = ITEMS, **query: Any) -> Any:
    answer = Browser(user).get(path, **query)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def names(document: Any) -> list[str]:
    return [feature["properties"]["name"] for feature in document["features"]]


def link(document: Any, rel: str) -> str | None:
    return next((entry["href"] for entry in document["links"] if entry["rel"] == rel), None)


def path_of(href: str) -> str:
    parts = urlsplit(href)
    return f"{parts.path}?{parts.query}"


def kiosks(user: User, count: int) -> list[int]:
    commands = [new_customer(f"Kioski {n}", f"00777{n:05}", at=(24.90 + n / 1000, 60.17)) for n in range(count)]
    return [account.pk for account in services.create_customers(commands, user=user, at=MONDAY)]


def test_a_client_finds_its_way_from_the_landing_page_to_a_feature(planner: User, museum: Account) -> None:
    landing = got(planner, f"{ROOT}/")
    conformance = got(planner, path_of(link(landing, "conformance") or ""))
    found = got(planner, path_of(link(landing, "data") or ""))
    customers = next(entry for entry in found["collections"] if entry["id"] == "customers")
    features = got(planner, path_of(link(customers, "items") or ""))
    feature = got(planner, f"{ITEMS}/{museum.pk}")

    assert {uri.rsplit("/", 1)[-1] for uri in conformance["conformsTo"]} == {"core", "oas30", "html", "geojson", "crs"}
    assert link(landing, "service-desc") and link(landing, "service-doc")
    assert customers["extent"]["spatial"]["bbox"] == [[*MUSEUM, *MUSEUM]]
    assert (customers["crs"][0], customers["storageCrs"]) == (CRS84, CRS84)
    assert {EPSG + code for code in ("4326", "3067", "4490", "3857")} <= set(customers["crs"])
    assert names(features) == ["Kansallismuseo"]
    check(features, FEATURE_COLLECTION)
    check(feature, FEATURE)
    assert (feature["geometry"], feature["properties"]) == (features["features"][0]["geometry"], features["features"][0]["properties"])
    assert link(feature, "collection")


def test_each_part_of_a_layer_is_a_collection(planner: User, helsinki: Area, grid: Network) -> None:
    ids = [entry["id"] for entry in got(planner, f"{ROOT}/collections")["collections"]]

    assert ids == ["areas", "network.feeders", "network.lines", "network.stations", "network.substations", "customers"]
    for collection_id in ids:
        document = got(planner, f"{ROOT}/collections/{collection_id}/items")
        check(document, FEATURE_COLLECTION)
        assert document["numberMatched"] == {"network.lines": 2, "network.stations": 0, "customers": 0}.get(collection_id, 1)
    polygon = got(planner, f"{ROOT}/collections/areas/items")["features"][0]["geometry"]["coordinates"][0][0]
    assert sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in pairwise(polygon)) < 0, "right-hand rule"


def test_following_next_gives_every_feature_once_and_in_order(planner: User, helsinki: Area) -> None:
    ids = kiosks(planner, 7)

    seen: list[int] = []
    pages, href = 0, f"{ITEMS}?limit=3&grade=none"
    while href:
        document = json.loads(Browser(planner).client.get(path_of(href)).content)
        # Optional by the standard: told where the list begins, and not counted again for every page.
        assert document.get("numberMatched") == (None if pages else 7)
        assert document["numberReturned"] == len(document["features"]) <= 3
        seen += [feature["id"] for feature in document["features"]]
        pages, href = pages + 1, link(document, "next") or ""

    assert (seen, pages) == (sorted(ids), 3)
    assert seen == [feature["id"] for feature in got(planner, "/api/v1/layers/customers/features")["features"]]
    assert link(got(planner, limit=7), "next") is None


def test_a_limit_beyond_the_largest_is_the_largest(planner: User, museum: Account) -> None:
    assert got(planner, limit=1_000_000)["numberReturned"] == 1


@pytest.mark.parametrize(("code", "digits"), [("4326", 9), ("4490", 9), ("3067", 2), ("3857", 2), ("3879", 2), ("3035", 2)])
def test_positions_are_in_the_system_asked_for_in_the_order_of_its_axes(planner: User, museum: Account, code: str, digits: int) -> None:
    answer = Browser(planner).get(ITEMS, crs=EPSG + code)
    one = Browser(planner).get(f"{ITEMS}/{museum.pk}", crs=EPSG + code)

    x, y, _ = datums.from_wgs84_many([MUSEUM[0]], [MUSEUM[1]], f"EPSG:{code}")
    expected = [float(y[0]), float(x[0])] if code in ("4326", "4490", "3879", "3035") else [float(x[0]), float(y[0])]
    assert answer.headers["Content-Crs"] == one.headers["Content-Crs"] == f"<{EPSG}{code}>"
    for feature in (json.loads(answer.content)["features"][0], json.loads(one.content)):
        assert feature["geometry"]["coordinates"] == pytest.approx(expected, abs=10**-digits)


def test_without_a_system_positions_are_crs84_and_the_header_says_so(planner: User, museum: Account) -> None:
    answer = Browser(planner).get(ITEMS)

    assert answer.headers["Content-Type"] == "application/geo+json"
    assert answer.headers["Content-Crs"] == f"<{CRS84}>"
    assert json.loads(answer.content)["features"][0]["geometry"]["coordinates"] == list(MUSEUM)


def test_a_box_is_read_in_the_order_of_axes_of_its_system(planner: User, museum: Account, helsinki: Area) -> None:
    services.create_customers([new_customer("Ateneum", "0055500001", at=THEATRE)], user=planner, at=MONDAY)
    lon, lat = MUSEUM
    (x,), (y,), _ = datums.from_wgs84_many([lon], [lat], "EPSG:3067")

    assert names(got(planner, bbox=f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}")) == ["Kansallismuseo"]
    assert names(got(planner, bbox=f"{lon - 0.001},{lat - 0.001},-5,{lon + 0.001},{lat + 0.001},9000")) == ["Kansallismuseo"]
    by_lat = f"{lat - 0.001},{lon - 0.001},{lat + 0.001},{lon + 0.001}"
    assert names(got(planner, bbox=by_lat, **{"bbox-crs": f"{EPSG}4326"})) == ["Kansallismuseo"]
    assert names(got(planner, bbox=by_lat)) == []
    assert names(got(planner, bbox=f"{x - 50},{y - 50},{x + 50},{y + 50}", **{"bbox-crs": f"{EPSG}3067"})) == ["Kansallismuseo"]
    assert names(got(planner, bbox=f"{x + 50},{y - 50},{x + 90},{y + 50}", **{"bbox-crs": f"{EPSG}3067"})) == []
    everything = {"bbox": "-9e6,-9e6,9e6,99e6", "bbox-crs": f"{EPSG}3067"}
    assert len(names(got(planner, **everything))) == 2, "a map zoomed far out asks for more than the system reaches"
    assert got(planner, bbox="170,60,25,61")["numberMatched"] == 2, "west > east goes round the earth"


def test_a_box_in_metres_has_straight_sides_in_metres(planner: User, helsinki: Area) -> None:
    """In degrees the box's side bends: what lies between the bent and the straight line is judged rightly."""
    west, south, east, north = 100_000.0, 6_700_000.0, 660_000.0, 6_700_500.0
    inside, outside = ((x, y) for x, y in ((385_000.0, 6_700_001.0), (385_000.0, 6_699_990.0)))
    for number, (x, y) in enumerate((inside, outside)):
        lon, lat = datums.to_wgs84(x, y, "EPSG:3067")
        services.create_customers([new_customer(f"Tuulivoimala {number}", f"009990000{number}", at=(lon, lat))], user=planner, at=MONDAY)

    assert names(got(planner, bbox=f"{west},{south},{east},{north}", **{"bbox-crs": f"{EPSG}3067"})) == ["Tuulivoimala 0"]


@pytest.mark.parametrize(
    "when", ["2026-03-02T08:00:00Z", "2026-03-02T08:00:00+08:00", "2026-03-02", "2026-01-01T00:00:00Z/..", "/2020-01-01"]
)
def test_what_has_no_time_matches_every_time(planner: User, museum: Account, when: str) -> None:
    assert names(got(planner, datetime=when)) == ["Kansallismuseo"]


def test_properties_narrow_by_equality(planner: User, museum: Account, grid: Network) -> None:
    kiosks(planner, 2)

    assert names(got(planner, grade="first")) == ["Kansallismuseo"]
    assert names(got(planner, classes="large", name="Kansallismuseo")) == ["Kansallismuseo"]
    assert names(got(planner, name="' or 1=1 --")) == []
    assert got(planner, f"{ROOT}/collections/network.feeders/items", voltage_kv="20")["numberMatched"] == 1
    assert got(planner, f"{ROOT}/collections/network.feeders/items", voltage_kv="10")["numberMatched"] == 0


@pytest.mark.parametrize(
    "query",
    [
        {"colour": "red"},
        {"account_no": "0012345678"},
        {"enterprise__name": "Museovirasto"},
        {"id": "1"},
        {"bbox": "1,2,3"},
        {"bbox": "1,2,3,4,5"},
        {"bbox": "a,b,c,d"},
        {"bbox": "nan,0,1,1"},
        {"bbox": "0,10,1,0"},
        {"bbox": "-200,0,0,1"},
        {"bbox": "0,0,1,1", "bbox-crs": "EPSG:4326"},
        {"bbox": "3,0,1,1", "bbox-crs": f"{EPSG}3067"},
        {"bbox": "0,0,1,1", "bbox-crs": f"{EPSG}2154"},
        {"crs": f"{EPSG}99999"},
        {"crs": "http://example.org/4326"},
        {"crs": "+proj=utm"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "ten"},
        {"limit": "1", "cursor": "x"},
        {"cursor": "9" * 40},
        {"datetime": "yesterday"},
        {"datetime": "2026-13-01"},
        {"datetime": "2026-01-01/2026-02-01/2026-03-01"},
        {"f": "xml"},
        {"name": "a\x00b"},
        {"limit": ["1", "2"]},
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(planner: User, museum: Account, query: dict[str, Any]) -> None:
    answer = Browser(planner).get(ITEMS, **query)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_query"), answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize(
    "path", ["/", "/conformance", "/api", "/collections", "/collections/customers", "/collections/customers/items/{id}"]
)
def test_an_unknown_parameter_is_refused_everywhere(planner: User, museum: Account, path: str) -> None:
    address = ROOT + path.format(id=museum.pk)

    assert Browser(planner).get(address, limit="5").status_code == 400
    assert Browser(planner).get(address, f="json").status_code == Browser(planner).get(address, f="html").status_code == 200


def test_the_form_of_the_answer_is_negotiated(planner: User, museum: Account) -> None:
    client = Browser(planner).client

    def media_type(accept: str, path: str = ITEMS, query: str = "") -> str:
        return client.get(path + query, headers={"Accept": accept}).headers["Content-Type"].partition(";")[0]

    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert media_type(browser) == "text/html"
    assert media_type("*/*") == media_type("application/geo+json, application/json") == "application/geo+json"
    assert media_type(browser, query="?f=json") == "application/geo+json"
    assert media_type("*/*", f"{ROOT}/") == "application/json"
    assert media_type("*/*", f"{ROOT}/api") == "application/vnd.oai.openapi+json"
    assert client.get(ITEMS, headers={"Accept": "image/png"}).status_code == 406


def test_pages_are_in_both_languages_and_a_script_is_a_name(planner: User, helsinki: Area) -> None:
    [account] = services.create_customers([new_customer("<script>alert(1)</script>", at=MUSEUM)], user=planner, at=MONDAY)
    client = Browser(planner).client

    for path in ("/", "/conformance", "/api", "/collections", "/collections/customers", "/collections/customers/items"):
        page = client.get(f"{ROOT}{path}?f=html")
        assert page.status_code == 200
        assert "<script" not in page.content.decode() and "style=" not in page.content.decode()
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    english, chinese = (
        client.get(ITEMS, headers={"Accept-Language": tongue, "Accept": "text/html"}).content.decode() for tongue in ("en", "zh-CN")
    )
    assert "1 of 1 features" in english and "&lt;script&gt;" in english
    assert 'lang="zh-hans"' in chinese and "共 1 个要素" in chinese and "客户" in chinese
    assert "&lt;script&gt;" in client.get(f"{ITEMS}/{account.pk}?f=html").content.decode()


def test_somebody_of_another_area_is_told_nothing(esko: User, museum: Account, dipoli: Account) -> None:
    assert names(got(esko)) == ["Dipoli"]
    assert got(esko)["numberMatched"] == 1
    assert got(esko, f"{ROOT}/collections/customers")["extent"]["spatial"]["bbox"] == [[*DIPOLI, *DIPOLI]]
    assert got(esko, name="Kansallismuseo")["numberMatched"] == 0
    answers = [Browser(esko).get(f"{ITEMS}/{pk}") for pk in (museum.pk, 999_999_999)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


def test_a_customer_sees_what_they_hold_and_no_network(holder: User, museum: Account, dipoli: Account, grid: Network) -> None:
    assert names(got(holder)) == ["Kansallismuseo"]
    assert [entry["id"] for entry in got(holder, f"{ROOT}/collections")["collections"]] == ["areas", "customers"]
    assert "/collections/network.lines/items" not in got(holder, f"{ROOT}/api")["paths"]
    for path in ("", "/items", "/items/1"):
        hidden, unknown = (Browser(holder).get(f"{ROOT}/collections/{name}{path}") for name in ("network.lines", "nothing"))
        assert (hidden.status_code, unknown.status_code) == (404, 404)


def test_a_refused_feature_is_in_the_audit_under_its_layer(esko: User, museum: Account) -> None:
    Browser(esko).get(f"{ITEMS}/{museum.pk}")
    Browser(esko).get(f"{ROOT}/collections/network.nothing")

    told = AuditRow.objects.filter(action="refusal").order_by("seq").values_list("layer", "object_id")
    assert list(told) == [("customers", str(museum.pk)), ("network", "")]


def test_nobody_comes_in_without_signing_in_and_nobody_writes(planner: User, museum: Account) -> None:
    for path in ("/", "/conformance", "/api", "/collections", "/collections/customers", "/collections/customers/items"):
        assert Client().get(ROOT + path).status_code == 401
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert Browser(planner).send(method, ROOT + path).status_code == 405
    assert Client().get("/ogc/nothing").status_code == 404
    assert Browser(planner).client.head(ITEMS).status_code == 200


def test_a_token_opens_its_layers_only(planner: User, museum: Account, grid: Network) -> None:
    _, secret = tokens.make_token(user=planner, name="QGIS", layer_ids=["customers"], days=30, at=timezone.now())
    script = Client(headers={"Authorization": f"Bearer {secret}"})

    assert [entry["id"] for entry in json.loads(script.get(f"{ROOT}/collections").content)["collections"]] == ["customers"]
    assert names(json.loads(script.get(ITEMS).content)) == ["Kansallismuseo"]
    assert script.get(f"{ROOT}/collections/network.lines/items").status_code == 404
    assert script.get(f"{ROOT}/collections/areas").status_code == 404
    assert Client(headers={"Authorization": "Bearer ga_wrong"}).get(ITEMS).status_code == 401


@pytest.mark.parametrize(("public", "begins"), [("https://map.example/atlas/", "https://map.example/atlas"), ("", "http://map.example")])
def test_links_carry_the_address_by_which_people_come(planner: User, museum: Account, public: str, begins: str) -> None:
    kiosks(planner, 2)
    with override_settings(PUBLIC_URL=public, ALLOWED_HOSTS=["map.example"]):
        client = Client(SERVER_NAME="map.example")
        client.force_login(planner)
        documents_told = [json.loads(client.get(path).content) for path in (f"{ROOT}/", f"{ROOT}/collections", f"{ITEMS}?limit=1")]
        server = json.loads(client.get(f"{ROOT}/api").content)["servers"][0]["url"]

    for document in documents_told:
        assert all(entry["href"].startswith(f"{begins}{ROOT}/") or entry["href"] == f"{begins}{ROOT}" for entry in document["links"])
    assert server == f"{begins}{ROOT}"


def test_the_openapi_document_names_every_parameter_that_is_taken(planner: User, museum: Account) -> None:
    answer = Browser(planner).get(f"{ROOT}/api")
    document = json.loads(answer.content)

    assert document["openapi"].startswith("3.0")
    told = [
        entry.get("name") or entry["$ref"].rsplit("/", 1)[-1]
        for entry in document["paths"]["/collections/customers/items"]["get"]["parameters"]
    ]
    assert set(told) == {*collections.PARAMETERS, "name", "name_en", "name_zh", "grade", "classes", "status", "v"}
    assert document["components"]["parameters"]["limit"]["schema"]["maximum"] == 10_000
    taken = json.loads(Browser(planner).get("/api/schema?format=json").content)["paths"]
    assert not [path for path in taken if "/ogc/" in path], "the service has a document of its own"
    assert answer.headers["Content-Type"] == documents.OPENAPI


# On the wire: GDAL's own client, as QGIS and ogr2ogr use it.


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with web_process(settings.REDIS_URL, tmp_path_factory.mktemp("ogc") / "log", PUBLIC_URL="") as process:
        yield process


def by_gdal(server: WebProcess, secret: str, script: str) -> Any:
    """Run a script with pyogrio in a process of its own: its GDAL must not meet the one that Django has loaded."""
    source = f"import json, pyogrio\nfrom pyogrio.raw import read\nurl = 'OAPIF:http://127.0.0.1:{server.port}{ROOT}'\nprint(json.dumps({script}))"
    environment = os.environ | {
        "GDAL_HTTP_USERPWD": f"pekka:{secret}",
        "GDAL_HTTP_AUTH": "BASIC",
        "GDAL_HTTP_TIMEOUT": "20",
        "no_proxy": "127.0.0.1",
    }
    told = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


@on_the_wire
def test_gdal_reads_every_page_of_the_layers_of_a_token(server: WebProcess, planner: User, museum: Account, dipoli: Account) -> None:
    ids = kiosks(planner, 1_203)
    _, secret = tokens.make_token(user=planner, name="QGIS", layer_ids=["customers", "areas"], days=30, at=timezone.now())

    layers = by_gdal(server, secret, "[name for name, _ in pyogrio.list_layers(url).tolist()]")
    fids = by_gdal(server, secret, "read(url, layer='customers', return_fids=True)[1].tolist()")
    paged = by_gdal(server, secret, "read(url, layer='customers', return_fids=True, PAGE_SIZE='100')[1].tolist()")

    assert layers == ["areas", "customers"]
    assert sorted(fids) == sorted(paged) == sorted([*ids, museum.pk, dipoli.pk])


@on_the_wire
def test_gdal_puts_the_museum_where_it_is_in_every_system(server: WebProcess, planner: User, museum: Account, dipoli: Account) -> None:
    _, secret = tokens.make_token(user=planner, name="QGIS", layer_ids=["customers"], days=30, at=timezone.now())

    for code in ("4490", "3067", "3879"):
        # Of GDAL the order is easting, northing and longitude, latitude, whatever came over the wire.
        crs, wkb = by_gdal(
            server,
            secret,
            f"(lambda found: [found[0]['crs'], found[2][0].hex()])(read(url, layer='customers', where=\"name = 'Kansallismuseo'\", CRS='EPSG:{code}'))",
        )
        x, y, _ = datums.from_wgs84_many([MUSEUM[0]], [MUSEUM[1]], f"EPSG:{code}")
        assert code in crs
        assert _point(wkb) == pytest.approx((float(x[0]), float(y[0])), abs=0.01 if code != "4490" else 1e-9)


@on_the_wire
def test_gdal_asks_for_a_box_and_for_a_property(server: WebProcess, planner: User, museum: Account, dipoli: Account) -> None:
    _, secret = tokens.make_token(user=planner, name="QGIS", layer_ids=["customers"], days=30, at=timezone.now())
    (x,), (y,), _ = datums.from_wgs84_many([MUSEUM[0]], [MUSEUM[1]], "EPSG:3067")

    named = "(lambda found: found[3][found[0]['fields'].tolist().index('name')].tolist())"
    boxed = by_gdal(server, secret, f"{named}(read(url, layer='customers', bbox=(24.93, 60.17, 24.94, 60.18)))")
    in_metres = by_gdal(
        server, secret, f"{named}(read(url, layer='customers', CRS='EPSG:3067', bbox=({x - 9}, {y - 9}, {x + 9}, {y + 9})))"
    )
    graded = by_gdal(server, secret, f"{named}(read(url, layer='customers', where=\"grade = 'second'\"))")

    assert (boxed, in_metres, graded) == (["Kansallismuseo"], ["Kansallismuseo"], ["Dipoli"])


@on_the_wire
def test_gdal_sees_what_the_owner_of_the_token_sees(server: WebProcess, esko: User, museum: Account, dipoli: Account) -> None:
    _, secret = tokens.make_token(user=esko, name="QGIS", layer_ids=["customers"], days=30, at=timezone.now())
    seen = by_gdal(server, secret, "read(url, layer='customers', return_fids=True)[1].tolist()")
    rights.set_groups([esko.pk], [], by=None, at=MONDAY)

    assert seen == [dipoli.pk]
    with pytest.raises(AssertionError):
        by_gdal(server, secret, "read(url, layer='customers', return_fids=True)[1].tolist()")


def _point(wkb: str) -> tuple[float, float]:
    point = from_wkb(bytes.fromhex(wkb))
    return point.x, point.y
