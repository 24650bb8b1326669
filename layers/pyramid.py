"""The cluster pyramid: per layer, counts and sums of every tile at levels 3 to 15. Tile z draws the cells of level z + 3.

Only `live.publish` and `rebuild` write it, both under the lock of the layer's stream. Reading it is `tile_sql`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from layers import access, registry
from layers.tile_sql import CELL_BITS, CLAMPED_LAT, WORLD_X, WORLD_Y, visible_rows
from spatial.tiles import WORLD_BITS

if TYPE_CHECKING:
    from layers.live import Spot

LEVELS = range(3, 16)
_COLUMNS = "layer, level, x, y, bucket, n, sum_x, sum_y, sum_id"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild or a check found: cells that should be there, and how many stored ones were missing, wrong or left over."""

    layer: str
    cells: int
    wrong: int
    written: bool


def apply_changes(layer_id: str, changes: Iterable[tuple[int, "Spot | None", "Spot | None"]]) -> None:
    """Take each feature out of the cells where it was and add it where it is: one statement for all levels.

    The database computes the cells, as it does in `rebuild`: two mathematical libraries could put a point on an edge into two cells.
    """
    steps = [
        (feature_id, spot, sign)
        for feature_id, before, after in changes
        if before != after
        for spot, sign in ((before, -1), (after, 1))
        if spot
    ]
    if not steps:
        return
    world_x, world_y = WORLD_X.format(lon="s.lon"), WORLD_Y.format(lat=CLAMPED_LAT.format(lat="s.lat"))
    with connection.cursor() as cursor:
        cursor.execute(
            # A move inside one cell still moves the cell's centre, so only true zeros fall out. Sorted: one order of locks for all.
            f"""
            insert into layers_tilecell as c ({_COLUMNS})
            select %s, level, world_x >> ({WORLD_BITS} - level), world_y >> ({WORLD_BITS} - level), bucket,
                sum(sign), sum(sign * world_x), sum(sign * world_y), sum(sign * id)
            from (
                select s.id, s.bucket, s.sign, {world_x} as world_x, {world_y} as world_y
                from unnest(%s::bigint[], %s::float8[], %s::float8[], %s::int[], %s::int[]) as s (id, lon, lat, bucket, sign)
            ) p, generate_series({LEVELS[0]}, {LEVELS[-1]}) as level
            group by 2, 3, 4, 5
            having sum(sign) <> 0 or sum(sign * world_x) <> 0 or sum(sign * world_y) <> 0 or sum(sign * id) <> 0
            order by 2, 3, 4, 5
            on conflict (layer, level, x, y, bucket) do update
            set n = c.n + excluded.n, sum_x = c.sum_x + excluded.sum_x, sum_y = c.sum_y + excluded.sum_y, sum_id = c.sum_id + excluded.sum_id
            """,
            [
                layer_id,
                [feature_id for feature_id, _, _ in steps],
                [spot.lon for _, spot, _ in steps],
                [spot.lat for _, spot, _ in steps],
                [spot.bucket for _, spot, _ in steps],
                [sign for _, _, sign in steps],
            ],
        )


def rebuild(layer_id: str) -> Rebuilt:
    """Compute the layer's cells anew from its rows and store them where they differ; writers of the layer wait meanwhile.

    When something was wrong, the stream gets a new epoch: every map and every tile cache starts afresh.

    Raises:
        UnknownLayer: no such layer, or it has no clusters.
    """
    layer = _clustered(layer_id)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "insert into layers_stream (key, epoch, seq) values (%s, gen_random_uuid(), 0) on conflict (key) do update set key = excluded.key",
            [layer_id],
        )
        cells = _compute(cursor, layer)
        wrong = _differences(cursor, layer_id)
        if wrong:
            cursor.execute("delete from layers_tilecell where layer = %s", [layer_id])
            cursor.execute(f"insert into layers_tilecell ({_COLUMNS}) select {_COLUMNS} from tilecell_rebuilt order by level, x, y, bucket")
            cursor.execute("update layers_stream set epoch = gen_random_uuid() where key = %s", [layer_id])
        cursor.execute("drop table tilecell_rebuilt")
    if wrong:
        with connection.cursor() as cursor:
            cursor.execute("analyze layers_tilecell")
    return Rebuilt(layer_id, cells, wrong, written=bool(wrong))


