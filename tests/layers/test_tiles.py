"""What a person gets when the map asks for tiles."""

import json
import math
from collections import Counter

import pytest
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Point, Polygon
from django.db import transaction

from customers import services
from customers.models import Account, AccountHolder
from layers import live, reference_data
from spatial.models import Area, Feeder, Line, Network, Station, Substation
from spatial.tiles import tile_at
from tests.cast import MONDAY, MUSEUM, THEATRE, new_customer, person
from tests.layers.town import CENTRE, build_town

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]

CUSTOMER_PROPERTIES = {"id", "name", "name_en", "name_zh", "grade", "classes", "status", "v"}


def path(layer: str, z: int, where: tuple[float, float], query: str = "") -> str:
    x, y = tile_at(*where, z)
    return f"/tiles/{layer}/{z}/{x}/{y}.mvt{query}"


def all_ids(tiles, user, z: int, part: str, query: str = "", where: tuple[float, float] = CENTRE) -> set[int]:
    """Return the ids in the tiles around the place, three rings of neighbours included."""
    x, y = tile_at(*where, z)
    around = [(x + dx, y + dy) for dx in range(-3, 4) for dy in range(-3, 4) if 0 <= x + dx < 1 << z and 0 <= y + dy < 1 << z]
    answers = [tiles.get(f"/tiles/customers/{z}/{a}/{b}.mvt{query}", user) for a, b in around]
    assert {answer.status for answer in answers} <= {200, 204}
    return {feature["id"] for answer in answers for feature in answer.features(part) if "id" in feature}


def test_a_customer_is_a_point_with_whitelisted_properties_from_zoom_13(tiles, museum, theatre, planner):
    answer = tiles.get(path("customers", 15, MUSEUM), planner)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    [feature] = answer.features("customers")
    assert feature["id"] == museum.pk
    assert set(feature["properties"]) == CUSTOMER_PROPERTIES
    assert feature["properties"] | {"name": ""} == {
        "id": museum.pk,
        "name": "",
        "name_en": "National Museum",
        "name_zh": "国家博物馆",
        "grade": "first",
        "classes": "large",
        "status": "normal",
        "v": 1,
    }


def test_a_point_stands_where_it_is_to_a_unit_of_the_tile(tiles, museum, planner):
    for z in (13, 16, 18):
        x, y = tile_at(*MUSEUM, z)
        [feature] = tiles.get(f"/tiles/customers/{z}/{x}/{y}.mvt", planner).features("customers")

        merc_y = (0.5 - math.asinh(math.tan(math.radians(MUSEUM[1]))) / (2 * math.pi)) * (1 << z)
        wanted = (((MUSEUM[0] + 180) / 360 * (1 << z) - x) * 4096, (merc_y - y) * 4096)
        assert feature["geometry"]["coordinates"] == pytest.approx(wanted, abs=1)


def test_below_zoom_13_there_are_clusters_only(tiles, museum, planner):
    answer = tiles.get(path("customers", 12, MUSEUM), planner)

    assert answer.features("customers") == []
    [cluster] = answer.features("clusters")
    assert set(cluster["properties"]) == {"n"} | CUSTOMER_PROPERTIES
    assert (cluster["properties"]["n"], cluster["properties"]["name"], cluster["id"]) == (1, "Kansallismuseo", museum.pk)


def test_a_cluster_of_several_tells_count_and_worst_grade_and_no_name(tiles, museum, planner):
    services.create_customers([new_customer("Kiasma", "0055500002", at=MUSEUM, grade="special")], user=planner, at=MONDAY)

    [cluster] = tiles.get(path("customers", 10, MUSEUM), planner).features("clusters")

    assert cluster["properties"] == {"n": 2, "grade": "special"}
    assert cluster.get("id") in (None, 0)


@pytest.mark.parametrize("z", [0, 3, 7, 9, 11, 12])
def test_clusters_of_all_tiles_count_every_customer_once(tiles, planner, helsinki, z):
    accounts = build_town(planner, 60, spread=0.05)
    places = {tile_at(account.point.geom.x, account.point.geom.y, z) for account in accounts}

    counted = 0
    for x, y in places:
        for cluster in tiles.get(f"/tiles/customers/{z}/{x}/{y}.mvt", planner).features("clusters"):
            cx, cy = cluster["geometry"]["coordinates"]
            # The ring of cells around a tile belongs to its neighbours. No cell of this town is on an edge of the ring itself.
            if 0 <= cx < 4096 and 0 <= cy < 4096:
                counted += cluster["properties"]["n"]

    assert counted == 60


