"""Imagery through a real MapProxy process: where the picture lies, where it ends, and what happens when an upstream is down."""

import io
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml
from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.core.management import call_command
from PIL import Image

from layers import basemap_records, basemap_tiles, imagery_cut, imagery_proxy
from layers import services as rights
from layers.access import Reach
from layers.mapproxy_config import CannotProxy, mapproxy_config
from layers.mapproxy_config import _source as source_of
from layers.models import Basemap
from spatial.datums import wgs84_to_gcj02
from spatial.models import Area
from spatial.tiles import tile_at
from tests.cast import MONDAY, Browser, member, person, team

pytestmark = [pytest.mark.unit, pytest.mark.long]

ROOT = Path(__file__).parents[2]
RAILWAY_SQUARE = (24.9443, 60.1712)
BEIJING = (116.404, 39.915)
FAR_AWAY = (7.85, 48.42)


class Upstream(BaseHTTPRequestHandler):
    """A map server of the world outside. `/gcj/` draws a mark where GCJ-02 puts Beijing; `/hang/` never answers."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind, z, x, y = self.path.strip("/").split("/")
        if kind == "hang":
            time.sleep(20)
        if kind == "broken":
            self.send_error(500)
            return
        if kind == "holes":
            self.send_error(404)
            return
        body = io.BytesIO()
        _tile_with_mark(int(z), int(x), int(y), wgs84_to_gcj02(*BEIJING) if kind == "gcj" else BEIJING).save(body, "PNG")
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(body.getvalue())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="session")
def demo_picture(var_dir: Path) -> Path:
    """The demo's own picture, painted as `load_demo` does."""
    path = var_dir / "imagery" / "helsinki-demo.tif"
    subprocess.run([sys.executable, ROOT / "mapproxy" / "render_imagery.py", path], check=True, capture_output=True, timeout=240)
    return path


@pytest.fixture(scope="session")
def proxy_url(var_dir: Path, demo_picture: Path, upstream: str) -> Iterator[str]:
    """A MapProxy process with the demo's picture and one upstream of every temper."""
    records = [Basemap(**basemap_records.demo_imagery(demo_picture))]
    records += [xyz(kind, f"{upstream}/{kind}/{{z}}/{{x}}/{{y}}") for kind in ("good", "hang", "broken", "holes")]
    records += [
        xyz("gcj", f"{upstream}/gcj/{{z}}/{{x}}/{{y}}", datum="GCJ02"),
        xyz("dead", f"http://127.0.0.1:{free_port()}/{{z}}/{{x}}/{{y}}.png"),
    ]
    shutil.copy(demo_picture, gone := demo_picture.with_name("gone.tif"))
    records.append(Basemap(key="gone", kind="imagery", title_en="Gone", title_zh="Gone", source_type="geotiff", source=str(gone)))
    config, refused = mapproxy_config(records, var_dir=var_dir, environ={})
    assert not refused
    gone.unlink()
    (var_dir / "mapproxy").mkdir()
    (var_dir / "mapproxy" / "mapproxy.yaml").write_text(yaml.safe_dump(config))

    url = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | {"VAR_DIR": str(var_dir), "MAPPROXY_URL": url, "no_proxy": "127.0.0.1"}
    process = subprocess.Popen([sys.executable, ROOT / "mapproxy" / "serve.py"], env=environment, cwd=ROOT)
    try:
        wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def proxy(settings, proxy_url: str, var_dir: Path) -> str:
    settings.MAPPROXY_URL, settings.VAR_DIR = proxy_url, var_dir
    for marker in (var_dir / "mapproxy" / "down").glob("*"):
        marker.unlink()
    return proxy_url


@pytest.mark.parametrize(
    "path",
    [
        "/demo/",
        "/demo",
        "/ogcapi",
        "/ogcapi/",
        "/ogc",
        "/conformance",
        "/collections",
        "/maps",
        "/tms/1.0.0",
        "/tiles/1.0.0",
        "/kml/demo/webmercator/0/0/0.kml",
    ],
)
def test_services_that_nobody_asked_for_are_off(proxy: str, path: str) -> None:
    assert status_code(proxy + path) == 404


