"""For every service of basemaps that writes: something that makes it write. Read by tests/layers/test_audit.py."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from customers.models import Account
from layers import basemap_changes, basemap_uploads
from layers.models import Basemap, BasemapUpload
from tests.cast import MONDAY


def _begun(user: User) -> BasemapUpload:
    return basemap_uploads.begin(file_name="ortho.tif", size=9, stamp="1", wishes={"title_en": "Ortho"}, user=user, at=MONDAY)


def _failed(user: User) -> BasemapUpload:
    upload = _begun(user)
    BasemapUpload.objects.filter(pk=upload.pk).update(state=BasemapUpload.State.FAILED)
    return upload


def _upstream() -> str:
    return Basemap.objects.create(key="atlas", kind="imagery", title_en="Atlas", title_zh="Atlas", source_type="xyz", source="x").key


CASES: dict[str, Callable[[Account, Account, User], Any]] = {
    "layers.basemap_uploads.begin": lambda m, t, user: _begun(user),
    "layers.basemap_uploads.try_again": lambda m, t, user: basemap_uploads.try_again(_failed(user).pk, crs="", user=user, at=MONDAY),
    "layers.basemap_uploads.give_up": lambda m, t, user: basemap_uploads.give_up(_begun(user).pk, user=user, at=MONDAY),
    "layers.basemap_changes.change": lambda m, t, user: basemap_changes.change(_upstream(), {"licence": "internal"}, user=user, at=MONDAY),
    "layers.basemap_changes.remove": lambda m, t, user: basemap_changes.remove(_upstream(), user=user, at=MONDAY),
}
