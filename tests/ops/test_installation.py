"""A whole installation in a folder of its own: up, up again, killed processes, backup, restore, down. Without the demo, to be quick."""

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from ops import settings

pytestmark = [pytest.mark.ha, pytest.mark.long]

ROOT = Path(__file__).parents[2]
LEFT_OUT = (".git", ".venv", "var", "node_modules", "frontend", "tests", "docs", "__pycache__", ".*_cache", ".hypothesis")


class Installation:
    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "GRIDATLAS_PORT": str(self.port)}
        return subprocess.run(
            [sys.executable, "-m", "ops", *arguments], cwd=self.folder, env=env, capture_output=True, text=True, timeout=300, check=False
        )

    def must(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        address = settings.read(self.folder / "var" / "env")["DATABASE_URL"].replace("postgis", "postgresql", 1)
        with contextlib.closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def supervisord(self) -> int:
        return int((self.folder / "var" / "supervisord.pid").read_text())

    def processes(self) -> dict[int, str]:
        """Return the command lines of all living processes that name this folder in their environment or command line."""
        found = {}
        for process in Path("/proc").iterdir():
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                mark = f"GRIDATLAS_SUPERVISED={self.folder}/var".encode() in (process / "environ").read_bytes()
            except (OSError, UnicodeDecodeError):
                continue
            if process.name.isdecimal() and command and (mark or str(self.folder / "var" / "postgres") in command):
                found[int(process.name)] = command
        return found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("site") / "grid atlas"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "frontend").mkdir()
    if (ROOT / "frontend" / "dist").is_dir():
        shutil.copytree(ROOT / "frontend" / "dist", folder / "frontend" / "dist")
    for name in ("var/log", "var/stamps"):
        (folder / name).mkdir(parents=True)
    (folder / "var").chmod(0o711)
    installation = Installation(folder, settings.free_port(set()))
    installation.must("up", "--empty")
    yield installation
    installation.run("down")


def test_up_ends_with_a_ready_site(here: Installation) -> None:
    assert here.get("/readyz") == 200
    assert here.run("status").returncode == 0


def test_a_second_up_takes_under_ten_seconds_and_restarts_nothing(here: Installation) -> None:
    before = here.processes()
    started = time.monotonic()

    shown = here.must("up", "--empty")

    assert time.monotonic() - started < 10
    assert f"Ready: http://localhost:{here.port}" in shown
    assert set(before) <= set(here.processes())


def test_a_killed_web_process_refuses_nobody(here: Installation) -> None:
    victim = next(pid for pid, command in here.processes().items() if "ops.web" in command)

    os.kill(victim, signal.SIGKILL)

    assert [here.get("/healthz") for _ in range(20)] == [200] * 20


def test_a_setting_of_the_environment_reaches_a_running_site(here: Installation) -> None:
    env_file = here.folder / "var" / "env"
    settings.write(env_file, {**settings.read(env_file), "LANGUAGE_CODE": "zh-hans"})

    shown = here.must("up", "--empty")

    assert "Settings have changed" in shown
    web = next(pid for pid, command in here.processes().items() if "ops.web" in command)
    assert b"LANGUAGE_CODE=zh-hans" in Path(f"/proc/{web}/environ").read_bytes()


def test_a_restore_brings_the_data_back_and_voids_all_cursors(here: Installation, tmp_path: Path) -> None:
    [(epoch,)] = here.sql("insert into layers_stream (key, epoch, seq) values ('proof', gen_random_uuid(), 7) returning epoch")
    here.must("backup", str(tmp_path / "monday.backup"))
    here.sql("delete from layers_stream where key = 'proof' returning key")

    twice = here.run("backup", str(tmp_path / "monday.backup"))
    (tmp_path / "damaged.backup").write_bytes((tmp_path / "monday.backup").read_bytes()[:20_000])
    damaged = here.run("restore", str(tmp_path / "damaged.backup"))
    told = here.must("restore", str(tmp_path / "monday.backup"))

    assert twice.returncode != 0
    assert "exists already" in twice.stderr
    assert damaged.returncode != 0
    assert "Stopping" not in damaged.stdout
    assert "Everybody must sign in again." in told
    [(seq, fresh)] = here.sql("select seq, epoch from layers_stream where key = 'proof'")
    assert seq == 7
    assert fresh != epoch
    assert here.get("/readyz") == 200


def test_up_clears_away_what_a_killed_supervisord_left(here: Installation) -> None:
    orphans = {pid for pid in here.processes() if pid != here.supervisord()}
    os.kill(here.supervisord(), signal.SIGKILL)

    shown = here.must("up", "--empty")

    assert "that an earlier run had left behind" in shown
    assert not orphans & set(here.processes())
    assert here.get("/readyz") == 200


def test_down_leaves_no_process(here: Installation) -> None:
    here.must("down")

    assert here.processes() == {}
    assert here.run("status").returncode == 3
