"""RIGHTS: what the predicate costs on a tile and on a list, as a ratio against who sees everything, for the same answer."""

import json
import os
import subprocess
import sys

import pytest

from tests.bench.harness import ROOT, ROUNDS, Result, database, median_ratio, record, tiles_around_points

pytestmark = pytest.mark.bench
POINTS = int(os.environ.get("RIGHTS_POINTS", "400000"))
GOAL = 1.3


def test_rights_cost_on_a_tile_and_a_list():
    made = database(POINTS)
    tiles = tiles_around_points(made, 14, 40)

    command = [sys.executable, "-m", "tests.bench.rights_sides", str(ROUNDS), json.dumps(tiles)]
    done = subprocess.run(
        command, cwd=ROOT, env=made.env(DJANGO_SETTINGS_MODULE="config.settings"), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    ratios = {kind: median_ratio(found["took_ms"][f"{kind} area"], found["took_ms"][f"{kind} whole"]) for kind in ("tile", "list")}
    measured = "; ".join(f"{kind} {ratio:.2f} ({spread})" for kind, (ratio, spread) in ratios.items())
    county = "; ".join(
        f"{kind} {found['medians_ms'][f'{kind} county'] / found['medians_ms'][f'{kind} whole']:.2f}" for kind in ("tile", "list")
    )
    record(
        Result(
            "RIGHTS",
            f"{POINTS:,} customers, polygon of 1,000 corners around all of them / no scope: {measured}; an area with a tenth of them: {county}",
            met=all(ratio <= GOAL for ratio, _ in ratios.values()),
            details=found,
        )
    )
