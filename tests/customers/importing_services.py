"""For every service of imports that writes: something that makes it write. Read by tests/layers/test_audit.py."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from customers.importing import services, storing, working
from customers.models import Account, Import

FILE = b"account_no,name,lon,lat\nA-1,Opera,24.93,60.17\n"


def _started(user: User) -> Import:
    return services.start_import(user=user, file_name="a.csv", pieces=[FILE], at=timezone.now())


def _worked(batch: Import) -> Import:
    while working.work(batch.pk, clock=timezone.now):
        pass
    return Import.objects.get(pk=batch.pk)


def _committing(user: User) -> Import:
    return services.commit_import(_worked(_started(user)).pk, user=user, at=timezone.now())


def _reverting(user: User) -> Import:
    return services.revert_import(_worked(_committing(user)).pk, user=user, at=timezone.now())


CASES: dict[str, Callable[[Account, Account, User], Any]] = {
    "customers.importing.services.start_import": lambda m, t, user: _started(user),
    "customers.importing.services.choose": lambda m, t, user: services.choose(
        _started(user).pk, {"swap_axes": False}, user=user, at=timezone.now()
    ),
    "customers.importing.services.commit_import": lambda m, t, user: _committing(user),
    "customers.importing.services.cancel_import": lambda m, t, user: services.cancel_import(
        _started(user).pk, user=user, at=timezone.now()
    ),
    "customers.importing.services.revert_import": lambda m, t, user: _reverting(user),
    "customers.importing.services.fail_import": lambda m, t, user: services.fail_import(
        _started(user).pk, {"code": "server_error", "text": ""}, at=timezone.now()
    ),
    "customers.importing.services.forget_imports": lambda m, t, user: services.forget_imports(
        older_than=_worked(_started(user)).at + timedelta(days=1), at=timezone.now()
    ),
    "customers.importing.storing.store_piece": lambda m, t, user: storing.store_piece(_committing(user).pk, at=timezone.now()),
    "customers.importing.storing.revert_piece": lambda m, t, user: storing.revert_piece(_reverting(user).pk, at=timezone.now()),
}
