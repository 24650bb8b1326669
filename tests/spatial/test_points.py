"""The journal of points: every change is a row, nothing is overwritten, any day can be taken back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, transaction
from pyproj import Geod

from spatial import datums, geometry
from spatial.models import Point, PointMove
from spatial.services import points
from tests.cast import MONDAY, MUSEUM, THEATRE, person

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def pole(planner) -> Point:
    point = Point.objects.create()
    points.move_points([at(point, *MUSEUM, base_version=0)], user=planner, at=MONDAY)
    return Point.objects.get(pk=point.pk)


def at(point: Point, lon: float, lat: float, base_version: int | None = None, **more) -> points.PointCommand:
    version = point.version if base_version is None else base_version
    return points.PointCommand(point_id=point.pk, lon=lon, lat=lat, base_version=version, **more)


def test_a_move_writes_who_when_from_to_metres_device_and_reason(pole, planner):
    move = points.move_points([at(pole, *THEATRE, reason="wrong gate", device="tablet 7")], user=planner, at=MONDAY)[0]

    assert (move.kind, move.actor, move.at) == ("move", planner, MONDAY)
    assert (move.from_geom.coords, move.to_geom.coords) == (MUSEUM, THEATRE)
    assert (move.reason, move.device, move.base_version, move.version) == ("wrong gate", "tablet 7", 1, 2)
    # Checked against PROJ's geodesic, not against PostGIS itself.
    assert move.distance_m == pytest.approx(Geod(ellps="WGS84").inv(*MUSEUM, *THEATRE)[2], abs=0.01)


def test_a_stale_drag_is_refused_and_says_who_was_there(pole, planner):
    other = person("planner", "paula")
    points.move_points([at(pole, *THEATRE, reason="measured")], user=other, at=MONDAY)

    with pytest.raises(points.VersionConflict) as caught:
        points.move_points([at(pole, 24.95, 60.18)], user=planner, at=MONDAY)

    assert caught.value.latest.actor == other
    assert caught.value.point.geom.coords == THEATRE
    assert Point.objects.get(pk=pole.pk).geom.coords == THEATRE


def test_a_move_beyond_the_guard_distance_asks_first(pole, planner):
    with pytest.raises(points.GuardDistance) as caught:
        points.move_points([at(pole, *THEATRE)], user=planner, at=MONDAY, guard_m=200)

    assert caught.value.distance_m > 900
    assert pole.moves.count() == 1
    assert points.move_points([at(pole, *THEATRE)], user=planner, at=MONDAY, guard_m=None)


def test_undo_the_next_day_is_another_move_and_names_what_it_takes_back(pole, planner):
    move = points.move_points([at(pole, *THEATRE)], user=planner, at=MONDAY)[0]

    undo = points.undo_moves([points.MoveUndoing(pole.pk, move.pk, 2)], user=planner, at=MONDAY + timedelta(days=1))[0]

    assert (undo.kind, undo.undoes_id, undo.to_geom.coords, undo.version) == ("undo", move.pk, MUSEUM, 3)
    assert Point.objects.get(pk=pole.pk).geom.coords == MUSEUM
    assert [row.kind for row in pole.moves.all()] == ["undo", "move", "place"]


def test_an_old_move_can_be_taken_back_after_later_ones(pole, planner):
    first = points.move_points([at(pole, *THEATRE)], user=planner, at=MONDAY)[0]
    points.move_points([at(pole, 24.94, 60.17, base_version=2)], user=planner, at=MONDAY)

    points.undo_moves([points.MoveUndoing(pole.pk, first.pk, 3)], user=planner, at=MONDAY)[0]

    assert Point.objects.get(pk=pole.pk).geom.coords == MUSEUM


def test_a_placing_taken_back_leaves_the_point_without_a_position_and_can_be_put_back(pole, planner):
    placing = pole.moves.get()

    undo = points.undo_moves([points.MoveUndoing(pole.pk, placing.pk, 1)], user=planner, at=MONDAY)[0]

    assert (undo.kind, undo.from_geom.coords, undo.to_geom, undo.version) == ("undo", MUSEUM, None, 2)
    stands = Point.objects.get(pk=pole.pk)
    assert (stands.geom, stands.source, stands.accuracy_m, stands.version) == (None, "", None, 2)

    points.undo_moves([points.MoveUndoing(pole.pk, undo.pk, 2)], user=planner, at=MONDAY)[0]
    assert Point.objects.get(pk=pole.pk).geom.coords == MUSEUM
    with pytest.raises(points.NothingToUndo):
        points.undo_moves([points.MoveUndoing(pole.pk, undo.pk, 3)], user=planner, at=MONDAY)[0]


def test_a_removal_and_a_foreign_row_cannot_be_undone(pole, planner):
    placing = pole.moves.get()
    other = Point.objects.create()
    removal = points.note_removal([pole.pk], removed=True, user=planner, at=MONDAY, reason="gone")[0]

    with pytest.raises(points.NothingToUndo):
        points.undo_moves([points.MoveUndoing(pole.pk, removal.pk, 2)], user=planner, at=MONDAY)[0]
    with pytest.raises(points.NothingToUndo):
        points.undo_moves([points.MoveUndoing(other.pk, placing.pk, 0)], user=planner, at=MONDAY)[0]


def test_the_journal_refuses_to_be_changed_or_deleted(pole):
    for change in (lambda: pole.moves.update(reason="nothing happened"), lambda: PointMove.objects.filter(point=pole).delete()):
        with pytest.raises((IntegrityError, InternalError), match="append-only"), transaction.atomic():
            change()


def test_one_bad_command_stores_none_of_the_batch(pole, planner):
    with pytest.raises(geometry.BadCoordinates):
        points.move_points([at(pole, *THEATRE), at(pole, float("nan"), 60.0)], user=planner, at=MONDAY)

    assert pole.moves.count() == 1


def test_a_position_given_in_gcj02_is_converted_once_and_says_so(planner):
    point = Point.objects.create()

    points.move_points([at(point, 115.7842393, 33.8431563, datum="GCJ02", source="typed")], user=planner, at=MONDAY)

    point.refresh_from_db()
    assert point.geom.coords == pytest.approx((115.7787, 33.8446), abs=1e-6)
    assert (point.datum, point.converted_by) == ("GCJ02", datums.CONVERTER)


def test_swapped_coordinates_are_noticed_when_the_utility_lies_elsewhere(planner):
    point = Point.objects.create()

    with pytest.raises(geometry.LooksSwapped) as caught:
        points.move_points([at(point, 60.17, 24.94)], user=planner, at=MONDAY, extent=(24.0, 60.0, 26.0, 61.0))

    assert (caught.value.lon, caught.value.lat) == (24.94, 60.17)
    assert not PointMove.objects.exists()
