"""What a test that commits leaves behind for the next one: nothing."""

import threading
from collections.abc import Iterator

import psycopg2
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from customers.models import Account
from layers.models import AuditRow
from tests.emptying import Emptying
from tests.layers.live_server import until

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def emptying() -> Emptying:
    return Emptying()


@pytest.fixture
def beside() -> Iterator[psycopg2.extensions.connection]:
    """A second connection to the test database, as a web process has one."""
    known = connection.settings_dict
    other = psycopg2.connect(dbname=known["NAME"], user=known["USER"], password=known["PASSWORD"], host=known["HOST"], port=known["PORT"])
    yield other
    other.close()


def test_what_migrations_wrote_comes_back_and_nothing_else(emptying: Emptying, museum: Account) -> None:
    before = set(Group.objects.values_list("pk", "name"))
    Group.objects.filter(name="planner").update(name="gone")
    assert AuditRow.objects.exists()

    emptying.empty()

    assert not Account.objects.exists()
    assert not AuditRow.objects.exists()
    assert not User.objects.exists()
    assert set(Group.objects.values_list("pk", "name")) == before


def test_a_deadlock_with_a_process_that_still_writes_is_gone_through(
    emptying: Emptying, museum: Account, beside: psycopg2.extensions.connection
) -> None:
    """It holds a row that the emptying comes to last, and then asks for a table that the emptying has: one of the two is turned away."""
    writing = beside.cursor()
    writing.execute("update spatial_point set version = version + 1")
    ended: list[str] = []

    def write_on() -> None:
        until(lambda: _is_waited_for(writing), within_s=5, what="The emptying waits")
        writing.execute("select count(*) from layers_auditrow")
        beside.commit()
        ended.append("committed")

    process = threading.Thread(target=write_on)
    process.start()
    emptying.empty()
    process.join()

    assert ended == ["committed"]
    assert not Account.objects.exists()


def _is_waited_for(cursor: psycopg2.extensions.cursor) -> bool:
    cursor.execute("select exists (select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))")
    return cursor.fetchone()[0]
