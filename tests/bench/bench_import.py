"""G13: a table of a million customers, from the file to judged rows with their indexes, beside ogr2ogr and beside COPY + CREATE INDEX; and its memory."""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.harness import ROOT, SEED, Database, Result, alternating, changed_copy, median_ratio

ROWS = int(os.environ.get("IMPORT_ROWS", "1000000"))
IMPORT_ROUNDS = int(os.environ.get("IMPORT_ROUNDS", "3"))
STORED_ROWS = 20_000
_TABLE = "number text, name text, grade text, kva text, address text"


def ledger(rows: int) -> Path:
    """Write a CSV of new customers from the seed; kept for the next run."""
    path = ROOT / "var" / "bench" / f"ledger-{rows}.csv"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = random.Random(SEED)
    with path.open("w") as file:
        file.write("account_no,name,lon,lat,grade,contract_kva,address\n")
        for number in range(rows):
            lon, lat = 24 + chance.random() * 3, 60.1 + chance.random() * 1.5
            grade = ("none", "first", "second", "special")[number % 4]
            file.write(f"N{number:09d},Customer {number},{lon:.6f},{lat:.6f},{grade},{100 + number % 900},Street {number % 1000}\n")
    return path


def ours(made: Database, path: Path, *wishes: str) -> dict[str, Any]:
    """Run the command as people run it; return seconds, the command's own peak of memory in MB, and what it reported."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import_customers", str(path), "--json", *wishes],
        cwd=ROOT,
        env=made.env(MEDIA_ROOT=str(ROOT / "var" / "bench" / "media")),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return {"seconds": time.perf_counter() - started, "peak_mb": usage.ru_maxrss / 1024, "told": json.loads(told)}


def ogr2ogr(made: Database, path: Path) -> float:
    """Load the same file by GDAL's own program: COPY, spatial index, and an index of the number; return seconds."""
    made.rows("drop table if exists bench_ogr")
    started = time.perf_counter()
    subprocess.run(
        ["ogr2ogr", "-f", "PostgreSQL", f"PG:{made.dsn}", str(path), "-nln", "bench_ogr", "-a_srs", "EPSG:4326", "-oo", "X_POSSIBLE_NAMES=lon",
         "-oo", "Y_POSSIBLE_NAMES=lat", "-lco", "GEOMETRY_NAME=geom", "--config", "PG_USE_COPY", "YES", "-gt", "65536"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    made.rows("create unique index on bench_ogr (account_no)")
    return time.perf_counter() - started


def copied(made: Database, binary: Path) -> float:
    """Load the same rows, prepared beforehand, by binary COPY, and make the indexes; return seconds."""
    made.rows("drop table if exists bench_copy")
    made.rows(f"create table bench_copy ({_TABLE}, geom geometry(point, 4326))")
    started = time.perf_counter()
    with binary.open("rb") as file:
        subprocess.run([_psql(), made.dsn, "-qc", "copy bench_copy from stdin (format binary)"], stdin=file, check=True)
    made.rows("create index on bench_copy using gist (geom)")
    made.rows("create unique index on bench_copy (number)")
    return time.perf_counter() - started


def prepared(made: Database, path: Path) -> Path:
    """Write the rows as PostgreSQL's binary COPY."""
    target = path.with_suffix(".bin")
    if not target.exists():
        made.rows("drop table if exists bench_raw")
        made.rows("create table bench_raw (number text, name text, lon float8, lat float8, grade text, kva text, address text)")
        with path.open("rb") as file:
            subprocess.run([_psql(), made.dsn, "-qc", "copy bench_raw from stdin (format csv, header)"], stdin=file, check=True)
        query = "copy (select number, name, grade, kva, address, st_setsrid(st_makepoint(lon, lat), 4326) from bench_raw) to stdout (format binary)"
        with target.open("wb") as file:
            subprocess.run([_psql(), made.dsn, "-qc", query], stdout=file, check=True)
        made.rows("drop table bench_raw")
    return target


def _psql() -> str:
    return shutil.which("psql") or "/usr/lib/postgresql/15/bin/psql"


def memory(made: Database) -> dict[int, float]:
    """Return the command's peak of memory in MB at 20,000 and 200,000 rows."""
    return {rows: ours(made, ledger(rows), "--dry-run")["peak_mb"] for rows in (20_000, 200_000)}


def run() -> Result:
    made = changed_copy(10_000)
    # The seed wrote its one enterprise by number.
    made.rows("select setval(pg_get_serial_sequence('customers_enterprise', 'id'), (select max(id) from customers_enterprise))")
    path = ledger(ROWS)
    sides = {"ours": lambda: ours(made, path, "--dry-run")}
    if shutil.which("ogr2ogr"):
        sides["ogr2ogr"] = lambda: ogr2ogr(made, path)  # type: ignore[assignment, return-value]
    binary = prepared(made, path)
    sides["copy"] = lambda: copied(made, binary)  # type: ignore[assignment, return-value]
    found = alternating(sides, IMPORT_ROUNDS)
    seconds = [row["seconds"] for row in found["ours"]]
    peak_mb = max(row["peak_mb"] for row in found["ours"])
    over_copy, spread = median_ratio(seconds, found["copy"])
    stored = ours(made, ledger(STORED_ROWS))
    words = f"{ROWS:,} rows checked: {over_copy:.2f} x COPY + index ({spread})"
    met = over_copy <= 1.7 and peak_mb <= 400
    if "ogr2ogr" in found:
        times, spread = median_ratio(found["ogr2ogr"], seconds)
        words += f"; {times:.2f} x as fast as ogr2ogr ({spread})"
        met = met and times >= 2
    peaks = memory(made)
    words += f"; peak {peak_mb:.0f} MB ({peaks[20_000]:.0f} at 20 k, {peaks[200_000]:.0f} at 200 k); checked and stored {STORED_ROWS / stored['seconds']:,.0f} rows/s"
    details = {
        "seconds": seconds,
        "ogr2ogr": found.get("ogr2ogr"),
        "copy": found["copy"],
        "peak_mb": peak_mb,
        "peaks": peaks,
        "stored": stored,
    }
    details["new"] = [row["told"]["counts"]["new"] for row in found["ours"]] + [stored["told"]["counts"]["new"]]
    details["own_peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Result("G13", words, met=met, details=details, reason="" if "ogr2ogr" in found else "ogr2ogr is not installed")
