"""Who is served: enterprises, accounts, grades, classes, contacts."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        # Models exist only now. The layer's move is a service, which stands above the declaration: they meet here.
        from dataclasses import replace

        from customers import map_layers, services
        from layers import registry

        registry.register(replace(map_layers.CUSTOMERS, move=services.move_map_feature))
