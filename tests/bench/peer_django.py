"""django-vectortiles as its README sets it up, over a view of the same rows; runs in the peers' own environment (tests/bench/peers.py)."""

import os
from urllib.parse import urlsplit

from django.conf import settings

_database = urlsplit(os.environ["PEER_DSN"])
settings.configure(
    SECRET_KEY="peer",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.gis"],
    DATABASES={
        "default": {
            "ENGINE": "django.contrib.gis.db.backends.postgis",
            "NAME": _database.path[1:],
            "USER": _database.username,
            "PASSWORD": _database.password or "",
            "HOST": _database.hostname,
            "PORT": _database.port,
            "CONN_MAX_AGE": 600,
        }
    },
)

import django

django.setup()

from django.contrib.gis.db import models
from django.core.wsgi import get_wsgi_application
from django.urls import path
from vectortiles import VectorLayer
from vectortiles.views import MVTView


class Customer(models.Model):
    geom = models.PointField()
    name = models.TextField()
    name_en = models.TextField()
    name_zh = models.TextField()
    grade = models.TextField()
    classes = models.TextField()
    status = models.TextField()
    v = models.IntegerField()

    class Meta:
        managed = False
        app_label = "peer"
        db_table = "bench_customers"


class Customers(VectorLayer):
    model = Customer
    id = "customers"
    tile_fields = ("id", "name", "name_en", "name_zh", "grade", "classes", "status", "v")
    queryset_limit = None


class Tiles(MVTView):
    layer_classes = [Customers]


urlpatterns = [path("tiles/<int:z>/<int:x>/<int:y>", Tiles.as_view())]
application = get_wsgi_application()
