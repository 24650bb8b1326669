"""The tile cache tells the truth: the first tile after a commit is fresh, and no more is rendered again than changed."""

import asyncio
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from customers.models import Account
from layers import registry
from layers import services as rights
from layers.models import Event, Session
from layers.tile_cache import Tile, TileCache, TileKey, touched_range
from layers.tile_sql import EXTENT, POINT_BUFFER
from spatial.tiles import tile_at, world_position
from tests.cast import MUSEUM, THEATRE
from tests.layers.tile_client import TileClient, fetch
from tests.layers.town import CENTRE, build_town, edit, move, somewhere


def on_the_database(test):
    return pytest.mark.db(pytest.mark.django_db(transaction=True)(test))


def path(z: int, where: tuple[float, float]) -> str:
    x, y = tile_at(*where, z)
    return f"/tiles/customers/{z}/{x}/{y}.mvt"


def names(answer, part: str = "customers") -> list[str]:
    return [feature["properties"].get("name", "") for feature in answer.features(part)]


class Readers:
    """Eight readers who ask for the same tiles without pause, on the application's own loop."""

    def __init__(self, tiles: TileClient, cookie: str, paths: list[str]) -> None:
        self.reads = 0
        self._going = True
        self._futures = [asyncio.run_coroutine_threadsafe(self._read(cookie, paths), tiles.loop) for _ in range(8)]

    async def _read(self, cookie: str, paths: list[str]) -> None:
        while self._going:
            for one in paths:
                answer = await fetch(one, cookie=cookie)
                assert answer.status == 200
                self.reads += 1

    def stop(self) -> None:
        self._going = False
        for future in self._futures:
            future.result(timeout=30)


@on_the_database
def test_the_first_tile_after_a_commit_is_fresh_two_hundred_times_while_eight_readers_hammer_it(tiles, museum, planner):
    near, far = path(15, MUSEUM), path(8, MUSEUM)
    tiles.get(near, planner)
    readers = Readers(tiles, tiles.cookie_of(planner), [near, far])
    stale = []

    for number in range(210):
        name = f"Museum {number}"
        edit(museum.pk, name=name)
        if names(tiles.get(near, planner)) != [name]:
            stale.append(("near", number))
        if names(tiles.get(far, planner), "clusters") != [name]:
            stale.append(("far", number))

    readers.stop()
    assert stale == []
    assert readers.reads > 210
    assert tiles.server.renders < 3 * 2 * 210 + readers.reads / 2, "the readers were served from the cache"


@on_the_database
def test_a_moved_customer_leaves_its_old_tile_and_is_in_the_new_one(tiles, museum, planner):
    old, new = path(16, MUSEUM), path(16, THEATRE)
    assert (tiles.get(old, planner).status, tiles.get(new, planner).status) == (200, 204)

    move(planner, museum.pk, THEATRE)

    assert (tiles.get(old, planner).status, tiles.get(new, planner).status) == (204, 200)


@on_the_database
def test_what_is_rendered_again_is_what_truly_changed(tiles, planner, helsinki):
    """Goal G4 in small: keep every tile of the town at all zooms, move some customers, ask for all tiles again."""
    accounts = build_town(planner, 120, spread=0.03)
    places = {(z, *tile_at(*somewhere(random.Random(n), 0.035), z)) for z in range(17) for n in range(150)}
    wanted = [f"/tiles/customers/{z}/{x}/{y}.mvt" for z, x, y in sorted(places)]
    before = {one: tiles.get(one, planner).content for one in wanted}
    renders = tiles.server.renders
    chance = random.Random(3)

    for account in chance.sample(accounts, 25):
        move(planner, account.pk, somewhere(chance, 0.03))
    after = {one: tiles.get(one, planner).content for one in wanted}

    again = tiles.server.renders - renders
    differ = sum(before[one] != after[one] for one in wanted)
    other = TileClient()
    truth = {one: other.get(one, planner).content for one in wanted}
    other.close()
    assert [one for one in wanted if after[one] != truth[one]] == [], "stale tiles"
    assert differ > 60
    assert differ <= again <= 1.05 * differ


