"""What people open: sign-in, the application page, API root, error table, health."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
