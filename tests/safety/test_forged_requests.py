"""Requests that another site, a proxy in between or a forger made: none of them does anything."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import resolve

from customers.models import Account
from layers.models import AuditRow
from tests.cast import THEATRE, command_headers, person
from tests.safety.real_process import RealProcess, Visitor, real_process
from tests.walk import addresses
from tests.walk.proxy import proxy

pytestmark = pytest.mark.db
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
NOBODY = "00000000-0000-4000-8000-000000000000"
SAMPLES: dict[str, list[Any]] = {
    "layer_id": ["customers"],
    "key": ["demo"],
    "code": ["HEL"],
    "job_id": ["0" * 32],
    "import_id": [NOBODY],
    "export_id": [NOBODY],
    "upload_id": [NOBODY],
    "basemap_key": ["demo"],
}
SIGN_IN = json.dumps({"username": "aino", "password": "correct horse battery staple"})
# What checks nothing because it changes nothing: any method gets the page itself or a redirect to the sign-in page.
HARMLESS = {"/healthz", "/readyz", "/admin/login/"}


@pytest.fixture
def boss(db: None) -> User:
    user = person("administrator", "aino")
    user.is_staff = user.is_superuser = True
    user.save()
    return user


def unsafe_doors() -> Iterator[tuple[str, str]]:
    """Every address of the resolver with every unsafe method that it has code for."""
    for address in addresses.addresses(_Samples(SAMPLES)):
        view = resolve(address.partition("?")[0]).func
        kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
        for method in UNSAFE:
            if address not in HARMLESS and (kind is None or hasattr(kind, method.lower())):
                yield method, address


def api_doors() -> list[tuple[str, str]]:
    """The doors of the API, but for signing out: it ends the session that the others are asked with, and does nothing for strangers."""
    return [door for door in unsafe_doors() if door[1].startswith("/api/v1/") and door != ("DELETE", "/api/v1/session")]


class _Samples(dict):
    """Any number will do where an object is asked for: nothing gets that far."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> list[int]:
        return [1]


def ask(client: Client, method: str, address: str, content_type: str = "application/json", **more: Any) -> Any:
    headers = command_headers() | more.get("headers", {})
    return client.generic(
        method, address, more.get("body", "{}"), content_type=content_type, headers=headers, secure=more.get("secure", False)
    )


def browser(user: User | None, *, with_token: bool = False) -> tuple[Client, dict[str, str]]:
    client = Client(enforce_csrf_checks=True, raise_request_exception=True)
    if user:
        client.force_login(user)
    if not with_token:
        return client, {}
    client.cookies["csrftoken"] = "c" * 32
    return client, {"X-CSRFToken": "c" * 32}


@pytest.mark.django_db
def test_s46_no_unsafe_door_opens_without_the_token(boss: User) -> None:
    client, _ = browser(boss)
    doors = list(unsafe_doors())

    refused = {(method, address): ask(client, method, address).status_code for method, address in doors}

    # 404 and 405: nothing is there for any request of this kind; the pages of the application take no writes at all.
    assert {door: status for door, status in refused.items() if status not in (403, 404, 405)} == {}
    commands = [status for (method, address), status in refused.items() if address.startswith("/api/v1/")]
    assert len(commands) >= 15
    assert set(commands) == {403}
    assert refused["POST", "/admin/layers/basemap/add/"] == 403
    assert AuditRow.objects.exclude(action="refusal").count() == 0


@pytest.mark.django_db
def test_s46_nor_for_somebody_who_is_not_signed_in(db: None) -> None:
    client, _ = browser(None)

    answers = {door: ask(client, *door, body=SIGN_IN).status_code for door in api_doors()}

    assert {door: status for door, status in answers.items() if status not in (401, 403)} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_s46_nor_from_a_page_of_another_site_even_with_the_token(boss: User, header: str) -> None:
    client, token = browser(boss, with_token=True)

    for method, address in unsafe_doors():
        headers = {**token, header: "https://evil.example/page" if header == "Referer" else "https://evil.example"}
        answer = ask(client, method, address, headers=headers, secure=True)
        assert answer.status_code in ((403,) if address.startswith("/api/v1/") else (403, 404, 405)), (method, address)


@pytest.mark.django_db
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_s46_nor_for_json_that_says_it_is_text_or_a_form(boss: User, content_type: str) -> None:
    client, token = browser(boss, with_token=True)

    answers = {door: ask(client, *door, content_type=content_type, headers=token) for door in api_doors()}

    read = {door: answer.status_code for door, answer in answers.items() if answer.status_code not in (403, 404, 415)}
    # An import reads a form, and misses the file in it.
    assert {read.pop(("POST", f"/api/v1/{imports}"), 400) for imports in ("imports", "network-imports")} == {400}
    # A command without a body reads none, whatever its type is said to be; the token was right.
    assert {method for method, _ in read} <= {"DELETE", "POST"}
    assert set(read.values()) <= {204, 409}
    assert ask(*browser(boss)[:1], "POST", "/api/v1/customers", content_type=content_type).status_code == 403


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProcess]:
    with real_process(
        tmp_path_factory.mktemp("forged") / "log", ALLOWED_HOSTS="map.example", TRUSTED_PROXIES="10.9.9.9", PUBLIC_URL=""
    ) as process:
        yield process


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.django_db(transaction=True)
def test_s47_a_host_that_is_not_ours_is_answered_by_no_door(server: RealProcess, planner: User) -> None:
    cookie = signed_in(server, planner)
    for path in ("/", "/api/v1/me", "/sign-in", "/tiles/customers.json"):
        for host in ("Host: evil.example", "Host: map.example\r\nHost: evil.example", "Host: map.example:80@evil.example", "Host: "):
            answer = server.raw(f"GET {path} HTTP/1.1\r\n{host}\r\n{cookie}\r\nConnection: close\r\n\r\n".encode())
            assert (status_of(answer), b"evil" in answer) == (400, False), (path, host)