def test_desktop_programs_get_wmts_and_wms(proxy: str) -> None:
    assert b"<Layer>" in fetched(f"{proxy}/wmts/1.0.0/WMTSCapabilities.xml")
    assert b"EPSG:4490" in fetched(f"{proxy}/service?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities")
    # WMS 1.3.0 and EPSG:4326: latitude first.
    wms = f"{proxy}/service?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=demo&STYLES=&CRS=EPSG:4326&BBOX=60.168,24.940,60.174,24.950&WIDTH=200&HEIGHT=240&FORMAT=image/png"
    assert picture(fetched(wms)).std() > 20


def test_inside_the_extent_there_is_the_picture(proxy: str) -> None:
    tile = imagery_proxy.imagery_tile("demo", 17, *tile_at(*RAILWAY_SQUARE, 17))

    assert (tile.status, tile.content_type) == (200, "image/jpeg")
    assert picture(tile.body).std() > 20


@pytest.mark.parametrize(("lonlat", "z"), [(FAR_AWAY, 12), (FAR_AWAY, 18), ((24.99, 60.1712), 17)])
def test_beyond_the_extent_it_says_that_there_is_no_imagery(proxy: str, lonlat: tuple[float, float], z: int) -> None:
    tile = imagery_proxy.imagery_tile("demo", z, *tile_at(*lonlat, z))

    assert tile == (200, "image/png", imagery_proxy.notice("no-imagery"))
    assert imagery_proxy.status_of("demo") == "ok"


def test_a_tile_on_the_edge_shows_both(proxy: str) -> None:
    """The picture's western edge runs through this tile."""
    tile = imagery_proxy.imagery_tile("demo", 15, *tile_at(24.9355, 60.1712, 15))

    pixels, hatched = picture(tile.body), picture(imagery_proxy.notice("no-imagery"))
    assert (pixels[:, :8] == hatched[:, :8]).all()
    assert pixels[:, -8:].std() > 15


def test_the_imagery_agrees_with_the_vector_map_to_the_metre(proxy: str) -> None:
    """Walls of the vector map lie where the picture's brightness jumps; a metre beside them it jumps less.

    One pixel of a zoom-18 tile is 0.30 m on the ground here.
    """
    z, (x0, y0), count = 18, tile_at(24.9445, 60.1690, 18), 4
    grey = np.zeros((256 * count, 256 * count))
    walls: list[tuple[float, float]] = []
    for i in range(count):
        for j in range(count):
            tile = imagery_proxy.imagery_tile("demo", z, x0 + i, y0 + j)
            grey[256 * j : 256 * (j + 1), 256 * i : 256 * (i + 1)] = picture(tile.body).mean(axis=2)
            walls += [(256 * i + x, 256 * j + y) for x, y in walls_in(z, x0 + i, y0 + j)]
    steep = np.hypot(*np.gradient(grey))

    def steepness(dx: int, dy: int) -> float:
        columns, rows = (np.array(axis).astype(int) for axis in zip(*walls, strict=True))
        inside = (columns > 12) & (columns < grey.shape[1] - 12) & (rows > 12) & (rows < grey.shape[0] - 12)
        return float(steep[rows[inside] + dy, columns[inside] + dx].mean())

    shifts = {(dx, dy): steepness(dx, dy) for dx in range(-10, 11) for dy in range(-10, 11)}
    best = max(shifts, key=lambda shift: shifts[shift])
    assert len(walls) > 2000
    assert np.hypot(*best) * 0.30 <= 1.0
    assert shifts[best] > 1.3 * np.median(list(shifts.values()))


@pytest.mark.parametrize("key", ["dead", "broken", "never-configured"])
def test_an_upstream_that_is_down_costs_a_notice(proxy: str, key: str) -> None:
    began = time.monotonic()
    tile = imagery_proxy.imagery_tile(key, 10, 500, 300)

    assert tile == (imagery_proxy.NOTICE, "image/png", imagery_proxy.notice("imagery-down"))
    assert time.monotonic() - began < 2
    assert imagery_proxy.status_of(key) == "down"
    assert imagery_proxy.status_of("demo") == "ok"


