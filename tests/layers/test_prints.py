"""A print is recorded before it is made: what was on the sheet, by whom; only for who may see what is on it."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from customers.models import Account
from layers.basemap_records import VECTOR, demo_imagery, save_basemaps
from layers.models import AuditRow
from spatial.models import Area
from tests.cast import Browser, member, person, team

pytestmark = [pytest.mark.db, pytest.mark.django_db]
PATH = "/api/v1/prints"
SHEET: dict[str, Any] = {
    "layers": ["customers", "network"],
    "basemaps": [],
    "box": "24.92,60.17,24.94,60.18",
    "paper": "A3",
    "orientation": "portrait",
    "scale": 5000,
    "dpi": 300,
}


def printed() -> list[AuditRow]:
    return list(AuditRow.objects.filter(action="map.print").order_by("seq"))


def test_a_print_is_recorded_and_the_sheet_gets_its_number(planner: User) -> None:
    answer = Browser(planner).post(PATH, {**SHEET, "turned_deg": 30, "filter": {"grade": "special", "q": ""}})

    assert answer.status_code == 201
    [row] = printed()
    assert (row.object_id, row.actor_id) == (answer.json()["number"], planner.pk)
    assert row.after == {
        "layers": ["customers", "network"],
        "box": [24.92, 60.17, 24.94, 60.18],
        "paper": "A3",
        "orientation": "portrait",
        "scale": 5000,
        "dpi": 300,
        "turned_deg": 30,
        "filter": {"grade": "special"},
    }
    assert datetime.fromisoformat(answer.json()["at"]) == row.at


def test_a_print_sent_twice_is_recorded_once(planner: User) -> None:
    key = "6f1f64b0-58a5-4f80-9d9f-1f3dbfae8b5f"

    first, second = (Browser(planner).post(PATH, SHEET, key=key) for _ in range(2))

    assert first.json() == second.json()
    assert len(printed()) == 1


def test_who_may_look_may_print_without_the_right_to_export(db: None) -> None:
    assert Browser(person("inspector")).post(PATH, SHEET).status_code == 201


def test_a_customer_prints_their_own_map_but_no_layer_they_are_not_told_of(holder: User, dipoli: Account) -> None:
    browser = Browser(holder)

    assert browser.post(PATH, {**SHEET, "layers": ["customers"]}).status_code == 201
    refused = browser.post(PATH, SHEET)

    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_layer")
    assert len(printed()) == 1


def test_imagery_is_printed_by_whom_it_is_offered_to(planner: User, helsinki: Area, tmp_path: Any) -> None:
    save_basemaps([VECTOR, demo_imagery(tmp_path / "demo.tif")])
    without_imagery = member("olli", team("planner:customers", helsinki, layer="customers"))
    with_imagery = {**SHEET, "layers": ["customers"], "basemaps": ["demo", "osm"]}

    assert Browser(planner).post(PATH, with_imagery).status_code == 201
    refused = Browser(without_imagery).post(PATH, with_imagery)

    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_basemap")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("layers", ["atlantis"]),
        ("basemaps", ["atlantis"]),
        ("box", "24,60,25"),
        ("box", "24,95,25,96"),
        ("paper", "A0"),
        ("orientation", "upright"),
        ("scale", 0),
        ("scale", "NaN"),
        ("dpi", 100_000),
        ("turned_deg", "NaN"),
        ("filter", {"colour": "red"}),
        ("filter", {"grade": "x" * 1001}),
        ("title", "Secret"),
    ],
)
def test_bad_sheets_are_refused_and_leave_no_row(planner: User, field: str, value: Any) -> None:
    answer = Browser(planner).post(PATH, {**SHEET, field: value})

    assert answer.status_code in (400, 404), answer.content
    assert printed() == []


def test_strangers_and_people_without_a_role_print_nothing(db: None, client: Any) -> None:
    nobody = User.objects.create_user("nobody")

    assert client.post(PATH, SHEET, content_type="application/json").status_code in (401, 403)
    assert Browser(nobody).post(PATH, SHEET).status_code == 403
    assert printed() == []
