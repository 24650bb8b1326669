"""Which backgrounds there are, imagery behind the sign-in, and an operator adding one in the administration."""

import json
import pathlib

import pytest
import yaml

from layers.basemap_records import VECTOR, save_basemaps
from layers.models import Basemap
from tests.cast import Browser, person

pytestmark = [pytest.mark.db, pytest.mark.django_db]

TIANDITU = {
    "key": "tianditu",
    "kind": "imagery",
    "title_en": "Tianditu imagery",
    "title_zh": "天地图影像",
    "source_type": "xyz",
    "source": "https://t0.tianditu.gov.cn/img_w/wmts?x={x}&y={y}&z={z}&tk={key}",
    "key_env": "BASEMAP_KEY_TIANDITU",
    "datum": "CGCS2000",
    "min_zoom": 1,
    "max_zoom": 18,
    "ordering": 5,
}


@pytest.fixture
def var(settings, tmp_path) -> pathlib.Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_the_browser_learns_every_enabled_background_with_its_datum_and_licence(planner):
    save_basemaps([VECTOR, TIANDITU, {**TIANDITU, "key": "old", "enabled": False}])

    answer = Browser(planner).get("/api/v1/basemaps").json()

    assert [basemap["key"] for basemap in answer] == ["osm", "tianditu"]
    assert answer[0]["url"] == "/basemaps/osm/{z}/{x}/{y}.mvt"
    assert (answer[1]["url"], answer[1]["datum"], answer[1]["status"]) == ("/imagery/tianditu/{z}/{x}/{y}.png", "CGCS2000", "ok")
    assert "OpenStreetMap" in answer[0]["attribution"]
    assert "BASEMAP_KEY_TIANDITU" not in json.dumps(answer)
    assert "tk=" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("signed_in", "path", "status"),
    [
        (False, "/imagery/tianditu/10/1/1.png", 401),
        (True, "/imagery/nowhere/10/1/1.png", 404),
        (True, "/imagery/osm/10/1/1.png", 404),
        (True, "/imagery/tianditu/30/1/1.png", 400),
        (True, "/imagery/tianditu/3/9/1.png", 400),
        (True, "/imagery/tianditu/3/-1/1.png", 404),
    ],
)
def test_imagery_is_behind_the_sign_in_and_refuses_what_is_no_tile(planner, signed_in, path, status):
    save_basemaps([VECTOR, TIANDITU])

    assert Browser(planner if signed_in else None).get(path).status_code == status


def test_an_upstream_that_is_down_costs_a_notice_and_not_an_error(planner, settings, var):
    save_basemaps([TIANDITU])
    settings.MAPPROXY_URL = "http://127.0.0.1:1"

    answer = Browser(planner).get("/imagery/tianditu/10/1/1.png")

    assert (answer.status_code, answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (203, "image/png", "no-store")
    assert Browser(planner).get("/api/v1/basemaps").json()[0]["status"] == "down"


def test_an_administrator_adds_an_upstream_and_mapproxy_hears_of_it(db, var, django_capture_on_commit_callbacks):
    admin = person("administrator", "aino")
    admin.is_staff = admin.is_superuser = True
    admin.save()
    form = {name: "" if value is None else value for name, value in TIANDITU.items() if name != "key_env"}

    with django_capture_on_commit_callbacks(execute=True):
        answer = Browser(admin).client.post(
            "/admin/layers/basemap/add/", form | {"enabled": "on", "source": "https://maps.example/{z}/{x}/{y}.png"}
        )

    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert Basemap.objects.get().key == "tianditu"
    config = yaml.safe_load((var / "mapproxy" / "mapproxy.yaml").read_text())
    assert [layer["name"] for layer in config["layers"]] == ["tianditu"]


def test_a_planner_does_not_get_into_the_administration(planner):
    assert Browser(planner).get("/admin/layers/basemap/").status_code == 404
