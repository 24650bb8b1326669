"""What the map shows: layer registry, tiles, live events, basemaps."""

from django.apps import AppConfig


class LayersConfig(AppConfig):
    name = "layers"

    def ready(self) -> None:
        # Models exist only now, so declarations that name them are imported here.
        from layers import map_layers, registry

        registry.register(map_layers.AREAS)
        registry.register(map_layers.NETWORK)