def test_an_upstream_that_hangs_is_given_up_and_then_not_waited_for(proxy: str) -> None:
    began = time.monotonic()
    first = imagery_proxy.imagery_tile("hang", 10, 500, 300)
    between = time.monotonic()
    second = imagery_proxy.imagery_tile("hang", 10, 501, 300)

    assert (first.status, second.status) == (imagery_proxy.NOTICE, imagery_proxy.NOTICE)
    assert between - began < imagery_proxy.TIMEOUT_S + 0.5
    assert time.monotonic() - between < imagery_proxy.RESTING_TIMEOUT_S + 0.5
    assert imagery_proxy.imagery_tile("demo", 16, *tile_at(*RAILWAY_SQUARE, 16)).status == 200


def test_an_upstream_that_is_back_is_ok_at_once(proxy: str, var_dir: Path) -> None:
    (var_dir / "mapproxy" / "down").mkdir(exist_ok=True)
    (var_dir / "mapproxy" / "down" / "good").touch()
    assert imagery_proxy.status_of("good") == "down"

    tile = imagery_proxy.imagery_tile("good", 10, *tile_at(*BEIJING, 10))

    assert tile.status == 200
    assert imagery_proxy.status_of("good") == "ok"


def test_what_was_fetched_once_is_not_asked_again(proxy: str) -> None:
    x, y = tile_at(*BEIJING, 11)
    imagery_proxy.imagery_tile("good", 11, x, y)
    asked = len(Upstream.asked)

    imagery_proxy.imagery_tile("good", 11, x, y)

    assert len(Upstream.asked) == asked


def test_a_missing_tile_is_no_failure(proxy: str) -> None:
    assert imagery_proxy.imagery_tile("holes", 10, 500, 300) == (200, "image/png", imagery_proxy.notice("no-imagery"))
    assert imagery_proxy.status_of("holes") == "ok"


def test_a_picture_that_went_away_fails_alone(proxy: str) -> None:
    tile = imagery_proxy.imagery_tile("gone", 16, *tile_at(*RAILWAY_SQUARE, 16))

    assert tile.status == imagery_proxy.NOTICE
    assert imagery_proxy.imagery_tile("demo", 16, *tile_at(*RAILWAY_SQUARE, 16)).status == 200


def test_without_a_proxy_process_there_is_a_notice(settings, tmp_path: Path) -> None:
    settings.MAPPROXY_URL, settings.VAR_DIR = f"http://127.0.0.1:{free_port()}", tmp_path

    assert imagery_proxy.imagery_tile("demo", 16, 37308, 18968).status == imagery_proxy.NOTICE


@pytest.mark.parametrize("key", ["good", "gcj"])
def test_a_gcj02_map_is_moved_to_where_things_are(proxy: str, key: str) -> None:
    """Both upstreams mark one spot of Beijing, one of them where GCJ-02 draws it, 536 m away. Both marks come out in one place."""
    z = 16
    x, y = tile_at(*BEIJING, z)
    pixels = picture(imagery_proxy.imagery_tile(key, z, x, y).body).mean(axis=2)

    rows, columns = np.nonzero(pixels < 100)
    wanted = basemap_pixel(*BEIJING, z)
    assert len(rows) > 20
    assert np.hypot(columns.mean() + 0.5 - wanted[0], rows.mean() + 0.5 - wanted[1]) * 1.8 < 3.0  # 1.8 m a pixel


def test_a_key_comes_from_the_environment_and_goes_nowhere_else() -> None:
    """Tianditu as an operator writes it down."""
    tianditu = Basemap(
        key="tianditu", kind="imagery", source_type="xyz", datum="CGCS2000", key_env="BASEMAP_KEY_TIANDITU", title_en="Tianditu", title_zh="天地图",
        source="https://t{0-7}.tianditu.gov.cn/img_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=img&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}",
    )  # fmt: skip

    without, refused = mapproxy_config([tianditu], var_dir=Path("var"), environ={})
    with_key, _ = mapproxy_config([tianditu], var_dir=Path("var"), environ={"BASEMAP_KEY_TIANDITU": "s3cret"})

    assert "BASEMAP_KEY_TIANDITU" in refused["tianditu"]
    assert without["sources"] == {}
    url = with_key["sources"]["tianditu_source"]["url"]
    assert url.startswith("https://t0.tianditu.gov.cn/")
    assert url.endswith("&TILEMATRIX=%(z)s&TILEROW=%(y)s&TILECOL=%(x)s&tk=s3cret")
    assert list(with_key["caches"]) == ["tianditu"]  # CGCS2000 needs no shift


