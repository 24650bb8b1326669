"""The history of a customer tells its moves and the edits of its ledger, in one list."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User

from customers import services
from customers.models import Account, GradePeriod
from tests.cast import MONDAY, THEATRE, Browser

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def history(museum: Account, user: User) -> list[dict]:
    answer = Browser(user).get(f"/api/v1/customers/{museum.pk}/history")
    assert answer.status_code == 200
    return answer.json()


def edit(museum: Account, user: User, *, minutes: int, **fields) -> None:
    museum.refresh_from_db()
    services.edit_customers([services.CustomerEdit(museum.pk, museum.version, fields)], user=user, at=MONDAY + timedelta(minutes=minutes))


def move(museum: Account, user: User, *, minutes: int) -> None:
    at = MONDAY + timedelta(minutes=minutes)
    services.move_customer(user=user, account=museum, at=at, confirmed=True, lon=THEATRE[0], lat=THEATRE[1], base_version=1)


def test_edits_stand_beside_the_moves(museum: Account, planner: User) -> None:
    edit(museum, planner, minutes=5, grade="special", contract_kva=900)
    move(museum, planner, minutes=10)

    moved, edited, placed = history(museum, planner)

    assert [moved["kind"], edited["kind"], placed["kind"]] == ["move", "edit", "place"]
    assert (edited["actor"], edited["actor_name"], edited["can_undo"], edited["version"]) == ("pekka", "Pekka", False, None)
    assert sorted(edited["changes"], key=lambda change: change["field"]) == [
        {"field": "contract_kva", "from": 1250, "to": 900},
        {"field": "grade", "from": "first", "to": "special"},
    ]
    assert (moved["can_undo"], moved["changes"]) == (True, [])


def test_a_grade_that_began_by_its_date_is_told_as_the_systems(museum: Account, planner: User) -> None:
    GradePeriod.objects.filter(account=museum).update(valid_to_date=date(2026, 3, 3))
    GradePeriod.objects.create(account=museum, grade="special", valid_from_date=date(2026, 3, 3))

    services.refresh_classification(today=date(2026, 3, 3), at=MONDAY + timedelta(days=1))

    newest = history(museum, planner)[0]
    assert (newest["actor"], newest["changes"]) == ("", [{"field": "grade", "from": "first", "to": "special"}])


def test_a_change_of_contacts_is_told_without_the_whole_phone_number(museum: Account, planner: User) -> None:
    night = services.NewContact(name="Aino", phone="+358 40 123 4567", role="electrician")

    edit(museum, planner, minutes=5, contacts=[night])
    edit(museum, planner, minutes=6, contacts=[night], address="Mannerheimintie 34 B")

    latest, edited, _ = history(museum, planner)
    assert edited["changes"] == [
        {
            "field": "contacts",
            "from": [{"name": "Mikko", "role": "", "phone_ends": "9552", "is_duty": True}],
            "to": [{"name": "Aino", "role": "electrician", "phone_ends": "4567", "is_duty": False}],
        }
    ]
    assert [change["field"] for change in latest["changes"]] == ["address"]


def test_an_edit_that_changes_nothing_is_not_told(museum: Account, planner: User) -> None:
    edit(museum, planner, minutes=5, name=museum.name)

    assert [row["kind"] for row in history(museum, planner)] == ["place"]


def test_a_clock_that_steps_back_leaves_the_moves_in_their_order(museum: Account, planner: User) -> None:
    edit(museum, planner, minutes=5, grade="special")
    move(museum, planner, minutes=-30)

    assert [row["kind"] for row in history(museum, planner)] == ["edit", "move", "place"]
