"""Measure one goal, or all: `python -m tests.bench G3`. Needs DATABASE_URL of a server where it may create databases."""

import sys

import pytest


def main(*goals: str) -> int:
    # "g1_" is not part of "test_g11_...": the underscore tells the goals apart.
    select = ["-k", " or ".join(f"{goal.lower()}_" for goal in goals)] if goals else []
    return pytest.main(["tests/bench", "-m", "bench", "-p", "no:cacheprovider", "-s", "-q", *select])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
