"""WMS and WMTS: what desktop GIS is told, where the pictures lie in every system, and that they end where the right ends."""

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import mapproxy.test
import numpy as np
import pytest
import rasterio
import yaml
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.test import Client, override_settings
from django.utils import timezone
from lxml import etree
from mapproxy.wsgiapp import make_wsgi_app
from PIL import Image
from rasterio.transform import from_bounds

from layers import services as rights
from layers import tokens
from layers.maps import picture
from layers.models import AuditRow, Basemap
from spatial import datums
from spatial.models import Area
from spatial.tiles import tile_at
from tests.cast import DIPOLI, MONDAY, MUSEUM, Browser, member, team
from tests.layers.live_server import WebProcess, free_port, web_process
from tests.walk.imagery import map_proxy

pytestmark = [pytest.mark.db, pytest.mark.django_db]
on_the_wire = pytest.mark.django_db(transaction=True)

SCHEMAS = Path(mapproxy.test.__file__).parent / "schemas"
WMS, WMTS = "/maps/wms", "/maps/wmts/1.0.0/WMTSCapabilities.xml"
KEY = "colours"
LAYER = f"imagery.{KEY}"
WEST, SOUTH, EAST, NORTH = 24.4, 60.0, 25.2, 60.4
# A pixel's red tells its longitude, its green the latitude, to some hundred metres.
TOLERANCE_DEG = 0.007


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("maps")


def record(folder: Path) -> Basemap:
    """The imagery of the tests: a picture whose colours say where they are."""
    path = folder / "colours.tif"
    if not path.exists():
        lon, lat = np.meshgrid((np.arange(800) + 0.5) / 800, 1 - (np.arange(800) + 0.5) / 800)
        # Not wholly opaque: JPEG would change the colours more.
        bands = np.stack([lon * 255, lat * 255, np.full(lon.shape, 255), np.full(lon.shape, 254)]).round().astype(np.uint8)
        shape = {"count": 4, "height": 800, "width": 800, "dtype": "uint8", "crs": "EPSG:4326"}
        with rasterio.open(path, "w", driver="GTiff", transform=from_bounds(WEST, SOUTH, EAST, NORTH, 800, 800), **shape) as image:
            image.write(bands)
    return Basemap(
        key=KEY, kind="imagery", title_en="Colours", title_zh="颜色", source_type="geotiff", source=str(path), bounds=[WEST, SOUTH, EAST, NORTH],
        attribution="Nobody & sons",
    )  # fmt: skip


@pytest.fixture(scope="module")
def proxy(folder: Path) -> Iterator[str]:
    """The real MapProxy, with the imagery and a source that is down."""
    dead = Basemap(
        key="dead",
        kind="imagery",
        title_en="Dead",
        title_zh="Dead",
        source_type="xyz",
        source=f"http://127.0.0.1:{free_port()}/{{z}}/{{x}}/{{y}}",
    )
    with map_proxy(folder / "proxy", record(folder), dead) as url:
        yield url


@pytest.fixture
def colours(db: None, folder: Path, proxy: str, settings: Any) -> Basemap:
    settings.MAPPROXY_URL = proxy
    basemap = record(folder)
    basemap.save()
    return basemap


def ask(user: User | None, address: str = WMS, **query: Any) -> Any:
    return Browser(user).get(address, **query)


def question(
    crs: str = "EPSG:4326", version: str = "1.3.0", around: tuple[float, float] = MUSEUM, side_deg: float = 0.02, **others: Any
) -> dict[str, Any]:
    """Return GetMap of a place, as a client writes it that keeps to the standard's order of axes."""
    datum = "EPSG:4326" if crs == "CRS:84" else crs
    half = side_deg / 2
    x, y, _ = datums.from_wgs84_many(
        [around[0] - half, around[0] + half, around[0] - half, around[0] + half],
        [around[1] - half, around[1] - half, around[1] + half, around[1] + half],
        datum,
    )
    box = (x.min(), y.min(), x.max(), y.max())
    if version == "1.3.0" and crs != "CRS:84" and datums.is_northing_first(datum):
        box = (box[1], box[0], box[3], box[2])
    known = {
        "SERVICE": "WMS",
        "VERSION": version,
        "REQUEST": "GetMap",
        "LAYERS": LAYER,
        "STYLES": "",
        "FORMAT": "image/png",
        "TRANSPARENT": "TRUE",
    }
    known |= {"CRS" if version == "1.3.0" else "SRS": crs, "BBOX": ",".join(map(repr, map(float, box))), "WIDTH": 200, "HEIGHT": 200}
    return {name: value for name, value in (known | others).items() if value is not None}


