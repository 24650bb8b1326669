"""The audit's doors: who may read it, how it is narrowed, and what leaves as a file."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from customers.models import Account
from layers import access, audit, csv_text
from layers import services as rights
from layers.models import AuditRow
from spatial.models import Area
from tests.cast import MONDAY, MUSEUM, Browser, member, person, team

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def supervisor() -> User:
    return person("supervisor", "sulo")


def told(user: User, **query) -> list[str]:
    answer = Browser(user).get("/api/v1/audit", **query)
    assert answer.status_code == 200, answer.content
    return [row["action"] for row in answer.json()["results"]]


def record(*deeds: audit.Deed, user: User | None = None, minutes: int = 0) -> None:
    with transaction.atomic():
        audit.record(deeds, user=user, at=MONDAY + timedelta(minutes=minutes))


def exported(user: User, **query) -> list[list[str]]:
    answer = Browser(user).get("/api/v1/audit/export", **query)
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("role", ["dispatcher", "planner", "inspector", "analyst", "customer"])
@pytest.mark.parametrize("path", ["/api/v1/audit", "/api/v1/audit/export"])
def test_s69_only_supervisors_and_administrators_read_the_audit(role: str, path: str) -> None:
    user = person(role)

    answer = Browser(user).get(path)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert AuditRow.objects.get(action="refusal").actor == user
    assert Browser(None).get(path).status_code == 401
    assert Browser(person("administrator")).get(path).status_code == 200


def test_it_is_newest_first_page_by_page(supervisor: User) -> None:
    record(*(audit.Deed(f"test.n{chr(97 + number)}") for number in range(5)))

    first = Browser(supervisor).get("/api/v1/audit", limit=2).json()
    second = Browser(supervisor).get("/api/v1/audit", limit=2, cursor=first["next"]).json()
    third = Browser(supervisor).get("/api/v1/audit", limit=2, cursor=second["next"]).json()

    pages = [[row["action"] for row in page["results"]] for page in (first, second, third)]
    assert pages == [["test.ne", "test.nd"], ["test.nc", "test.nb"], ["test.na"]]
    assert third["next"] is None


def test_what_was_done_to_a_person_is_found_by_number_and_by_name_old_rows_too(supervisor: User, planner: User, dispatcher: User) -> None:
    # As rows about groups were written once.
    record(audit.Deed("person.edit", layer="people", object_id="pekka", label="pekka"))
    rights.set_groups([planner.pk], ["planner", "inspector"], by=None, at=MONDAY)
    rights.set_active([planner.pk, dispatcher.pk], is_active=False, by=None, at=MONDAY)
    record(audit.about(planner, "person.unlock"))

    about_pekka = ["person.unlock", "person.change", "person.change", "person.edit"]
    assert told(supervisor, object=f"people:{planner.pk}") == told(supervisor, object="people:pekka") == about_pekka
    assert told(supervisor, object="people:nobody") == told(supervisor, object="people:999999") == []
    assert set(AuditRow.objects.filter(action="person.change").values_list("object_id", flat=True)) == {str(planner.pk), str(dispatcher.pk)}


def test_it_is_searched_by_person_object_time_kind_area_and_words(supervisor: User, planner: User) -> None:
    record(audit.Deed("customer.move", layer="customers", object_id=7, label="Opera", area_code="HEL", reason="wrong gate"), user=planner)
    record(audit.Deed("customer.edit", layer="customers", object_id=8, label="Arena", area_code="ESP"), user=supervisor, minutes=10)
    record(audit.Deed("session.sign_in"), user=planner, minutes=20)

    assert told(supervisor, person="pekka") == ["session.sign_in", "customer.move"]
    assert told(supervisor, object="customers:7") == ["customer.move"]
    assert told(supervisor, action="customer") == ["customer.edit", "customer.move"]
    assert told(supervisor, action="customer.move") == ["customer.move"]
    assert told(supervisor, area="ESP") == ["customer.edit"]
    assert told(supervisor, q="wrong gate") == ["customer.move"]
    assert told(supervisor, q="arena") == ["customer.edit"]
    period = {"from": (MONDAY + timedelta(minutes=10)).isoformat(), "to": (MONDAY + timedelta(minutes=20)).isoformat()}
    assert told(supervisor, **period) == ["customer.edit"]


def test_a_supervisor_of_one_area_reads_about_its_customers_only(museum: Account, dipoli: Account, espoo: Area, supervisor: User) -> None:
    north = member("nora", team("supervisor:espoo", espoo, actions=access.ROLE_ACTIONS["supervisor"]))
    record(audit.Deed("session.sign_in", layer="people", object_id=supervisor.pk), user=supervisor)
    record(audit.Deed("session.sign_in", layer="people", object_id=north.pk), user=north)
    record(audit.Deed("holding.add", layer="customers", object_id="no number"), user=supervisor)
    Browser(north).get(f"/api/v1/customers/{museum.pk}")

    def objects(user: User, **query: str) -> set[tuple[str, str]]:
        rows = Browser(user).get("/api/v1/audit", limit=200, **query).json()["results"]
        return {(row["action"], row["object_label"]) for row in rows}

    own = {("customer.create", str(dipoli)), ("session.sign_in", "")}
    assert objects(north) == own
    assert objects(north, area="HEL") == objects(north, object=f"customers:{museum.pk}") == objects(north, q="Kansallis") == set()
    assert {row[0] for row in exported(north, action="customer")[1:]} == {str(AuditRow.objects.get(object_id=str(dipoli.pk)).seq)}
    assert objects(supervisor) > own | {("customer.create", str(museum)), ("refusal", "")}


def test_what_moves_out_of_the_area_takes_its_audit_along(dipoli: Account, museum: Account, espoo: Area, supervisor: User) -> None:
    north = member("nora", team("supervisor:espoo", espoo, actions=access.ROLE_ACTIONS["supervisor"]))
    move = {"lon": MUSEUM[0], "lat": MUSEUM[1], "base_version": 1, "confirm_distance": True}
    assert told(north, object=f"customers:{dipoli.pk}") == ["customer.create"]

    Browser(supervisor).post(f"/api/v1/customers/{dipoli.pk}/move", move)

    assert told(north, object=f"customers:{dipoli.pk}") == []


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"object": "customers:"},
        {"object": "7"},
        {"action": "x'--"},
        {"cursor": "-1"},
        {"cursor": "9" * 30},
        {"limit": "0"},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(supervisor: User, query: dict[str, str]) -> None:
    assert Browser(supervisor).get("/api/v1/audit", **query).status_code == 400


def test_a_row_tells_before_and_after(museum: Account, supervisor: User) -> None:
    Browser(supervisor).send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "grade": "special"})

    row = Browser(supervisor).get("/api/v1/audit", object=f"customers:{museum.pk}").json()["results"][0]

    assert (row["action"], row["actor"], row["actor_name"], row["role"]) == ("customer.edit", "sulo", "Sulo", "supervisor")
    assert (row["before"], row["after"]) == ({"grade": "first"}, {"grade": "special"})


def test_s64_no_cell_of_the_export_is_a_formula_and_negative_numbers_stay_numbers(supervisor: User) -> None:
    for text in ("=cmd|'/c calc'!A1", "+1", "-2", "@x", "\t=", "＝1+1"):
        record(audit.Deed("customer.edit", layer="customers", object_id=text, label=text, reason=text))

    head, *rows = exported(supervisor, action="customer")

    assert len(rows) == 6
    for name in ("object_label", "reason", "object_id"):
        assert all(row[head.index(name)].startswith("'") for row in rows)
    assert csv_text.cell(-2.5) == "-2.5"
    assert csv_text.cell(-7) == "-7"


def test_s69_an_export_is_itself_recorded(supervisor: User) -> None:
    record(audit.Deed("customer.edit", label="国家博物馆", after={"contract_kva": 900}))

    head, *rows = exported(supervisor, action="customer.edit")

    row = AuditRow.objects.get(action="audit.export")
    assert (row.actor, row.after) == (supervisor, {"action": "customer.edit"})
    assert len(rows) == 1
    assert rows[0][head.index("object_label")] == "国家博物馆"
    assert rows[0][head.index("after")] == '{"contract_kva": 900}'
