"""What people open: sign-in, the application page, API root, error table, health."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class PortalConfig(AppConfig):
    name = "portal"
    default = True


class TablesConfig(admin_apps.AdminConfig):
    """The tables behind the application, at /admin/."""

    default = False
    default_site = "portal.admin_site.TablesSite"
