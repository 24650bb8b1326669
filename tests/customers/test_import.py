"""A planner brings the file they have, sees what will change, stores it, takes it back."""

import json
from pathlib import Path

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ

from customers import services
from customers.importing import working
from customers.importing.mapping import suggest
from customers.models import Account, Import
from layers import access, audit, pyramid
from layers.models import AuditRow
from spatial.models import Area, PointMove
from tests.cast import DIPOLI, MONDAY, MUSEUM, THEATRE, Browser, person

pytestmark = [pytest.mark.db, pytest.mark.django_db]

LEDGER = (
    "account_no,name,lon,lat,grade,contract_kva,address\n"
    f"0012345678,Kansallismuseo,{MUSEUM[0]},{MUSEUM[1]},first,1250,Mannerheimintie 34\n"
    f"0098765432,Kansallisteatteri,{THEATRE[0]},{THEATRE[1]},special,800,\n"
    "0000000777,Ooppera,24.9290,60.1816,second,2000,Helsinginkatu 58\n"
    ",Nameless,24.93,60.17,none,1,\n"
)


@pytest.fixture(autouse=True)
def _media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def bring(browser: Browser, content: bytes | str, name: str = "ledger.csv"):
    """Upload a file and let the worker read it; return the import as its door tells it."""
    data = content.encode() if isinstance(content, str) else content
    answer = browser.client.post("/api/v1/imports", {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 201, answer.content
    return worked(browser, answer.json()["id"])


def worked(browser: Browser, import_id: str):
    while working.work(import_id, clock=timezone.now):
        pass
    return browser.get(f"/api/v1/imports/{import_id}").json()


def rows(browser: Browser, import_id: str, **query) -> list[dict]:
    return browser.get(f"/api/v1/imports/{import_id}/rows", **query).json()["rows"]


def commit(browser: Browser, told: dict, **wish) -> dict:
    answer = browser.post(f"/api/v1/imports/{told['id']}/commit", wish)
    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == "committing"
    return worked(browser, told["id"])


def revert(browser: Browser, told: dict) -> dict:
    assert browser.post(f"/api/v1/imports/{told['id']}/revert").json()["state"] == "reverting"
    return worked(browser, told["id"])


def test_the_check_says_what_would_change_and_changes_nothing(planner: User, museum: Account, theatre: Account) -> None:
    browser = Browser(planner)

    told = bring(browser, LEDGER)

    assert told["state"] == "checked", told
    assert told["counts"] == {"new": 1, "moved": 1, "changed": 1, "unchanged": 1, "rejected": 1, "far_moves": 0}
    assert told["choices"]["mapping"]["account_no"] == "account_no"
    assert (told["detected"]["format"], told["detected"]["encoding"], told["detected"]["rows"]) == ("CSV", "UTF-8", 4)
    assert [row["status"] for row in rows(browser, told["id"])] == ["unchanged", "moved_and_changed", "new", "rejected"]
    [rejected] = rows(browser, told["id"], status="rejected")
    assert rejected["problem"]["code"] == "no_account_no"
    theatre.refresh_from_db()
    assert (theatre.grade, Account.objects.count()) == ("second", 2)


def test_storing_an_import_is_one_batch_that_can_be_taken_back(planner: User, museum: Account, theatre: Account) -> None:
    browser = Browser(planner)
    told = bring(browser, LEDGER)

    stored = commit(browser, told)

    assert stored["state"] == "committed"
    opera = Account.objects.get(account_no="0000000777")
    theatre.refresh_from_db()
    assert (opera.name, opera.point.datum, opera.point.source) == ("Ooppera", "WGS84", "import")
    assert (theatre.grade, theatre.point.geom.coords) == ("special", THEATRE)
    assert PointMove.objects.filter(point=opera.point).get().reason == "import ledger.csv"
    assert AuditRow.objects.filter(action="customer.create", object_id=str(opera.pk), device="import ledger.csv").exists()
    assert stored["can"] == ["revert"]

    back = revert(browser, stored)

    assert (back["state"], back["not_reverted"]) == ("reverted", 0)
    assert (stored["taken_back"], back["taken_back"]) == (None, {"new": 1, "moved": 1, "changed": 1})
    theatre.refresh_from_db()
    opera.refresh_from_db()
    assert (theatre.grade, theatre.point.geom, opera.deleted_at is not None) == ("second", None, True)
    assert pyramid.check("customers").wrong == 0
    assert audit.check().problem == ""


def test_the_same_file_twice_changes_nothing(planner: User, museum: Account, theatre: Account) -> None:
    browser = Browser(planner)
    commit(browser, bring(browser, LEDGER))
    moves = PointMove.objects.count()

    again = bring(browser, LEDGER)

    assert again["counts"] | {"rejected": 0} == {"new": 0, "moved": 0, "changed": 0, "unchanged": 3, "rejected": 0, "far_moves": 0}
    assert (again["state"], again["can"]) == ("nothing", ["change"])
    assert PointMove.objects.count() == moves


def test_an_import_with_nothing_to_change_can_be_read_another_way_and_keeps_no_room(planner: User, museum: Account) -> None:
    browser = Browser(planner)
    told = bring(browser, "account_no,kva\n0012345678,20\n")
    assert told["state"] == "nothing"

    answer = browser.send("PATCH", f"/api/v1/imports/{told['id']}", {"mapping": {"account_no": "account_no", "running_kva": "kva"}})

    assert answer.status_code == 200, answer.content
    assert worked(browser, told["id"])["counts"]["changed"] == 1


def test_what_was_taken_back_can_be_imported_again(planner: User, museum: Account, theatre: Account) -> None:
    browser = Browser(planner)
    revert(browser, commit(browser, bring(browser, LEDGER)))

    again = commit(browser, bring(browser, LEDGER))

    assert again["counts"]["new"] == 1
    opera = Account.objects.get(account_no="0000000777")
    assert (opera.deleted_at, opera.name) == (None, "Ooppera")


def test_what_somebody_changed_since_is_listed_and_not_overwritten(planner: User, museum: Account, theatre: Account) -> None:
    browser = Browser(planner)
    stored = commit(browser, bring(browser, LEDGER))
    theatre.refresh_from_db()
    services.edit_customers([services.CustomerEdit(theatre.pk, theatre.version, {"grade": "first"})], user=planner, at=MONDAY)

    back = revert(browser, stored)

    assert (back["state"], back["not_reverted"]) == ("reverted", 1)
    assert back["taken_back"] == {"new": 1, "moved": 0, "changed": 0}, "what stays is not said to be taken back"
    theatre.refresh_from_db()
    assert theatre.grade == "first"
    [left] = rows(browser, back["id"], status="not_reverted")
    assert (left["account_no"], left["problem"]["code"]) == ("0098765432", "changed_since")


def test_what_changed_after_the_check_is_rejected_and_the_rest_stored(planner: User, museum: Account, theatre: Account) -> None:
    browser = Browser(planner)
    told = bring(browser, LEDGER)
    theatre.refresh_from_db()
    services.edit_customers([services.CustomerEdit(theatre.pk, theatre.version, {"grade": "first"})], user=planner, at=MONDAY)

    stored = commit(browser, told)

    assert (stored["counts"]["rejected"], stored["counts"]["new"]) == (2, 1)
    theatre.refresh_from_db()
    assert theatre.grade == "first"
    assert {row["problem"]["code"] for row in rows(browser, told["id"], status="rejected")} == {"no_account_no", "changed_since"}


def test_far_moves_are_asked_for_once(planner: User, museum: Account) -> None:
    browser = Browser(planner)
    told = bring(browser, f"account_no,lon,lat\n0012345678,{THEATRE[0]},{THEATRE[1]}\n")
    assert told["counts"]["far_moves"] == 1

    refused = browser.post(f"/api/v1/imports/{told['id']}/commit")

    assert (refused.status_code, refused.json()["code"], refused.json()["count"]) == (409, "far_moves", 1)
    assert commit(browser, told, accept_far_moves=True)["state"] == "committed"
    museum.point.refresh_from_db()
    assert museum.point.geom.coords == THEATRE


def test_a_number_that_stands_twice_counts_once(planner: User, helsinki: Area) -> None:
    told = bring(Browser(planner), "account_no,name\n1234567,First\n7654321,Other\n1234567,Second\n")

    assert told["counts"]["new"] == 2
    assert [row["problem"]["code"] for row in rows(Browser(planner), told["id"], status="rejected")] == ["twice_in_file"]


def test_a_file_without_account_numbers_waits_for_an_answer(planner: User, helsinki: Area) -> None:
    browser = Browser(planner)
    told = bring(browser, "Kenen,Nimi\nA-1,Ooppera\nA-2,Kiasma\n")
    assert (told["state"], [question["code"] for question in told["questions"]]) == ("waiting", ["no_account_no"])

    answer = browser.send("PATCH", f"/api/v1/imports/{told['id']}", {"mapping": {"account_no": "Kenen", "name": "Nimi"}})

    assert answer.status_code == 200, answer.content
    assert worked(browser, told["id"])["counts"]["new"] == 2


def test_the_meaning_of_columns_is_remembered(planner: User, helsinki: Area) -> None:
    browser = Browser(planner)
    told = bring(browser, "Kenen,Nimi\nA-1,Ooppera\nA-2,Kiasma\n")
    browser.send("PATCH", f"/api/v1/imports/{told['id']}", {"mapping": {"account_no": "Kenen", "name": "Nimi"}})
    commit(browser, worked(browser, told["id"]))

    again = bring(browser, "Nimi,Kenen\nTalo,A-3\n")

    assert (again["state"], again["choices"]["mapping"]) == ("checked", {"account_no": "Kenen", "name": "Nimi"})


def test_the_rejected_rows_come_as_a_file_with_the_reason(planner: User, museum: Account) -> None:
    browser = Browser(planner)
    told = bring(browser, "account_no,name,contract_kva\n0012345678,=cmd|'/c calc'!A1,-5\n,Nobody,1\n555,Fine,2\n")

    answer = browser.get(f"/api/v1/imports/{told['id']}/rejects.csv")

    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "account_no,name,contract_kva,row,reason,reason_text"
    assert lines[1].startswith("0012345678,'=cmd|'/c calc'!A1,-5,2,bad_contract_kva,")
    assert lines[2].startswith(",Nobody,1,3,no_account_no,")
    assert len(lines) == 3


def test_a_new_row_tells_all_that_it_brings(planner: User, museum: Account) -> None:
    browser = Browser(planner)

    told = bring(browser, "account_no,name,grade,contract_kva\n777,Opera,first,2000\n")

    [row] = rows(browser, told["id"], status="new")
    assert row["name"] == "Opera"
    assert row["changes"] == [{"field": "grade", "from": None, "to": "first"}, {"field": "contract_kva", "from": None, "to": 2000}]


def test_the_map_shows_new_points_and_lines_of_moves(planner: User, museum: Account) -> None:
    browser = Browser(planner)
    told = bring(browser, f"account_no,name,lon,lat\n0012345678,Museum,24.9320,60.1751\n777,Opera,{THEATRE[0]},{THEATRE[1]}\n")

    shown = browser.get(f"/api/v1/imports/{told['id']}/map").json()

    assert [feature["geometry"]["type"] for feature in shown["features"]] == ["LineString", "Point"]
    assert shown["features"][0]["geometry"]["coordinates"] == [list(MUSEUM), [24.932, 60.1751]]


def test_an_import_keeps_to_the_areas_of_its_person(planner: User, museum: Account, dipoli: Account, esko: User) -> None:
    browser = Browser(esko)

    told = bring(
        browser,
        f"account_no,name,lon,lat\n0012345678,Taken,{DIPOLI[0]},{DIPOLI[1]}\n0011122233,Renamed,{DIPOLI[0]},{DIPOLI[1]}\n"
        f"888,In Helsinki,{MUSEUM[0]},{MUSEUM[1]}\n889,In Espoo,{DIPOLI[0]},{DIPOLI[1]}\n890,Nowhere,,\n",
    )

    assert [row["status"] for row in rows(browser, told["id"])] == ["rejected", "changed", "rejected", "new", "rejected"]
    assert {row["problem"]["code"] for row in rows(browser, told["id"], status="rejected")} == {"outside_area"}
    taken = rows(browser, told["id"])[0]
    assert (taken["from"], taken["moved_m"], taken["changes"], taken["account_id"]) == (None, None, [], None)
    assert commit(browser, told)["state"] == "committed"
    museum.refresh_from_db()
    assert museum.name == "Kansallismuseo"


def test_only_its_maker_and_those_above_see_an_import(planner: User, dispatcher: User, holder: User, museum: Account) -> None:
    told = bring(Browser(planner), LEDGER)

    other, supervisor = person("planner", "paula"), person("supervisor", "sanna")

    assert Browser(other).get(f"/api/v1/imports/{told['id']}").status_code == 404
    assert Browser(other).get("/api/v1/imports").json() == []
    assert Browser(supervisor).get(f"/api/v1/imports/{told['id']}").status_code == 200
    for nobody in (dispatcher, holder):
        assert Browser(nobody).get(f"/api/v1/imports/{told['id']}").status_code in (403, 404)
        assert Browser(nobody).client.post("/api/v1/imports", {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")}).status_code == 403


def test_the_same_upload_twice_is_one_import_and_one_job(planner: User, museum: Account) -> None:
    browser = Browser(planner)

    ids = {browser.client.post("/api/v1/imports", {"file": SimpleUploadedFile("l.csv", LEDGER.encode())}).json()["id"] for _ in range(2)}

    assert len(ids) == 1
    assert OrmQ.objects.count() == 1


def test_the_command_line_takes_the_same_steps(helsinki: Area, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "asiakkaat.csv"
    file.write_text(f"Kenen;Nimi;lon;lat\nA-1;Ooppera;{str(MUSEUM[0]).replace('.', ',')};{str(MUSEUM[1]).replace('.', ',')}\n")

    call_command("import_customers", str(file), "--map", "account_no=Kenen", "--map", "name=Nimi", "--dry-run", "--json")
    assert json.loads(capsys.readouterr().out)["counts"]["new"] == 1
    assert not Account.objects.exists()

    call_command("import_customers", str(file), "--map", "account_no=Kenen", "--map", "name=Nimi")
    assert "1 new" in capsys.readouterr().out
    assert Account.objects.get().point.geom.coords == MUSEUM

    with pytest.raises(CommandError, match="empty"):
        file.write_text("")
        call_command("import_customers", str(file))


def test_cancelling_before_it_is_stored_leaves_nothing(planner: User, museum: Account, settings) -> None:
    browser = Browser(planner)
    told = bring(browser, LEDGER)

    answer = browser.post(f"/api/v1/imports/{told['id']}/cancel")

    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert Account.objects.count() == 1
    assert access.everybody()
    assert Import.objects.get().state == "cancelled"


def test_quotes_backslashes_and_odd_letters_come_in_as_they_are(planner: User, helsinki: Area) -> None:
    browser = Browser(planner)
    name = 'A "B" \\C {d}, 国家\u2028𠀀'

    told = bring(browser, 'account_no,name,contract_kva\n1,"' + name.replace('"', '""') + '",007.5\n2,,\n3,Plain,\n')

    assert told["counts"] == {"new": 2, "moved": 0, "changed": 0, "unchanged": 0, "rejected": 1, "far_moves": 0}
    commit(browser, told)
    account = Account.objects.get(account_no="1")
    assert (account.name, str(account.contract_kva)) == (name, "7.500000")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_column_that_bears_a_fields_own_label_fills_it(language: str) -> None:
    locales = project.BASE_DIR / "frontend/src/locales" / language
    labels = json.loads((locales / "import.json").read_text("utf-8"))["target"]

    assert suggest(list(labels.values()), {}, has_geometry=False) == labels
