"""The cluster pyramid: per layer, counts and sums of every tile at levels 3 to 15. Tile z draws the cells of level z + 3.

Only `live.publish` and `rebuild` write it, both under the lock of the layer's stream.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import connection

from spatial.tiles import WORLD_BITS, world_position

if TYPE_CHECKING:
    from layers.live import Spot

LEVELS = range(3, 16)
# Cells per tile side: 2 ** 3. A tile holds at most 64 cells per bucket, whatever lies below it.
CELL_BITS = 3


def apply_changes(layer_id: str, changes: Iterable[tuple[int, "Spot | None", "Spot | None"]]) -> None:
    """Take each feature out of the cells where it was and add it where it is: one statement for all levels."""
    delta: dict[tuple[int, int, int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for feature_id, before, after in changes:
        for spot, sign in ((before, -1), (after, 1)):
            if spot:
                _add(delta, feature_id, spot, sign)
    # A move inside one cell still moves the cell's centre, so only true zeros fall out. Sorted: one order of locks for all.
    rows = sorted((*key, *sums) for key, sums in delta.items() if any(sums))
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into layers_tilecell as c (layer, level, x, y, bucket, n, sum_x, sum_y, sum_id)
            select %s, * from unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::numeric[], %s::numeric[], %s::numeric[])
            on conflict (layer, level, x, y, bucket) do update
            set n = c.n + excluded.n, sum_x = c.sum_x + excluded.sum_x, sum_y = c.sum_y + excluded.sum_y, sum_id = c.sum_id + excluded.sum_id
            """,
            [layer_id, *([row[column] for row in rows] for column in range(8))],
        )


def _add(delta: dict[tuple[int, int, int, int], list[int]], feature_id: int, spot: "Spot", sign: int) -> None:
    x, y = world_position(spot.lon, spot.lat)
    for level in LEVELS:
        shift = WORLD_BITS - level
        sums = delta[(level, x >> shift, y >> shift, spot.bucket)]
        sums[0] += sign
        sums[1] += sign * x
        sums[2] += sign * y
        sums[3] += sign * feature_id
