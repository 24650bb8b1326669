"""The map's own layers drawn for desktop GIS: where they lie, for whom, and how fresh; GDAL reads the same as vector tiles."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.test import Client
from jsonschema import Draft202012Validator
from PIL import Image

from customers import services
from customers.models import Account
from layers.maps import shown
from spatial import datums
from spatial.models import Area, Network
from spatial.services.points import PointCommand
from spatial.tiles import tile_at
from tests.cast import DIPOLI, MONDAY, MUSEUM, THEATRE, Browser
from tests.layers.live_server import WebProcess, web_process
from tests.layers.test_maps import WMS, ask, by_gdal, names, question, rgba, token_for, valid
from tests.layers.test_ogc import FEATURE_COLLECTION, kiosks

pytestmark = [pytest.mark.db, pytest.mark.django_db]
on_the_wire = pytest.mark.django_db(transaction=True)
CUSTOMERS = {"LAYERS": "customers"}


def middle(pixels: np.ndarray) -> tuple[float, float]:
    """Return column and row of the middle of what is drawn."""
    rows, columns = np.nonzero(pixels[..., 3])
    assert len(rows), "nothing is drawn"
    return (columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "CRS:84", "EPSG:4490", "EPSG:3067", "EPSG:3879"])
@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_a_customer_is_drawn_where_it_stands_in_every_system(planner: User, museum: Account, version: str, crs: str) -> None:
    """To the east of the picture's middle, and to the north: an axis that is swapped or upside down would show."""
    around = (MUSEUM[0] - 0.002, MUSEUM[1] - 0.0005)
    pixels = rgba(ask(planner, **question(crs, version, around=around, side_deg=0.008, WIDTH=400, HEIGHT=400, **CUSTOMERS)))

    datum = "EPSG:4326" if crs == "CRS:84" else crs
    box = [float(part) for part in question(crs, "1.1.1", around=around, side_deg=0.008)["BBOX"].split(",")]
    (x,), (y,), _ = datums.from_wgs84_many([MUSEUM[0]], [MUSEUM[1]], datum)
    wanted = ((x - box[0]) / (box[2] - box[0]) * 400, (box[3] - y) / (box[3] - box[1]) * 400)
    assert wanted[0] > 220 and wanted[1] < 190
    assert middle(pixels) == pytest.approx(wanted, abs=2)


def test_lines_run_from_end_to_end_and_outlines_lie_on_the_border(planner: User, helsinki: Area, grid: Network) -> None:
    course = rgba(ask(planner, **question("EPSG:3067", around=(24.94, 60.1735), side_deg=0.03, WIDTH=600, HEIGHT=600, LAYERS="network")))
    border = rgba(ask(planner, **question("EPSG:4326", around=(24.8, 60.2), side_deg=0.02, LAYERS="areas")))

    rows, columns = np.nonzero(course[..., 3])
    assert columns.max() - columns.min() > 290 and rows.max() - rows.min() > 70
    assert set(np.nonzero(border[..., 3])[1]) <= {98, 99, 100, 101}


def test_far_out_clusters_count_what_one_may_see(planner: User, esko: User, museum: Account, dipoli: Account, holder: User) -> None:
    kiosks(planner, 8)
    far = question("EPSG:3857", around=(24.83, 60.18), side_deg=0.4, WIDTH=500, HEIGHT=500, **CUSTOMERS)
    staff, neighbour, customer = (rgba(ask(user, **far)) for user in (planner, esko, holder))

    Account.objects.exclude(pk__in=[dipoli.pk]).update(deleted_at=MONDAY)
    alone = rgba(ask(esko, **far))

    def lons(pixels: np.ndarray) -> np.ndarray:
        return np.nonzero(pixels[..., 3])[1] / 500 * 0.4 + 24.63

    assert (lons(staff) > 24.9).any() and (lons(staff) < 24.8).any()
    assert (neighbour == alone).all(), "a neighbour's picture is the same with and without foreign customers"
    assert (lons(neighbour) < 24.8).all()
    # The customer's one is a symbol, staff's is a disc with a number.
    assert 0 < (customer[..., 3] > 0).sum() < (staff[..., 3] > 0).sum()


def test_no_pixel_tells_of_a_foreign_customer(esko: User, planner: User, museum: Account, dipoli: Account) -> None:
    for side_deg in (0.002, 0.02, 0.08):
        for crs in ("EPSG:3857", "EPSG:4326", "EPSG:3067"):
            asked = question(crs, around=MUSEUM, side_deg=side_deg, LAYERS="customers,areas,network")
            assert rgba(ask(planner, **asked)).any()
            assert not rgba(ask(esko, **asked)).any(), (side_deg, crs)
    x, y = tile_at(*MUSEUM, 16)
    assert rgba(ask(planner, f"/maps/wmts/customers/WebMercatorQuad/16/{x}/{y}.png")).any()
    assert not rgba(ask(esko, f"/maps/wmts/customers/WebMercatorQuad/16/{x}/{y}.png")).any()


