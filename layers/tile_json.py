"""TileJSON 3.0.0 of a layer, made from its declaration."""

from typing import Any

from layers.registry import LayerPart, MapLayer
from layers.tile_sql import CLUSTERS

MAX_ZOOM = 18
"""The deepest zoom that browsers ask for; beyond it they enlarge (one unit of a z18 tile is 4 cm)."""


def tile_json(layer: MapLayer, *, base_url: str) -> dict[str, Any]:
    """Describe the layer's tiles as TileJSON; `base_url` is scheme and host, without a slash at the end."""
    return {
        "tilejson": "3.0.0",
        "name": layer.title["en"],
        "scheme": "xyz",
        "tiles": [f"{base_url}{tile_path(layer)}"],
        "minzoom": layer.min_zoom,
        "maxzoom": MAX_ZOOM,
        "bounds": [-180, -85.0511, 180, 85.0511],
        "vector_layers": vector_layers(layer),
    }


def tile_path(layer: MapLayer) -> str:
    return f"/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt"


def vector_layers(layer: MapLayer) -> list[dict[str, Any]]:
    """List the named layers inside the tiles with their zooms and fields."""
    clusters = layer.clusters
    found = [
        _vector_layer(part, max(part.min_zoom, clusters.below_zoom if clusters and clusters.of_part == part.id else 0))
        for part in layer.parts
    ]
    if clusters:
        fields = {"n": "Number of features", clusters.bucket_filter: "String", "id": "Number, when n is 1", "name": "String, when n is 1"}
        found.append({"id": CLUSTERS, "minzoom": 0, "maxzoom": clusters.below_zoom - 1, "fields": fields})
    return found


def _vector_layer(part: LayerPart, min_zoom: int) -> dict[str, Any]:
    return {"id": part.id, "minzoom": min_zoom, "maxzoom": min(part.max_zoom, MAX_ZOOM), "fields": dict.fromkeys(part.properties, "")}
