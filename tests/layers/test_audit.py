"""The audit: a row for everything that is written, signed in, refused and exported; nothing of it changes or vanishes unseen."""

import ast
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from customers import services
from customers.models import Account
from layers import access, audit, basemap_records, reference_data
from layers import services as rights
from layers.models import AuditHead, AuditRow
from portal.accounts import ensure_demo_accounts
from tests.cast import MONDAY, MUSEUM, PASSWORD, THEATRE, Browser, person
from tests.customers.importing_services import CASES as IMPORTING
from tests.layers.basemap_services import CASES as BASEMAPS
from tests.layers.importing_services import CASES as IMPORTING_NETWORKS
from tests.layers.test_events_rebuild_state import CASES as PUBLISHING
from tests.portal.writing_services import CASES as PORTAL
from tests.spatial.test_import_network import SMALL

pytestmark = [pytest.mark.db, pytest.mark.django_db]

Case = Callable[[Account, Account, User], Any]
MOVE = rights.Grant("move")
PLACE = {"kind": "poi", "name": "Kiosk", "lon": 24.9, "lat": 60.1}


def _areas(museum: Account, theatre: Account, user: User) -> None:
    reference_data.import_areas(reference_data.read_document(reference_data.AREAS))


# Service -> something that makes it write. A new one without a case here fails `test_every_service_that_writes_has_a_case`.
CASES: dict[str, Case] = {
    **PUBLISHING,
    **PORTAL,
    **IMPORTING,
    **IMPORTING_NETWORKS,
    **BASEMAPS,
    "layers.reference_data.import_network": lambda *_: reference_data.import_network(SMALL),
    "layers.reference_data.import_areas": _areas,
    "layers.reference_data.import_places": lambda *_: reference_data.import_places([PLACE], origin="by-hand"),
    "layers.basemap_records.save_basemaps": lambda *_: basemap_records.save_basemaps([basemap_records.VECTOR]),
    "layers.services.set_grants": lambda m, t, user: rights.set_grants("planner:north", "customers", [MOVE], by=user, at=MONDAY),
    "layers.services.set_groups": lambda m, t, user: rights.set_groups([user.pk], ["dispatcher"], by=user, at=MONDAY),
    "layers.services.set_active": lambda m, t, user: rights.set_active([user.pk], is_active=False, by=user, at=MONDAY),
    "portal.accounts.ensure_demo_accounts": lambda *_: ensure_demo_accounts({}),
}
WITHOUT_A_ROW = {
    # They make groups that do not exist yet, with the rights that the code names; whoever is put into one leaves a row.
    "layers.services.ensure_roles",
    "layers.services.ensure_team",
    # A transaction around somebody else's work, which leaves the row.
    "layers.idempotency.run_once",
    "layers.row_security.reading_as",
    "layers.row_security.writing",
    # They only read, in one snapshot.
    "customers.search.found_places",
    "customers.search.search",
    "layers.pyramid.check",
    # Derived from rows that have theirs.
    "layers.pyramid.rebuild",
    # A count of tries; the refusal that follows has a row, bounded so that nobody can fill the audit from outside.
    "portal.lockout.reserve",
    # It fills the import's own rows, which change nothing yet; who brought the file and who has it stored leave theirs.
    "customers.importing.checking.check",
    # Bytes of a file whose upload has its row; the basemap that is made of it leaves its own: `tests/layers/test_basemap_uploads.py`.
    "layers.basemap_uploads.receive",
    "layers.basemap_uploads.work",
    # It writes a file of what the tables say.
    "layers.basemap_records.hand_to_mapproxy",
    "layers.importing.checking.check",
    # It reads which imports nobody works on.
    "layers.importing.working.stalled",
    # Its own row is the anchor of the chain: `test_s69_old_rows_go_by_the_owners_command_and_the_chain_still_verifies`.
    "layers.audit.trim",
}
APPS = ("layers", "customers", "incidents", "analytics", "portal")  # what spatial writes, the service above it records
MODULES = ("*.py", "services/**/*.py", "importing/**/*.py", "management/**/*.py")


def writing_services() -> set[str]:
    """Return the public functions that open a transaction, by themselves or through their module's helpers."""
    paths = {path for app in APPS for pattern in MODULES for path in (settings.BASE_DIR / app).glob(pattern)}
    return {name for path in paths for name in _writing_functions(path)}


