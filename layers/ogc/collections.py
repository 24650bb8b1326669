"""Collections: each part of a layer is one, so that a collection has one kind of geometry and no id twice."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from layers import registry
from layers.registry import LayerPart, MapLayer
from layers.tile_sql import Rows, visible_rows
from spatial.tiles import Bbox

# What these name in an address is not a property.
PARAMETERS = ("bbox", "bbox-crs", "crs", "cursor", "datetime", "f", "limit")


@dataclass(frozen=True, slots=True)
class Collection:
    """A part of a layer as the service names it: `customers`, or `network.lines` where the layer has several parts."""

    layer: MapLayer
    part: LayerPart

    @property
    def id(self) -> str:
        return self.layer.id if len(self.layer.parts) == 1 else f"{self.layer.id}.{self.part.id}"

    def title(self, language: Any) -> str:
        """Return the name in "en" or "zh"; a part is called what the legend calls it."""
        if len(self.layer.parts) == 1:
            return self.layer.title[language]
        labels = [entry["label"][language] for entry in self.layer.legend if entry["part"] == self.part.id]
        return f"{self.layer.title[language]}: {', '.join(labels) or self.part.id}"

    def rows(self, user: Any) -> Rows:
        """Return what the person may see of it."""
        return visible_rows(self.layer, self.part, user, ())

    def filters(self, rows: Rows) -> dict[str, bool]:
        """Return the properties that items may be narrowed by, and whether each is a number."""
        return {name: name in rows.numbers for name in self.part.properties if name not in PARAMETERS}

    def extent(self, user: Any) -> Bbox | None:
        """Return the box around what the person sees of it; None when that is nothing."""
        rows = self.rows(user)
        with connection.cursor() as cursor:
            # The rows' SQL has its parameters bound already.
            cursor.execute(
                "select ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)"
                f" from (select ST_Extent(r.geom) as e from ({rows.sql}) as r({', '.join(rows.columns)})) f"
            )
            edges = cursor.fetchone()
        return None if edges[0] is None else Bbox(*edges)


def collections_for(user: Any) -> list[Collection]:
    """Return the collections that this person may see."""
    return [Collection(layer, part) for layer in registry.layers_for(user) for part in layer.parts]


def collection_for(user: Any, collection_id: str) -> Collection:
    """Return the collection of that name.

    Raises:
        UnknownLayer: there is none, or it is not for this person; the two cannot be told apart.
    """
    found = next((collection for collection in collections_for(user) if collection.id == collection_id), None)
    if found is None:
        raise registry.UnknownLayer(f"There is no collection “{collection_id[:40]}”.")
    return found
