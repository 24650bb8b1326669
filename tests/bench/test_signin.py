"""How many people sign in per second, and what a clock tells an attacker."""

import pytest

from tests.bench import bench_signin, harness

pytestmark = pytest.mark.bench


def test_signin_costs_little_more_than_the_hasher():
    """SIGNIN: time of a sign-in over one run of the password hasher; an unknown name takes as long as a wrong password."""
    harness.record(bench_signin.run())
