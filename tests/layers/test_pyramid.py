"""The cluster pyramid stays equal to what its rows say, whatever happens to them."""

import json
import random
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers import services
from customers.models import Account
from layers import live, pyramid, registry
from layers.models import Stream, TileCell
from spatial.services.points import PointCommand
from spatial.tiles import tile_at
from tests.cast import MONDAY, MUSEUM, new_customer
from tests.layers.town import build_town, edit, move, somewhere

pytestmark = pytest.mark.db


def stored_cells() -> set[tuple]:
    rows = TileCell.objects.exclude(n=0, sum_x=0, sum_y=0, sum_id=0)
    return set(rows.values_list("level", "x", "y", "bucket", "n", "sum_x", "sum_y", "sum_id"))


def test_a_customer_is_in_one_cell_of_every_level(museum):
    cells = {(level, x, y): (bucket, n, int(sum_id)) for level, x, y, bucket, n, _, _, sum_id in stored_cells()}

    assert cells == {(level, *tile_at(*MUSEUM, level)): (1, 1, museum.pk) for level in range(3, 16)}


def _present(accounts: list[int]) -> list[int]:
    return list(Account.objects.present().filter(pk__in=accounts).order_by("pk").values_list("pk", flat=True))


def random_changes(user, seed: int, steps: int) -> None:
    """Create, move, grade, delete, restore, place: everything that a service can do to a customer, in a seeded order."""
    chance = random.Random(seed)
    accounts = [account.pk for account in build_town(user, 15, spread=0.3, seed=seed)]
    for step in range(steps):
        pk = chance.choice(accounts)
        account = Account.objects.select_related("point").get(pk=pk)
        command = services.CustomerEdit(account_id=pk, base_version=account.version)
        # A deleted customer can only be restored.
        match "remove" if account.deleted_at else chance.choice(["create", "tray", "move", "move", "bulk", "grade", "name", "remove"]):
            case "create":
                where = somewhere(chance, 0.3)
                accounts.append(
                    services.create_customers([new_customer(f"New {step}", f"9{step:09}", at=where)], user=user, at=MONDAY)[0].pk
                )
            case "tray":
                accounts.append(services.create_customers([new_customer(f"Tray {step}", f"8{step:09}")], user=user, at=MONDAY)[0].pk)
            case "move":
                move(user, pk, somewhere(chance, chance.choice([0.0001, 0.3, 5])))
            case "bulk":
                points = [Account.objects.select_related("point").get(pk=one).point for one in chance.sample(_present(accounts), 5)]
                commands = [PointCommand(point.pk, *somewhere(chance, 0.3), base_version=point.version) for point in points]
                services.move_customers(commands, user=user, at=MONDAY, confirmed=True)
            case "grade":
                edit(pk, grade=chance.choice(["special", "first", "second", "temporary", "none"]))
            case "name":
                edit(pk, name=f"Renamed {step}")
            case "remove" if account.deleted_at:
                services.restore_customers([pk], user=user, at=MONDAY)
            case "remove":
                services.delete_customers([command], user=user, at=MONDAY, reason="closed")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_random_changes_the_pyramid_equals_its_rows(planner, helsinki, seed):
    random_changes(planner, seed, steps=40)
    kept = stored_cells()

    assert pyramid.check("customers").wrong == 0
    TileCell.objects.all().delete()
    assert pyramid.rebuild("customers").written
    assert stored_cells() == kept


spots = st.builds(
    live.Spot,
    lon=st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 0.0, 45.0, 90.0, 180.0])),
    lat=st.one_of(st.floats(-85, 85), st.sampled_from([-90.0, -85.0511287798066, 0.0, 66.51326044311186, 90.0])),
    bucket=st.integers(0, 4),
)


@given(changes=st.lists(st.tuples(st.integers(1, 10**9), st.none() | spots, st.none() | spots), max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_added_and_taken_away_again_leaves_no_trace(db, changes):
    pyramid.apply_changes("nowhere", changes)
    pyramid.apply_changes("nowhere", [(pk, after, before) for pk, before, after in reversed(changes)])

    assert not TileCell.objects.filter(layer="nowhere").exclude(n=0, sum_x=0, sum_y=0, sum_id=0).exists()


def test_nothing_is_written_for_a_change_that_moves_nothing(museum):
    spot = live.Spot(*MUSEUM, bucket=1)
    with connection.execute_wrapper(_refuse):
        pyramid.apply_changes("customers", [(museum.pk, spot, spot)])


def _refuse(execute, sql, params, many, context):
    raise AssertionError(sql)


def test_a_damaged_pyramid_is_found_and_rebuilt_and_every_map_starts_afresh(museum):
    TileCell.objects.filter(level=9).update(n=7)
    TileCell.objects.filter(level=10).delete()
    TileCell.objects.create(layer="customers", level=8, x=1, y=1, bucket=0, n=3, sum_x=1, sum_y=1, sum_id=1)
    epoch = Stream.objects.get(key="customers").epoch

    found = pyramid.check("customers")
    assert (found.cells, found.wrong, found.written) == (13, 4, False)
    rebuilt = pyramid.rebuild("customers")
    assert (rebuilt.wrong, rebuilt.written) == (4, True)
    assert pyramid.check("customers").wrong == 0
    assert Stream.objects.get(key="customers").epoch != epoch


def test_rebuilding_a_right_pyramid_changes_nothing(museum):
    before = Stream.objects.get(key="customers").epoch

    assert not pyramid.rebuild("customers").written
    assert Stream.objects.get(key="customers").epoch == before


def test_emptied_cells_are_not_taken_for_wrong(planner, museum):
    move(planner, museum.pk, (10.0, 10.0))

    assert TileCell.objects.filter(n=0).exists()
    assert pyramid.check("customers").wrong == 0


def test_only_layers_with_clusters_have_a_pyramid(db):
    with pytest.raises(registry.UnknownLayer):
        pyramid.rebuild("areas")
    with pytest.raises(registry.UnknownLayer):
        pyramid.check("nothing")


def test_an_operator_checks_and_rebuilds_from_the_command_line(museum):
    def run(*arguments: str) -> str:
        out = StringIO()
        call_command("build_tiles", *arguments, stdout=out)
        return out.getvalue()

    assert run("--check") == "customers: 13 cells, right already\n"
    TileCell.objects.filter(level=9).update(n=7)
    with pytest.raises(CommandError) as refused:
        run("--check")
    assert refused.value.returncode == 1
    assert json.loads(run("--json")) == {"layers": [{"layer": "customers", "cells": 13, "wrong": 2, "written": True}]}
    assert run("--layer", "customers") == "customers: 13 cells, right already\n"
    with pytest.raises(CommandError):
        run("--layer", "nothing")
