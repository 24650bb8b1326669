"""G9 and FRAME, the server's part of commit-to-browser: one run measures both."""

import pytest

from tests.bench import bench_fanout, harness

pytestmark = pytest.mark.bench


def test_g9_frame_one_change_to_thousands_of_open_maps() -> None:
    """G9: hub, bare Redis and a Channels group with the same client; FRAME: from COMMIT to the frame at the client."""
    for result in bench_fanout.run():
        harness.record(result)
