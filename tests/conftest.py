"""What every test stands on: the named cast, the order of the files, a database as the migrations left it."""

from collections import Counter
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from tests.emptying import Emptying

pytest_plugins = ["tests.cast"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files marked `long` begin, so that no process is left alone with one at the end.

    Those of the browser come last, because Playwright keeps an event loop that async tests would trip over; the longest of them first.
    """
    tests = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[int, int]:
        if item.get_closest_marker("browser"):
            return 2, -tests[item.path]
        return (0 if item.get_closest_marker("long") else 1), 0

    items.sort(key=place)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit end by emptying the tables. The audit refuses that, so the test database lets go of this one guard."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("alter table layers_auditrow disable trigger auditrow_is_not_emptied")
        emptying = Emptying()
    TransactionTestCase._fixture_teardown = lambda _: emptying.empty()


@pytest.fixture(scope="session", autouse=True)
def _files_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files that tests store lie beside their other leavings, not with the developer's."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
