"""What the map shows: layer registry, tiles, live events, basemaps."""

from django.apps import AppConfig


class LayersConfig(AppConfig):
    name = "layers"
