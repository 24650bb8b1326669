"""./gridatlas as a person meets it: what it says, and that every failure ends in one sentence that tells what to do."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[1]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what runs the project, in a folder of its own and without an environment."""
    folder = tmp_path / "my clone"
    folder.mkdir()
    shutil.copy(ROOT / "gridatlas", folder)
    shutil.copytree(ROOT / "ops", folder / "ops", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def _gridatlas(clone: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "gridatlas", *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, **env}, check=False
    )


def _installed(clone: Path) -> Path:
    """The Python half alone, as if the packages had been installed already."""
    for folder in ("var/log", "var/stamps"):
        (clone / folder).mkdir(parents=True)
    return clone


def _ops(clone: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **env},
        check=False,
    )


def test_help_names_every_command() -> None:
    script = (ROOT / "gridatlas").read_text("utf-8")
    commands = {word for line in re.findall(r"^  ([a-z][a-z |]*)\)$", script, re.MULTILINE) for word in line.split(" | ")}

    shown = _gridatlas(ROOT, "help").stdout

    assert {"up", "down", "status", "logs", "manage", "backup", "restore", "test", "bench", "lock"} <= commands
    assert {command for command in commands - {"help"} if f"./gridatlas {command}" not in shown} == set()


def test_an_unknown_command_is_named(clone: Path) -> None:
    done = _gridatlas(clone, "start")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "gridatlas: there is no command 'start'."


def test_an_unknown_option_of_up_stops_before_anything_is_installed(clone: Path) -> None:
    done = _gridatlas(clone, "up", "--emtpy")

    assert done.returncode == 1
    assert "up knows only --empty" in done.stderr
    assert not (clone / "var").exists()


@pytest.mark.parametrize("command", ["down", "status", "logs", "manage", "backup", "restore"])
def test_before_the_first_up_each_command_points_to_it(clone: Path, command: str) -> None:
    done = _gridatlas(clone, command)

    assert done.returncode == 1
    assert done.stderr == "gridatlas: nothing is installed here yet; run ./gridatlas up first.\n"


def test_an_ordinary_user_reads_which_packages_are_missing_and_how_to_get_them(clone: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name not in {"redis-server", "sudo", "id"}:
            (programs / program.name).symlink_to(program)
    for name, answer in (("id", "echo 1000"), ("sudo", "exit 1")):
        (programs / name).write_text(f"#!/bin/sh\n{answer}\n")
        (programs / name).chmod(0o755)

    done = _gridatlas(clone, "up", PATH=str(programs))

    assert done.returncode == 1
    assert "redis-server" in done.stderr.splitlines()[0]
    assert re.search(r"ask an administrator to run: apt-get install .*redis-server", done.stderr.splitlines()[-1])


def test_ci_runs_exactly_the_one_test_command() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()

    assert [line for line in lines if "gridatlas" in line] == ["exec ./gridatlas test"]


def test_a_port_in_use_is_said_in_one_sentence_and_nothing_is_made(clone: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        done = _ops(_installed(clone), "up", GRIDATLAS_PORT=str(port))

    assert done.returncode == 1
    assert done.stderr.startswith(f"gridatlas: port {port} is in use by another program; choose another")
    assert len(done.stderr.splitlines()) == 1
    assert not (clone / "var" / "postgres").exists()


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", ""])
def test_a_port_that_is_none_is_refused(clone: Path, port: str) -> None:
    done = _ops(_installed(clone), "up", GRIDATLAS_PORT=port)

    assert done.returncode == 1
    assert "give a number from 1 to 65535" in done.stderr


def test_down_is_content_when_nothing_runs(clone: Path) -> None:
    _write_settings(_installed(clone))

    done = _ops(clone, "down")

    assert done.returncode == 0
    assert "Nothing was running" in done.stdout


def test_status_says_that_nothing_runs(clone: Path) -> None:
    _write_settings(_installed(clone))

    done = _ops(clone, "status")

    assert (done.returncode, done.stdout) == (3, "GridAtlas is not running; start it with ./gridatlas up.\n")


def test_an_unknown_log_is_answered_with_the_known_ones(clone: Path) -> None:
    _write_settings(_installed(clone))
    for name in ("web_0", "web_1", "worker"):
        (clone / "var" / "log" / f"{name}.log").touch()

    done = _ops(clone, "logs", "wbe")

    assert done.returncode == 1
    assert done.stderr.endswith("there is no log 'wbe'; there are: web, worker.\n")


def test_a_file_to_restore_that_is_not_there_is_named(clone: Path) -> None:
    _write_settings(_installed(clone))

    done = _ops(clone, "restore", "monday.backup", GRIDATLAS_CALLED_FROM="/srv")

    assert done.stderr == "gridatlas: there is no file /srv/monday.backup.\n"


def _write_settings(clone: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-c",
            "from pathlib import Path; from ops import settings; settings.write(Path('var/env'), settings.with_defaults({}))",
        ],
        cwd=clone,
        check=True,
    )


def test_what_is_tested_is_what_is_installed() -> None:
    """`test` and `up` share one environment, so a package that both lock files name has one version."""
    pins = [
        dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements" / f"{name}.lock").read_text(), re.MULTILINE))
        for name in ("base", "dev")
    ]
    base, dev = pins

    assert base
    assert {name: (version, dev.get(name)) for name, version in base.items() if dev.get(name) != version} == {}


@pytest.mark.parametrize("name", ["base", "dev", "node"])
def test_every_locked_package_is_pinned_by_its_hash(name: str) -> None:
    packages = re.split(r"\n(?=\S)", (ROOT / "requirements" / f"{name}.lock").read_text().strip())

    assert packages
    assert [package.splitlines()[0] for package in packages if "--hash=sha256:" not in package] == []
