"""A tile application for the length of one test, and a small town of customers."""

from collections.abc import Iterator

import pytest

from tests.layers.tile_client import TileClient


@pytest.fixture
def tiles(transactional_db) -> Iterator[TileClient]:
    client = TileClient()
    yield client
    client.close()
