"""The shape of the house: which app may know which, and what is not done here."""

import ast
import pathlib
import subprocess

import django
import pytest
from django.apps import apps
from django.contrib.gis.db.models.fields import BaseSpatialField
from django.contrib.gis.geos import Point as Geos
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.psycopg_any import is_psycopg3
from django.db.migrations.loader import MigrationLoader

from spatial.models import Point

ROOT = pathlib.Path(__file__).resolve().parent.parent
APPS = ["spatial", "layers", "customers", "incidents", "analytics", "portal"]
RANK = {name: rank for rank, name in enumerate(APPS)}
# spatial/extract runs by hand, elsewhere, with packages of its own; it is no part of the application.
SOURCES = [path for app in [*APPS, "config"] for path in (ROOT / app).rglob("*.py") if "extract" not in path.parts]

pytestmark = pytest.mark.unit


def test_no_relation_points_upward_not_even_by_a_string():
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if field.concrete and field.related_model and RANK.get(field.related_model._meta.app_label, -1) > RANK[app]
    ]

    assert upward == []


def test_no_migration_depends_upward():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    upward = [
        f"{app}.{name} -> {dependency[0]}"
        for (app, name), migration in loader.disk_migrations.items()
        if app in RANK
        for dependency in migration.dependencies
        if RANK.get(dependency[0], -1) > RANK[app]
    ]

    assert upward == []


@pytest.mark.django_db
def test_no_model_change_waits_for_a_migration():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_geometry_is_stored_in_the_one_srid():
    wrong = [
        f"{model._meta.label}.{field.name}"
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, BaseSpatialField) and field.srid != 4326
    ]

    assert wrong == []


def test_psycopg_3_cannot_be_imported():
    assert not is_psycopg3
    assert connection.Database.__name__ == "psycopg2"


def test_django_has_the_repaired_spatial_lookups():
    assert (5, 2, 19) <= django.VERSION[:3] < (5, 3)


@pytest.mark.django_db
def test_a_spatial_lookup_never_opens_what_a_text_names():
    """CVE-2026-15307: the right-hand value of a spatial lookup was once given to GDAL as a file name."""
    with pytest.raises(Exception, match=r"(?i)raster|geometry|string") as caught:
        list(Point.objects.filter(geom__bboverlaps="/vsicurl/http://127.0.0.1:9/x.tif"))
    assert type(caught.value).__name__ in ("DisallowedRasterLookup", "ValueError", "GDALException")
    assert Point.objects.filter(geom__equals=Geos(0, 0, srid=4326)).count() == 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_save_override_no_signal_no_late_import(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and path.name == "models.py":
            assert not [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name in ("save", "delete")], node.name
        if isinstance(node, ast.ImportFrom):
            assert node.module not in ("django.dispatch", "django.db.models.signals", "django.core.signals"), "signals are not used here"
        # An app's `ready` is the one place for a late import: before it, models cannot be loaded.
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and path.name != "apps.py":
            late = [item for item in ast.walk(node) if isinstance(item, ast.Import | ast.ImportFrom)]
            assert not late, f"late import in {node.name}"


# What doors may share: how they are spoken to and answer, and who asks.
SHARED_BY_DOORS = {"serializers", "messages", "answers", "commands", "authentication", "parsers", "errors"}


@pytest.mark.parametrize("app", APPS)
def test_doors_do_not_know_each_other(app):
    known = [
        f"{path.stem} -> {node.module}"
        for path in (ROOT / app / "api").glob("*.py")
        if path.stem != "urls"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{app}.api.")
        if (node.module or "").rsplit(".", 1)[-1] not in SHARED_BY_DOORS
    ]

    assert known == []


def test_no_room_is_called_utils_and_mapproxy_is_no_package():
    assert [path for path in SOURCES if path.name in ("utils.py", "helpers.py", "core.py")] == []
    assert not (ROOT / "mapproxy" / "__init__.py").exists()


def test_nothing_tracked_names_this_machine():
    if not (ROOT / ".git").exists():
        return
    words = ["/" + "work/", "/" + "root/", "bash_" + "jobs"]
    found = subprocess.run(
        ["git", "grep", "-nIE", "|".join(words), "--", ".", ":!*.lock", ":!frontend/package-lock.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout

    assert found == ""
