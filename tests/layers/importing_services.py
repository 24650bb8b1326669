"""For every service of network imports that writes: something that makes it write. Read by tests/layers/test_audit.py."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from customers.models import Account
from layers.importing import services, storing, working
from layers.models import NetworkImport

FILE = b"code,name,lon,lat\nT-1,Quay,24.93,60.17\n"


def _started(user: User) -> NetworkImport:
    return services.start_import(user=user, file_name="stations.csv", pieces=[FILE], at=timezone.now())


def _worked(batch: NetworkImport) -> NetworkImport:
    while working.work(batch.pk, clock=timezone.now):
        pass
    return NetworkImport.objects.get(pk=batch.pk)


def _committing(user: User) -> NetworkImport:
    return services.commit_import(_worked(_started(user)).pk, user=user, at=timezone.now())


def _reverting(user: User) -> NetworkImport:
    return services.revert_import(_worked(_committing(user)).pk, user=user, at=timezone.now())


CASES: dict[str, Callable[[Account, Account, User], Any]] = {
    "layers.importing.services.start_import": lambda m, t, user: _started(user),
    "layers.importing.services.choose": lambda m, t, user: services.choose(
        _started(user).pk, {"tolerance_m": 1}, user=user, at=timezone.now()
    ),
    "layers.importing.services.commit_import": lambda m, t, user: _committing(user),
    "layers.importing.services.cancel_import": lambda m, t, user: services.cancel_import(_started(user).pk, user=user, at=timezone.now()),
    "layers.importing.services.revert_import": lambda m, t, user: _reverting(user),
    "layers.importing.services.fail_import": lambda m, t, user: services.fail_import(
        _started(user).pk, {"code": "server_error", "text": ""}, at=timezone.now()
    ),
    "layers.importing.services.forget_imports": lambda m, t, user: services.forget_imports(
        older_than=_worked(_started(user)).at + timedelta(days=1), at=timezone.now()
    ),
    "layers.importing.storing.store_piece": lambda m, t, user: _pieces(storing.store_piece, _committing(user)),
    "layers.importing.storing.revert_piece": lambda m, t, user: _pieces(storing.revert_piece, _reverting(user)),
}


def _pieces(step: Callable[..., bool], batch: NetworkImport) -> None:
    while step(batch.pk, at=timezone.now()):
        pass
