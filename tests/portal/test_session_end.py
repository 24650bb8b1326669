"""S43: however a session ends, its socket closes within five seconds and its next tile is refused; half a session opens neither."""

import http.client
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from customers.models import Account
from layers.frames import CloseCode
from layers.models import Session
from spatial.tiles import tile_at
from tests.cast import MUSEUM, PASSWORD
from tests.layers.live_server import LiveBrowser, WebProcess, web_process
from tests.portal.test_second_factor import first_step, with_phone

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with web_process(settings.REDIS_URL, tmp_path_factory.mktemp("ends") / "log", SECOND_FACTOR="staff") as server:
        yield server


@pytest.fixture(autouse=True)
def _sockets() -> Iterator[None]:
    yield
    LiveBrowser.close_all()


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def full_session(user: User) -> Client:
    """Sign in with both factors."""
    _, codes = with_phone(user)
    client = first_step(user)
    assert client.post("/api/v1/session/second-factor", {"code": codes[0]}, content_type="application/json").status_code == 200
    return client


def tile_status(server: WebProcess, session: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    x, y = tile_at(*MUSEUM, 15)
    connection.request("GET", f"/tiles/customers/15/{x}/{y}.mvt", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"})
    status = connection.getresponse().status
    connection.close()
    return status


def _sign_out(client: Client) -> None:
    client.delete("/api/v1/session")


def _new_password_elsewhere(client: Client) -> None:
    user = User.objects.get(username="pekka")
    user.set_password("an even longer staple of batteries")
    user.save()


def _idle(client: Client) -> None:
    # It runs out by itself: what a request would move on, nobody moves.
    Session.objects.filter(pk=key_of(client)).update(expire_date=timezone.now() + timedelta(seconds=1))


def _revoked_elsewhere(client: Client) -> None:
    other = Client()
    other.force_login(User.objects.get(username="pekka"))
    assert other.delete(f"/api/v1/sessions/{Session.objects.get(pk=key_of(client)).sid}").status_code == 204


def _row_deleted(client: Client) -> None:
    Session.objects.filter(pk=key_of(client)).delete()


@pytest.mark.parametrize("end", [_sign_out, _new_password_elsewhere, _idle, _revoked_elsewhere, _row_deleted])
def test_s43_the_socket_closes_and_the_next_tile_is_refused(
    server: WebProcess, museum: Account, planner: User, end: Callable[[Client], None]
) -> None:
    client = full_session(planner)
    browser = LiveBrowser(server, planner, session=key_of(client)).open().follow()
    assert tile_status(server, browser.session) == 200

    end(client)

    assert browser.close_code(within_s=5 + 1) == CloseCode.SIGNED_OUT
    assert tile_status(server, browser.session) == 401


def test_s61_half_a_sign_in_opens_no_socket_and_no_tile(server: WebProcess, museum: Account, planner: User) -> None:
    with_phone(planner)

    half = key_of(first_step(planner))

    assert LiveBrowser(server, planner, session=half).open().close_code() == CloseCode.SIGNED_OUT
    assert tile_status(server, half) == 401


def test_s61_staff_without_a_second_factor_get_no_socket_and_no_tile(server: WebProcess, museum: Account, planner: User) -> None:
    client = Client()
    client.post("/api/v1/session", {"username": "pekka", "password": PASSWORD}, content_type="application/json")

    assert LiveBrowser(server, planner, session=key_of(client)).open().close_code() == CloseCode.SIGNED_OUT
    assert tile_status(server, key_of(client)) == 401


def test_looking_at_tiles_keeps_a_session_alive(server: WebProcess, museum: Account, planner: User) -> None:
    client = full_session(planner)
    soon = timezone.now() + timedelta(minutes=1)
    Session.objects.filter(pk=key_of(client)).update(expire_date=soon)

    assert tile_status(server, key_of(client)) == 200
    assert tile_status(server, key_of(client)) == 200

    # The tile does not wait for it.
    row = Session.objects.get(pk=key_of(client))
    for _ in range(200):
        if row.expire_date > soon:
            break
        tile_status(server, key_of(client))
        row.refresh_from_db()
    assert row.expire_date > soon + timedelta(minutes=settings.SESSION_IDLE_MINUTES - 2)