def test_a_move_and_a_redrawn_area_count_for_the_next_picture(esko: User, espoo: Area, planner: User, dipoli: Account) -> None:
    browser, asked = Browser(esko), question("EPSG:3857", around=DIPOLI, side_deg=0.01, **CUSTOMERS)
    before = browser.client.get(WMS, asked)
    moved = PointCommand(dipoli.point_id, DIPOLI[0] + 0.002, DIPOLI[1], base_version=1)
    services.move_customers([moved], user=planner, at=MONDAY, confirmed=True)
    after = browser.client.get(WMS, asked, headers={"If-None-Match": before.headers["ETag"]})
    unchanged = browser.client.get(WMS, asked, headers={"If-None-Match": after.headers["ETag"]})
    espoo.geom = MultiPolygon(Polygon.from_bbox((24.5, 60.25, 24.8, 60.3)))
    espoo.save()
    gone = browser.client.get(WMS, asked, headers={"If-None-Match": after.headers["ETag"]})

    assert middle(rgba(after))[0] - middle(rgba(before))[0] == pytest.approx(40, abs=2)
    assert unchanged.status_code == 304
    assert not rgba(gone).any()


def test_a_customer_is_told_of_no_network(holder: User, grid: Network) -> None:
    document = valid(ask(holder, REQUEST="GetCapabilities").content, "wms/1.3.0/capabilities_1_3_0.xsd")

    assert "customers" in names(document)
    assert "network" not in names(document)
    assert ask(holder, **question(LAYERS="network")).status_code == 404
    assert rgba(ask(holder, **question(around=MUSEUM, side_deg=0.004, **CUSTOMERS))).any()


def info(user: User, layers: str = "customers", **others: Any) -> Any:
    pixel = {"I": 100, "J": 100} if others.get("version", "1.3.0") == "1.3.0" else {"X": 100, "Y": 100}
    asked = question(
        **{"side_deg": 0.004, **others.pop("place", {})}, LAYERS=layers, QUERY_LAYERS=layers, REQUEST="GetFeatureInfo", **pixel
    )
    answer = ask(user, **{name: value for name, value in (asked | others).items() if value is not None})
    assert answer.status_code == 200, answer.content
    return answer


def test_features_are_told_at_the_place_that_was_pointed_at(planner: User, esko: User, museum: Account, grid: Network) -> None:
    document = json.loads(info(planner, "customers,network,areas", FEATURE_COUNT=5).content)
    told = {feature["properties"]["part"]: feature for feature in document["features"]}

    # RFC 7946, but for what only OGC API Features promises.
    loose = {**FEATURE_COLLECTION, "required": ["type", "features"], "properties": {**FEATURE_COLLECTION["properties"]}}
    loose["properties"]["features"] = {
        "type": "array",
        "items": {**loose["properties"]["features"]["items"], "required": ["type", "geometry", "properties"]},
    }
    assert [error.message for error in Draft202012Validator(loose).iter_errors(document)] == []
    assert told["customers"]["properties"]["name"] == "Kansallismuseo"
    assert told["customers"]["geometry"] == {"type": "Point", "coordinates": list(MUSEUM)}
    assert {"lines", "areas"} <= told.keys()
    assert "contract_kva" not in told["customers"]["properties"], "only what the layer lets out"
    assert "name: Kansallismuseo" in info(planner, INFO_FORMAT="text/plain").content.decode()
    assert json.loads(info(planner, I=10).content)["features"] == []
    assert json.loads(info(esko).content)["features"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"I": 200}, "InvalidPoint"),
        ({"I": None}, "MissingParameterValue"),
        ({"J": "x"}, "InvalidPoint"),
        ({"INFO_FORMAT": "text/html"}, "InvalidFormat"),
        ({"FEATURE_COUNT": "1000"}, ""),
        ({"QUERY_LAYERS": "imagery.demo"}, "LayerNotDefined"),
        ({"QUERY_LAYERS": None}, "MissingParameterValue"),
    ],
)
def test_a_question_about_no_place_is_refused(planner: User, museum: Account, change: dict[str, Any], code: str) -> None:
    asked = question(LAYERS="customers", QUERY_LAYERS="customers", REQUEST="GetFeatureInfo", I=100, J=100) | change
    answer = ask(planner, **{name: value for name, value in asked.items() if value is not None})

    assert answer.status_code == (404 if code == "LayerNotDefined" else 400)
    assert valid(answer.content, "wms/1.3.0/exceptions_1_3_0.xsd")[0].get("code", "") == code


