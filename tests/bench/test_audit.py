"""What the audit costs a planner who drags a point."""

import pytest

from tests.bench import bench_audit, harness

pytestmark = pytest.mark.bench


def test_audit_adds_little_to_a_move():
    """AUDIT: time of a move with its row in the chain over the same without, one writer and four at once."""
    result = bench_audit.run()

    assert result.details["rows"] == result.details["moves"] > 0, "one side left a row for every move, the other none"
    harness.record(result)