def rgba(answer: Any) -> np.ndarray:
    assert answer.status_code == 200, answer.content
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))


def place_of(pixel: np.ndarray) -> tuple[float, float]:
    """Return where the picture's colour says that the pixel lies."""
    return WEST + float(pixel[0]) / 255 * (EAST - WEST), SOUTH + float(pixel[1]) / 255 * (NORTH - SOUTH)


def valid(content: bytes, schema: str) -> etree._Element:
    """Check a document against the published schema; MapProxy's package carries them."""
    document = etree.fromstring(content)
    rules = etree.DTD(str(SCHEMAS / schema)) if schema.endswith("dtd") else etree.XMLSchema(etree.parse(str(SCHEMAS / schema)))
    assert rules.validate(document), rules.error_log
    return document


CAPABILITIES = [
    (WMS, {"REQUEST": "GetCapabilities", "SERVICE": "WMS"}, "wms/1.3.0/capabilities_1_3_0.xsd"),
    (WMS, {"request": "GetCapabilities", "version": "1.1.0"}, "wms/1.1.1/capabilities_1_1_1.dtd"),
    (WMTS, {}, "wmts/1.0/wmtsGetCapabilities_response.xsd"),
    ("/maps/wmts", {"SERVICE": "WMTS", "REQUEST": "GetCapabilities"}, "wmts/1.0/wmtsGetCapabilities_response.xsd"),
]


def names(document: etree._Element) -> list[str]:
    found = document.xpath("//*[local-name()='Layer']/*[local-name()='Name' or local-name()='Identifier']")
    return [str(name.text) for name in found]


@pytest.mark.parametrize(("address", "query", "schema"), CAPABILITIES)
def test_capabilities_keep_to_the_published_schemas_and_name_what_one_may_see(
    planner: User, helsinki: Area, colours: Basemap, address: str, query: dict[str, str], schema: str
) -> None:
    blind = member("bertil", team("dispatcher:blind", helsinki, layer="areas", actions=["view"]))

    document = valid(ask(planner, address, **query).content, schema)
    nothing = valid(ask(blind, address, **query).content, schema)

    assert LAYER in names(document)
    assert LAYER not in names(nothing)
    assert "Nobody & sons" in etree.tostring(document, encoding="unicode", method="text")


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:4490", "EPSG:3067", "EPSG:3879", "EPSG:3035"])
@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_the_picture_is_where_it_belongs_in_every_system(planner: User, helsinki: Area, colours: Basemap, version: str, crs: str) -> None:
    pixels = rgba(ask(planner, **question(crs, version, side_deg=0.2)))

    assert pixels.shape == (200, 200, 4)
    assert place_of(pixels[100, 100]) == pytest.approx(MUSEUM, abs=TOLERANCE_DEG)
    assert place_of(pixels[10, 100])[1] - place_of(pixels[190, 100])[1] == pytest.approx(0.18, rel=0.5), "north is up"
    assert place_of(pixels[100, 190])[0] - place_of(pixels[100, 10])[0] == pytest.approx(0.18, rel=0.5), "east is right"


def test_longitude_comes_first_in_crs84(planner: User, colours: Basemap) -> None:
    assert place_of(rgba(ask(planner, **question("CRS:84")))[100, 100]) == pytest.approx(MUSEUM, abs=TOLERANCE_DEG)


def test_beyond_the_picture_it_is_transparent_or_has_the_colour_asked_for(planner: User, colours: Basemap) -> None:
    far = (7.85, 48.42)

    assert not rgba(ask(planner, **question("CRS:84", around=far))).any()
    assert (rgba(ask(planner, **question("CRS:84", around=far, TRANSPARENT="FALSE", BGCOLOR="0x102030"))) == (16, 32, 48, 255)).all()
    assert (rgba(ask(planner, **question("CRS:84", around=far, TRANSPARENT=None))) == 255).all()
    jpeg = ask(planner, **question("CRS:84", FORMAT="image/jpeg"))
    assert (jpeg.headers["Content-Type"], rgba(jpeg)[..., 3].min()) == ("image/jpeg", 255)