def test_a_cluster_stands_at_the_middle_of_its_customers(tiles, planner, helsinki):
    west, east = (24.9381, 60.17), (24.9389, 60.17)
    commands = [new_customer(f"Site {n}", f"{n:010}", at=where) for n, where in enumerate([west, east, east, east])]
    services.create_customers(commands, user=planner, at=MONDAY)

    x, y = tile_at(*west, 9)
    [cluster] = tiles.get(f"/tiles/customers/9/{x}/{y}.mvt", planner).features("clusters")

    middle_lon = (west[0] + 3 * east[0]) / 4
    assert cluster["geometry"]["coordinates"][0] == pytest.approx(((middle_lon + 180) / 360 * 512 - x) * 4096, abs=1)


def test_the_pyramid_and_the_rows_themselves_give_the_same_clusters(tiles, planner, helsinki):
    build_town(planner, 80, spread=0.3)
    every_class = "class=large,top100,key100,growth100,own_transformer,dedicated_feeder"
    Account.objects.update(classes=["large"])

    for z in (0, 5, 8, 10, 12):
        from_pyramid = tiles.get(path("customers", z, CENTRE), planner)
        from_rows = tiles.get(path("customers", z, CENTRE, f"?{every_class}"), planner)

        def shape(answer):
            return [
                (f["geometry"], f["properties"] | {"classes": ""} if "id" in f["properties"] else f["properties"])
                for f in answer.features("clusters")
            ]

        assert shape(from_pyramid) == shape(from_rows) != []


def test_filters_narrow_tiles_at_all_zooms(tiles, planner, helsinki):
    accounts = build_town(planner, 40, spread=0.005)
    first = {account.pk for account in accounts if account.grade == "first"}
    large = {account.pk for account in accounts if "large" in account.classes}

    assert all_ids(tiles, planner, 14, "customers") == {account.pk for account in accounts}
    assert all_ids(tiles, planner, 14, "customers", "?grade=first") == first
    assert all_ids(tiles, planner, 14, "customers", "?class=large") == large
    assert all_ids(tiles, planner, 14, "customers", "?class=large&grade=first&status=normal&area=HEL") == first & large
    assert all_ids(tiles, planner, 14, "customers", "?area=NOWHERE") == set()
    counts = {
        query: sum(f["properties"]["n"] for f in tiles.get(path("customers", 5, CENTRE, query), planner).features("clusters"))
        for query in ("", "?grade=first", "?grade=first,special", "?class=large", "?class=large&grade=first", "?area=NOWHERE", "?grade=")
    }
    assert list(counts.values()) == [40, len(first), 2 * len(first), len(large), len(first & large), 0, 40]


def test_words_of_a_filter_may_come_in_any_order_and_share_one_tile(tiles, planner, museum):
    one = tiles.get(path("customers", 14, MUSEUM, "?grade=first,special"), planner)
    renders = tiles.server.renders
    other = tiles.get(path("customers", 14, MUSEUM, "?grade=special&grade=first"), planner)

    assert other.content == one.content
    assert tiles.server.renders == renders


def test_a_holder_sees_only_their_own_accounts_at_every_zoom(tiles, planner, museum, holder):
    build_town(planner, 30, spread=0.01)

    for z in range(3, 19, 2):
        part = "clusters" if z < 13 else "customers"
        assert all_ids(tiles, holder, z, part, where=MUSEUM) == {museum.pk}
        assert {f["properties"].get("n", 1) for f in tiles.get(path("customers", z, MUSEUM), holder).features(part)} == {1}


def test_a_tile_is_never_shared_between_scopes(tiles, planner, museum, holder):
    services.create_customers([new_customer("Kiasma", "0055500002", at=MUSEUM)], user=planner, at=MONDAY)

    staff = tiles.get(path("customers", 14, MUSEUM), planner)
    own = tiles.get(path("customers", 14, MUSEUM), holder)

    assert (len(staff.features("customers")), len(own.features("customers"))) == (2, 1)
    assert staff.headers["etag"] != own.headers["etag"]
    assert staff.headers["cache-control"] == own.headers["cache-control"] == "private, no-cache"
    assert "Cookie" in own.headers["vary"]


