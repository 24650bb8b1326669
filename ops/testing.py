"""Prove the whole project: its own cluster and Redis for the length of one run, the checks, and pytest last."""

import contextlib
import fcntl
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

from ops import redis, settings
from ops.console import LOGS, ROOT, VAR, say
from ops.postgres import Cluster

_FOLDER = VAR / "test"
_TOOLS = Path(sys.executable).parent
_NPM = ["npm", "--prefix", "frontend", "run", "--silent"]
_SCHEMA = [sys.executable, "manage.py", "spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json"]
_SCHEMA_FILE = VAR / "openapi.json"
# Two lanes, one a core, about equally long: each runs its checks one after the other. Told in this order.
CHECKS: tuple[tuple[tuple[str, Sequence[str]], ...], ...] = (
    (
        ("Style of the Python code", [str(_TOOLS / "ruff"), "check"]),
        ("Format of the Python code", [str(_TOOLS / "ruff"), "format", "--check", "--quiet"]),
        ("Types of the Python code", [str(_TOOLS / "mypy")]),
        ("Imports point downward", [str(_TOOLS / "lint-imports")]),
        ("Types of the front end", [*_NPM, "typecheck"]),
    ),
    (
        ("The API's schema is whole", [*_SCHEMA, "--file", str(_SCHEMA_FILE)]),
        ("The front end's API types are the server's", [*_NPM, "api:check", "--", str(_SCHEMA_FILE)]),
        ("Style of the front end", [*_NPM, "lint"]),
        ("Tests of the front end", [*_NPM, "test"]),
    ),
)
# Whole files, in the order of tests/conftest.py, go to one of two processes: a file shares the servers and browsers that it started. Each
# process has its own databases. They share Redis: a foreign hint only makes a hub look into its own log. A third process would use the time
# in which a test waits, but then the cost of a frame is measured beside two others.
_TWO_AT_ONCE = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
# The data of a test run may be lost at any moment, so nothing waits for the disk. Connections: each process has several web processes.
_FAST = [
    "--fsync=off",
    "--synchronous_commit=off",
    "--full_page_writes=off",
    "--wal_level=minimal",
    "--max_wal_senders=0",
    "--max_connections=300",
]


def test(*arguments: str) -> int:
    """Run every check and then all tests, or with arguments only pytest; return the first failure's exit code."""
    with _throwaway_services() as env:
        codes = [] if arguments else _checks(env)
        say("pytest")
        codes.append(_pytest(arguments or _TWO_AT_ONCE, env))
    return next((code for code in codes if code), 0)


def bench(*goals: str) -> int:
    """Measure the goals, or all; each prints its own row. The databases of a million points stay in var/bench for the next run."""
    folder = VAR / "bench"
    folder.mkdir(mode=0o711, exist_ok=True)
    chosen = settings.with_defaults(settings.read(folder / "env"))
    settings.write(folder / "env", chosen)
    # As durable as in real life: a benchmark without fsync would flatter every commit.
    with _services(folder, chosen) as env:
        return subprocess.run([sys.executable, "-m", "tests.bench", *goals], cwd=ROOT, env=env, check=False).returncode


def _checks(env: Mapping[str, str]) -> list[int]:
    """Run the lanes side by side; print each check's whole output in the order of CHECKS; return the exit codes."""
    say("Style, types, contracts, front end")
    with ThreadPoolExecutor(len(CHECKS)) as lanes:
        ran = lanes.map(lambda lane: [_check(title, command, env) for title, command in lane], CHECKS)
        done = [check for lane in ran for check in lane]
    for output, _ in done:
        print(output, end="", flush=True)
    return [code for _, code in done]


def _check(title: str, command: Sequence[str], env: Mapping[str, str]) -> tuple[str, int]:
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", check=False
    )
    output = f"--- {title} ({time.monotonic() - started:.1f} s)\n{done.stdout}"
    return output + (f"^^^ failed: {' '.join(command)}\n\n" if done.returncode else ""), done.returncode


def _pytest(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=dict(env), check=False).returncode


@contextlib.contextmanager
def _throwaway_services() -> Iterator[dict[str, str]]:
    """Start a cluster and a Redis that nobody else uses; yield the environment that leads to them; leave nothing."""
    _FOLDER.mkdir(mode=0o711, parents=True, exist_ok=True)
    _clear_dead_runs()
    folder = Path(tempfile.mkdtemp(dir=_FOLDER))
    folder.chmod(0o711)  # the server's own user passes through it
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _services(folder, settings.with_defaults({}), initdb_options=["--no-sync"], server_options=_FAST) as env:
            yield env
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _services(
    folder: Path, chosen: Mapping[str, str], *, initdb_options: Sequence[str] = (), server_options: Sequence[str] = ()
) -> Iterator[dict[str, str]]:
    signal.signal(signal.SIGTERM, _end)
    cluster = Cluster(
        folder=folder / "postgres",
        superuser_password=chosen["POSTGRES_PASSWORD"],
        database_url=chosen["DATABASE_URL"],
        owner_url=settings.owner_url(chosen),
    )
    redis_config = folder / "redis" / "redis.conf"
    redis.write_config(redis_config, chosen["REDIS_URL"])
    say("Starting a PostgreSQL cluster and a Redis for this run alone")
    cluster.create(initdb_options=initdb_options)
    with (
        _server(cluster.server_command(*server_options), LOGS / "test-postgres.log", stop=signal.SIGINT),
        _server(["redis-server", str(redis_config)], LOGS / "test-redis.log", stop=signal.SIGTERM),
    ):
        cluster.wait_until_ready()
        # Databases are made from the template by a role that may create databases but no extension.
        cluster.create_extensions("template1")
        cluster.create_database()
        cluster.sql("alter role gridatlas createdb;")
        yield settings.environment(chosen, folder)


@contextlib.contextmanager
def _server(command: Sequence[str], log: Path, *, stop: signal.Signals) -> Iterator[None]:
    with log.open("w") as output, subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output) as process:
        try:
            yield
        finally:
            process.send_signal(stop)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def _clear_dead_runs() -> None:
    """Stop and remove what a run that was killed has left; a living run holds its folder's lock."""
    for folder in _FOLDER.iterdir():
        with contextlib.suppress(OSError), (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            cluster = Cluster(folder=folder / "postgres", superuser_password="", database_url="", owner_url="")
            cluster.stop(mode="immediate")
            shutil.rmtree(folder, ignore_errors=True)


def _end(*_: object) -> NoReturn:
    sys.exit(143)
