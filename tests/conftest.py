"""What every test stands on: the named cast, and Debian's Chromium for the browser tests."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from tests.emptying import Emptying

pytest_plugins = ["tests.cast"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium: no download, no GPU (the map's canvas needs none), and no calls home that a closed network would hang."""
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-default-browser-check",
    ]
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu", *quiet]}


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