def test_a_tile_is_the_same_ground_by_its_address_and_by_parameters(planner: User, colours: Basemap) -> None:
    x, y = tile_at(*MUSEUM, 12)

    by_address = ask(planner, f"/maps/wmts/{LAYER}/WebMercatorQuad/12/{x}/{y}.png")
    told = {"SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "LAYER": LAYER, "STYLE": "default", "FORMAT": "image/png"}
    by_parameters = ask(planner, "/maps/wmts", **told, TILEMATRIXSET="WebMercatorQuad", TILEMATRIX=12, TILEROW=y, TILECOL=x)

    lon = (x + 0.5) / (1 << 12) * 360 - 180
    assert by_address.content == by_parameters.content
    assert place_of(rgba(by_address)[128, 128])[0] == pytest.approx(lon, abs=TOLERANCE_DEG)


# Rights


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:3067", "EPSG:3879"])
def test_a_picture_ends_where_the_right_ends(esko: User, helsinki: Area, colours: Basemap, crs: str) -> None:
    """The border of Espoo, 24.8 east, runs through the middle."""
    pixels = rgba(ask(esko, **question(crs, around=(24.8, 60.2), side_deg=0.1, WIDTH=400, HEIGHT=400)))

    seen = pixels.any(axis=2)
    lons = WEST + pixels[seen][:, 0] / 255 * (EAST - WEST)
    assert 0.3 < seen.mean() < 0.7
    assert lons.max() < 24.8 + 0.003
    # And it reaches the border: nothing is cut too much.
    assert lons.max() > 24.8 - 0.005
    assert not rgba(ask(esko, **question(crs, around=MUSEUM))).any()
    x, y = tile_at(*MUSEUM, 14)
    assert not rgba(ask(esko, f"/maps/wmts/{LAYER}/WebMercatorQuad/14/{x}/{y}.png")).any()


def test_a_redrawn_area_counts_for_the_next_picture(esko: User, espoo: Area, colours: Basemap) -> None:
    browser, asked = Browser(esko), question("EPSG:3857", around=DIPOLI)
    first = browser.client.get(WMS, asked)
    again = browser.client.get(WMS, asked, headers={"If-None-Match": first.headers["ETag"]})
    espoo.geom = MultiPolygon(Polygon.from_bbox((24.5, 60.25, 24.8, 60.3)))
    espoo.save()
    redrawn = browser.client.get(WMS, asked, headers={"If-None-Match": first.headers["ETag"]})
    rights.set_groups([esko.pk], [], by=None, at=MONDAY)
    gone = browser.client.get(WMS, asked, headers={"If-None-Match": first.headers["ETag"]})

    assert rgba(first).any()
    assert again.status_code == 304
    assert not rgba(redrawn).any()
    assert gone.status_code == 404
    assert (first.headers["Cache-Control"], "Authorization" in first.headers["Vary"]) == ("private, no-cache", True)


def test_a_layer_that_is_not_for_one_cannot_be_told_from_one_that_is_not(planner: User, helsinki: Area, colours: Basemap) -> None:
    blind = member("bertil", team("dispatcher:blind", helsinki, layer="areas", actions=["view"]))

    hidden, unknown = ask(blind, **question()), ask(blind, **question(LAYERS="imagery.zzz"))

    assert hidden.status_code == unknown.status_code == 404
    assert hidden.content.replace(LAYER.encode(), b"") == unknown.content.replace(b"imagery.zzz", b"")
    assert AuditRow.objects.filter(actor=blind).exists()


def test_strangers_are_refused_in_the_services_own_words(planner: User, colours: Basemap) -> None:
    answer = ask(None, **question())

    assert answer.status_code == 401
    assert "Basic" not in answer.headers.get("WWW-Authenticate", ""), "a browser would ask for a password of its own accord"
    valid(answer.content, "wms/1.3.0/exceptions_1_3_0.xsd")
    assert ask(None, WMTS).status_code == 401
    for method in ("POST", "PUT", "DELETE"):
        assert Browser(planner).send(method, WMS).status_code == 405


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"LAYERS": None}, "MissingParameterValue"),
        ({"LAYERS": ",".join(map(str, range(21)))}, ""),
        ({"LAYERS": f"{LAYER},{LAYER}"}, ""),
        ({"LAYERS": f"{LAYER}' or 1=1 --"}, "LayerNotDefined"),
        ({"LAYERS": "../../etc/passwd"}, "LayerNotDefined"),
        ({"STYLES": "fancy"}, "StyleNotDefined"),
        ({"CRS": None}, "MissingParameterValue"),
        ({"CRS": "EPSG:99999"}, "InvalidCRS"),
        ({"CRS": "+proj=utm"}, "InvalidCRS"),
        ({"CRS": "EPSG:2225"}, "InvalidCRS"),
        ({"BBOX": "1,2,3"}, ""),
        ({"BBOX": "a,b,c,d"}, ""),
        ({"BBOX": "nan,0,1,1"}, ""),
        ({"BBOX": "0,0,0,1"}, ""),
        ({"BBOX": "1,1,0,0"}, ""),
        ({"BBOX": "0,0,1e308,1"}, ""),
        ({"WIDTH": "4097"}, ""),
        ({"WIDTH": "0"}, ""),
        ({"HEIGHT": "-1"}, ""),
        ({"HEIGHT": "1e3"}, ""),
        ({"HEIGHT": None}, "MissingParameterValue"),
        ({"FORMAT": "image/tiff"}, "InvalidFormat"),
        ({"FORMAT": None}, "MissingParameterValue"),
        ({"BGCOLOR": "red"}, ""),
        ({"SERVICE": "WFS"}, "OperationNotSupported"),
        ({"REQUEST": "DescribeLayer"}, "OperationNotSupported"),
        ({"REQUEST": None}, "MissingParameterValue"),
        ({"layers": LAYER}, ""),
        ({"LAYERS": "a\x00b"}, ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_standards_word(planner: User, colours: Basemap, change: dict[str, Any], code: str) -> None:
    answer = ask(planner, **question(**change))

    assert answer.status_code == (404 if code == "LayerNotDefined" else 400), answer.content
    refusal = valid(answer.content, "wms/1.3.0/exceptions_1_3_0.xsd")[0]
    assert refusal.get("code", "") == code
    assert refusal.text and refusal.text.endswith(".")


def test_an_old_client_is_refused_in_its_version(planner: User, colours: Basemap) -> None:
    answer = ask(planner, **question(version="1.1.1", SRS="EPSG:99999"))

    assert answer.headers["Content-Type"] == "application/vnd.ogc.se_xml"
    assert valid(answer.content, "wms/1.1.1/exception_1_1_1.dtd")[0].get("code") == "InvalidSRS"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{LAYER}/WebMercatorQuad/12/4096/0.png", 400, "TileOutOfRange"),
        (f"{LAYER}/WebMercatorQuad/30/0/0.png", 400, "TileOutOfRange"),
        (f"{LAYER}/Elsewhere/12/0/0.png", 400, "InvalidParameterValue"),
        (f"{LAYER}/WebMercatorQuad/12/0/0.tif", 400, "InvalidParameterValue"),
        ("imagery.zzz/WebMercatorQuad/12/0/0.png", 404, "LayerNotDefined"),
    ],
)
def test_a_tile_that_is_not_on_the_grid_is_refused(planner: User, colours: Basemap, path: str, status: int, code: str) -> None:
    answer = ask(planner, f"/maps/wmts/{path}")

    assert answer.status_code == status
    assert valid(answer.content, "ows/1.1.0/owsExceptionReport.xsd")[0].get("exceptionCode") == code