def test_the_legend_is_a_picture_of_the_size_that_the_capabilities_tell(planner: User, helsinki: Area) -> None:
    document = valid(ask(planner, REQUEST="GetCapabilities").content, "wms/1.3.0/capabilities_1_3_0.xsd")
    legends = document.findall(".//{http://www.opengis.net/wms}LegendURL")

    assert len(legends) == 3
    for legend in legends:
        href = legend[1].get("{http://www.w3.org/1999/xlink}href")
        picture = Image.open(io.BytesIO(Browser(planner).client.get(href.replace("http://testserver", "")).content))
        assert picture.size == (int(legend.get("width")), int(legend.get("height")))
        assert len(picture.convert("RGB").getcolors(100_000)) > 10
    assert (
        Browser(planner)
        .client.get(WMS, {"REQUEST": "GetLegendGraphic", "LAYER": "customers"}, headers={"Accept-Language": "zh"})
        .status_code
        == 200
    )
    assert ask(planner, REQUEST="GetLegendGraphic", LAYER="nothing").status_code == 404


def test_more_than_can_be_drawn_is_summed_or_refused(planner: User, helsinki: Area, grid: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    kiosks(planner, 5)
    monkeypatch.setattr(shown, "MAX_ROWS", 1)

    customers = ask(planner, **question("EPSG:3857", around=(24.902, 60.17), side_deg=0.02, **CUSTOMERS))
    network = ask(planner, **question("EPSG:3857", around=(24.94, 60.173), side_deg=0.004, LAYERS="network"))

    assert rgba(customers).any()
    assert (network.status_code, b"zoom in" in network.content) == (400, True)


def test_a_token_draws_its_layers_only(planner: User, museum: Account, grid: Network) -> None:
    secret = token_for(planner, "customers")

    for layer, status in (("customers", 200), ("network", 404), ("areas", 404), ("customers,areas", 404)):
        assert Client().get(WMS, question(LAYERS=layer, token=secret)).status_code == status
    assert names(valid(Client().get(WMS, {"REQUEST": "GetCapabilities", "token": secret}).content, "wms/1.3.0/capabilities_1_3_0.xsd")) == [
        "customers"
    ]


# On the wire


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    folder: Path = tmp_path_factory.mktemp("overlays")
    with web_process(settings.REDIS_URL, folder / "log", PUBLIC_URL="") as process:
        yield process


@on_the_wire
def test_gdal_draws_the_customers_of_a_token_by_wms_and_wmts(server: WebProcess, planner: User, museum: Account) -> None:
    secret = token_for(planner, "customers")
    x, y = THEATRE

    for address in (
        (
            f"WMS:http://127.0.0.1:{server.port}/maps/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=customers&STYLES=&CRS=EPSG:3857"
            "&FORMAT=image/png&TRANSPARENT=TRUE&BBOX=2760000,8420000,2790000,8450000"
        ),
        f"WMTS:http://127.0.0.1:{server.port}/maps/wmts/1.0.0/WMTSCapabilities.xml,layer=customers",
    ):
        seen, unseen = by_gdal(
            secret,
            f"""
from rasterio.warp import transform
def drawn(lon, lat):
    (x,), (y,) = transform('EPSG:4326', layer.crs, [lon], [lat])
    row, column = layer.index(x, y)
    return int(layer.read(window=((row - 3, row + 4), (column - 3, column + 4)))[-1].max())
with rasterio.open({address!r}) as layer:
    print(json.dumps([drawn{MUSEUM}, drawn{(x, y)}]))""",
        )

        assert (seen, unseen) == (255, 0)


@on_the_wire
def test_gdal_reads_our_vector_tiles(server: WebProcess, planner: User, museum: Account, dipoli: Account) -> None:
    secret = token_for(planner, "customers")
    x, y = tile_at(*MUSEUM, 14)

    told = by_gdal(
        secret,
        f"""
from pyogrio.raw import read
import shapely
path = '/vsicurl/http://127.0.0.1:{server.port}/tiles/customers/14/{x}/{y}.mvt'
meta, fids, geometry, fields = read('MVT:' + path, layer='customers')
place = shapely.get_coordinates(shapely.from_wkb(geometry)).tolist()
print(json.dumps([meta['crs'], fields[meta['fields'].tolist().index('name')].tolist(), place]))""",
        "pyogrio",
    )

    crs, found, [place] = told
    wanted = datums.from_wgs84_many([MUSEUM[0]], [MUSEUM[1]], "EPSG:3857")
    assert ("3857" in crs, found) == (True, ["Kansallismuseo"])
    assert place == pytest.approx([float(wanted[0][0]), float(wanted[1][0])], abs=1)