@on_the_database
def test_many_at_once_wait_for_one_render(tiles, museum, planner):
    tiles.get(path(3, MUSEUM), planner)
    cookie, renders = tiles.cookie_of(planner), tiles.server.renders

    async def many():
        return await asyncio.gather(*(fetch(path(15, MUSEUM), cookie=cookie) for _ in range(50)))

    answers = asyncio.run_coroutine_threadsafe(many(), tiles.loop).result(timeout=30)

    assert {answer.status for answer in answers} == {200}
    assert tiles.server.renders == renders + 1


@on_the_database
def test_more_tiles_at_once_than_connections_wait_their_turn(tiles, museum, planner, settings):
    settings.TILE_CONNECTIONS = 2
    x, y = tile_at(*MUSEUM, 15)
    cookie = tiles.cookie_of(planner)

    async def many():
        return await asyncio.gather(*(fetch(f"/tiles/customers/15/{x + n}/{y}.mvt", cookie=cookie) for n in range(-30, 30)))

    answers = asyncio.run_coroutine_threadsafe(many(), tiles.loop).result(timeout=30)

    assert {answer.status for answer in answers} == {200, 204}


@on_the_database
def test_an_unchanged_tile_is_304_and_a_changed_one_is_not(tiles, museum, theatre, planner):
    first = tiles.get(path(15, MUSEUM), planner)
    move(planner, theatre.pk, (24.99, 60.2))
    renders = tiles.server.renders

    unchanged = tiles.get(path(15, MUSEUM), planner, tag=first.headers["etag"])
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert unchanged.headers["etag"] == first.headers["etag"]
    assert tiles.server.renders == renders, "a change elsewhere renders nothing"
    assert tiles.get(path(15, MUSEUM), planner, tag=f'W/"x", {first.headers["etag"]}').status == 304

    edit(museum.pk, name="Museum")
    changed = tiles.get(path(15, MUSEUM), planner, tag=first.headers["etag"])
    assert changed.status == 200
    assert changed.headers["etag"] != first.headers["etag"]


@on_the_database
def test_another_web_process_gives_the_same_tile_the_same_tag(tiles, museum, planner):
    first = tiles.get(path(15, MUSEUM), planner)
    other = TileClient()

    answer = other.get(path(15, MUSEUM), planner, tag=first.headers["etag"])

    other.close()
    assert answer.status == 304


@on_the_database
def test_signing_out_counts_from_the_next_tile(tiles, museum, planner):
    from django.test import Client

    browser = Client()
    browser.force_login(planner)
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    assert tiles.get(path(15, MUSEUM), cookie=cookie).status == 200

    browser.logout()

    answer = tiles.get(path(15, MUSEUM), cookie=cookie)
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"


@on_the_database
def test_what_ends_a_persons_rights_counts_from_the_next_tile(tiles, museum, planner, dispatcher):
    assert tiles.get(path(15, MUSEUM), planner).status == 200
    planner.is_active = False
    planner.save()
    assert tiles.get(path(15, MUSEUM), planner).status == 401, "locked out"
    planner.is_active = True
    planner.save()
    assert tiles.get(path(15, MUSEUM), planner).status == 200
    planner.set_password("another long password")
    planner.save()
    assert tiles.get(path(15, MUSEUM), planner).status == 401, "a new password ends old sessions"

    assert tiles.get(path(15, MUSEUM), dispatcher).status == 200
    dispatcher.groups.set(rights.ensure_roles(["customer"]))
    assert tiles.get(path(15, MUSEUM), dispatcher).status == 204, "now a customer, who holds nothing"
    dispatcher.groups.clear()
    assert tiles.get(path(15, MUSEUM), dispatcher).status == 404
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert tiles.get(path(15, MUSEUM), dispatcher).status == 401, "expired"


@on_the_database
@pytest.mark.parametrize(
    "cookie", ["", "sessionid=", "sessionid=nothing", "sessionid=" + "a" * 32, "sessionid=' or 1=1--", "csrftoken=x", "\xff\xfe; ;;="]
)
def test_without_a_session_there_is_no_tile(tiles, museum, cookie):
    for address in (path(15, MUSEUM), "/tiles/customers.json", "/basemaps/osm/0/0/0.mvt"):
        assert tiles.get(address, cookie=cookie).status == 401


