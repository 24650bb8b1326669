"""The list of map layers. An app declares its layers in its own `map_layers.py`; this module never imports them."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db.models import QuerySet

from layers import access
from spatial.tiles import MAX_ZOOM

Geometry = Literal["point", "line", "polygon"]
Words = Mapping[Literal["en", "zh"], str]


class UnknownLayer(LookupError):
    """No layer of that name is declared."""


class UnknownFeature(LookupError):
    """The layer has no such feature, or not for this person."""


class BadFilter(ValueError):
    """A filter's name or one of its words is unknown."""


@dataclass(frozen=True)
class LayerPart:
    """One kind of feature in a layer; becomes one named layer inside the vector tile.

    `rows(user)` returns the rows the person may see; `geom` and the values of `properties` are names or expressions of that queryset.
    Only what `properties` names leaves the server. Geometry is EPSG:4326.
    """

    id: str
    geometry: Geometry
    rows: Callable[[Any], QuerySet]
    geom: str
    properties: Mapping[str, Any]
    min_zoom: int = 0
    max_zoom: int = MAX_ZOOM

    def shown_at(self, z: int) -> bool:
        return self.min_zoom <= z <= self.max_zoom


@dataclass(frozen=True)
class Clusters:
    """How a point part is summed below a zoom. `bucket` is an expression giving the small number features are sorted into.

    `bucket_values` names the buckets from worst to least; the filter of the name `bucket_filter` picks among them.
    """

    of_part: str
    below_zoom: int
    bucket: Any
    bucket_values: Sequence[str]
    bucket_filter: str


@dataclass(frozen=True)
class MapLayer:
    """One declaration gives tiles, TileJSON, GeoJSON, legend, rights, live events and the browser's list entry.

    `filters` turn a list of words from the address line into narrower rows, of every part; they raise BadFilter for a word they do not know.
    `follows` names the layer whose geometry this one is drawn from, so that it moves with it.
    `changes_with` names layers whose change may alter any tile of this one, e.g. the areas that a filter looks into.
    Of a `staff_only` layer, customers are not even told that it exists.
    `move` is the service that moves one feature of this layer: move(user=, feature_id=, at=, **command).
    `visible_ids(user, ids)` returns which of these features the person may hear about in live events, deleted and un-located ones
    included (`rows` no longer has those). Without it, `rows` of the parts decide and a deletion is told to whoever may see the place.
    `holdings(user_ids)` returns, for people who see only what they hold, a text per person that changes when that does.
    `listing` is the layer's list on screen, where that shows more than the map: rows without geometry too, and more properties. A file
    that leaves holds it instead of the parts. `column_titles` says what the properties are called in such a file.
    """

    id: str
    title: Words
    parts: Sequence[LayerPart]
    legend: Sequence[Mapping[str, Any]] = ()
    clusters: Clusters | None = None
    filters: Mapping[str, Callable[[QuerySet, list[str]], QuerySet]] = field(default_factory=dict)
    follows: str | None = None
    changes_with: Sequence[str] = ()
    visible_at_start: bool = True
    staff_only: bool = False
    move: Callable[..., Any] | None = None
    visible_ids: Callable[[Any, Sequence[int]], Set[int]] | None = None
    holdings: Callable[[Collection[int]], Mapping[int, str]] | None = None
    listing: LayerPart | None = None
    column_titles: Mapping[str, Words] = field(default_factory=dict)

    @property
    def min_zoom(self) -> int:
        return 0 if self.clusters else min(part.min_zoom for part in self.parts)

    def part(self, part_id: str) -> LayerPart:
        return next(part for part in self.parts if part.id == part_id)


_layers: dict[str, MapLayer] = {}


def register(layer: MapLayer) -> None:
    """Add a layer; called from the declaring app's `AppConfig.ready`. Declaring it again replaces it."""
    _layers[layer.id] = layer


def layers() -> list[MapLayer]:
    """Return every declared layer in the order of declaration."""
    return list(_layers.values())


def layer_ids() -> Set[str]:
    """Return the names of all declared layers."""
    return _layers.keys()


def layer(layer_id: str) -> MapLayer:
    """Return the layer of that name.

    Raises:
        UnknownLayer: nobody declared it.
    """
    try:
        return _layers[layer_id]
    except KeyError:
        raise UnknownLayer(f"There is no map layer “{layer_id[:40]}”.") from None


def layers_for(user: Any) -> list[MapLayer]:
    """Return the layers this person may see."""
    return [layer for layer in layers() if _may_see(user, layer)]


def layer_for(user: Any, layer_id: str) -> MapLayer:
    """Return the layer of that name, if this person may see it.

    Raises:
        UnknownLayer: nobody declared it, or it is not for them; the two cannot be told apart.
    """
    found = layer(layer_id)
    if not _may_see(user, found):
        raise UnknownLayer(f"There is no map layer “{layer_id[:40]}”.")
    return found


def _may_see(user: Any, layer: MapLayer) -> bool:
    return bool(access.areas_of(user, layer.id, access.VIEW)) and (access.is_staff_role(user) or not layer.staff_only)
