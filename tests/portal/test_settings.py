"""A start without what is needed is refused with one readable list."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit


def start(**environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "DATABASE_URL", "DEBUG")}
    done = subprocess.run([sys.executable, "manage.py", "check"], env=clean | environment, capture_output=True, text=True)
    return f"{done.returncode}\n{done.stderr}"


def test_everything_missing_is_listed_at_once():
    answer = start()

    assert answer.startswith("1")
    assert "SECRET_KEY is missing" in answer
    assert "DATABASE_URL is missing" in answer


def test_a_short_secret_is_refused():
    assert "SECRET_KEY is missing or shorter" in start(SECRET_KEY="changeme", DATABASE_URL="postgis://u@127.0.0.1:1/x")


def test_a_secret_may_come_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("k3y-0f-" * 9)

    assert start(SECRET_KEY_FILE=str(file), DATABASE_URL="postgis://u@127.0.0.1:1/x").startswith("0")
