"""Add, move, undo, edit, delete, restore a customer through the API, as a planner's browser does."""

import threading
import uuid
from datetime import date

import pytest
from django.db import connection

from customers.models import Account, GradePeriod
from layers.models import Event, IdempotencyKey
from spatial.models import PointMove
from tests.cast import MUSEUM, THEATRE, Browser, person

pytestmark = [pytest.mark.db, pytest.mark.django_db]

NEAR_MUSEUM = (24.9320, 60.1752)


def move_to(where: tuple[float, float], base_version: int = 1, **more) -> dict:
    return {"lon": where[0], "lat": where[1], "base_version": base_version, "reason": "wrong gate", "source": "map_click", **more}


def test_a_planner_moves_a_customer_and_the_card_history_and_event_tell_the_same(museum, planner):
    browser = Browser(planner)

    answer = browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM))

    assert answer.status_code == 200
    assert answer.json()["feature"]["geometry"]["coordinates"] == list(NEAR_MUSEUM)
    card = browser.get(f"/api/v1/customers/{museum.pk}").json()
    assert (card["lon"], card["lat"], card["point_version"]) == (*NEAR_MUSEUM, 2)
    newest = browser.get(f"/api/v1/customers/{museum.pk}/history").json()[0]
    assert (newest["kind"], newest["actor"], newest["reason"], newest["can_undo"]) == ("move", "pekka", "wrong gate", True)
    assert newest["distance_m"] == pytest.approx(24.6, abs=1)
    event = Event.objects.filter(stream__key="customers").order_by("-seq").first()
    assert (event.feature_id, event.body["geometry"]["coordinates"]) == (museum.pk, list(NEAR_MUSEUM))


def test_the_second_of_two_planners_gets_409_with_both_positions_and_loses_nothing(museum, planner):
    first, second = Browser(person("planner", "paula")), Browser(planner)
    first.post(f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM))

    answer = second.post(f"/api/v1/customers/{museum.pk}/move", move_to((24.9318, 60.1750)))

    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["code"], problem["theirs"]["actor"], problem["theirs"]["reason"]) == ("version_conflict", "paula", "wrong gate")
    assert (problem["theirs"]["lon"], problem["theirs"]["lat"], problem["theirs"]["version"]) == (*NEAR_MUSEUM, 2)
    assert second.post(f"/api/v1/customers/{museum.pk}/move", move_to((24.9318, 60.1750), base_version=2)).status_code == 200


def test_a_far_move_is_asked_about_and_then_done(museum, planner):
    browser = Browser(planner)

    asked = browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(THEATRE))
    done = browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(THEATRE, confirm_distance=True))

    assert (asked.status_code, asked.json()["code"]) == (409, "guard_distance")
    assert asked.json()["distance_m"] > asked.json()["guard_m"]
    assert done.status_code == 200


def test_the_same_key_twice_moves_once_and_answers_the_same(museum, planner):
    browser, key = Browser(planner), str(uuid.uuid4())

    first = browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM), key=key)
    again = browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM), key=key)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replay"] == "true"
    assert PointMove.objects.filter(point=museum.point).count() == 2


def test_the_same_key_with_another_body_is_refused(museum, planner):
    browser, key = Browser(planner), str(uuid.uuid4())
    browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM), key=key)

    answer = browser.post(f"/api/v1/customers/{museum.pk}/move", move_to((24.9318, 60.1750), base_version=2), key=key)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refused_command_leaves_its_key_free(museum, planner):
    browser, key = Browser(planner), str(uuid.uuid4())

    assert browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(THEATRE), key=key).status_code == 409
    assert not IdempotencyKey.objects.exists()
    assert browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(THEATRE, confirm_distance=True), key=key).status_code == 200


@pytest.mark.parametrize("key", ["", "7", "not-a-uuid"])
def test_a_command_without_a_proper_key_is_refused(museum, planner, key):
    answer = Browser(planner).client.post(
        f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM), content_type="application/json", headers={"Idempotency-Key": key}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


def test_undo_the_next_day_brings_it_back_as_a_new_row(museum, planner):
    browser = Browser(planner)
    move = browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM)).json()["move"]

    answer = browser.post(f"/api/v1/customers/{museum.pk}/undo", {"move_id": move["id"], "base_version": 2, "reason": "it was right"})

    assert answer.status_code == 200
    assert answer.json()["feature"]["geometry"]["coordinates"] == list(MUSEUM)
    history = browser.get(f"/api/v1/customers/{museum.pk}/history").json()
    assert [row["kind"] for row in history] == ["undo", "move", "place"]
    assert history[1]["undone_by"] == history[0]["id"]


