"""The administration's door to the backgrounds: an operator adds an upstream here and it is on the map."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from layers import basemap_records
from layers.models import Basemap


@admin.register(Basemap)
class BasemapAdmin(admin.ModelAdmin):
    """Backgrounds are what people write here; MapProxy hears of every change at once."""

    list_display = ["key", "title_en", "kind", "source_type", "datum", "taken_date", "enabled"]
    list_filter = ["kind", "enabled"]

    def save_model(self, request: HttpRequest, obj: Basemap, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _hand_over(request)

    def delete_model(self, request: HttpRequest, obj: Basemap) -> None:
        super().delete_model(request, obj)
        _hand_over(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        super().delete_queryset(request, queryset)
        _hand_over(request)


def _hand_over(request: HttpRequest) -> None:
    for key, reason in basemap_records.hand_to_mapproxy()["refused"].items():
        messages.warning(request, f"Basemap {key} is left out: {reason}")