def test_a_source_that_is_down_is_told(planner: User, colours: Basemap, settings: Any) -> None:
    Basemap.objects.create(key="dead", kind="imagery", title_en="Dead", title_zh="Dead", source_type="xyz", source="x")

    upstream = ask(planner, **question(LAYERS="imagery.dead"))
    settings.MAPPROXY_URL = f"http://127.0.0.1:{free_port()}"
    itself = ask(planner, **question())

    for answer in (upstream, itself):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert b"does not answer" in answer.content


def test_pictures_beyond_what_may_be_drawn_at_once_are_put_off(planner: User, colours: Basemap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "WAIT_S", 0.01)
    taken = [picture._places.acquire() for _ in range(picture.AT_A_TIME)]
    try:
        refused = ask(planner, **question())
    finally:
        for _ in taken:
            picture._places.release()

    assert (refused.status_code, ask(planner, **question()).status_code) == (503, 200)


# Tokens


def token_for(user: User, *layers: str) -> str:
    return tokens.make_token(user=user, name="QGIS", layer_ids=layers, days=30, at=timezone.now())[1]


def test_a_token_opens_imagery_by_header_and_in_the_address(planner: User, colours: Basemap) -> None:
    secret = token_for(planner, "imagery")
    basic = base64.b64encode(f"any:{secret}".encode()).decode()

    for client, query in (
        (Client(headers={"Authorization": f"Bearer {secret}"}), {}),
        (Client(headers={"Authorization": f"Basic {basic}"}), {}),
        (Client(), {"token": secret}),
        (Client(), {"TOKEN": secret}),
    ):
        assert place_of(rgba(client.get(WMS, question() | query))[100, 100]) == pytest.approx(MUSEUM, abs=TOLERANCE_DEG)
    assert Client().get(WMS, question() | {"token": "ga_" + "x" * 43}).status_code == 401
    assert Client().get(WMS, question() | {"token": "other"}).status_code == 401
    assert Client(headers={"Authorization": f"Bearer {token_for(planner, 'customers')}"}).get(WMS, question()).status_code == 404
    assert Client().get("/api/v1/layers", {"token": secret}).status_code == 401, "only /maps/ takes it so"
    assert AuditRow.objects.filter(action="token.use", actor=planner).exists()


