"""What an import costs beside the tools that do less."""

import pytest

from tests.bench import bench_import, harness

pytestmark = pytest.mark.bench


def test_g13_an_import_is_judged_faster_than_ogr2ogr_loads_it():
    """G13: the whole command, from the file to judged rows, against ogr2ogr and against binary COPY + CREATE INDEX; memory stays flat."""
    result = bench_import.run()

    assert set(result.details["new"]) == {bench_import.ROWS, bench_import.STORED_ROWS}, "every row of every round was judged new"
    assert result.details["peaks"][200_000] < result.details["peaks"][20_000] + 60, "memory does not grow with the file"
    harness.record(result)
