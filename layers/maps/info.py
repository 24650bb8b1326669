"""What is drawn at a place of a picture: GetFeatureInfo, through the rows that draw it."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import shapely

from layers.maps.questions import InfoQuestion
from layers.maps.shown import Shown, shown
from layers.maps.view import View
from layers.registry import MapLayer

# So far from the pointer a feature still counts as meant.
NEAR_PX = 8


def found(question: InfoQuestion, layers: Sequence[MapLayer], user: Any) -> list[tuple[MapLayer, Shown]]:
    """Return what stands at the place, the nearest of each layer first, at most `count` of each.

    Raises:
        MapRefused: there is more around the place than can be read.
    """
    ground = question.view.degrees()
    if ground is None:
        return []
    zoom = question.view.zoom(ground)
    around = _around(question)
    pointer = shapely.Point(NEAR_PX, NEAR_PX)
    told: list[tuple[MapLayer, Shown]] = []
    for layer in layers:
        near = [(shapely.distance(_in_pixels(feature, around), pointer), feature) for feature in shown(layer, around, zoom, user)]
        near = sorted((one for one in near if one[0] <= NEAR_PX), key=lambda one: one[0])
        told += [(layer, feature) for _, feature in near[: question.count]]
    return told


def geojson(told: Sequence[tuple[MapLayer, Shown]]) -> str:
    """Write the features as GeoJSON (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(feature.geom),
            "properties": {"layer": layer.id, "part": feature.part, **feature.properties},
        }
        for layer, feature in told
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, default=_number)


def text(told: Sequence[tuple[MapLayer, Shown]]) -> str:
    """Write the features as lines, a blank one between two."""
    blocks = [
        "\n".join([f"{layer.id}.{feature.part}", *(f"  {name}: {value}" for name, value in feature.properties.items())])
        for layer, feature in told
    ]
    return "\n\n".join(blocks) + "\n"


def _around(question: InfoQuestion) -> View:
    """Return the few pixels around the pointer as a view of their own, the pointer at (NEAR_PX, NEAR_PX)."""
    (dx, dy), (west, _, _, north) = question.view.pixel, question.view.box
    x, y = west + (question.column + 0.5) * dx, north - (question.row + 0.5) * dy
    return View(question.view.crs, (x - NEAR_PX * dx, y - NEAR_PX * dy, x + NEAR_PX * dx, y + NEAR_PX * dy), 2 * NEAR_PX, 2 * NEAR_PX)


def _in_pixels(feature: Shown, view: View) -> shapely.Geometry:
    def pixels(lonlat: np.ndarray) -> np.ndarray:
        return view.to_pixels(lonlat)

    return shapely.transform(shapely.intersection(feature.geom, view.reach()), pixels)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)
