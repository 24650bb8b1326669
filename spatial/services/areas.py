"""Take in counties and service areas."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import transaction

from spatial.models import SRID, Area
from spatial.services.in_step import Changes, bring_in_step


def import_areas(rows: Iterable[Mapping[str, Any]]) -> Changes:
    """Create or change the areas of these codes and return what changed; other areas stay as they are.

    A row is {kind, code, name, name_zh, coordinates}; coordinates are a GeoJSON MultiPolygon's, WGS 84 degrees.
    """
    wanted = [
        Area(kind=row["kind"], code=row["code"], name=row["name"], name_zh=row.get("name_zh", ""), geom=_multipolygon(row["coordinates"]))
        for row in rows
    ]
    with transaction.atomic():
        changes, _ = bring_in_step(
            Area.objects.filter(code__in=[area.code for area in wanted]),
            wanted,
            key=lambda area: area.code,
            fields=("kind", "name", "name_zh", "geom"),
            keep_others=True,
        )
    return changes


def _multipolygon(polygons: Any) -> MultiPolygon:
    return MultiPolygon([Polygon(*rings, srid=SRID) for rings in polygons], srid=SRID)
