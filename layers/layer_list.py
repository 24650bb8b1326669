"""What the browser is told about the layers: where their tiles and features are, how they are drawn, what the person may do."""

from typing import Any

from layers import access, registry
from layers.registry import MapLayer
from layers.tile_json import MAX_ZOOM, tile_path
from layers.tile_sql import CLUSTERS

_WRITES = {access.ADD, access.MOVE, access.EDIT, access.DELETE, access.APPROVE}


def layer_list(user: Any) -> list[dict[str, Any]]:
    """Return the layers this person may see, bottom one first."""
    return [_entry(layer, user) for layer in registry.layers_for(user)]


def _entry(layer: MapLayer, user: Any) -> dict[str, Any]:
    actions = access.actions_of(user, layer.id) - (frozenset() if layer.move else _WRITES)
    return {
        "id": layer.id,
        "title": layer.title,
        "stream": layer.id,
        "tiles": tile_path(layer),
        "tilejson": f"/tiles/{layer.id}.json",
        "geojson": f"/api/v1/layers/{layer.id}/features",
        "snapshot": f"/api/v1/layers/{layer.id}/snapshot",
        "min_zoom": layer.min_zoom,
        "max_zoom": MAX_ZOOM,
        "cluster_below": layer.clusters.below_zoom if layer.clusters else None,
        "parts": _parts(layer),
        "legend": list(layer.legend),
        "actions": [action for action in access.ALL_ACTIONS if action in actions],
        "follows": layer.follows,
        "filters": list(layer.filters),
        "visible_at_start": layer.visible_at_start,
    }


def _parts(layer: MapLayer) -> list[dict[str, Any]]:
    clusters = layer.clusters
    found: list[dict[str, Any]] = []
    if clusters:
        found.append(
            {
                "id": CLUSTERS,
                "geometry": "point",
                "min_zoom": 0,
                "max_zoom": clusters.below_zoom - 1,
                "properties": ["n", clusters.bucket_filter, "id", "name"],
            }
        )
    for part in layer.parts:
        min_zoom = max(part.min_zoom, clusters.below_zoom) if clusters and clusters.of_part == part.id else part.min_zoom
        max_zoom = min(part.max_zoom, MAX_ZOOM)
        found.append(
            {"id": part.id, "geometry": part.geometry, "min_zoom": min_zoom, "max_zoom": max_zoom, "properties": ["id", *part.properties]}
        )
    return found
