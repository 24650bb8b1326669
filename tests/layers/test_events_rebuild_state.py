"""Snapshot + events after it == a fresh load, for every service that publishes.

The services are found by reading the code: one that publishes and has no case here fails the first test.
"""

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from customers import services
from customers.models import Account, AccountHolder, GradePeriod
from layers import event_log, frames, visibility
from spatial.services.points import PointCommand
from tests.cast import MONDAY, MUSEUM, Browser, new_customer
from tests.layers.live_client import ReferenceMap

pytestmark = pytest.mark.db
LAYER = "customers"
# More digits than any tile keeps: what an event carries and what a snapshot carries must still be the same.
FAR_CORNER = (24.947_212_345_678_91, 60.171_623_456_789_12)
APPS = ("spatial", "layers", "customers", "incidents", "analytics", "portal")


def move_command(account: Account, where: tuple[float, float] = FAR_CORNER, version: int | None = None) -> PointCommand:
    account.point.refresh_from_db()
    return PointCommand(
        point_id=account.point_id,
        lon=where[0],
        lat=where[1],
        base_version=account.point.version if version is None else version,
        reason="wrong side of the street",
    )


def edit(account: Account, **fields: Any) -> services.CustomerEdit:
    account.refresh_from_db()
    return services.CustomerEdit(account_id=account.pk, base_version=account.version, fields=fields)


def create(museum: Account, theatre: Account, user: User) -> None:
    commands = [new_customer("Ateneum", "0055500001", at=FAR_CORNER), new_customer("Kiasma", "0055500002")]
    services.create_customers(commands, user=user, at=MONDAY)


def move(museum: Account, theatre: Account, user: User) -> None:
    services.move_customers([move_command(museum), move_command(theatre, MUSEUM)], user=user, at=MONDAY, confirmed=True)


def move_through_the_map(museum: Account, theatre: Account, user: User) -> None:
    services.move_map_feature(
        user=user, feature_id=museum.pk, at=MONDAY, confirmed=True, lon=FAR_CORNER[0], lat=FAR_CORNER[1], base_version=1
    )


def undo(museum: Account, theatre: Account, user: User) -> None:
    first = services.move_customers([move_command(museum)], user=user, at=MONDAY, confirmed=True)[0]
    museum.point.refresh_from_db()
    services.undo_customer_move(user=user, account=museum, move_id=first.pk, base_version=museum.point.version, at=MONDAY)
    placing = services.move_customers([move_command(theatre)], user=user, at=MONDAY, confirmed=True)[0]
    services.undo_customer_move(user=user, account=theatre, move_id=placing.pk, base_version=placing.version, at=MONDAY)


def edit_names(museum: Account, theatre: Account, user: User) -> None:
    services.edit_customers(
        [edit(museum, name="Kansallismuseo II", grade="special", classes=["top100"]), edit(theatre, status="closed")],
        user=user,
        at=MONDAY,
    )


def delete(museum: Account, theatre: Account, user: User) -> None:
    services.delete_customers([edit(museum)], user=user, at=MONDAY, reason="closed down")


def delete_and_restore(museum: Account, theatre: Account, user: User) -> None:
    services.delete_customers([edit(museum), edit(theatre)], user=user, at=MONDAY, reason="by mistake")
    services.restore_customers([museum.pk, theatre.pk], user=user, at=MONDAY, reason="they are back")


def reclassify(museum: Account, theatre: Account, user: User) -> None:
    GradePeriod.objects.filter(account=museum).update(grade="second")
    services.refresh_classification(today=services.civil_date(MONDAY), at=MONDAY)


# service -> something that makes it publish
CASES: dict[str, Callable[[Account, Account, User], None]] = {
    "customers.services.create_customers": create,
    "customers.services.move_customers": move,
    "customers.services.move_customer": move,
    "customers.services.move_map_feature": move_through_the_map,
    "customers.services.undo_customer_move": undo,
    "customers.services.undo_customer_moves": undo,
    "customers.services.edit_customers": edit_names,
    "customers.services.delete_customers": delete,
    "customers.services.restore_customers": delete_and_restore,
    "customers.services.refresh_classification": reclassify,
}


def publishing_services() -> set[str]:
    """Return the public functions of all service modules that call `live.publish`, by themselves or through their module's helpers."""
    return {name for app in APPS for path in _service_modules(settings.BASE_DIR / app) for name in _publishing_functions(path)}


def _service_modules(app: Path) -> Iterator[Path]:
    yield from (path for path in [app / "services.py", *app.glob("services/**/*.py")] if path.exists())


def _publishing_functions(path: Path) -> set[str]:
    calls = {
        function.name: {_called(node) for node in ast.walk(function) if isinstance(node, ast.Call)}
        for function in ast.parse(path.read_text()).body
        if isinstance(function, ast.FunctionDef)
    }
    publishing = {name for name, called in calls.items() if "live.publish" in called}
    while more := {name for name, called in calls.items() if called & publishing} - publishing:
        publishing |= more
    module = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)
    return {f"{module}.{name}" for name in publishing if not name.startswith("_")}


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func)


def snapshot(user: User) -> dict[str, Any]:
    """Return what a browser of that person loads."""
    answer = Browser(user).get(f"/api/v1/layers/{LAYER}/snapshot")
    assert answer.status_code == 200, answer.content
    return json.loads(b"".join(answer) if answer.streaming else answer.content)


def loaded(user: User) -> ReferenceMap:
    page = ReferenceMap(LAYER)
    page.load(snapshot(user))
    return page


def catch_up(page: ReferenceMap, user: User, *, is_restricted: bool) -> None:
    """Give the page the frames that the hub would send to this person."""
    events = event_log.read_after({LAYER: page.cursor}, 1000)[LAYER].events
    heard = visibility.heard(user, LAYER, events) if is_restricted else None
    for part in frames.parts(events):
        frame = frames.packed(frames.texts_for(part, key=LAYER, epoch=page.epoch, heard=heard))
        assert page.take(json.loads(frame)) == ""


def test_every_publishing_service_has_a_case() -> None:
    assert publishing_services() == set(CASES)


@pytest.mark.parametrize("service", CASES)
def test_events_after_a_snapshot_make_a_fresh_load(service: str, museum: Account, theatre: Account, planner: User) -> None:
    page = loaded(planner)
    before = page.cursor

    CASES[service](museum, theatre, planner)
    catch_up(page, planner, is_restricted=False)

    fresh = loaded(planner)
    assert page.drawn() == fresh.drawn()
    assert page.cursor == fresh.cursor > before


@pytest.mark.parametrize("service", CASES)
def test_events_make_a_fresh_load_for_a_customer_too(service: str, museum: Account, theatre: Account, planner: User, holder: User) -> None:
    page = loaded(holder)

    CASES[service](museum, theatre, planner)
    catch_up(page, holder, is_restricted=True)

    fresh = loaded(holder)
    assert page.drawn() == fresh.drawn()
    assert set(page.features) <= {museum.pk}
    assert page.cursor == fresh.cursor


def test_a_customer_hears_nothing_of_others(museum: Account, theatre: Account, planner: User, holder: User) -> None:
    page = loaded(holder)
    AccountHolder.objects.filter(user=holder).update(account=theatre)

    services.move_customers([move_command(museum)], user=planner, at=MONDAY, confirmed=True)
    services.delete_customers([edit(museum)], user=planner, at=MONDAY, reason="closed down")
    catch_up(page, holder, is_restricted=True)

    assert page.applied == []
