"""What a real run writes into its log: every line with a request id, none with a name, a number, a question, a cookie or a token."""

import contextlib
import http.client
import json
import urllib.parse
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from config.log_format import without_words
from customers.models import Account
from ops import settings
from tests.cast import PASSWORD, THEATRE
from tests.layers.live_server import until
from tests.safety.real_process import RealProcess, Visitor, real_process
from tests.walk.proxy import proxy

pytestmark = pytest.mark.db


@pytest.mark.django_db(transaction=True)
def test_s41_a_real_run_logs_nobody_and_nothing_they_typed(museum: Account, planner: User, tmp_path: Path) -> None:
    with real_process(tmp_path / "log", ALLOWED_HOSTS="127.0.0.1") as server:
        visitor = Visitor(server)
        visitor.ask("GET", "/api/v1/me")
        visitor.ask("POST", "/api/v1/session", {"username": "pekka", "password": "wrong-hunter2"})
        visitor.sign_in("pekka")
        told = [
            visitor.ask("GET", f"/api/v1/search?{urllib.parse.urlencode({'q': museum.name})}"),
            visitor.ask("GET", "/api/v1/search?q=4050+9552"),
            visitor.ask("GET", f"/api/v1/customers/{museum.pk}"),
            visitor.ask("GET", "/api/v1/customers/999999?token=ga_secrettoken"),
            visitor.ask("GET", "/imagery/secret/1/0/0.png?token=ga_secrettoken", Authorization="Bearer ga_secrettoken"),
            visitor.ask("GET", "/tiles/network/99/0/0.mvt?token=ga_secrettoken"),
            visitor.ask("GET", "/maps/wms?REQUEST=GetCapabilities&token=ga_secrettoken"),
            visitor.ask("GET", "/api/v1/customers?token=ga_secrettoken", Host="evil.example"),
        ]
        move = {"lon": THEATRE[0], "lat": THEATRE[1], "base_version": 1, "reason": "wrong gate", "confirm_distance": True}
        told.append(visitor.ask("POST", f"/api/v1/customers/{museum.pk}/move", move))
        broken(server, visitor)
        abused(server, visitor)
        until(lambda: "socket_closed_for_abuse" in server.said, within_s=5, what="The socket says why it closes")
        log = server.said
        lines = [json.loads(line) for line in log.splitlines()]

    assert [status for status, _, _ in told] == [200, 200, 200, 404, 404, 400, 401, 400, 200]
    secrets = [museum.name, museum.account_no, "Mikko", "4050", "9552", "pekka", "Pekka", "wrong gate", "hunter2", PASSWORD, "ga_secret"]
    secrets += [*visitor.cookies.values(), str(THEATRE[0]), "evil.example", "sessionid", "q="]
    assert [secret for secret in secrets if secret and secret in log] == []
    # An answer's id is in the log, and every line of a request or a socket has one.
    assert {headers["x-request-id"] for status, headers, _ in told if status != 400} <= {line.get("request_id") for line in lines}
    at_start = {"uvicorn.error"}
    without = {line["event"] for line in lines if not line.get("request_id")}
    assert not {event for event in without if event.startswith(("request", "socket", "slow", "database"))}, (without, at_start)


def broken(server: RealProcess, visitor: Visitor) -> None:
    """A fault of ours: a table that is not there. Its error quotes SQL."""
    with connection.cursor() as cursor:
        cursor.execute("alter table layers_idempotencykey rename to gone")
    try:
        status, headers, content = visitor.ask("POST", "/api/v1/customers", {"name": "Mikko", "account_no": "0012345678", "grade": "first"})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("alter table gone rename to layers_idempotencykey")
    assert status == 500
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(content)["request_id"] == headers["x-request-id"]
    assert b"layers_" not in content
    failed = [line for line in server.lines if line["event"] == "request_failed"]
    assert failed[-1]["request_id"] == headers["x-request-id"]
    assert "ProgrammingError" in failed[-1]["exception"]


def abused(server: RealProcess, visitor: Visitor) -> None:
    cookie = {"Cookie": f"sessionid={visitor.cookies['sessionid']}"}
    address, origin = f"ws://127.0.0.1:{server.port}/ws/map", f"http://127.0.0.1:{server.port}"
    with connect(address, origin=origin, additional_headers=cookie) as line, contextlib.suppress(ConnectionClosed):
        line.send("{Mikko")
        line.recv(5)


@pytest.mark.unit
def test_the_proxys_log_quotes_no_token_when_the_maps_do_not_answer(tmp_path: Path) -> None:
    folder = tmp_path / "proxy"
    with proxy([settings.free_port(set())], folder) as port:
        said = {}
        for path in ("/maps/wms?token=ga_secrettoken", "/elsewhere"):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", path)
            said[path] = connection.getresponse().status

    assert set(said.values()) == {502}
    log = (folder / "stderr").read_text() + (folder / "error.log").read_text()
    assert "ga_secrettoken" not in log
    assert "/elsewhere" in log


@pytest.mark.unit
def test_an_error_in_the_log_tells_where_and_what_kind_but_not_its_words() -> None:
    try:
        try:
            int("Mikko")
        except ValueError as error:
            raise LookupError("postgis://gridatlas:hunter2@db/gridatlas") from error
    except LookupError as error:
        told = without_words((type(error), error, error.__traceback__))

    assert "builtins.ValueError" in told
    assert told.endswith("builtins.LookupError")
    assert "test_logs.py" in told
    assert "hunter2" not in told.replace('raise LookupError("postgis://gridatlas:hunter2@db/gridatlas") from error', "")
