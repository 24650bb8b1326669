"""What every answer tells the browser not to do, and whether Django's own check of a production start finds anything."""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings

from tests.cast import Browser, person
from tests.layers.live_server import WebProcess, session_of, web_process

PLAIN = {"nosniff": "x-content-type-options", "DENY": "x-frame-options", "same-origin": "referrer-policy"}
PRODUCTION = {
    "SECRET_KEY": "0f3cBq-9dYw7LmZt2RvKx8NsHa5PjUe4GiTo6WbQrEy1MuCzXlDkSv",
    "DATABASE_URL": "postgis://gridatlas:password@db.example/gridatlas",
    "PUBLIC_URL": "https://map.example",
    "ALLOWED_HOSTS": "map.example",
    "DEBUG": "0",
}


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with web_process(settings.REDIS_URL, tmp_path_factory.mktemp("headers") / "log") as process:
        yield process


def ask(server: WebProcess, address: str, user: User | None = None, method: str = "GET") -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_of(user)}"} if user else {}
    connection.request(method, address, headers=cookie)
    answer = connection.getresponse()
    answer.read()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def sources(policy: str) -> dict[str, list[str]]:
    return {name: words for name, *words in (part.split() for part in policy.split(";") if part.strip())}


@pytest.mark.db
@pytest.mark.django_db(transaction=True)
def test_s45_every_answer_carries_every_header(server: WebProcess, dispatcher: User) -> None:
    addresses = {
        "/": 200,
        "/sign-in": 200,
        "/healthz": 200,
        "/api/v1/me": 200,
        "/api/v1/customers/999": 404,
        "/api/v1/nothing": 404,
        "/api/schema": 200,
        "/api/docs": 200,
        "/admin/": 404,
        "/static/theme.js": 200,
        "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css": 200,
        "/static/nothing.js": 404,
        "/media/nothing.pdf": 404,
        "/imagery/nothing/1/0/0.png": 404,
        "/tiles/customers/6/36/18.mvt": 204,
        "/tiles/customers/6/99/99.mvt": 400,
        "/tiles/nothing/6/36/18.mvt": 404,
        "/tiles/customers.json": 200,
        "/basemaps/nothing/6/36/18.mvt": 404,
    }
    for user in (dispatcher, None):
        for address, expected in addresses.items():
            status, headers = ask(server, address, user)

            assert status == (expected if user else status), address
            assert {name: headers.get(header) for name, header in PLAIN.items()} == {name: name for name in PLAIN}, address
            assert "microphone=()" in headers["permissions-policy"], address
            policy = sources(headers["content-security-policy"])
            assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"], address
            assert "unsafe" not in headers["content-security-policy"], address
    for method in ("POST", "DELETE", "OPTIONS"):
        assert "frame-ancestors 'none'" in ask(server, "/api/v1/customers", None, method)[1]["content-security-policy"]


@pytest.mark.db
@pytest.mark.django_db
def test_s45_a_page_may_reach_its_own_host_and_no_other() -> None:
    with override_settings(ALLOWED_HOSTS=["map.example"], SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        answer = Client().get("/sign-in", headers={"host": "map.example:8443", "x-forwarded-proto": "https"})

    policy = sources(answer.headers["Content-Security-Policy"])
    assert policy["connect-src"] == ["'self'", "wss://map.example:8443"]
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == policy["worker-src"] == ["'self'"]
    assert policy["object-src"] == ["'none'"]


@pytest.mark.db
@pytest.mark.django_db
def test_s45_a_host_that_is_not_ours_gets_into_no_policy() -> None:
    answer = Client().get("/sign-in", headers={"host": "evil.example"})

    assert answer.status_code == 400
    assert sources(answer.headers["Content-Security-Policy"])["connect-src"] == ["'self'"]


@pytest.mark.unit
def test_s48_djangos_check_of_a_production_start_is_clean() -> None:
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(command, env=clean | PRODUCTION, capture_output=True, text=True, cwd=settings.BASE_DIR)

    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.db
@pytest.mark.django_db
def test_the_tables_are_for_administrators_and_for_others_there_is_nothing(holder: User, planner: User) -> None:
    boss = person("administrator", "aino")
    boss.is_staff = boss.is_superuser = True
    boss.save()
    planner.is_staff = True
    planner.save()

    for user in (holder, planner, person("administrator", "ilman")):
        for address in ("/admin/", "/admin/customers/account/", "/admin/nothing/", "/admin/jsi18n/", "/admin/password_change/"):
            assert Browser(user).get(address).status_code == 404, (user, address)
    assert Browser(None).get("/admin/").headers["Location"].startswith("/admin/login/")
    page = Browser(boss).get("/admin/customers/accountholder/add/").content.decode()
    assert "<title>Add account holder | GridAtlas</title>" in page
    assert Browser(boss).get("/admin/auth/user/add/").status_code == 403


@pytest.mark.db
@pytest.mark.django_db
def test_what_is_refused_for_its_method_is_told_as_json(planner: User) -> None:
    answer = Browser(planner).post("/api/schema")

    assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/problem+json")
    assert answer.json()["code"] == "method_not_allowed"