def test_a_customer_from_the_tray_is_placed_on_the_map(theatre, planner):
    browser = Browser(planner)
    assert browser.get("/api/v1/customers", located="false").json()["count"] == 1

    answer = browser.post(f"/api/v1/customers/{theatre.pk}/move", move_to(THEATRE, base_version=0))

    assert (answer.status_code, answer.json()["move"]["kind"], answer.json()["move"]["distance_m"]) == (200, "place", None)
    assert answer.json()["customer"]["area"]["code"] == "HEL"
    assert browser.get("/api/v1/customers", located="false").json()["count"] == 0


def test_a_placing_taken_back_puts_the_customer_into_the_tray_again(theatre, planner, helsinki):
    browser = Browser(planner)
    placing = browser.post(f"/api/v1/customers/{theatre.pk}/move", move_to(THEATRE, base_version=0)).json()["move"]
    assert browser.get(f"/api/v1/customers/{theatre.pk}/history").json()[0]["can_undo"] is True
    assert Account.objects.get(pk=theatre.pk).area == helsinki

    answer = browser.post(f"/api/v1/customers/{theatre.pk}/undo", {"move_id": placing["id"], "base_version": 1})

    assert (answer.status_code, answer.json()["move"]["kind"], answer.json()["move"]["to"]) == (200, "undo", None)
    assert (answer.json()["feature"]["geometry"], answer.json()["customer"]["point"]) == (None, None)
    assert browser.get("/api/v1/customers", located="false").json()["count"] == 1
    assert Account.objects.get(pk=theatre.pk).area is None
    assert [row["can_undo"] for row in browser.get(f"/api/v1/customers/{theatre.pk}/history").json()] == [True, False]


def test_a_new_customer_is_on_the_map_and_found_at_once(helsinki, planner):
    browser = Browser(planner)
    body = {
        "name": "中央医院",
        "account_no": "0000000042",
        "grade": "special",
        "classes": ["large", "dedicated_feeder"],
        "contract_kva": 6300,
        "lon": MUSEUM[0],
        "lat": MUSEUM[1],
        "source": "map_click",
        "contacts": [{"name": "Duty", "phone": "+358 40 123 4567", "is_duty": True}],
    }

    answer = browser.post("/api/v1/customers", body)

    assert answer.status_code == 201
    assert (answer.json()["account_no"], answer.json()["grade"], answer.json()["contract_kva"]) == ("0000000042", "special", 6300.0)
    assert browser.get("/api/v1/search", q="zyyy").json()["results"][0]["id"] == answer.json()["id"]


def test_an_account_number_belongs_to_one_customer(museum, planner):
    answer = Browser(planner).post("/api/v1/customers", {"name": "Copy", "account_no": museum.account_no})

    assert (answer.status_code, answer.json()["code"]) == (409, "account_number_taken")
    assert Account.objects.count() == 1


def test_editing_the_grade_closes_the_old_period_and_opens_a_new_one(museum, planner):
    answer = Browser(planner).send(
        "PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "grade": "special", "classes": ["large", "top100"]}
    )

    assert (answer.status_code, answer.json()["grade"], answer.json()["version"]) == (200, "special", 2)
    periods = list(museum.grade_periods.order_by("id").values_list("grade", "valid_to_date"))
    assert [grade for grade, _ in periods] == ["first", "special"]
    assert periods[0][1] is not None
    assert periods[1][1] is None


def test_contacts_are_edited_as_a_whole_list_and_found_by_their_phone(museum, planner):
    browser, door = Browser(planner), f"/api/v1/customers/{museum.pk}"
    contacts = [
        {"name": "Aino", "phone": "+358 40 123 4567", "role": "electrician", "is_duty": True},
        {"name": "Mikko", "phone": "+358 9 4050 9552", "role": "", "is_duty": False},
    ]

    answer = browser.send("PATCH", door, {"base_version": 1, "contacts": contacts})

    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert [contact["name"] for contact in answer.json()["contacts"]] == ["Aino", "Mikko"]
    assert browser.get("/api/v1/search", q="1234567").json()["results"][0]["id"] == museum.pk
    assert browser.send("PATCH", door, {"base_version": 2, "address": "Töölönlahdenkatu 1"}).json()["contacts"] == answer.json()["contacts"]

    assert browser.send("PATCH", door, {"base_version": 3, "contacts": []}).json()["contacts"] == []
    assert browser.get("/api/v1/search", q="1234567").json()["results"] == []


