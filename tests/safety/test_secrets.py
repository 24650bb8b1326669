"""Secrets: a start without good ones is refused with a readable list, and none is in the tree, its history, the log or an answer."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator

from portal.api.parsers import Json

GOOD = {"SECRET_KEY": "0f3cBq-9dYw7LmZt2RvKx8NsHa5PjUe4GiTo6WbQrEy1MuCzXlDkSv", "DATABASE_URL": "postgis://u:hunter2secret@127.0.0.1:1/x"}
# What keys look like wherever they come from: private keys, cloud and forge tokens, our own tokens, addresses with a password.
PATTERNS = {
    "private key": r"-----BEGIN (RSA |EC |OPENSSH |DSA |PGP )?PRIVATE KEY",
    "cloud key": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "forge token": r"\b(gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20}|xox[abpr]-[A-Za-z0-9-]{10,}|npm_[A-Za-z0-9]{36})\b",
    "web key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "signed token": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{10,}",
    "key with a value": r"""(?i)\b(secret_key|api_?key|client_secret)\b["']?\s*[:=]\s*["']?(?=[A-Za-z0-9+/_-]{0,60}[0-9])[A-Za-z0-9+/_-]{32,}""",
}
# Made up for tests, and said so.
ALLOWED = re.compile(r"only-for-|0f3cBq-9dYw7LmZt2RvKx8NsHa5PjUe4GiTo6WbQrEy1MuCzXlDkSv|eyJhbGciOi.*example")


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "manage.py", "check"], env=clean | environment, capture_output=True, text=True, cwd=settings.BASE_DIR
    )


@pytest.mark.unit
@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, ["SECRET_KEY is missing", "DATABASE_URL is missing"]),
        (GOOD | {"SECRET_KEY": "changeme"}, ["SECRET_KEY"]),
        (GOOD | {"SECRET_KEY": "x" * 60}, ["SECRET_KEY"]),
        (GOOD | {"SECRET_KEY": "django-insecure-" + "k3yh8d" * 9}, ["SECRET_KEY"]),
        (
            GOOD | {"SECRET_KEY": "only-for-development-0123456789-0123456789-0123456789-abcdef", "PUBLIC_URL": "https://map.example"},
            ["SECRET_KEY"],
        ),
        (GOOD | {"AUDIT_KEEP_DAYS": "7"}, ["AUDIT_KEEP_DAYS is 7"]),
        (GOOD | {"OWN_CRS": "EPSG:3794,EPSG:999999"}, ["OWN_CRS: EPSG:999999 is not in the EPSG register"]),
    ],
    ids=["nothing", "short", "one letter", "Django's own", "the developers' in public", "audit too short", "a grid that is none"],
)
def test_s67_a_start_without_good_secrets_is_refused_with_a_list(environment: dict[str, str], told: list[str]) -> None:
    done = start(**environment)

    assert done.returncode == 1
    assert "GridAtlas cannot start:" in done.stderr
    assert [words for words in told if f"- {words}" not in done.stderr] == []
    assert "hunter2secret" not in done.stderr + done.stdout
    assert environment.get("SECRET_KEY", "?") not in done.stderr


@pytest.mark.unit
def test_s67_with_good_ones_it_starts() -> None:
    assert start(**GOOD).returncode == 0


@pytest.mark.unit
def test_s67_a_database_that_refuses_is_told_without_its_password() -> None:
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    code = "import django; django.setup(); from django.db import connection; connection.cursor()"
    command = [sys.executable, "-c", code]
    environment = clean | GOOD | {"DJANGO_SETTINGS_MODULE": "config.settings"}

    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=settings.BASE_DIR)

    assert "OperationalError" in done.stderr
    assert "hunter2secret" not in done.stderr + done.stdout


def additions() -> Iterator[str]:
    """Every line that was ever added to a text file of the project."""
    where = [":!*package-lock.json", ":!*.lock", ":!requirements/*.txt", ":!*.geojson", ":!*.json"]
    command = ["git", "log", "--all", "-p", "--unified=0", "--no-color", "--format=%h", "--", ".", *where]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True, errors="replace") as log:
        assert log.stdout
        yield from (line[1:] for line in log.stdout if line.startswith("+") and len(line) < 5000)


@pytest.mark.unit
def test_s67_the_tree_and_its_history_hold_no_secret() -> None:
    patterns = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
    if not (settings.BASE_DIR / ".git").exists():
        lines = [line for path in settings.BASE_DIR.rglob("*.py") for line in path.read_text(errors="replace").splitlines()]
    else:
        lines = list(additions())

    found = {(name, line.strip()[:100]) for line in lines for name, pattern in patterns.items() if pattern.search(line)}

    assert len(lines) > 1000
    assert {(name, line) for name, line in found if not ALLOWED.search(line)} == set()


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("cloud key", "aws = '" + "AKIA" + "ABCDEFGHIJKLMNOP" + "'"),
        ("private key", "-----BEGIN " + "RSA PRIVATE KEY-----"),
        ("key with a value", "SECRET_KEY = '" + "a9" * 20 + "'"),
    ],
)
def test_s67_the_patterns_find_what_they_are_for(name: str, line: str) -> None:
    assert re.search(PATTERNS[name], line)


@pytest.mark.db
@pytest.mark.django_db
def test_s63_only_the_imports_take_a_file() -> None:
    """Every other door reads JSON alone; one more that takes files must read them in the child of tests/safety/test_import_files.py."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    doors = {
        (method, path, media)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
        for media in operation.get("requestBody", {}).get("content", {})
    }

    assert {door for door in doors if door[2] != Json.media_type} == {
        ("post", "/api/v1/imports", "multipart/form-data"),
        ("post", "/api/v1/network-imports", "multipart/form-data"),
        # Bytes of a picture; the child of tests/spatial/test_rasters.py reads them.
        ("put", "/api/v1/admin/basemap-uploads/{upload_id}/parts", "application/octet-stream"),
    }
    assert settings.REST_FRAMEWORK["DEFAULT_PARSER_CLASSES"] == ["portal.api.parsers.Json"]