def test_a_token_for_imagery_is_not_made_for_who_sees_none(helsinki: Area) -> None:
    blind = member("bertil", team("dispatcher:blind", helsinki, layer="areas", actions=["view"]))

    answer = Browser(blind).post("/api/v1/tokens", {"name": "QGIS", "layers": ["imagery"], "days": 7})

    assert answer.status_code == 404


@pytest.mark.parametrize(("public", "begins"), [("https://map.example/atlas/", "https://map.example/atlas"), ("", "http://map.example")])
def test_addresses_told_are_the_public_ones_and_carry_the_token_that_came_in_one(
    planner: User, colours: Basemap, public: str, begins: str
) -> None:
    secret = token_for(planner, "imagery")
    with override_settings(PUBLIC_URL=public, ALLOWED_HOSTS=["map.example"]):
        client = Client(SERVER_NAME="map.example")
        bearer = Client(SERVER_NAME="map.example", headers={"Authorization": f"Bearer {secret}"})
        for address, query, _ in CAPABILITIES:
            told = etree.fromstring(client.get(address, query | {"token": secret}).content).xpath(
                "//@*[local-name()='href' or local-name()='template']"
            )
            plain = etree.fromstring(bearer.get(address, query).content).xpath("//@*[local-name()='href' or local-name()='template']")

            assert told and all(href.startswith(f"{begins}/maps/") and f"token={secret}" in href for href in told)
            assert plain and all(href.startswith(f"{begins}/maps/") and "token" not in href for href in plain)


# On the wire: the clients that people use.


@pytest.fixture(scope="module")
def server(django_db_setup: None, folder: Path, proxy: str) -> Iterator[WebProcess]:
    with web_process(settings.REDIS_URL, folder / "log", PUBLIC_URL="", MAPPROXY_URL=proxy) as process:
        yield process


def by_gdal(secret: str, script: str, package: str = "rasterio") -> Any:
    """Run a script with GDAL's own clients in a process of its own: it must not meet the GDAL that Django has loaded."""
    environment = os.environ | {
        "GDAL_HTTP_USERPWD": f"any:{secret}",
        "GDAL_HTTP_AUTH": "BASIC",
        "GDAL_HTTP_TIMEOUT": "20",
        "no_proxy": "127.0.0.1",
    }
    environment |= {"GDAL_DEFAULT_WMS_CACHE_PATH": "/nonexistent"}
    told = subprocess.run(
        [sys.executable, "-c", f"import json, {package}\n{script}"], env=environment, capture_output=True, text=True, timeout=90
    )
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


