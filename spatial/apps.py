"""Where things are: points and their journal, datums, areas, network assets, tile arithmetic."""

from django.apps import AppConfig


class SpatialConfig(AppConfig):
    name = "spatial"