def test_equal_bytes_for_two_scopes_have_two_tags(tiles, planner, museum, holder):
    staff = tiles.get(path("customers", 14, MUSEUM), planner)
    own = tiles.get(path("customers", 14, MUSEUM), holder)

    assert own.content == staff.content
    assert own.headers["etag"] != staff.headers["etag"]
    assert tiles.get(path("customers", 14, MUSEUM), holder, tag=staff.headers["etag"]).status == 200


def test_an_account_given_to_a_holder_is_in_their_next_tile(tiles, planner, museum):
    kim = person("customer", "kim")
    assert tiles.get(path("customers", 14, MUSEUM), kim).status == 204

    holding = AccountHolder.objects.create(user=kim, account=museum)
    assert tiles.get(path("customers", 14, MUSEUM), kim).status == 200

    holding.delete()
    assert tiles.get(path("customers", 14, MUSEUM), kim).status == 204


def test_somebody_without_a_role_sees_nothing(tiles, museum):
    from django.contrib.auth.models import User

    nobody = User.objects.create_user("nobody")

    assert tiles.get(path("customers", 14, MUSEUM), nobody).status == 404


def test_deleted_and_unlocated_customers_are_in_no_tile(tiles, planner, museum, theatre):
    services.delete_customers([services.CustomerEdit(account_id=museum.pk, base_version=1)], user=planner, at=MONDAY, reason="closed")

    for z in (5, 12, 13, 16):
        assert tiles.get(path("customers", z, MUSEUM), planner).status == 204


def test_an_empty_tile_is_204(tiles, planner, museum):
    for z in (4, 9, 15):
        answer = tiles.get(f"/tiles/customers/{z}/0/0.mvt", planner)
        assert (answer.status, answer.body) == (204, b"")


def test_a_point_near_an_edge_is_in_both_tiles_so_that_no_symbol_is_cut(tiles, planner, helsinki):
    z, x, y = 15, *tile_at(*CENTRE, 15)
    edge_lon = x / (1 << z) * 360 - 180
    unit = 360 / (1 << z) / 4096
    services.create_customers([new_customer(at=(edge_lon + 140 * unit, CENTRE[1]))], user=planner, at=MONDAY)

    assert len(tiles.get(f"/tiles/customers/{z}/{x}/{y}.mvt", planner).features("customers")) == 1
    [copy] = tiles.get(f"/tiles/customers/{z}/{x - 1}/{y}.mvt", planner).features("customers")
    assert copy["geometry"]["coordinates"][0] == pytest.approx(4096 + 140, abs=1)
    assert tiles.get(f"/tiles/customers/{z}/{x - 2}/{y}.mvt", planner).status == 204


@pytest.fixture
def grid(transactional_db) -> Network:
    """One substation, one feeder of two lines, one station, from the theatre to the museum."""
    network = Network.objects.create(code="HEL", name="Helsinki")
    Substation.objects.create(network=network, code="S1", name="Kluuvi", voltage_kv=110, secondary_kv=20, geom=Point(*THEATRE, srid=4326))
    course = [LineString(THEATRE, (24.94, 60.173)), LineString((24.94, 60.173), MUSEUM)]
    feeder = Feeder.objects.create(network=network, code="F1", name="Kluuvi 1", voltage_kv=20, geom=MultiLineString(course, srid=4326))
    for number, line in enumerate(course):
        Line.objects.create(network=network, feeder=feeder, code=f"L{number}", kind="cable", length_m=500, geom=line)
    Station.objects.create(network=network, feeder=feeder, code="T1", name="Museum T1", geom=Point(*MUSEUM, srid=4326))
    return network


def parts(answer) -> Counter:
    names = ("feeders", "lines", "stations", "substations")
    return Counter({name: len(answer.features(name)) for name in names if answer.features(name)})


def test_the_network_shows_more_of_itself_the_nearer_one_looks(tiles, planner, grid):
    assert tiles.get(path("network", 5, MUSEUM), planner).status == 204
    assert parts(tiles.get(path("network", 7, MUSEUM), planner)) == {"substations": 1}
    assert parts(tiles.get(path("network", 12, MUSEUM), planner)) == {"feeders": 1, "substations": 1}
    assert parts(tiles.get(path("network", 14, MUSEUM), planner)) == {"lines": 1, "stations": 1}
    [feeder] = tiles.get(path("network", 12, MUSEUM), planner).features("feeders")
    assert feeder["properties"] == {"id": feeder["id"], "code": "F1", "name": "Kluuvi 1", "voltage_kv": 20.0}


