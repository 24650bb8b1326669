"""The application's page, its headers, health, schema."""

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from tests.cast import Browser

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_alive_asks_nobody():
    assert Client().get("/healthz").json() == {"status": "alive"}


@override_settings(REDIS_URL="redis://127.0.0.1:1/0", MAPPROXY_URL="http://127.0.0.1:1")
def test_without_redis_and_map_proxy_people_are_still_served():
    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["parts"]["database"] == "ok"


def test_every_address_of_the_application_is_the_same_page_and_unknown_api_addresses_are_404(tmp_path, settings):
    (tmp_path / "index.html").write_text("<!doctype html><title>GridAtlas</title>")
    settings.FRONTEND_DIST = tmp_path

    for address in ("/", "/sign-in", "/customers/17"):
        assert b"<title>GridAtlas" in Client().get(address).content
    for address in ("/api/v1/nothing", "/api/nothing", "/static/nothing.js"):
        assert Client().get(address).status_code == 404


def test_a_page_that_is_not_built_says_what_to_do(tmp_path, settings):
    settings.FRONTEND_DIST = tmp_path

    answer = Client().get("/")

    assert answer.status_code == 503
    assert b"./gridatlas up" in answer.content


def test_every_answer_carries_the_content_policy_and_a_request_id(planner):
    answer = Browser(planner).get("/api/v1/me")

    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.headers["X-Request-ID"]) == 36


def test_the_schema_is_valid_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
