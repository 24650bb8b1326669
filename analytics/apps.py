"""What is measured and judged."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