@on_the_wire
@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_gdal_reads_wms_from_the_capabilities(server: WebProcess, planner: User, colours: Basemap, version: str) -> None:
    colours.save()
    secret = token_for(planner, "imagery")

    names, pixel = by_gdal(
        secret,
        f"""
url = 'WMS:http://127.0.0.1:{server.port}{WMS}?SERVICE=WMS&VERSION={version}&REQUEST=GetCapabilities'
with rasterio.open(url) as service:
    names = service.subdatasets
with rasterio.open(next(name for name in names if '{LAYER}' in name)) as layer:
    from rasterio.warp import transform
    (x,), (y,) = transform('EPSG:4326', layer.crs, [{MUSEUM[0]}], [{MUSEUM[1]}])
    row, column = layer.index(x, y)
    pixel = layer.read(window=((row, row + 1), (column, column + 1)))[:, 0, 0].tolist()
print(json.dumps([names, pixel]))""",
    )

    assert len(names) == 1
    assert place_of(np.array(pixel)) == pytest.approx(MUSEUM, abs=TOLERANCE_DEG)


@on_the_wire
def test_gdal_reads_wmts_from_the_capabilities(server: WebProcess, planner: User, colours: Basemap) -> None:
    colours.save()
    secret = token_for(planner, "imagery")

    for address, token in ((f"{WMTS}", secret), (f"{WMTS}?token={secret}", "ga_none")):
        pixel = by_gdal(
            token,
            f"""
import os
if '{token}' == 'ga_none':
    os.environ.pop('GDAL_HTTP_USERPWD')
with rasterio.open('WMTS:http://127.0.0.1:{server.port}{address},layer={LAYER}') as layer:
    from rasterio.warp import transform
    (x,), (y,) = transform('EPSG:4326', layer.crs, [{MUSEUM[0]}], [{MUSEUM[1]}])
    row, column = layer.index(x, y)
    pixel = layer.read(window=((row, row + 1), (column, column + 1)))[:, 0, 0].tolist()
print(json.dumps(pixel))""",
        )

        assert place_of(np.array(pixel)) == pytest.approx(MUSEUM, abs=TOLERANCE_DEG)


@on_the_wire
def test_mapproxy_is_a_client_of_our_wms(server: WebProcess, planner: User, colours: Basemap, tmp_path: Path) -> None:
    colours.save()
    secret = token_for(planner, "imagery")
    source = {
        "type": "wms",
        "req": {"url": f"http://127.0.0.1:{server.port}{WMS}", "layers": LAYER, "transparent": True},
        "wms_opts": {"version": "1.3.0"},
    }
    config = {
        "services": {"wms": {"srs": ["EPSG:4326", "EPSG:3067"]}},
        "globals": {"http": {"headers": {"Authorization": f"Bearer {secret}"}}},
        "sources": {"atlas": source | {"supported_srs": ["EPSG:4326"]}},
        "layers": [{"name": "atlas", "title": "Atlas", "sources": ["atlas"]}],
    }
    (tmp_path / "mapproxy.yaml").write_text(yaml.safe_dump(config))

    pixels = rgba(through_mapproxy(tmp_path / "mapproxy.yaml", question("EPSG:3067", "1.1.1", LAYERS="atlas")))

    # That MapProxy paints with a palette.
    assert place_of(pixels[100, 100]) == pytest.approx(MUSEUM, abs=2 * TOLERANCE_DEG)


@dataclass
class Answer:
    status_code: int
    content: bytes


def through_mapproxy(config: Path, query: dict[str, Any]) -> Answer:
    """Ask a MapProxy of that configuration, in this process."""
    environ: dict[str, Any] = {"PATH_INFO": "/service", "QUERY_STRING": urlencode(query)}
    setup_testing_defaults(environ)
    told: list[str] = []
    body = b"".join(make_wsgi_app(str(config))(environ, lambda status, headers, *_: told.append(status)))
    return Answer(int(told[0].partition(" ")[0]), body)
