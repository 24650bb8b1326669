"""A person's picture comes in parts, becomes a COG, is on the map through a real MapProxy, and goes again."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ
from PIL import Image
from pmtiles.tile import Compression, TileType
from pmtiles.writer import Writer

from layers import basemap_records, basemap_uploads, imagery_proxy, jobs
from layers.models import AuditRow, Basemap, BasemapUpload, Stream
from spatial.tiles import tile_at
from tests.cast import Browser, person
from tests.layers.test_imagery import free_port, picture, wait_for
from tests.spatial.test_rasters import mbtiles, photo, tile_of, written

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
STATION = (24.9409, 60.1725)
DOOR = "/api/v1/admin/basemap-uploads"


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def map_proxy(var_dir: Path) -> Iterator[str]:
    """A MapProxy process that begins without any imagery."""
    (var_dir / "mapproxy").mkdir(exist_ok=True)
    config, _ = basemap_records.mapproxy_config([], var_dir=var_dir, environ={})
    (var_dir / "mapproxy" / "mapproxy.yaml").write_text(basemap_records.yaml.safe_dump(config))
    url = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | {"VAR_DIR": str(var_dir), "MAPPROXY_URL": url, "no_proxy": "127.0.0.1"}
    process = subprocess.Popen([sys.executable, ROOT / "mapproxy" / "serve.py"], env=environment, cwd=ROOT)
    try:
        wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(autouse=True)
def place(settings, var_dir: Path, tmp_path: Path) -> Path:
    settings.VAR_DIR, settings.MEDIA_ROOT = var_dir, tmp_path / "media"
    return settings.MEDIA_ROOT / "basemaps"


@pytest.fixture
def admin(db) -> User:
    return person("administrator", "aino")


@pytest.fixture
def geotiff(tmp_path: Path) -> bytes:
    """A square kilometre around the railway station, in ETRS-TM35FIN."""
    return (written(tmp_path / "photo", photo(size=700)) / "upload").read_bytes()


def begun(browser: Browser, contents: bytes, **more) -> dict:
    wish = {"file_name": "station.tif", "bytes": len(contents), "title_en": "Station 2025", "title_zh": "车站 2025"} | more
    answer = browser.post(DOOR, wish)
    assert answer.status_code == 201, answer.content
    return answer.json()


def put(browser: Browser, upload: dict, piece: bytes, offset: int, **query):
    address = f"{DOOR}/{upload['id']}/parts"
    return browser.client.put(address, piece, content_type="application/octet-stream", query_params={"offset": offset} | query)


def sent(browser: Browser, contents: bytes, **more) -> dict:
    upload = begun(browser, contents, **more)
    for offset in range(0, len(contents), basemap_uploads.PART_BYTES):
        answer = put(browser, upload, contents[offset : offset + basemap_uploads.PART_BYTES], offset)
        assert answer.status_code == 200, answer.content
    return answer.json()


def work_of_the_queue() -> None:
    """Do what the worker would."""
    for job in OrmQ.objects.all():
        assert job.task["func"] == basemap_uploads.JOB
        jobs.make_basemap(*job.task["args"])
        job.delete()


def test_a_picture_is_on_the_map_and_goes_again(admin, planner, geotiff, map_proxy, settings, place, var_dir):
    settings.MAPPROXY_URL = map_proxy
    browser = Browser(admin)
    upload = sent(browser, geotiff, taken_date="2025-05-14", attribution="Survey office")
    assert (upload["state"], upload["received"]) == ("waiting", len(geotiff))
    epoch = getattr(Stream.objects.filter(key="basemaps").first(), "epoch", None)

    work_of_the_queue()

    done = browser.get(f"{DOOR}/{upload['id']}").json()
    assert (done["state"], done["share"], done["problem"]) == ("done", 1, None)
    key = done["basemap"]
    [shown] = Browser(planner).get("/api/v1/basemaps").json()
    assert (shown["key"], shown["title"], shown["date"]) == (key, {"en": "Station 2025", "zh": "车站 2025"}, "2025-05-14")
    [row] = browser.get("/api/v1/admin/basemaps").json()
    assert (row["file"]["made"]["crs"], row["file"]["by"], row["removable"]) == ("EPSG:3067", "Aino", True)
    assert Stream.objects.get(key="basemaps").epoch != epoch
    tile = Browser(planner).get(f"/imagery/{key}/16/{{}}/{{}}.png".format(*tile_at(*STATION, 16)))
    assert (tile.status_code, tile["Content-Type"]) == (200, "image/jpeg")
    assert picture(tile.content).std() > 30
    assert not list((place / "parts").iterdir()) and not list((place / "work").iterdir())
    assert list((var_dir / "mapproxy" / "cache").glob(f"{key}_EPSG*"))

    assert browser.send("DELETE", f"/api/v1/admin/basemaps/{key}").status_code == 204

    assert Browser(planner).get("/api/v1/basemaps").json() == []
    assert Browser(planner).get(f"/imagery/{key}/16/{{}}/{{}}.png".format(*tile_at(*STATION, 16))).status_code == 404
    assert imagery_proxy.imagery_tile(key, 16, *tile_at(*STATION, 16)).status == imagery_proxy.NOTICE
    assert not list(place.glob("*.tif")) and not list((var_dir / "mapproxy" / "cache").glob(f"{key}_EPSG*"))
    deeds = AuditRow.objects.filter(layer="basemaps", object_id=key).order_by("seq")
    assert [(deed.action, deed.actor.username) for deed in deeds] == [("basemap.add", "aino"), ("basemap.delete", "aino")]


def test_parts_may_come_twice_and_go_on_after_a_pause(admin, geotiff, monkeypatch):
    monkeypatch.setattr(basemap_uploads, "PART_BYTES", 400_000)
    browser = Browser(admin)
    upload = begun(browser, geotiff)
    first, second = geotiff[:400_000], geotiff[400_000:800_000]
    assert put(browser, upload, first, 0, sha256=hashlib.sha256(first).hexdigest()).json()["received"] == 400_000

    again = put(browser, upload, first, 0)
    assert (again.status_code, again.json()["received"]) == (200, 400_000)
    gap = put(browser, upload, second, 500_000)
    assert (gap.status_code, gap.json()["code"], gap.json()["received"]) == (409, "wrong_part", 400_000)
    damaged = put(browser, upload, second, 400_000, sha256=hashlib.sha256(first).hexdigest())
    assert (damaged.status_code, damaged.json()["code"]) == (400, "damaged_part")

    found = browser.get(f"{DOOR}/{upload['id']}").json()
    assert (found["state"], found["received"], found["part_bytes"]) == ("receiving", 400_000, 400_000)
    for offset in range(found["received"], len(geotiff), 400_000):
        answer = put(browser, upload, geotiff[offset : offset + 400_000], offset)
    assert answer.json()["state"] == "waiting"
    record = BasemapUpload.objects.get(pk=upload["id"])
    assert basemap_uploads._part_path(record).read_bytes() == geotiff
    # The last one again: the answer was lost on the way.
    assert put(browser, upload, geotiff[offset:], offset).json()["state"] == "waiting"
    assert OrmQ.objects.count() == 1


def test_what_is_no_upload_is_refused(admin, planner, geotiff, monkeypatch):
    browser = Browser(admin)
    for wish, status in [
        ({"bytes": basemap_uploads.MAX_BYTES + 1}, 413),
        ({"bytes": 0}, 400),
        ({"crs": "EPSG:999999"}, 400),
        ({"crs": "/vsicurl/http://127.0.0.1/x.tif"}, 400),
        ({"datum": "NAD27"}, 400),
        ({"where": "here"}, 400),
    ]:
        answer = browser.post(DOOR, {"file_name": "a.tif", "bytes": 10, "title_en": "A"} | wish)
        assert answer.status_code == status, (wish, answer.content)
    upload = begun(browser, geotiff, file_name="../../etc/evil\u202e.tif")
    assert upload["file_name"] == "evil .tif"
    assert put(browser, upload, b"<html>", 0).json()["code"] == "unsupported"
    assert put(browser, upload, b"", 0).status_code == 400
    assert put(browser, upload, geotiff[:100], len(geotiff) - 50).status_code == 413
    assert put(browser, upload, geotiff[:100], -1).status_code == 400
    assert put(browser, {"id": uuid.uuid4()}, b"x", 0).status_code == 404
    for _ in range(basemap_uploads.MOST_OPEN - 1):
        begun(browser, geotiff)
    assert browser.post(DOOR, {"file_name": "a.tif", "bytes": 10, "title_en": "A"}).status_code == 413

    for method, address in [
        ("POST", DOOR),
        ("GET", DOOR),
        ("GET", f"{DOOR}/{upload['id']}"),
        ("DELETE", f"{DOOR}/{upload['id']}"),
        ("GET", "/api/v1/admin/basemaps"),
    ]:
        assert Browser(planner).send(method, address).status_code == 403
    assert put(Browser(planner), upload, geotiff[:10], 0).status_code == 403


def test_an_operator_brings_a_picture_by_command(db, geotiff, tmp_path, capsys):
    (tmp_path / "ortho.tif").write_bytes(geotiff)
    call_command("import_imagery", tmp_path / "ortho.tif", "--title", "Ortho", "--title-zh", "正射", "--taken", "2025-05-14", "--json")
    told = json.loads(capsys.readouterr().out)
    basemap = Basemap.objects.get(key=told["key"])
    assert (basemap.title_zh, str(basemap.taken_date), told["made"]["crs"]) == ("正射", "2025-05-14", "EPSG:3067")
    assert basemap.upload.by is None and AuditRow.objects.get(action="basemap.add").actor is None

    (tmp_path / "bad.tif").write_bytes(b"<html>")
    with pytest.raises(CommandError, match="not a file that can become a basemap"):
        call_command("import_imagery", tmp_path / "bad.tif", "--title", "Bad")
    with pytest.raises(CommandError, match="coordinate system"):
        call_command("import_imagery", tmp_path / "ortho.tif", "--title", "Ortho", "--crs", "EPSG:1")
    assert not BasemapUpload.objects.exclude(basemap=basemap).exists()


def test_a_picture_without_a_coordinate_system_waits_for_an_answer(admin, tmp_path, settings):
    contents = (written(tmp_path / "bare", photo(size=400), crs=None) / "upload").read_bytes()
    browser = Browser(admin)
    upload = sent(browser, contents)
    work_of_the_queue()
    found = browser.get(f"{DOOR}/{upload['id']}").json()
    assert (found["state"], found["problem"]["code"]) == ("failed", "no_crs")

    assert browser.post(f"{DOOR}/{upload['id']}/again", {"crs": "EPSG:3067"}).json()["state"] == "waiting"
    work_of_the_queue()

    assert browser.get(f"{DOOR}/{upload['id']}").json()["state"] == "done"
    assert browser.post(f"{DOOR}/{upload['id']}/again", {"crs": "EPSG:3067"}).json()["code"] == "not_now"


def test_a_killed_worker_loses_nothing_and_an_endless_one_is_given_up(admin, geotiff, place):
    upload = sent(Browser(admin), geotiff)
    pk = uuid.UUID(upload["id"])
    now = timezone.now()
    assert basemap_uploads._claim(pk, at=now)
    (place / "work" / f"{pk}-1").mkdir(parents=True)
    assert basemap_uploads.work(pk, clock=timezone.now).startswith("Nothing to make")
    assert basemap_uploads.interrupted(at=now + timedelta(seconds=30)) == []

    later = now + timedelta(minutes=2)
    assert basemap_uploads.interrupted(at=later) == [pk]
    assert basemap_uploads.work(pk, clock=lambda: later).endswith("is on the map.")
    assert Basemap.objects.count() == 1

    second = uuid.UUID(sent(Browser(admin), geotiff)["id"])
    for attempt in range(basemap_uploads.MOST_ATTEMPTS):
        assert basemap_uploads._claim(second, at=now + attempt * timedelta(minutes=2))
    assert not basemap_uploads._claim(second, at=now + timedelta(hours=1))
    assert BasemapUpload.objects.get(pk=second).problem["code"] == "interrupted"


def test_removing_an_upload_stops_its_making(admin, geotiff, place, monkeypatch):
    browser = Browser(admin)
    upload = sent(browser, geotiff)
    pk = uuid.UUID(upload["id"])
    started = timezone.now()
    times = iter(started + timedelta(seconds=second) for second in range(1000))

    def clock():
        moment = next(times)
        if moment == started + timedelta(seconds=3):
            browser.send("DELETE", f"{DOOR}/{pk}")
        return moment

    assert basemap_uploads.work(pk, clock=clock) == "The person took it back, or another worker has it."
    assert Basemap.objects.count() == 0
    assert not list((place / "work").iterdir()) and not list((place / "parts").iterdir())


@pytest.mark.parametrize("fails", [False, True])
def test_a_slow_worker_that_was_followed_by_another_changes_nothing(admin, geotiff, place, fails):
    pk = uuid.UUID(sent(Browser(admin), geotiff if not fails else geotiff[: len(geotiff) // 2])["id"])
    now = timezone.now()
    moments = iter(range(100_000))

    def clock():
        # At the third look at the clock another worker finds that a minute of silence has passed.
        if next(moments) == 2:
            assert basemap_uploads._claim(pk, at=now + timedelta(minutes=2)) == 2
            (place / "work" / f"{pk}-2").mkdir()
        return now

    assert basemap_uploads.work(pk, clock=clock).startswith("The" if fails else "The person took it back")

    upload = BasemapUpload.objects.get(pk=pk)
    assert (upload.state, upload.attempts, Basemap.objects.count()) == ("working", 2, 0)
    assert [path.name for path in (place / "work").iterdir()] == [f"{pk}-2"]


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_result_that_is_no_plain_file_is_refused(admin, geotiff, place, tmp_path, monkeypatch, kind):
    secret = tmp_path / "secret"
    secret.write_bytes(b"x")
    secret.chmod(0o600)
    before = secret.stat()
    make = basemap_uploads.rasters.make

    def taken_over(folder, **more):
        made = make(folder, **more)
        (folder / "result").unlink()
        (folder / "result").symlink_to(secret) if kind == "link" else (folder / "result").mkdir()
        return made

    monkeypatch.setattr(basemap_uploads.rasters, "make", taken_over)
    upload = sent(Browser(admin), geotiff)
    work_of_the_queue()

    assert BasemapUpload.objects.get(pk=upload["id"]).problem["code"] == "damaged"
    assert (secret.stat().st_uid, secret.stat().st_mode) == (before.st_uid, before.st_mode)
    assert Basemap.objects.count() == 0 and not list(place.glob("*.tif"))


def test_files_that_are_just_arriving_are_left_alone(db, place):
    for name in ("parts", "work"):
        (place / name).mkdir(parents=True)
    arriving, making = place / "parts" / str(uuid.uuid4()), place / "work" / f"{uuid.uuid4()}-1"
    arriving.touch()
    making.mkdir()

    basemap_uploads.forget_old(at=timezone.now())
    assert arriving.exists() and making.exists()

    basemap_uploads.forget_old(at=timezone.now() + timedelta(hours=2))
    assert not arriving.exists() and not making.exists()


def test_what_nobody_finished_is_forgotten(admin, geotiff, place):
    upload = begun(Browser(admin), geotiff)
    (place / "stray.tif").write_bytes(b"x")
    os.utime(place / "stray.tif", (0, 0))
    assert basemap_uploads.forget_old(at=timezone.now()) == 0
    assert (place / "parts" / upload["id"]).exists()

    assert basemap_uploads.forget_old(at=timezone.now() + timedelta(days=4)) == 1
    assert not (place / "parts" / upload["id"]).exists() and not (place / "stray.tif").exists()


def test_an_archive_of_pictures_is_drawn_and_moved(admin, planner, map_proxy, settings, tmp_path):
    """Of a map drawn in GCJ-02 a tile shows what was drawn some hundred metres beside."""
    settings.MAPPROXY_URL = map_proxy
    x, y = tile_at(116.404, 39.915, 15)
    tiles = {(15, x + dx, y + dy): tile_of((x + dx) * 40, (y + dy) * 40) for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    contents = (mbtiles(tmp_path / "plan", tiles) / "upload").read_bytes()
    for datum in ("WGS84", "GCJ02"):
        sent(Browser(admin), contents, file_name="plan.mbtiles", datum=datum)
        work_of_the_queue()
    plain, moved = Basemap.objects.order_by("datum").reverse()
    assert (plain.source_type, plain.kind, plain.min_zoom, plain.max_zoom) == ("pmtiles", "imagery", 15, 15)

    shown = {basemap.datum: picture(Browser(planner).get(f"/imagery/{basemap.key}/15/{x}/{y}.png").content) for basemap in (plain, moved)}
    deeper = picture(Browser(planner).get(f"/imagery/{plain.key}/17/{4 * x}/{4 * y}.png").content)

    assert np.abs(shown["WGS84"].astype(int) - picture(tiles[15, x, y])).max() <= 3
    assert np.abs(deeper.astype(int) - picture(tiles[15, x, y])).max() <= 3
    assert len(np.unique(shown["GCJ02"].reshape(-1, 3), axis=0)) > 1


def test_vector_tiles_are_served_and_not_moved(admin, planner, tmp_path, tiles):
    roads = [{"geometry": "LINESTRING(0 0, 4096 4096)", "properties": {"class": "primary"}}]
    tile = mapbox_vector_tile.encode([{"name": "transportation", "features": roads}])
    contents = (mbtiles(tmp_path / "streets", {(10, 582, 296): tile}) / "upload").read_bytes()
    browser = Browser(admin)
    sent(browser, contents, file_name="streets.mbtiles")
    work_of_the_queue()
    [shown] = Browser(planner).get("/api/v1/basemaps").json()
    assert (shown["kind"], shown["tiles_style"], shown["url"]) == ("vector", "plain", f"/basemaps/{shown['key']}/{{z}}/{{x}}/{{y}}.mvt")

    assert tiles.get(f"/basemaps/{shown['key']}/10/582/296.mvt", planner).content == tile

    plain = tiles.get(f"/basemaps/{shown['key']}/10/582/296.mvt", planner, gzip_wanted=False)
    assert plain.content == tile

    refused = browser.send("PATCH", f"/api/v1/admin/basemaps/{shown['key']}", {"datum": "GCJ02"})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_basemap")
    upload = sent(browser, contents, datum="BD09")
    work_of_the_queue()
    assert browser.get(f"{DOOR}/{upload['id']}").json()["problem"]["code"] == "unmovable"


def archive(path: Path, tile: bytes, kind: TileType) -> Path:
    """An archive of one tile at 0/0/0 that no check of ours has seen."""
    with path.open("wb") as file:
        writer = Writer(file)
        writer.write_tile(0, tile)
        header = {"version": 3, "tile_type": kind, "tile_compression": Compression.GZIP if kind == TileType.MVT else Compression.NONE}
        box = {f"{end}_{axis}_e7": 0 for end in ("min", "max", "center") for axis in ("lon", "lat")}
        writer.finalize(header | box | {"center_zoom": 0}, {})
    return path


def test_a_tile_that_unpacks_to_far_too_much_is_not_unpacked(planner, tmp_path, tiles):
    bomb = archive(tmp_path / "bomb.pmtiles", gzip.compress(bytes(17 << 20)), TileType.MVT)
    for key, source in (("bomb", bomb), ("gone", tmp_path / "gone.pmtiles")):
        Basemap.objects.create(key=key, kind="vector", title_en=key, title_zh=key, source_type="pmtiles", source=str(source))
        answer = tiles.get(f"/basemaps/{key}/0/0/0.mvt", planner, gzip_wanted=False)
        assert answer.status == 503


def test_a_tile_of_far_too_many_pixels_is_not_decoded():
    out = io.BytesIO()
    Image.new("1", (5000, 5000)).save(out, "PNG")
    code = "import sys; from gridatlas_sources import _decoded; _decoded(sys.stdin.buffer.read())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=out.getvalue(),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'mapproxy'}"},
        capture_output=True,
    )
    assert b"ValueError: a tile of 5000 x 5000 pixels" in done.stderr
