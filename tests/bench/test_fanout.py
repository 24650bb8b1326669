"""G9 and FRAME, the server's part of commit-to-browser: one run measures both."""

import pytest

from tests.bench import bench_fanout, harness

pytestmark = pytest.mark.bench


def test_g9_frame_one_change_to_thousands_of_open_maps() -> None:
    """G9: hub, bare Redis and a Channels group with the same client; FRAME: from COMMIT to the frame at the client."""
    goal, frame = bench_fanout.run()

    for size in map(str, bench_fanout.SIZES):
        assert {way: figures["lost_sockets"] for way, figures in goal.details[size].items()} == {"hub": 0, "redis": 0, "channels": 0}
        assert goal.details[size]["hub"]["events"] == frame.details[size]["events"] == bench_fanout.SINGLE_EVENTS
    harness.record(goal)
    harness.record(frame)
