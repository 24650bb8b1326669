"""What a person must act on."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"