def _writing_functions(path: Path) -> Iterator[str]:
    calls = {
        function.name: {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
        for function in ast.parse(path.read_text()).body
        if isinstance(function, ast.FunctionDef)
    }
    writing = {name for name, called in calls.items() if "transaction.atomic" in called}
    while more := {name for name, called in calls.items() if called & writing} - writing:
        writing |= more
    module = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)
    yield from (f"{module}.{name}" for name in writing if not name.startswith("_"))


def settle() -> None:
    """Have deferred constraints judged, as a commit would."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; set constraints all deferred")


def as_owner(statement: str, *params: Any) -> None:
    """What only somebody with the whole database in their hands can do."""
    settle()
    with connection.cursor() as cursor:
        cursor.execute("alter table layers_auditrow disable trigger auditrow_is_append_only")
        cursor.execute(statement, params)
        cursor.execute("set constraints all immediate; set constraints all deferred")
        cursor.execute("alter table layers_auditrow enable trigger auditrow_is_append_only")


def newest(action: str) -> AuditRow:
    return AuditRow.objects.filter(action=action).latest("seq")


def move(account: Account, user: User, where: tuple[float, float] = THEATRE, **more: Any) -> None:
    account.point.refresh_from_db()
    base_version = account.point.version
    services.move_customer(
        user=user, account=account, at=MONDAY, confirmed=True, lon=where[0], lat=where[1], base_version=base_version, **more
    )


def test_every_service_that_writes_has_a_case() -> None:
    assert writing_services() - WITHOUT_A_ROW == set(CASES)


@pytest.mark.parametrize("service", CASES)
def test_s69_every_service_that_writes_leaves_a_row(service: str, museum: Account, theatre: Account, planner: User) -> None:
    before = AuditHead.objects.get().seq

    CASES[service](museum, theatre, planner)

    rows = list(AuditRow.objects.filter(seq__gt=before))
    assert rows
    assert all(row.request_id and row.hash and row.at and ("." in row.action or row.action == "refusal") for row in rows)
    assert audit.check().problem == ""


def test_s69_a_move_tells_who_when_from_where_what_and_why(museum: Account, planner: User) -> None:
    body = {"lon": THEATRE[0], "lat": THEATRE[1], "base_version": 1, "reason": "wrong gate", "confirm_distance": True}
    browser = Browser(planner)
    browser.client.defaults |= {"HTTP_USER_AGENT": "Field tablet 7", "REMOTE_ADDR": "10.20.30.40"}

    answer = browser.post(f"/api/v1/customers/{museum.pk}/move", body)

    row = newest("customer.move")
    assert (row.actor, row.actor_name, row.role) == (planner, "Pekka", "planner")
    assert (row.layer, row.object_id, row.object_label, row.area_code) == ("customers", str(museum.pk), str(museum), "HEL")
    assert (row.ip, row.device, row.reason) == ("10.20.30.40", "Field tablet 7", "wrong gate")
    assert row.request_id == answer.headers["X-Request-ID"]
    assert row.before == {"lon": MUSEUM[0], "lat": MUSEUM[1]}
    assert (row.after["lon"], row.after["lat"]) == THEATRE
    assert row.at.isoformat() == answer.json()["move"]["at"].replace("Z", "+00:00")


def test_s69_an_edit_keeps_only_what_changed(museum: Account, planner: User) -> None:
    museum.refresh_from_db()
    edit = services.CustomerEdit(museum.pk, museum.version, {"name": museum.name, "grade": "special", "contract_kva": 900})

    services.edit_customers([edit], user=planner, at=MONDAY)

    row = newest("customer.edit")
    assert row.before == {"grade": "first", "contract_kva": 1250}
    assert row.after == {"grade": "special", "contract_kva": 900}


def test_work_of_the_system_says_so_and_names_nobody(museum: Account) -> None:
    services.edit_customers([services.CustomerEdit(museum.pk, 1, {"grade": "special"})], user=access.everybody(), at=MONDAY)

    row = newest("customer.edit")
    assert (row.actor, row.actor_name, row.role) == (None, "", "")


@pytest.mark.parametrize("service", [name for name in PUBLISHING if name != "customers.services.refresh_classification"])
def test_no_service_takes_nobody_for_the_system(service: str, museum: Account, theatre: Account) -> None:
    """Whoever forgets to say whose right it is gets no right at all, not every one."""
    before = AuditHead.objects.get().seq

    with pytest.raises(AttributeError):
        PUBLISHING[service](museum, theatre, None)  # type: ignore[arg-type]

    assert AuditHead.objects.get().seq == before


def test_rows_of_one_command_share_a_batch(museum: Account, theatre: Account, planner: User) -> None:
    PUBLISHING["customers.services.move_customers"](museum, theatre, planner)

    rows = AuditRow.objects.filter(action="customer.move")
    assert rows.count() == 2
    assert len({row.batch for row in rows} - {None}) == 1


def test_a_refused_move_leaves_no_row_of_a_move(museum: Account, planner: User) -> None:
    answer = Browser(planner).post(f"/api/v1/customers/{museum.pk}/move", {"lon": 24.94, "lat": 60.17, "base_version": 9})

    assert answer.status_code == 409
    assert not AuditRow.objects.filter(action="customer.move").exists()


def test_a_command_sent_twice_is_recorded_once(museum: Account, planner: User) -> None:
    body = {"lon": THEATRE[0], "lat": THEATRE[1], "base_version": 1, "confirm_distance": True}
    browser, key = Browser(planner), "6f4d3f6e-3f0e-4d55-a9c5-0a4a4c9e1f11"

    for _ in range(2):
        assert browser.post(f"/api/v1/customers/{museum.pk}/move", body, key=key).status_code == 200

    assert AuditRow.objects.filter(action="customer.move").count() == 1


def test_s69_signing_in_and_out_and_a_refused_sign_in_are_recorded(planner: User) -> None:
    browser = Browser(None)

    browser.post("/api/v1/session", {"username": "pekka", "password": "wrong"})
    browser.post("/api/v1/session", {"username": "hunter2-typed-into-the-wrong-field", "password": "x"})
    browser.post("/api/v1/session", {"username": "pekka", "password": PASSWORD})
    browser.send("DELETE", "/api/v1/session")

    told = list(AuditRow.objects.order_by("seq").values_list("action", "object_id", "actor__username"))
    assert told == [
        ("session.refused", str(planner.pk), None),
        ("session.refused", "", None),
        ("session.sign_in", str(planner.pk), "pekka"),
        ("session.sign_out", str(planner.pk), "pekka"),
    ]
    everything = json.dumps(list(AuditRow.objects.values()), default=str)
    assert PASSWORD not in everything
    assert "hunter2" not in everything


def test_s01_asking_for_anothers_customer_is_404_and_recorded(museum: Account, theatre: Account, holder: User) -> None:
    answer = Browser(holder).get(f"/api/v1/customers/{theatre.pk}")

    row = newest("refusal")
    assert answer.status_code == 404
    assert theatre.name not in answer.content.decode()
    assert (row.actor, row.layer, row.object_id) == (holder, "customers", str(theatre.pk))
    assert row.after == {"code": "not_found", "wanted": f"GET /api/v1/customers/{theatre.pk}"}


def test_s69_wanting_what_the_role_may_not_is_recorded(museum: Account, dispatcher: User) -> None:
    answer = Browser(dispatcher).post(f"/api/v1/customers/{museum.pk}/move", {"lon": 24.94, "lat": 60.17, "base_version": 1})

    row = newest("refusal")
    assert answer.status_code == 403
    assert (row.actor, row.object_id, row.after["code"]) == (dispatcher, str(museum.pk), "not_allowed")


@pytest.mark.parametrize("statement", ["update layers_auditrow set reason = ''", "delete from layers_auditrow", "truncate layers_auditrow"])
def test_s69_the_database_refuses_to_change_or_remove_a_row(statement: str, museum: Account) -> None:
    settle()
    with connection.cursor() as cursor:
        cursor.execute("alter table layers_auditrow enable trigger auditrow_is_not_emptied")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert AuditRow.objects.exists()


def test_s69_a_changed_row_is_found(museum: Account, planner: User) -> None:
    move(museum, planner, reason="wrong gate")
    move(museum, planner, MUSEUM)
    seq = AuditRow.objects.filter(reason="wrong gate").get().seq

    as_owner("update layers_auditrow set reason = 'a better reason' where seq = %s", seq)

    assert audit.check().broken_seq == seq


def test_s69_a_removed_row_is_found(museum: Account, planner: User) -> None:
    move(museum, planner)
    move(museum, planner, MUSEUM)
    seq = AuditHead.objects.get().seq

    as_owner("delete from layers_auditrow where seq = %s", seq - 1)

    assert audit.check().broken_seq == seq - 1


def test_s69_the_newest_rows_cut_off_are_found(museum: Account, planner: User) -> None:
    move(museum, planner)
    seq = AuditHead.objects.get().seq

    as_owner("delete from layers_auditrow where seq = %s", seq)

    verdict = audit.check()
    assert (verdict.broken_seq, "cut off" in verdict.problem) == (seq, True)


def test_s69_the_oldest_rows_cut_off_are_found(museum: Account, planner: User) -> None:
    move(museum, planner)

    as_owner("delete from layers_auditrow where seq = (select min(seq) from layers_auditrow)")

    assert "no row accounts" in audit.check().problem


@pytest.mark.parametrize("where", ["in the middle", "at the end"])
def test_s69_an_inserted_row_is_found(where: str, museum: Account, planner: User) -> None:
    move(museum, planner)
    move(museum, planner, MUSEUM)
    seq = AuditHead.objects.get().seq
    copy = AuditRow.objects.get(seq=seq)
    copy.seq, copy.reason = (seq + 1, "never happened")
    if where == "in the middle":
        as_owner("delete from layers_auditrow where seq = %s", seq)
        copy.seq = seq

    AuditRow.objects.bulk_create([copy])

    assert audit.check().broken_seq == copy.seq


def test_s69_a_clock_that_steps_back_does_not_break_the_chain(museum: Account, planner: User) -> None:
    for minutes in (0, -90, 5):
        with transaction.atomic():
            audit.record([audit.Deed("test.step")], user=planner, at=MONDAY + timedelta(minutes=minutes))

    steps = list(AuditRow.objects.filter(action="test.step").order_by("seq"))
    assert audit.check().problem == ""
    assert [row.seq for row in steps] == list(range(steps[0].seq, steps[0].seq + 3))


@pytest.mark.parametrize(
    "value", [0.1, -0.0, 1e16, 1e-7, 24.947_212_345_678_91, -12, "国家博物馆 \U0001f3db", "nul\0", None, [1.0, "a"], {"b": 2.0}]
)
def test_the_chain_verifies_whatever_the_values(value: Any, planner: User) -> None:
    with transaction.atomic():
        audit.record([audit.Deed("test.value", reason="tab\t ' \\", after={"value": value})], user=planner, at=MONDAY)

    assert audit.check().problem == ""


def test_the_check_names_the_first_broken_row(museum: Account, planner: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_audit")
    assert "rows verify" in capsys.readouterr().out
    as_owner("update layers_auditrow set actor_name = 'Somebody else' where seq = 1")

    with pytest.raises(CommandError, match="Row 1 is not what was written"):
        call_command("check_audit", "--json")

    assert json.loads(capsys.readouterr().out)["broken_seq"] == 1


def test_s69_old_rows_go_by_the_owners_command_and_the_chain_still_verifies(museum: Account, planner: User) -> None:
    move(museum, planner)
    removed_hash = AuditRow.objects.latest("seq").hash
    with transaction.atomic():
        audit.record([audit.Deed("test.later")], user=planner, at=MONDAY + timedelta(days=500))

    settle()
    removed = audit.trim(before=MONDAY + timedelta(days=99), at=MONDAY + timedelta(days=501))

    anchor = newest("audit.trim")
    assert removed == 2
    assert anchor.after["hash"] == removed_hash
    assert list(AuditRow.objects.order_by("seq").values_list("action", flat=True)) == ["test.later", "audit.trim"]
    assert audit.check().problem == ""


def test_a_trimmed_chain_can_be_trimmed_again_and_a_broken_one_never(museum: Account, planner: User) -> None:
    settle()
    audit.trim(before=MONDAY + timedelta(days=1), at=MONDAY + timedelta(days=2))
    move(museum, planner)
    settle()
    assert audit.trim(before=MONDAY + timedelta(days=3), at=MONDAY + timedelta(days=4)) == 2
    assert audit.check().problem == ""

    as_owner("update layers_auditrow set reason = 'other'")
    with pytest.raises(audit.BrokenChain):
        audit.trim(before=MONDAY + timedelta(days=9), at=MONDAY + timedelta(days=9))


def test_s69_the_command_keeps_what_policy_keeps(museum: Account, capsys: pytest.CaptureFixture[str]) -> None:
    settle()
    call_command("trim_audit")

    assert capsys.readouterr().out.startswith("0 rows older than 400 days")


def test_nothing_personal_is_logged(museum: Account, caplog: pytest.LogCaptureFixture) -> None:
    browser = Browser(person("supervisor", "sulo"))
    with caplog.at_level(logging.DEBUG):
        browser.post(f"/api/v1/customers/{museum.pk}/move", {"lon": 24.94, "lat": 60.17, "base_version": 1, "reason": "wrong gate"})
        browser.get("/api/v1/customers/999999")
        browser.get("/api/v1/audit", person="Sulo")

    ours = " ".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    for word in (museum.name, museum.account_no, "wrong gate", "4050 9552", "Sulo"):
        assert word not in ours
