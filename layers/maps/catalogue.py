"""The layers of the service that somebody is told of: imagery as `imagery.<key>`, the map's own layers by their names."""

from dataclasses import dataclass

from layers import access, basemaps, imagery_cut, registry
from layers.maps.refusals import no_layer
from layers.models import Basemap
from layers.ogc.collections import Collection
from layers.ogc.documents import language
from layers.registry import MapLayer, Words
from spatial.selectors import utility_extent
from spatial.tiles import MAX_LAT, Bbox

IMAGERY_PREFIX = f"{access.IMAGERY}."
_WORLD = Bbox(-180.0, -MAX_LAT, 180.0, MAX_LAT)


@dataclass(frozen=True, slots=True)
class Drawable:
    """One layer of the service: a basemap's imagery, with the box in which it is the person's (degrees), or a layer of the map."""

    name: str
    title: Words
    source: Basemap | MapLayer
    bounds: Bbox | None = None

    @property
    def right(self) -> str:
        """What rights call it."""
        return access.IMAGERY if isinstance(self.source, Basemap) else self.source.id

    @property
    def heading(self) -> str:
        """Return the title in the language of this request."""
        return self.title["zh" if language() == "zh" else "en"]

    @property
    def attribution(self) -> str:
        return self.source.attribution if isinstance(self.source, Basemap) else ""

    def extent(self, user: access.Person) -> Bbox:
        """Return the box in which it may show the person something: of a layer that of their areas, or of the utility."""
        if isinstance(self.source, Basemap):
            return self.bounds or _WORLD
        if not access.is_staff_role(user):
            boxes = [box for part in self.source.parts if (box := Collection(self.source, part).extent(user))]
            west, south, east, north = zip(*(boxes or [_WORLD]), strict=True)
            return Bbox(min(west), min(south), max(east), max(north))
        reach = access.areas_of(user, self.source.id, access.VIEW)
        extent = utility_extent() if reach.whole else imagery_cut.extent_of(reach)
        return Bbox(*extent) if extent else _WORLD


def drawables_for(user: access.Person) -> list[Drawable]:
    """Return what the person may see, bottom one first."""
    imagery = [
        Drawable(
            f"{IMAGERY_PREFIX}{basemap.key}",
            {"en": basemap.title_en, "zh": basemap.title_zh},
            basemap,
            Bbox(*bounds) if bounds else None,
        )
        for basemap, bounds in basemaps.offered_to(user)
        if basemap.kind == Basemap.Kind.IMAGERY and access.areas_of(user, access.IMAGERY, access.VIEW)
    ]
    return [*imagery, *(Drawable(layer.id, layer.title, layer) for layer in registry.layers_for(user))]


def drawable_for(user: access.Person, name: str) -> Drawable:
    """Return the layer of that name.

    Raises:
        MapRefused: there is none, or it is not for this person.
    """
    found = next((drawable for drawable in drawables_for(user) if drawable.name == name), None)
    if found is None:
        raise no_layer(name)
    return found
