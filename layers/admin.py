"""The administration's door to the backgrounds: an operator adds an upstream here and it is on the map."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from layers import audit, basemap_records
from layers.models import Basemap


@admin.register(Basemap)
class BasemapAdmin(admin.ModelAdmin):
    """Backgrounds are what people write here; MapProxy hears of every change at once."""

    list_display = ["key", "title_en", "kind", "source_type", "datum", "taken_date", "enabled"]
    list_filter = ["kind", "enabled"]

    def save_model(self, request: HttpRequest, obj: Basemap, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _record(request, [obj], "change" if change else "add", fields=form.changed_data)
        _hand_over(request)

    def delete_model(self, request: HttpRequest, obj: Basemap) -> None:
        _record(request, [obj], "delete")
        super().delete_model(request, obj)
        _hand_over(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        _record(request, list(queryset), "delete")
        super().delete_queryset(request, queryset)
        _hand_over(request)


def _record(request: HttpRequest, basemaps: Sequence[Basemap], verb: str, fields: Sequence[str] = ()) -> None:
    """The administration wraps each of its changes in a transaction; this row belongs to it. Addresses may hold keys, so only names are kept."""
    deeds = [
        audit.Deed(f"basemap.{verb}", layer="basemaps", object_id=basemap.key, label=basemap.title_en, after={"fields": list(fields)})
        for basemap in basemaps
    ]
    audit.record(deeds, user=request.user if isinstance(request.user, User) else None, at=timezone.now())


def _hand_over(request: HttpRequest) -> None:
    """Tell MapProxy once the change is committed: what is rolled back must not be served."""

    def tell() -> None:
        for key, reason in basemap_records.hand_to_mapproxy()["refused"].items():
            messages.warning(request, f"Basemap {key} is left out: {reason}")

    transaction.on_commit(tell)