def check(layer_id: str) -> Rebuilt:
    """Compare the stored cells with what the rows say, in one snapshot, changing nothing.

    Raises:
        UnknownLayer: see `rebuild`.
    """
    layer = _clustered(layer_id)
    with transaction.atomic(), connection.cursor() as cursor:
        # Only in its own transaction can the snapshot be fixed; inside another one (tests) the lock of the stream does as well.
        cursor.execute("select 1 from layers_stream where key = %s for share", [layer_id])
        cells = _compute(cursor, layer)
        wrong = _differences(cursor, layer_id)
        cursor.execute("drop table tilecell_rebuilt")
    return Rebuilt(layer_id, cells, wrong, written=False)


def _clustered(layer_id: str) -> registry.MapLayer:
    layer = registry.layer(layer_id)
    if not layer.clusters:
        raise registry.UnknownLayer(f"The layer “{layer_id}” has no clusters, so it has no pyramid.")
    return layer


def _compute(cursor: Any, layer: registry.MapLayer) -> int:
    """Fill the temporary table tilecell_rebuilt: the deepest level from the rows, every other one from the level below it."""
    clusters = layer.clusters
    assert clusters
    assert clusters.below_zoom - 1 + CELL_BITS <= LEVELS[-1]
    rows = visible_rows(layer, layer.part(clusters.of_part), access.everybody(), (), extra={"cluster_bucket": clusters.bucket})
    world_x, world_y = WORLD_X.format(lon="ST_X(r.geom)"), WORLD_Y.format(lat=CLAMPED_LAT.format(lat="ST_Y(r.geom)"))
    deepest = LEVELS[-1]
    shift = WORLD_BITS - deepest
    cursor.execute("create temporary table tilecell_rebuilt (like layers_tilecell) on commit drop")
    cursor.execute("set local statement_timeout = 0")
    cursor.execute(
        f"""
        insert into tilecell_rebuilt ({_COLUMNS})
        select '{layer.id}', {deepest}, world_x >> {shift}, world_y >> {shift}, bucket, count(*), sum(world_x), sum(world_y), sum(id)
        from (
            select r.id, r.cluster_bucket as bucket, {world_x} as world_x, {world_y} as world_y
            from ({rows.sql}) as r({", ".join(rows.columns)})
        ) p group by 3, 4, 5
        """.replace("%", "%%"),
        [],
    )
    for level in reversed(LEVELS[:-1]):
        cursor.execute(
            f"""
            insert into tilecell_rebuilt ({_COLUMNS})
            select layer, {level}, x >> 1, y >> 1, bucket, sum(n), sum(sum_x), sum(sum_y), sum(sum_id)
            from tilecell_rebuilt where level = {level + 1} group by layer, x >> 1, y >> 1, bucket
            """
        )
    cursor.execute("select count(*) from tilecell_rebuilt")
    return cursor.fetchone()[0]


def _differences(cursor: Any, layer_id: str) -> int:
    # A stored cell that holds nothing any more (n = 0, sums 0) equals an absent one.
    cursor.execute(
        f"""
        select count(*) from (select {_COLUMNS} from layers_tilecell where layer = %s and (n, sum_x, sum_y, sum_id) <> (0, 0, 0, 0)) stored
        full join tilecell_rebuilt rebuilt using ({_COLUMNS})
        where stored is null or rebuilt is null
        """,
        [layer_id],
    )
    return cursor.fetchone()[0]