def test_a_wmts_address_without_placeholders_is_completed() -> None:
    ortho = Basemap(key="ortho", kind="imagery", source_type="wmts", source="https://maps.example/wmts", source_layer="ortho@EPSG3857")

    url = source_of(ortho, {})["url"]

    assert "LAYER=ortho&TILEMATRIXSET=EPSG3857" in url
    assert url.endswith("&TILEMATRIX=%(z)s&TILEROW=%(y)s&TILECOL=%(x)s")


@pytest.mark.parametrize(
    "fields",
    [
        {"source_type": "geotiff", "source": "/nowhere/ortho.tif"},
        {"source_type": "xyz", "source": "https://maps.example/tiles"},
        {"source_type": "xyz", "source": "file:///etc/passwd"},
        {"source_type": "xyz", "source": "https://maps.example/{z}/{x}/{y}", "datum": "EPSG:4555"},
    ],
)
def test_a_record_that_cannot_be_served_is_left_out_with_a_reason(fields: dict[str, str]) -> None:
    with pytest.raises(CannotProxy, match=r"\w"):
        source_of(Basemap(key="odd", kind="imagery", **fields), {})


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("{broken", "neither a JSON list nor a file"),
        ('[{"key": "x", "colour": "red"}]', "unknown fields: colour"),
        ('[{"key": "bad key", "title_en": "X", "source_type": "xyz"}]', "key"),
        ('[{"key": "x", "title_en": "X", "source_type": "magic"}]', "source_type"),
    ],
)
@pytest.mark.db
@pytest.mark.django_db
def test_a_setting_that_cannot_be_understood_says_what_is_wrong(setting: str, says: str) -> None:
    with pytest.raises(basemap_records.BadBasemap, match=says):
        basemap_records.save_basemaps(basemap_records.from_setting(setting))
    assert not Basemap.objects.exists()


