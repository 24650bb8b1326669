"""The layers of the service that somebody is told of: imagery as `imagery.<key>`, the map's own layers by their names."""

from dataclasses import dataclass

from layers import access, basemaps
from layers.maps.refusals import no_layer
from layers.models import Basemap
from layers.ogc.documents import language
from layers.registry import MapLayer, Words
from spatial.tiles import MAX_LAT, Bbox

IMAGERY_PREFIX = f"{access.IMAGERY}."
_WORLD = Bbox(-180.0, -MAX_LAT, 180.0, MAX_LAT)


@dataclass(frozen=True, slots=True)
class Drawable:
    """One layer of the service: a basemap's imagery or a layer of the map. `extent` is where it may show something, in degrees."""

    name: str
    title: Words
    extent: Bbox
    source: Basemap | MapLayer

    @property
    def is_imagery(self) -> bool:
        return isinstance(self.source, Basemap)

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


def drawables_for(user: access.Person) -> list[Drawable]:
    """Return what the person may see, bottom one first."""
    return [
        Drawable(
            f"{IMAGERY_PREFIX}{basemap.key}", {"en": basemap.title_en, "zh": basemap.title_zh}, Bbox(*bounds) if bounds else _WORLD, basemap
        )
        for basemap, bounds in basemaps.offered_to(user)
        if basemap.kind == Basemap.Kind.IMAGERY and access.areas_of(user, access.IMAGERY, access.VIEW)
    ]


def drawable_for(user: access.Person, name: str) -> Drawable:
    """Return the layer of that name.

    Raises:
        MapRefused: there is none, or it is not for this person.
    """
    found = next((drawable for drawable in drawables_for(user) if drawable.name == name), None)
    if found is None:
        raise no_layer(name)
    return found
