"""Who is served: enterprises, accounts, grades, classes, contacts."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"
