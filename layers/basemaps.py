"""Which backgrounds somebody is offered, and where."""

from collections.abc import Sequence

from layers import access, imagery_cut
from layers.models import Basemap
from spatial.tiles import Bbox

# The stream by which open maps hear that there are other basemaps now; it carries no events, only new beginnings.
STREAM = "basemaps"


def offered_to(user: access.Person) -> list[tuple[Basemap, list[float] | None]]:
    """Return the backgrounds that the person is offered, each with the box (degrees) in which it is theirs; None is everywhere.

    The vector map is everybody's, imagery theirs as far as their right reaches.
    """
    reach = access.areas_of(user, access.IMAGERY, access.VIEW)
    extent = None if reach.whole else imagery_cut.extent_of(reach)
    offered = []
    for basemap in Basemap.objects.filter(enabled=True):
        bounds = basemap.bounds
        if basemap.kind == Basemap.Kind.IMAGERY and not reach.whole:
            bounds = _common(bounds, extent) if extent else None
            if bounds is None:
                continue
        offered.append((basemap, bounds))
    return offered


def _common(bounds: Sequence[float] | None, extent: Bbox) -> list[float] | None:
    """Return the box that both have in common, None when there is none. Bounds across the antimeridian are left as they are."""
    if bounds is None or bounds[0] > bounds[2]:
        return list(extent if bounds is None else bounds)
    west, south, east, north = (
        max(bounds[0], extent.west),
        max(bounds[1], extent.south),
        min(bounds[2], extent.east),
        min(bounds[3], extent.north),
    )
    return [west, south, east, north] if west < east and south < north else None
