"""What all benchmarks share: seeded databases of any size, a real web process, pgbench and wrk side by side, rows of docs/benchmarks.md.

A goal is a ratio of two things measured in the same run, taken in turns (A B A B ...), the median of the rounds.
"""

import contextlib
import json
import math
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "benchmarks.md"
SEED = 20_260_302
# A dozen towns of one utility around Helsinki; customers stand around their centres.
TOWNS = 12
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))


@dataclass
class Town:
    lon: float
    lat: float


def towns() -> list[Town]:
    chance = random.Random(SEED)
    return [Town(24.0 + chance.random() * 3, 60.1 + chance.random() * 1.5) for _ in range(TOWNS)]


@dataclass
class Database:
    """A database of `points` customers; `url` is its DATABASE_URL."""

    points: int
    url: str

    @property
    def dsn(self) -> str:
        return self.url.replace("postgis://", "postgresql://", 1)

    def rows(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        with contextlib.closing(psycopg2.connect(self.dsn)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, args or None)
                return cursor.fetchall() if cursor.description else []

    def env(self, **more: str) -> dict[str, str]:
        return {**os.environ, "DATABASE_URL": self.url, "DEBUG": "", "SECRET_KEY": "bench" * 12, "LOG_LEVEL": "WARNING", **more}

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self.env(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


def database(points: int) -> Database:
    """Return a database with that many customers, made once per server from one seed and kept for the next run."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = f"gridatlas_bench_{points}"
    made = Database(points, urlunsplit(parts._replace(path=f"/{name}")))
    admin = Database(0, os.environ["DATABASE_URL"])
    if not admin.rows("select 1 from pg_database where datname = %s", name):
        for base in (admin, Database(0, urlunsplit(parts._replace(path="/postgres")))):
            with contextlib.suppress(psycopg2.OperationalError):
                base.rows(f"create database {name}")
                break
        for extension in ("postgis", "pg_trgm"):
            made.rows(f"create extension if not exists {extension}")
    # Kept databases may be older than the code.
    made.manage("migrate", "--verbosity", "0")
    if made.rows("select count(*) from customers_account")[0][0] != points:
        _fill(made)
    return made


def _fill(made: Database) -> None:
    """Write the points by SQL: normal distribution around the towns, every tenth anywhere in the region."""
    print(f"making {made.points} customers", file=sys.stderr)
    made.rows("alter table layers_auditrow disable trigger auditrow_is_not_emptied")
    made.rows(
        "truncate spatial_point, customers_account, customers_enterprise, layers_tilecell, layers_event, layers_stream, layers_session, auth_user cascade"
    )
    centres = towns()
    made.rows("insert into customers_enterprise (id, name, uscc) values (1, 'Bench', '')")
    made.rows(
        f"""
        select setseed(0.42);
        insert into spatial_point (id, geom, datum, source, converted_by, version)
        select i, case when u3 < 0.1 then ST_SetSRID(ST_MakePoint(24 + 3 * u1, 60.1 + 1.5 * u2), 4326)
            else ST_SetSRID(ST_MakePoint(lon + 0.10 * sqrt(-2 * ln(1 - u1)) * cos(2 * pi() * u2), lat + 0.05 * sqrt(-2 * ln(1 - u1)) * sin(2 * pi() * u2)), 4326) end,
            'WGS84', 'survey', '', 1
        from (
            select i, (1 + floor(random() * {TOWNS}))::int as town, random() as u1, random() as u2, random() as u3 from generate_series(1, {made.points}) i
        ) r, (select array{[town.lon for town in centres]}::float8[] as lons, array{[town.lat for town in centres]}::float8[] as lats) c,
        lateral (select lons[town] as lon, lats[town] as lat) t
        """
    )
    made.rows(
        """
        insert into customers_account (id, enterprise_id, account_no, name, name_en, name_zh, pinyin, initials, address, search_text, status, grade,
            classes, contract_kva, running_kva, voltage, point_id, made_up, version, created_at, updated_at, delete_reason)
        select id, 1, lpad(id::text, 10, '0'), 'Customer ' || id, 'Customer ' || id, '客户' || id, 'kehu', 'kh', 'Street ' || id % 1000, 'customer ' || id,
            (array['normal', 'normal', 'normal', 'commissioning', 'changing'])[1 + id % 5],
            (array['none', 'none', 'none', 'none', 'second', 'second', 'temporary', 'first', 'none', 'special'])[1 + id % 10],
            case id % 4 when 0 then array['large'] when 1 then array['top100', 'own_transformer'] else array[]::varchar[] end,
            100 + id % 900, 90, '10kV', id, true, 1, now(), now(), ''
        from spatial_point
        """
    )
    made.rows("select setval(pg_get_serial_sequence(t, 'id'), %s) from unnest(array['spatial_point', 'customers_account']) t", made.points)
    made.rows("analyze")
    made.rows("vacuum spatial_point")
    made.rows("vacuum customers_account")
    made.manage("build_tiles", "--layer", "customers")
    made.rows("vacuum analyze layers_tilecell")


def changed_copy(points: int) -> Database:
    """Return a copy of the database of that size, made anew: for measurements that change rows."""
    origin = database(points)
    parts = urlsplit(origin.url)
    name = f"gridatlas_bench_{points}_changed"
    admin = Database(0, os.environ["DATABASE_URL"])
    admin.rows(f"drop database if exists {name} with (force)")
    admin.rows(f"create database {name} template gridatlas_bench_{points}")
    return Database(points, urlunsplit(parts._replace(path=f"/{name}")))


def session_cookie(made: Database) -> str:
    """Sign a dispatcher in by the project's own session code; return the cookie."""
    script = (
        "from django.contrib.auth.models import User, Group; from django.test import Client\n"
        "user, _ = User.objects.get_or_create(username='bench')\n"
        "user.groups.add(Group.objects.get_or_create(name='planner')[0])\n"
        "client = Client(); client.force_login(user); print('sessionid=' + client.cookies['sessionid'].value)"
    )
    return made.manage("shell", "-v", "0", "-c", script).strip().splitlines()[-1]


@contextlib.contextmanager
def serving(command: Sequence[str], *, port: int, env: dict[str, str], path: str = "/healthz", log_name: str = "web") -> Iterator[str]:
    """Run a server until the block ends; wait until it answers anything at all; yield its address."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{log_name}.log").open("w") as log, subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(300):
                assert process.poll() is None, (folder / f"{log_name}.log").read_text()[-3000:]
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
                    break
                time.sleep(0.1)
            _pids[address] = process.pid
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


_pids: dict[str, int] = {}


def cpu_seconds(address: str) -> float:
    """Return the processor time that the server at the address has used so far: unlike the clock, it does not see what else runs here."""
    threads = Path(f"/proc/{_pids[address]}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def web(made: Database, app: str = "config.asgi:application", **env: str) -> Iterator[str]:
    """Run one web process of GridAtlas as `up` runs it."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        app,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
        "--ws",
        "websockets-sansio",
    ]
    with serving(command, port=port, env=made.env(**env)) as address:
        yield address


def get(url: str, cookie: str = "", *, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={"Cookie": cookie, **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {}, error.read()


@dataclass
class Load:
    """What wrk saw."""

    per_second: float
    p50_ms: float
    p99_ms: float
    bad: int
    per_cpu_second: float


def wrk(
    address: str,
    paths: Sequence[str],
    *,
    cookie: str = "",
    connections: int = 8,
    seconds: int = SECONDS,
    headers: dict[str, str] | None = None,
) -> Load:
    """Ask for the paths in a seeded random order with keep-alive connections."""
    folder = ROOT / "var" / "bench"
    (folder / "paths.txt").write_text("\n".join(paths))
    lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in {**({"Cookie": cookie} if cookie else {}), **(headers or {})}.items()]
    script = folder / "paths.lua"
    script.write_text(
        "\n".join(
            [
                *lines,
                "local requests = {}",
                "init = function(args)",
                f'  for line in io.lines("{folder / "paths.txt"}") do requests[#requests + 1] = wrk.format("GET", line) end',
                f"  math.randomseed({SEED})",
                "end",
                "request = function() return requests[math.random(#requests)] end",
                'done = function(summary, latency) io.write(string.format("RESULT %d %d %d %f %f\\n", summary.requests, summary.duration,'
                " summary.errors.status + summary.errors.read + summary.errors.timeout + summary.errors.connect,"
                " latency:percentile(50) / 1000, latency:percentile(99) / 1000)) end",
            ]
        )
    )
    before = cpu_seconds(address)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), address], capture_output=True, text=True, check=True
    )
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\S+) (\S+)", done.stdout)
    assert found, done.stdout + done.stderr
    requests, micros, bad = map(int, found.groups()[:3])
    # A server that works in child processes (granian) leaves nothing here; only G3 looks at it.
    used = max(cpu_seconds(address) - before, 1e-9)
    return Load(requests / micros * 1e6, float(found[4]), float(found[5]), bad, requests / used)