@on_the_database
def test_a_forged_session_is_refused(tiles, museum, planner):
    Session.objects.create(session_key="f" * 32, session_data="e30:forged:signature", expire_date=timezone.now() + timedelta(hours=1))

    assert tiles.get(path(15, MUSEUM), cookie=f"sessionid={'f' * 32}").status == 401


@on_the_database
def test_events_cleared_away_unseen_drop_the_whole_layer(tiles, museum, planner):
    assert names(tiles.get(path(15, MUSEUM), planner)) == ["Kansallismuseo"]

    edit(museum.pk, name="Museum")
    Event.objects.all().delete()

    assert names(tiles.get(path(15, MUSEUM), planner)) == ["Museum"]


@on_the_database
def test_a_restored_database_is_believed(tiles, museum, planner):
    tiles.get(path(15, MUSEUM), planner)

    # What a restore does: other rows, and a new epoch at whatever seq (manage.py void_cursors).
    Account.objects.update(name="From the backup")
    with connection.cursor() as cursor:
        cursor.execute("update layers_stream set epoch = gen_random_uuid()")

    assert names(tiles.get(path(15, MUSEUM), planner)) == ["From the backup"]


@on_the_database
def test_a_restart_of_the_database_costs_no_tile(tiles, museum, planner):
    assert tiles.get(path(15, MUSEUM), planner).status == 200

    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gridatlas tiles' and datname = current_database()"
        )
        assert len(cursor.fetchall()) >= 2
    edit(museum.pk, name="After the restart")

    assert names(tiles.get(path(15, MUSEUM), planner)) == ["After the restart"]


@on_the_database
def test_a_connection_that_died_under_the_query_is_replaced(tiles, museum, planner):
    tiles.get(path(15, MUSEUM), planner)
    server = tiles.server
    kill = (
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gridatlas tiles' and datname = current_database()"
    )

    def ends_all_connections() -> None:
        with connection.cursor() as cursor:
            cursor.execute(kill)
        connection.close()

    async def ask() -> list:
        # Without a turn of the loop in between, so that the pool cannot have noticed.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(ends_all_connections).result()
            time.sleep(0.2)
        return await server.pool.run("select $1 + 1", "int", "41")

    assert asyncio.run_coroutine_threadsafe(ask(), tiles.loop).result(timeout=10) == [(42,)]


@on_the_database
def test_without_a_database_the_answer_is_503_and_nothing_kept_is_served(tiles, museum, planner, monkeypatch):
    import psycopg2

    tiles.get(path(15, MUSEUM), planner)
    real = psycopg2.connect

    def refuse(*args, **kwargs):
        if kwargs.get("async_"):
            raise psycopg2.OperationalError("refused")
        return real(*args, **kwargs)

    monkeypatch.setattr(psycopg2, "connect", refuse)
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gridatlas tiles' and datname = current_database()"
        )
    answer = tiles.get(path(15, MUSEUM), planner)
    assert (answer.status, answer.headers["content-type"], answer.headers["retry-after"]) == (503, "application/problem+json", "2")

    monkeypatch.undo()
    assert tiles.get(path(15, MUSEUM), planner).status == 200


@on_the_database
def test_writers_and_readers_in_threads_agree_at_the_end(tiles, planner, helsinki):
    accounts = build_town(planner, 12, spread=0.004)
    wanted = sorted({path(z, (account.point.geom.x, account.point.geom.y)) for account in accounts for z in (4, 11, 14, 16)})
    stop = threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        mine = accounts[seed::3]
        try:
            while not stop.is_set():
                move(planner, chance.choice(mine).pk, somewhere(chance, 0.004))
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for writer in writers:
        writer.start()
    until = time.monotonic() + 4
    while time.monotonic() < until:
        wait([tiles.submit(one, planner) for one in wanted])
    stop.set()
    for writer in writers:
        writer.join()

    kept = {one: tiles.get(one, planner).content for one in wanted}
    other = TileClient()
    truth = {one: other.get(one, planner).content for one in wanted}
    other.close()
    assert kept == truth


# Without a database: the cache itself.


def key(z: int = 14, x: int = 0, y: int = 0) -> TileKey:
    return TileKey("customers", z, x, y, "staff", ())


