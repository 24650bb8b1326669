"""Reads of where things are."""

from django.contrib.gis.db.models import Extent

from spatial import datums
from spatial.models import Area

# About 20 km of margin around the areas: customers just outside still count as plausible.
_MARGIN_DEG = 0.2


def utility_extent() -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of all areas with a margin, or None while there is no area."""
    extent = Area.objects.aggregate(box=Extent("geom"))["box"]
    if extent is None:
        return None
    west, south, east, north = extent
    return west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG


def utility_datums() -> list[str]:
    """Return the datums made for the utility's place: those in degrees, its own grids, then what covers it."""
    extent = utility_extent()
    middle = ((extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2) if extent else (0.0, 0.0)
    return datums.allowed_at(*middle)