def pgbench(made: Database, script: str, *, clients: int = 8, seconds: int = SECONDS, mode: str = "prepared") -> tuple[float, float]:
    """Run the script; return (transactions per second, mean latency in ms). Plans are generic, as the web process's are."""
    path = ROOT / "var" / "bench" / "script.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    binary = shutil.which("pgbench") or "/usr/lib/postgresql/15/bin/pgbench"
    env = os.environ | {"PGOPTIONS": "-c plan_cache_mode=force_generic_plan -c jit=off"}
    done = subprocess.run(
        [binary, "-n", "-M", mode, f"-c{clients}", f"-j{min(2, clients)}", f"-T{seconds}", "-f", str(path), made.dsn],
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    tps = re.search(r"tps = (\S+) \(without", done.stdout)
    latency = re.search(r"latency average = (\S+) ms", done.stdout)
    assert tps and latency, done.stdout
    return float(tps[1]), float(latency[1])


def choice(variable: str, values: Sequence[int | float], index: str = "i") -> str:
    """Return a pgbench line that sets the variable to values[index]: a balanced tree of CASEs, so that choosing costs nothing to speak of."""

    def tree(first: int, last: int) -> str:
        if first == last:
            return repr(values[first])
        middle = (first + last) // 2
        return f"case when :{index} <= {middle} then {tree(first, middle)} else {tree(middle + 1, last)} end"

    return f"\\set {variable} {tree(0, len(values) - 1)}"


def alternating(sides: dict[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, list[Any]]:
    """Run the sides in turns, so that a noisy minute hits all of them."""
    found: dict[str, list[Any]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            found[name].append(side())
    return found


def median_ratio(above: Sequence[float], below: Sequence[float]) -> tuple[float, str]:
    """Return the median of the rounds' ratios, and their spread as text."""
    ratios = sorted(a / b for a, b in zip(above, below, strict=True))
    return statistics.median(ratios), f"{ratios[0]:.2f} to {ratios[-1]:.2f}"


@dataclass
class Result:
    """One row of the table: what was measured, whether it meets the goal."""

    goal_id: str
    measured: str
    met: bool | None
    details: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def record(result: Result) -> None:
    """Print the row, write it into docs/benchmarks.md and the details beside it as JSON."""
    met = {True: "yes", False: "no", None: "not yet"}[result.met]
    if result.reason:
        met += f": {result.reason}"
    print(f"\n{result.goal_id} | {result.measured} | {datetime.now(UTC):%Y-%m-%d} | {met}")
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    load = os.getloadavg()
    (folder / f"{result.goal_id}.json").write_text(
        json.dumps(
            {"goal": result.goal_id, "commit": commit, "seed": SEED, "load": load, "measured": result.measured, **result.details},
            indent=1,
            default=str,
        )
    )
    if not TABLE.exists():
        return
    lines = TABLE.read_text().splitlines()
    for number, line in enumerate(lines):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells and cells[0] == result.goal_id:
            cells[2], cells[4], cells[5] = result.measured, f"{datetime.now(UTC):%Y-%m-%d}", met
            lines[number] = "| " + " | ".join(cells) + " |"
    TABLE.write_text("\n".join(lines) + "\n")


def tiles_around_points(made: Database, z: int, count: int) -> list[tuple[int, int]]:
    """Return distinct tiles of zoom z, each around some customer, from the seed."""
    from spatial.tiles import tile_at

    chance = random.Random(SEED)
    ids = chance.sample(range(1, made.points + 1), min(made.points, count * 20))
    rows = made.rows("select id, ST_X(geom), ST_Y(geom) from spatial_point where id = any(%s)", ids)
    by_id = {pk: tile_at(lon, lat, z) for pk, lon, lat in rows}
    distinct = dict.fromkeys(by_id[pk] for pk in ids)
    return list(distinct)[:count]


def slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Return the log-log slope: 0 is flat, 1 is linear."""
    xs, ys = [math.log(size) for size in sizes], [math.log(max(value, 1e-9)) for value in values]
    mean_x, mean_y = statistics.fmean(xs), statistics.fmean(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)