@pytest.mark.parametrize(
    ("contact", "field"),
    [({"name": "", "phone": "0401"}, "contacts.0.name"), ({"name": "Aino", "phone": "<b>"}, "contacts.0.phone")],
)
def test_a_contact_that_cannot_be_called_is_refused_by_its_field(museum, planner, contact, field):
    answer = Browser(planner).send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "contacts": [contact]})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_a_stale_edit_is_refused_with_the_present_card(museum, planner):
    browser = Browser(planner)
    browser.send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "address": "Mannerheimintie 34 A"})

    answer = browser.send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "address": "Elsewhere 1"})

    assert answer.status_code == 409
    assert answer.json()["theirs"]["address"] == "Mannerheimintie 34 A"


def test_a_deleted_customer_leaves_lists_with_its_reason_and_comes_back_where_it_stood(museum, planner):
    browser = Browser(planner)

    deleted = browser.send("DELETE", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "reason": "moved away"})

    assert (deleted.status_code, deleted.json()["delete_reason"]) == (200, "moved away")
    assert browser.get("/api/v1/customers").json()["count"] == 0
    assert browser.get("/api/v1/customers", deleted="true").json()["count"] == 1
    assert Event.objects.order_by("-seq").first().kind == "delete"
    restored = browser.post(f"/api/v1/customers/{museum.pk}/restore", {"reason": "a mistake"})
    assert (restored.status_code, restored.json()["lon"], restored.json()["deleted_at"]) == (200, MUSEUM[0], None)
    assert [row["kind"] for row in browser.get(f"/api/v1/customers/{museum.pk}/history").json()] == ["restore", "remove", "place"]


def test_deleting_needs_a_reason(museum, planner):
    answer = Browser(planner).send("DELETE", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "reason": "  "})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["reason"])


@pytest.mark.parametrize("role", ["dispatcher", "analyst", "customer"])
def test_roles_that_only_look_cannot_move(museum, role):
    user = person(role, f"{role}-1")

    answer = Browser(user).post(f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM))

    assert answer.status_code == 403
    assert answer.json()["request_id"]
    assert PointMove.objects.filter(point=museum.point).count() == 1


def test_an_inspector_may_move_a_wrong_pin_but_not_delete_the_customer(museum):
    browser = Browser(person("inspector", "ines"))

    assert browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM, device="tablet 7")).status_code == 200
    assert browser.send("DELETE", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "reason": "x"}).status_code == 403


def test_a_customer_sees_their_own_account_and_404_for_any_other(museum, theatre, holder):
    browser = Browser(holder)

    assert [row["id"] for row in browser.get("/api/v1/customers").json()["results"]] == [museum.pk]
    assert browser.get(f"/api/v1/customers/{theatre.pk}").status_code == 404
    assert browser.get(f"/api/v1/customers/{theatre.pk}/history").status_code == 404
    assert theatre.pk not in [found["id"] for found in browser.get("/api/v1/search", q="Kansallisteatteri").json()["results"]]
    assert browser.get("/api/v1/customers/counts").json()["total"] == 1


def test_somebody_who_is_not_signed_in_gets_401(museum):
    assert Browser(None).get(f"/api/v1/customers/{museum.pk}").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_of_ten_planners_at_once_exactly_one_moves_the_point(museum, planner):
    answers = []

    def drag(number: int) -> None:
        try:
            answers.append(
                Browser(planner).post(f"/api/v1/customers/{museum.pk}/move", move_to((24.9316 + number * 1e-5, 60.1752))).status_code
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=drag, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] + [409] * 9
    assert PointMove.objects.filter(point=museum.point).count() == 2


def test_a_deleted_customer_cannot_be_moved_undone_or_edited(museum, planner):
    browser = Browser(planner)
    move = browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(NEAR_MUSEUM)).json()["move"]
    browser.send("DELETE", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "reason": "gone"})

    answers = [
        browser.post(f"/api/v1/customers/{museum.pk}/move", move_to(MUSEUM, base_version=3)),
        browser.post(f"/api/v1/customers/{museum.pk}/undo", {"move_id": move["id"], "base_version": 3}),
        browser.send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 2, "address": "Nowhere 1"}),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "already_so")] * 3


def test_a_grade_that_has_not_begun_is_not_shown_as_todays(museum, planner):
    GradePeriod.objects.create(account=museum, grade="special", valid_from_date=date(2999, 1, 1))

    assert Browser(planner).get(f"/api/v1/customers/{museum.pk}").json()["grade_since"] == "2026-03-02"
