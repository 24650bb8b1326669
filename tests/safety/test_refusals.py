"""Whatever door refuses somebody, the audit tells; and nobody can fill the audit by asking."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from websockets.exceptions import InvalidStatus

from customers.models import Account
from layers import refusals
from layers.models import AuditRow
from tests.cast import MONDAY, Browser
from tests.layers.live_server import LiveBrowser, WebProcess, until, web_process
from tests.layers.tile_client import TileClient

pytestmark = pytest.mark.db
on_the_database = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _a_new_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_limit", refusals.Limit(refusals.ROWS_A_MINUTE))


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with web_process(settings.REDIS_URL, tmp_path_factory.mktemp("refusals") / "log") as process:
        yield process


@pytest.fixture
def tiles(transactional_db: None) -> Iterator[TileClient]:
    client = TileClient()
    yield client
    client.close()


def rows(**narrowed: str) -> list[AuditRow]:
    return list(AuditRow.objects.filter(action="refusal", **narrowed).order_by("seq"))


@pytest.mark.django_db
def test_s69_a_refused_table_or_image_is_recorded_as_a_refused_command_is(planner: User) -> None:
    browser = Browser(planner)
    browser.client.defaults |= {"HTTP_USER_AGENT": "Field tablet 7", "REMOTE_ADDR": "10.20.30.40"}

    for address in ("/admin/customers/account/7/change/", "/imagery/secret/1/0/0.png", "/api/v1/customers/7", "/api/v1/audit?q=Mikko"):
        browser.get(address)
    browser.get("/no/such/place"), browser.get("/api/nothing")

    told = [(row.layer, row.object_id, row.after["code"], row.actor, row.ip, row.device) for row in rows()]
    who = (planner, "10.20.30.40", "Field tablet 7")
    assert told == [
        ("admin", "7", "not_found", *who),
        ("imagery", "secret", "not_found", *who),
        ("customers", "7", "not_found", *who),
        ("audit", "", "not_allowed", *who),
    ]
    assert "Mikko" not in str([row.after for row in rows()])


@pytest.mark.django_db
def test_s69_a_door_that_is_shut_until_something_is_set_up_is_recorded(settings: Any, planner: User) -> None:
    settings.SECOND_FACTOR = "staff"
    browser = Browser(planner)

    for address in ("/api/v1/customers/7", "/imagery/secret/1/0/0.png", "/api/v1/customers/7"):
        assert browser.get(address).json()["code"] == "setup_needed"

    told = [(row.layer, row.after, row.actor) for row in rows()]
    assert told == [
        ("customers", {"code": "setup_needed", "wanted": "GET /api/v1/customers/7"}, planner),
        ("imagery", {"code": "setup_needed", "wanted": "GET /imagery/secret/1/0/0.png"}, planner),
    ]


@on_the_database
def test_s69_a_refused_tile_is_recorded_with_its_request(tiles: TileClient, holder: User) -> None:
    network = tiles.get("/tiles/network/14/9326/4747.mvt", holder)
    basemap = tiles.get("/basemaps/secret/6/36/18.mvt", holder)
    tiles.get("/tiles/customers/6/99/99.mvt", holder)

    until(lambda: len(rows()) == 2, within_s=5, what="Two rows are written")
    assert (network.status, basemap.status) == (404, 404)
    told = [(row.layer, row.object_id, row.after["code"], row.actor, row.actor_name, row.request_id) for row in rows()]
    assert told == [
        ("network", "", "unknown_layer", holder, "Kalle", network.headers["x-request-id"]),
        ("basemaps", "secret", "unknown_basemap", holder, "Kalle", basemap.headers["x-request-id"]),
    ]


@on_the_database
def test_s69_a_refused_stream_is_recorded(server: WebProcess, holder: User) -> None:
    browser = LiveBrowser(server, holder).open()
    browser.say('{"type": "hello", "streams": [{"key": "network"}]}')
    assert browser.hear()["type"] == "error"

    until(rows, within_s=5, what="A row is written")
    browser.close()
    assert [(row.layer, row.actor, row.ip) for row in rows()] == [("network", holder, "127.0.0.1")]


@on_the_database
def test_s40_a_page_of_another_site_that_opens_a_socket_is_recorded(server: WebProcess, planner: User) -> None:
    with pytest.raises(InvalidStatus):
        LiveBrowser(server, planner, origin="https://evil.example").open()

    until(rows, within_s=5, what="A row is written")
    [row] = rows()
    assert (row.actor, row.layer, row.after) == (None, "ws", {"code": "foreign_origin", "wanted": "/ws/map from https://evil.example"})


@pytest.mark.django_db
def test_the_same_refusal_is_written_once_a_minute_and_the_next_row_tells_how_often(museum: Account, dispatcher: User) -> None:
    browser = Browser(dispatcher)
    for _ in range(20):
        assert browser.get("/api/v1/audit").status_code == 403
    browser.get("/api/v1/customers/999999999")

    assert [row.after.get("left_out") for row in rows()] == [None, 19]


@pytest.mark.django_db
def test_s69_nobody_fills_the_audit_by_asking(dispatcher: User, planner: User) -> None:
    limit = refusals.Limit(rows_a_minute=5)
    many = [refusals.Refusal("not_found", "customers", f"GET /api/v1/customers/{number}", number) for number in range(100)]

    written = [limit.take(dispatcher.pk, refusal, MONDAY) for refusal in many]
    others = limit.take(planner.pk, many[0], MONDAY)
    later = limit.take(dispatcher.pk, many[0], MONDAY + timedelta(minutes=1))

    assert (written[:5], set(written[5:])) == ([0] * 5, {None})
    assert (others, later) == (0, 95)
