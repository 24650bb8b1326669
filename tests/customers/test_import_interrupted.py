"""Whatever happens to an import on its way (cancelled, killed, begun twice), it ends whole: all of it stored, or none."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from customers import jobs
from customers.importing import checking, services, storing, working
from customers.models import Account, Import, ImportRow, ImportState
from layers import audit, pyramid
from layers.models import Event, Stream
from spatial.models import PointMove
from tests.cast import Browser
from tests.customers.test_import import _media, bring, commit, worked  # noqa: F401 (a fixture for every test here)

pytestmark = [pytest.mark.db, pytest.mark.django_db]
ROOT = Path(__file__).parents[2]


def ledger(count: int) -> str:
    lines = (f"{100000 + n},Customer {n},{24.9 + n % 100 / 1000:.4f},{60.15 + n // 100 / 1000:.4f}\n" for n in range(count))
    return "account_no,name,lon,lat\n" + "".join(lines)


def committing(browser: Browser, told: dict[str, Any]) -> None:
    assert browser.post(f"/api/v1/imports/{told['id']}/commit").json()["state"] == "committing"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "PIECE", 10)


def test_cancelling_in_the_middle_takes_back_what_was_stored(planner: User, museum: Account, small_pieces: None) -> None:
    browser = Browser(planner)
    told = bring(browser, ledger(35))
    committing(browser, told)
    assert storing.store_piece(told["id"], at=timezone.now())
    assert storing.store_piece(told["id"], at=timezone.now())
    assert Account.objects.count() == 21

    answer = browser.post(f"/api/v1/imports/{told['id']}/cancel")

    assert (answer.status_code, answer.json()["state"]) == (200, "reverting")
    # The worker that was storing finds that nothing is to be stored any more.
    assert not storing.store_piece(told["id"], at=timezone.now())
    ended = worked(browser, told["id"])
    assert (ended["state"], ended["not_reverted"]) == ("cancelled", 0)
    assert list(Account.objects.filter(deleted_at__isnull=True)) == [museum]
    assert pyramid.check("customers").wrong == 0


def test_cancelling_while_it_is_read_stops_the_reading(planner: User, museum: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(planner)
    told = bring(browser, ledger(5))
    Import.objects.update(state=ImportState.READING)
    batch = Import.objects.get()
    real = checking.staging.stage

    def cancelled_meanwhile(*args: Any, **more: Any) -> None:
        real(*args, **more)
        services.cancel_import(batch.pk, user=planner, at=timezone.now())

    monkeypatch.setattr(checking.staging, "stage", cancelled_meanwhile)

    assert not working.work(batch.pk, clock=timezone.now)

    batch.refresh_from_db()
    assert batch.state == "cancelled"
    assert told["id"] == str(batch.pk)


def test_an_import_goes_on_from_where_its_worker_was_lost(planner: User, museum: Account, small_pieces: None) -> None:
    browser = Browser(planner)
    told = bring(browser, ledger(35))
    committing(browser, told)
    storing.store_piece(told["id"], at=timezone.now())
    assert jobs.resume_imports() == "0 imports resumed."
    Import.objects.update(seen_at=timezone.now() - timedelta(minutes=2))

    assert jobs.resume_imports() == "1 imports resumed."

    assert browser.get(f"/api/v1/imports/{told['id']}").json()["state"] == "committed"
    assert Account.objects.count() == 36
    assert audit.check().problem == ""


def test_two_workers_at_once_store_every_row_once(planner: User, museum: Account, small_pieces: None) -> None:
    browser = Browser(planner)
    told = bring(browser, ledger(25))
    committing(browser, told)

    # Both take turns on the import's row; who comes second goes on after the first.
    while storing.store_piece(told["id"], at=timezone.now()) | storing.store_piece(told["id"], at=timezone.now()):
        pass

    assert Account.objects.count() == 26
    assert PointMove.objects.filter(reason="import ledger.csv").count() == 25


def test_a_fault_of_ours_is_tried_a_few_times_and_then_said(planner: User, museum: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(planner)
    told = bring(browser, ledger(5))
    committing(browser, told)

    def broken(*args: Any, **more: Any) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(storing, "store_piece", broken)
    for _ in range(working.ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            working.work(told["id"], clock=timezone.now)
    assert not working.work(told["id"], clock=timezone.now)

    ended = browser.get(f"/api/v1/imports/{told['id']}").json()
    assert (ended["state"], ended["problem"]["code"]) == ("failed", "server_error")
    assert "cancel" in ended["can"]


def test_a_large_import_lets_maps_load_afresh_instead_of_telling_each(
    planner: User, museum: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "MANY", 20)
    browser = Browser(planner)
    told = bring(browser, ledger(30))
    epoch, events = Stream.objects.get(key="customers").epoch, Event.objects.count()

    commit(browser, told)

    assert Event.objects.count() == events
    assert Stream.objects.get(key="customers").epoch != epoch
    assert pyramid.check("customers").wrong == 0


def test_old_imports_lose_their_rows_and_files_and_stay_known(planner: User, museum: Account) -> None:
    browser = Browser(planner)
    told = commit(browser, bring(browser, ledger(5)))
    Import.objects.update(at=timezone.now() - jobs.KEEP_IMPORTS - timedelta(days=1))

    assert jobs.forget_imports() == "1 old imports forgotten."

    left = browser.get(f"/api/v1/imports/{told['id']}").json()
    assert (left["state"], left["can"], ImportRow.objects.count()) == ("committed", [], 0)
    assert not [file for file in settings.MEDIA_ROOT.rglob("*") if file.is_file()]


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(planner: User, museum: Account) -> None:
    browser = Browser(planner)
    told = bring(browser, ledger(600))
    committing(browser, told)
    database = connection.settings_dict
    address = f"postgis://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    program = (
        "import django; django.setup()\n"
        "from customers.importing import storing; storing.PIECE = 20\n"
        "from customers.importing import working; from django.utils import timezone\n"
        f"working.work('{told['id']}', clock=timezone.now)\n"
    )
    environment = os.environ | {
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
    }

    for enough in (60, 200):
        with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as worker:
            until = time.monotonic() + 60
            while Account.objects.count() < enough and time.monotonic() < until:
                time.sleep(0.02)
            worker.send_signal(signal.SIGKILL)
    stored = Account.objects.count()
    assert 200 <= stored < 601
    Import.objects.update(seen_at=timezone.now() - timedelta(minutes=2))

    jobs.resume_imports()

    assert browser.get(f"/api/v1/imports/{told['id']}").json()["state"] == "committed"
    assert Account.objects.count() == 601
    assert PointMove.objects.filter(reason="import ledger.csv").count() == 600
    assert pyramid.check("customers").wrong == 0
    assert audit.check().problem == ""
