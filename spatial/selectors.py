"""Reads of where things are."""

from django.contrib.gis.db.models import Extent
from django.contrib.gis.db.models.functions import Envelope

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
    """Return the datums made for the utility's place: those in degrees, its own grids, then what covers one of its areas.

    Area by area: the middle of two regions that lie far apart is nowhere. All that may be named while there is no area.
    """
    boxes = list(Area.objects.annotate(box=Envelope("geom")).values_list("box", flat=True))
    if not boxes:
        return [datum for datum in datums.allowed() if datum == datums.known_name(datum)]
    return datums.made_for(box.extent for box in boxes)