def test_customers_are_not_shown_the_network(tiles, holder, grid):
    assert tiles.get(path("network", 14, MUSEUM), holder).status == 404
    assert tiles.get("/tiles/network.json", holder).status == 404


def test_areas_are_polygons_cut_to_the_tile(tiles, planner, museum, helsinki):
    [area] = tiles.get(path("areas", 14, MUSEUM), planner).features("areas")

    assert area["properties"] == {"id": helsinki.pk, "code": "HEL", "name": "Helsinki", "name_zh": "赫尔辛基", "kind": "county"}
    xs = [x for x, _ in area["geometry"]["coordinates"][0]]
    assert (min(xs), max(xs)) == (-64, 4096 + 64)


def test_an_area_over_the_antimeridian_and_the_pole_breaks_nothing(tiles, planner, transactional_db):
    Area.objects.create(kind="county", code="W", name="World", geom=MultiPolygon(Polygon.from_bbox((-180, -90, 180, 90)), srid=4326))

    for where in ("0/0/0", "3/0/0", "3/7/7", "9/511/511", "22/0/0"):
        assert tiles.get(f"/tiles/areas/{where}.mvt", planner).status == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/tiles/customers/30/0/0.mvt", 400),
        ("/tiles/customers/23/0/0.mvt", 400),
        ("/tiles/customers/-1/0/0.mvt", 400),
        ("/tiles/customers/4/-1/3.mvt", 400),
        ("/tiles/customers/4/16/3.mvt", 400),
        ("/tiles/customers/4/3/16.mvt", 400),
        ("/tiles/customers/4/99999999999/0.mvt", 400),
        ("/tiles/customers/4/9999999999999999999999999/0.mvt", 404),
        ("/tiles/customers/4/1.5/3.mvt", 404),
        ("/tiles/customers/four/1/3.mvt", 404),
        ("/tiles/customers/4/1/3.png", 404),
        ("/tiles/customers/4/1.mvt", 404),
        ("/tiles/customers;drop table x/4/1/3.mvt", 404),
        ("/tiles/feat;drop/4/1/3.mvt", 404),
        ("/tiles/'||pg_sleep(9)||'/4/1/3.mvt", 404),
        ("/tiles/../../etc/passwd", 404),
        ("/tiles/nothing/4/1/3.mvt", 404),
        ("/tiles/nothing.json", 404),
        ("/tiles/" + "x" * 5000 + "/4/1/3.mvt", 404),
        ("/tiles/customers/4/1/3.mvt?colour=red", 400),
        ("/tiles/customers/4/1/3.mvt?grade=gold", 400),
        ("/tiles/customers/14/1/3.mvt?grade=gold", 400),
        ("/tiles/customers/4/1/3.mvt?grade=first') or ('1'='1", 400),
        ("/tiles/customers/14/1/3.mvt?status=normal';drop table customers_account;--", 400),
        ("/tiles/customers/14/1/3.mvt?area=" + "%27%29%3B%20drop%20table%20spatial_area%3B--", 204),
        ("/tiles/customers/14/1/3.mvt?area=%25s%28x%29s%251$s", 204),
        ("/tiles/customers/14/1/3.mvt?area=%00", 400),
        ("/tiles/customers/14/1/3.mvt?area=%ff%fe", 400),
        ("/tiles/customers/14/1/3.mvt?area=" + "x" * 3000, 400),
        ("/tiles/customers/14/1/3.mvt?" + "&".join(f"a{n}=1" for n in range(50)), 400),
        ("/tiles/customers/14/1/3.mvt?grade=" + ",".join(f"g{n}" for n in range(60)), 400),
        ("/tiles/customers/14/1/3.mvt?buffer=1000000000", 400),
        ("/tiles/customers/14/1/3.mvt?\xe9", 400),
        ("/tiles/network/14/1/3.mvt?grade=first", 400),
    ],
)
def test_a_bad_address_gets_a_sentence_and_never_a_fault(tiles, planner, museum, address, status):
    answer = tiles.get(address, planner)

    assert answer.status == status
    if status >= 400:
        problem = json.loads(answer.body)
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == status
        assert problem["detail"].endswith((".", "…"))
        assert problem["request_id"] == answer.headers["x-request-id"]
    assert Account.objects.count() == 1


def test_tiles_can_only_be_read(tiles, planner, museum):
    answer = tiles.get(path("customers", 14, MUSEUM), planner, method="POST")

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_client_without_gzip_gets_plain_bytes(tiles, planner, museum):
    zipped = tiles.get(path("customers", 14, MUSEUM), planner)
    plain = tiles.get(path("customers", 14, MUSEUM), planner, gzip_wanted=False)

    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.body == zipped.content
    assert "Accept-Encoding" in plain.headers["vary"]