class Finished:
    """Stands for a render's task."""


def keep(cache: TileCache, one: TileKey, size: int = 100) -> Tile:
    tile = Tile(b"x" * size)
    cache.finish(one, cache.begin(one, Finished()), tile)
    return tile


@pytest.mark.unit
def test_the_cache_forgets_the_least_used_tiles_first_and_stays_in_its_bounds():
    cache = TileCache(20_000)
    for x in range(5):
        keep(cache, key(x=x), 2000)
    cache.get(key(x=0))

    for x in range(5, 8):
        keep(cache, key(x=x), 2000)

    assert cache.size_bytes <= 20_000
    assert cache.get(key(x=0)) is not None
    assert cache.get(key(x=1)) is None


@pytest.mark.unit
def test_a_render_that_a_change_overtook_is_not_kept_nor_joined():
    cache = TileCache(1_000_000)
    x, y = tile_at(*MUSEUM, 14)
    render = cache.begin(key(14, x, y), Finished())

    cache.drop_touched(registry.layer("customers"), [[*MUSEUM, *MUSEUM]])

    assert cache.render(key(14, x, y)) is None
    newer = cache.begin(key(14, x, y), Finished())
    cache.finish(key(14, x, y), render, Tile(b"old"))
    assert cache.get(key(14, x, y)) is None
    cache.finish(key(14, x, y), newer, Tile(b"new"))
    assert cache.get(key(14, x, y)).plain == b"new"


@pytest.mark.unit
def test_a_change_drops_the_tiles_it_touches_at_all_zooms_and_no_others():
    cache = TileCache(10_000_000)
    for z in range(19):
        x, y = tile_at(*MUSEUM, z)
        keep(cache, key(z, x, y))
        if z > 3:
            keep(cache, key(z, x + 3 if x + 3 < 1 << z else x - 3, y))

    dropped = cache.drop_touched(registry.layer("customers"), [[*MUSEUM, *MUSEUM]])

    assert dropped == 19
    assert len(cache) == 15


@pytest.mark.unit
def test_a_failed_render_leaves_nothing_behind():
    cache = TileCache(1_000_000)

    cache.finish(key(), cache.begin(key(), Finished()), None)

    assert cache.render(key()) is None
    assert cache.drop_layer("customers") == 0


@pytest.mark.unit
@given(lon=st.floats(-180, 180), lat=st.floats(-85, 85), z=st.integers(0, 22))
def test_a_point_touches_its_own_tile_and_every_tile_whose_buffer_holds_it(lon, lat, z):
    first_x, first_y, last_x, last_y = touched_range(registry.layer("customers"), z, (lon, lat, lon, lat))
    x, y = tile_at(lon, lat, z)

    assert first_x <= x <= last_x and first_y <= y <= last_y
    assert last_x - first_x <= 2 and last_y - first_y <= 2
    wx, wy = world_position(lon, lat)
    if z < 13:
        # Eight cells a side, and a ring of one around them: a point in an edge cell is in the neighbour's ring.
        column, row = (wx >> (31 - z - 3)) % 8, (wy >> (31 - z - 3)) % 8
        assert first_x <= max(0, x - (column == 0)) and min((1 << z) - 1, x + (column == 7)) <= last_x
        assert first_y <= max(0, y - (row == 0)) and min((1 << z) - 1, y + (row == 7)) <= last_y
    else:
        size = 1 << (31 - z)
        for dx in (-1, 1):
            margin = (x * size - wx if dx > 0 else wx - (x + 1) * size) + size * POINT_BUFFER / EXTENT
            if margin >= 0 and 0 <= x - dx < 1 << z:
                assert first_x <= x - dx <= last_x
        assert first_y >= 0 and last_y < 1 << z and wy >= 0


@pytest.mark.unit
def test_the_tiles_touched_by_a_point_in_the_middle_of_a_tile_are_one_per_zoom():
    z = 15
    x, _ = tile_at(*CENTRE, z)
    lon = (x + 0.5) / (1 << z) * 360 - 180

    first_x, _, last_x, _ = touched_range(registry.layer("customers"), z, (lon, CENTRE[1], lon, CENTRE[1]))

    assert (first_x, last_x) == (x, x)