@pytest.mark.db
@pytest.mark.django_db
def test_the_command_writes_the_operators_basemaps_once(settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.VAR_DIR = tmp_path
    settings.GRIDATLAS_BASEMAPS = (
        '[{"key": "national", "title_en": "National orthophoto", "source_type": "xyz", "source": "https://maps.example/{z}/{x}/{y}.jpg"}]'
    )

    call_command("write_mapproxy_config")
    call_command("write_mapproxy_config")

    written = tmp_path / "mapproxy" / "mapproxy.yaml"
    first, second = capsys.readouterr().out.splitlines()
    assert "written, layers national" in first
    assert "unchanged" in second
    assert [layer["name"] for layer in yaml.safe_load(written.read_text())["layers"]] == ["national"]
    assert written.stat().st_mode & 0o077 == 0


# Rights: imagery as far as somebody's areas reach

STATION = tile_at(*RAILWAY_SQUARE, 17)
STATION_URL = f"/imagery/demo/17/{STATION[0]}/{STATION[1]}.png"


@pytest.fixture
def western(db: None, proxy: str, demo_picture: Path) -> Area:
    """An area whose border runs across the tile of the railway square, from south to north and leaning to the east."""
    basemap_records.save_basemaps([basemap_records.VECTOR, basemap_records.demo_imagery(demo_picture)])
    shape = Polygon(((24.90, 60.16), (24.9415, 60.16), (24.9450, 60.18), (24.90, 60.18), (24.90, 60.16)))
    return Area.objects.create(kind="county", code="WEST", name="West", geom=MultiPolygon(shape))


@pytest.fixture
def walter(western: Area) -> User:
    """A planner who may see imagery, as everything else, in the western area only."""
    return member("walter", team("planner:west", western))


def column_and_row(lon: float, lat: float) -> tuple[float, float]:
    """Return a position in pixels from the corner of the station's tile."""
    (column, row), (x, y) = basemap_pixel(lon, lat, 17), tile_at(lon, lat, 17)
    return column + 256 * (x - STATION[0]), row + 256 * (y - STATION[1])


def rgba(body: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"))


@pytest.mark.db
@pytest.mark.django_db
def test_imagery_ends_where_the_right_ends(western: Area, walter: User) -> None:
    whole = rgba(Browser(person("planner")).get(STATION_URL).content)

    answer = Browser(walter).get(STATION_URL)

    cut = rgba(answer.content)
    rows, columns = np.indices(cut.shape[:2])
    (x1, y1), (x2, y2) = (column_and_row(24.9415, 60.16), column_and_row(24.9450, 60.18))
    border = x1 + (rows + 0.5 - y1) * (x2 - x1) / (y2 - y1)
    inside, outside = columns + 0.5 < border - 1, columns + 0.5 > border + 1
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert min(inside.sum(), outside.sum()) > 5000
    assert (cut[inside] == whole[inside]).all()
    assert (cut[..., 3][inside] == 255).all()
    # Nothing under the transparency either.
    assert (cut[outside] == 0).all()


@pytest.mark.db
@pytest.mark.django_db
def test_a_tile_wholly_inside_passes_as_it_came(walter: User) -> None:
    x, y = tile_at(24.9390, 60.1712, 17)

    answer = Browser(walter).get(f"/imagery/demo/17/{x}/{y}.png")

    assert answer.headers["Content-Type"] == "image/jpeg"
    assert picture(answer.content).std() > 20


@pytest.mark.db
@pytest.mark.django_db
@pytest.mark.parametrize(("lonlat", "z", "status"), [((24.9500, 60.1712), 17, 404), (FAR_AWAY, 12, 404), (RAILWAY_SQUARE, 6, 200)])
def test_imagery_of_elsewhere_is_not_there(walter: User, lonlat: tuple[float, float], z: int, status: int) -> None:
    x, y = tile_at(*lonlat, z)

    answer = Browser(walter).get(f"/imagery/demo/{z}/{x}/{y}.png")

    assert answer.status_code == status
    # Of the country one sees the area alone: a few pixels of zoom 6.
    assert status == 404 or 0 < (rgba(answer.content)[..., 3] > 0).sum() < 10


@pytest.mark.db
@pytest.mark.django_db
def test_kept_imagery_carries_the_scope(western: Area, walter: User) -> None:
    staff, colleague, limited = Browser(person("planner")), Browser(member("wilma", "planner:west")), Browser(walter)
    whole, cut, same = (browser.get(STATION_URL) for browser in (staff, limited, colleague))

    def again(browser: Browser, tag: str) -> int:
        return browser.client.get(STATION_URL, headers={"If-None-Match": tag}).status_code

    assert cut.headers["Cache-Control"] == whole.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in cut.headers["Vary"]
    assert whole.headers["ETag"] != cut.headers["ETag"] == same.headers["ETag"]
    assert (again(limited, cut.headers["ETag"]), again(limited, whole.headers["ETag"])) == (304, 200)
    # Equal bytes of two scopes have two tags.
    inside = "/imagery/demo/17/{}/{}.png".format(*tile_at(24.9390, 60.1712, 17))
    both = [browser.get(inside) for browser in (staff, limited)]
    assert both[0].content == both[1].content
    assert both[0].headers["ETag"] != both[1].headers["ETag"]


@pytest.mark.db
@pytest.mark.django_db
def test_a_change_of_rights_counts_for_the_next_tile_of_imagery(western: Area, walter: User) -> None:
    browser = Browser(walter)
    cut = browser.get(STATION_URL)

    rights.set_grants("planner:west", "imagery", [rights.Grant("view")], by=None, at=MONDAY)
    whole = browser.client.get(STATION_URL, headers={"If-None-Match": cut.headers["ETag"]})
    rights.set_grants("planner:west", "imagery", [], by=None, at=MONDAY)
    narrowed = browser.client.get(STATION_URL, headers={"If-None-Match": whole.headers["ETag"]})
    western.geom = MultiPolygon(Polygon.from_bbox((24.90, 60.16, 24.92, 60.18)))
    western.save()
    redrawn = browser.client.get(STATION_URL, headers={"If-None-Match": cut.headers["ETag"]})

    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "image/jpeg")
    assert (narrowed.status_code, narrowed.content) == (200, cut.content)
    assert redrawn.status_code == 404


@pytest.mark.db
@pytest.mark.django_db
def test_imagery_is_offered_as_far_as_one_may_see_it(western: Area, walter: User, holder: User) -> None:
    blind = member("bertil", team("dispatcher:blind", western, layer="customers", actions=["view"]))

    def offered(user: User) -> dict[str, list[float] | None]:
        return {basemap["key"]: basemap["bounds"] for basemap in Browser(user).get("/api/v1/basemaps").json()}

    everywhere = offered(person("planner", "paula"))["demo"]
    assert offered(blind).keys() == {"osm"}
    assert Browser(blind).get(STATION_URL).status_code == 404
    assert offered(walter)["demo"] == [everywhere[0], everywhere[1], 24.945, everywhere[3]]
    assert offered(walter)["osm"] == offered(blind)["osm"]
    assert offered(holder)["demo"] == everywhere
    assert Browser(holder).get(STATION_URL).headers["Content-Type"] == "image/jpeg"


@pytest.mark.db
@pytest.mark.django_db
def test_imagery_is_granted_to_be_seen_and_nothing_else(western: Area) -> None:
    browser = Browser(person("administrator"))
    wish = {"group": "analyst:west", "layer": "imagery", "grants": [{"action": "view", "area": "WEST"}]}

    given = browser.send("PUT", "/api/v1/admin/grants", wish | {"base": []})
    refused = browser.send("PUT", "/api/v1/admin/grants", wish | {"base": [], "grants": [{"action": "edit", "area": "WEST"}]})

    assert given.json() == [wish]
    assert refused.status_code == 400
    assert Browser(member("anna", "analyst:west")).get(STATION_URL).headers["Content-Type"] == "image/png"


@pytest.mark.db
@pytest.mark.django_db
def test_an_area_that_is_gone_shows_no_imagery() -> None:
    gone = Reach(areas=frozenset({(1, "gone")}))

    assert imagery_cut.extent_of(gone) is None
    assert not imagery_cut.is_near(gone, 0, 0, 0)


def xyz(key: str, source: str, **fields: str) -> Basemap:
    return Basemap(key=key, kind="imagery", title_en=key, title_zh=key, source_type="xyz", source=source, **fields)


def walls_in(z: int, x: int, y: int) -> list[tuple[float, float]]:
    """Return points along the walls of the vector tile, in pixels of a 256 px tile, those on the tile's own edges left out."""
    points = []
    for house in basemap_tiles.decoded(basemap_tiles.vector_tile(z, x, y) or b"").get("buildings", []):
        for part in getattr(house["geometry"], "geoms", [house["geometry"]]):
            for ring in (part.exterior, *part.interiors):
                line = ring.segmentize(64)
                points += [(a / 16, b / 16) for a, b in line.coords if 0 < a < basemap_tiles.EXTENT and 0 < b < basemap_tiles.EXTENT]
    return points


def basemap_pixel(lon: float, lat: float, z: int) -> tuple[float, float]:
    """Return column and row of a position in its 256 px tile."""
    world = 256 * (1 << z)
    x = (lon + 180) / 360 * world
    y = (0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi)) * world
    return x % 256, y % 256


def _tile_with_mark(z: int, x: int, y: int, lonlat: tuple[float, float]) -> Image.Image:
    pixels = np.full((256, 256, 3), 255, np.uint8)
    if tile_at(*lonlat, z) == (x, y):
        column, row = (int(value) for value in basemap_pixel(*lonlat, z))
        pixels[max(row - 3, 0) : row + 4, max(column - 3, 0) : column + 4] = 0
    return Image.fromarray(pixels)


def picture(body: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB"), float)


@cache
def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetched(url: str) -> bytes:
    with _opener().open(url, timeout=20) as answer:
        return answer.read()


def status_code(url: str) -> int:
    try:
        with _opener().open(url, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            fetched(url + "/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"MapProxy did not come up at {url}.")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "HOME"])
def test_a_basemap_cannot_name_another_secret_of_the_process(name: str) -> None:
    basemap = Basemap(key="x", kind="imagery", source_type="xyz", source="https://evil.example/{key}/{z}/{x}/{y}", key_env=name)

    config, refused = mapproxy_config([basemap], var_dir=Path("var"), environ={name: "do not tell"})

    assert "BASEMAP_KEY_" in refused["x"]
    assert "do not tell" not in str(config)