def test_tilejson_describes_the_layer(tiles, planner, museum, settings):
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "", ["gridatlas.test"]
    answer = tiles.get("/tiles/customers.json", planner)
    described = json.loads(answer.body)

    assert answer.headers["content-type"] == "application/json"
    assert described["tilejson"] == "3.0.0"
    assert described["tiles"] == ["http://gridatlas.test/tiles/customers/{z}/{x}/{y}.mvt"]
    assert {layer["id"]: (layer["minzoom"], layer["maxzoom"]) for layer in described["vector_layers"]} == {
        "customers": (13, 18),
        "clusters": (0, 12),
    }
    assert all(layer["fields"] for layer in described["vector_layers"])


def test_the_vector_basemap_is_for_signed_in_people_and_kept_by_their_browser(tiles, planner, transactional_db):
    from layers.models import Basemap

    Basemap.objects.update_or_create(
        key="osm", defaults={"kind": "vector", "title_en": "Map", "title_zh": "地图", "source_type": "bundled", "source": "x"}
    )
    address = path("x", 14, CENTRE).replace("/tiles/x", "/basemaps/osm")

    assert tiles.get(address).status == 401
    answer = tiles.get(address, planner)
    assert answer.status == 200
    assert answer.headers["cache-control"].startswith("private, max-age=")
    assert tiles.get(address, planner, tag=answer.headers["etag"]).status == 304
    assert tiles.get(address.replace("osm", "other"), planner).status == 404
    assert tiles.get("/basemaps/osm/30/0/0.mvt", planner).status == 400


def test_a_query_that_takes_too_long_is_503_and_the_next_one_works(tiles, planner, museum):
    from layers import db_pool

    async def slow():
        await tiles_server.pool.run("select pg_sleep($1)", "float8", "5")

    import asyncio

    tiles_server = tiles.server
    with pytest.raises(db_pool.DatabaseTooSlow):
        asyncio.run_coroutine_threadsafe(slow(), tiles.loop).result(timeout=10)
    assert tiles.get(path("customers", 14, MUSEUM), planner).status == 200


def test_an_imported_network_is_in_the_next_tile(tiles, planner, museum):
    where = path("network", 14, CENTRE)
    assert tiles.get(where, planner).status == 204

    reference_data.import_network(reference_data.read_document(reference_data.HELSINKI_NETWORK))

    assert parts(tiles.get(where, planner))["lines"] > 10


def test_a_changed_area_changes_the_tiles_that_are_filtered_by_it(tiles, planner, museum):
    for z in (8, 15):
        assert tiles.get(path("customers", z, MUSEUM, "?area=SA"), planner).status == 204

    with transaction.atomic():
        Area.objects.create(
            kind="service_area", code="SA", name="S", geom=MultiPolygon(Polygon.from_bbox((24.9, 60.1, 25, 60.2)), srid=4326)
        )
        live.publish("areas", [live.FeatureChange(feature_id=1, body=None, touched=[(24.9, 60.1, 25, 60.2)])], at=MONDAY)

    for z in (8, 15):
        assert tiles.get(path("customers", z, MUSEUM, "?area=SA"), planner).status == 200


def test_a_text_narrows_tiles_as_it_narrows_the_list(tiles, planner, museum):
    services.create_customers([new_customer("Kiasma", "0055500002", at=MUSEUM)], user=planner, at=MONDAY)

    for z, part in ((14, "customers"), (9, "clusters")):
        found = tiles.get(path("customers", z, MUSEUM, "?q=kiasma"), planner).features(part)
        assert [feature["properties"]["name"] for feature in found] == ["Kiasma"]


def test_a_network_import_that_says_where_it_wrote_is_seen_at_once(tiles, planner, grid):
    assert parts(tiles.get(path("network", 14, MUSEUM), planner))["stations"] == 1

    with transaction.atomic():
        Station.objects.create(network=grid, code="T2", name="Museum T2", geom=Point(*MUSEUM, srid=4326))
        live.publish("network", [live.FeatureChange(feature_id=0, body=None, touched=[(24.9, 60.1, 25.0, 60.2)])], at=MONDAY)

    assert parts(tiles.get(path("network", 14, MUSEUM), planner))["stations"] == 2