def signed_in(server: RealProcess, user: User, **headers: str) -> str:
    visitor = Visitor(server).sign_in(user.username, Host="map.example", **headers)
    return f"Cookie: sessionid={visitor.cookies['sessionid']}"


@pytest.mark.django_db(transaction=True)
def test_s47_what_a_client_says_of_proxies_gets_into_no_answer(server: RealProcess, planner: User) -> None:
    cookie = signed_in(server, planner)
    for path in ("/", "/api/v1/me", "/tiles/customers.json", "/admin/login/"):
        said = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nForwarded: host=evil.example"
        answer = server.raw(f"GET {path} HTTP/1.1\r\nHost: map.example\r\n{said}\r\n{cookie}\r\nConnection: close\r\n\r\n".encode())
        assert status_of(answer) in (200, 302), path
        assert b"evil" not in answer, path
        assert b"https://map.example" not in answer, path


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 40",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
    ],
)
def test_s47_a_request_with_two_lengths_smuggles_no_other(server: RealProcess, framing: str) -> None:
    smuggled = "GET /api/v1/me HTTP/1.1\r\nHost: map.example\r\nX-Smuggled: 1\r\n\r\n"
    request = f"POST /healthz HTTP/1.1\r\nHost: map.example\r\n{framing}\r\n\r\n0\r\n\r\n{smuggled}"

    said_before = server.said

    answer = server.raw(request.encode())

    assert status_of(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1
    assert "/api/v1/me" not in server.said.removeprefix(said_before)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("trusted", "kept"), [("10.9.9.9", "127.0.0.1"), ("127.0.0.1", "203.0.113.9")])
def test_s47_the_audit_keeps_the_real_address(museum: Account, planner: User, tmp_path: Path, trusted: str, kept: str) -> None:
    """A client may write any address first; of the list, only what the trusted proxy itself added counts."""
    with real_process(tmp_path / "log", ALLOWED_HOSTS="map.example", TRUSTED_PROXIES=trusted, PUBLIC_URL="") as server:
        headers = {"Host": "map.example", "X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
        visitor = Visitor(server).sign_in("pekka", **headers)
        move = {"lon": THEATRE[0], "lat": THEATRE[1], "base_version": 1, "confirm_distance": True}
        assert visitor.ask("POST", f"/api/v1/customers/{museum.pk}/move", move, **headers)[0] == 200

    told = dict(AuditRow.objects.filter(action__in=["session.sign_in", "customer.move"]).values_list("action", "ip"))
    assert told == {"session.sign_in": kept, "customer.move": kept}


@pytest.mark.django_db(transaction=True)
def test_s47_through_the_real_proxy_nothing_that_a_client_says_of_proxies_counts(museum: Account, planner: User, tmp_path: Path) -> None:
    """nginx with deploy/nginx.conf; before it the organisation's TLS, which adds the client's address to what the client wrote."""
    own = {"ALLOWED_HOSTS": "map.example", "TRUSTED_PROXIES": "127.0.0.1", "PUBLIC_URL": ""}
    said = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Host": "evil.example", "Forwarded": "for=6.6.6.6;host=evil.example"}
    with real_process(tmp_path / "log", **own) as server, proxy([server.port], tmp_path / "nginx") as port:
        nginx = RealProcess(port, server.log)
        visitor = Visitor(nginx).sign_in("pekka", Host="map.example", **said)
        move = {"lon": THEATRE[0], "lat": THEATRE[1], "base_version": 1, "confirm_distance": True}
        assert visitor.ask("POST", f"/api/v1/customers/{museum.pk}/move", move, Host="map.example", **said)[0] == 200
        for address in ("/", "/tiles/customers.json", "/admin/login/"):
            status, headers, content = visitor.ask("GET", address, Host="map.example", **said)
            assert status in (200, 302), address
            assert "evil" not in f"{headers} {content!r}", address
        assert visitor.ask("GET", "/api/v1/me", Host="evil.example")[0] == 400
        for framing in ("Host: map.example\r\nHost: evil.example", "Host: map.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked"):
            assert status_of(nginx.raw(f"POST /healthz HTTP/1.1\r\n{framing}\r\n\r\n0\r\n\r\n".encode())) == 400, framing

    told = dict(AuditRow.objects.filter(action__in=["session.sign_in", "customer.move"]).values_list("action", "ip"))
    assert told == {"session.sign_in": "203.0.113.9", "customer.move": "203.0.113.9"}


@pytest.mark.django_db
@override_settings(SECURE_SSL_REDIRECT=True, SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"), ALLOWED_HOSTS=["map.example"])
def test_s47_plain_http_is_sent_to_https_of_our_own_host_only() -> None:
    ours = Client().get("/sign-in", headers={"host": "map.example", "x-forwarded-host": "evil.example"})
    theirs = Client().get("/sign-in", headers={"host": "evil.example"})

    assert (ours.status_code, ours.headers["Location"]) == (301, "https://map.example/sign-in")
    assert theirs.status_code == 400
    assert Client().get("/healthz", headers={"host": "map.example"}).status_code == 200
    assert json.loads(theirs.content) == {
        "type": "/errors/bad_request",
        "title": "Bad request",
        "status": 400,
        "detail": "This request cannot be answered as it was sent.",
        "code": "bad_request",
        "request_id": ANY,
    }
