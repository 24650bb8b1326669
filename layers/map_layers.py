"""Layers of the ground everyone stands on: the network and the areas of `spatial`, which itself must not know this app."""

from typing import Any

from django.db.models import QuerySet

from layers.registry import LayerPart, MapLayer
from spatial.models import Area, Feeder, Line, Station, Substation


def _all_rows(model: Any) -> Any:
    """Return the declaration of a table that whoever may see the layer sees whole."""

    def rows(user: Any) -> QuerySet:
        return model.objects.all()

    return rows


def _feeders(user: Any) -> QuerySet:
    return Feeder.objects.filter(geom__isnull=False)


NETWORK = MapLayer(
    id="network",
    staff_only=True,
    title={"en": "Network", "zh": "电网"},
    # Drawn in this order: lines under stations, substations on top. A feeder is its lines merged, for when single lines are too small.
    parts=[
        LayerPart(
            id="feeders",
            geometry="line",
            rows=_feeders,
            geom="geom",
            properties={"code": "code", "name": "name", "voltage_kv": "voltage_kv"},
            min_zoom=8,
            max_zoom=13,
        ),
        LayerPart(
            id="lines",
            geometry="line",
            rows=_all_rows(Line),
            geom="geom",
            properties={
                "code": "code",
                "kind": "kind",
                "feeder_id": "feeder_id",
                "feeder_code": "feeder__code",
                "voltage_kv": "feeder__voltage_kv",
            },
            min_zoom=14,
        ),
        LayerPart(
            id="stations",
            geometry="point",
            rows=_all_rows(Station),
            geom="geom",
            properties={"code": "code", "name": "name", "feeder_id": "feeder_id", "feeder_code": "feeder__code"},
            min_zoom=14,
        ),
        LayerPart(
            id="substations",
            geometry="point",
            rows=_all_rows(Substation),
            geom="geom",
            properties={"code": "code", "name": "name", "voltage_kv": "voltage_kv", "secondary_kv": "secondary_kv"},
            min_zoom=6,
        ),
    ],
    legend=[
        {"part": "substations", "label": {"en": "Substation", "zh": "变电站"}, "symbol": {"kind": "point", "shape": "substation"}},
        {"part": "stations", "label": {"en": "Transformer station", "zh": "配电站"}, "symbol": {"kind": "point", "shape": "station"}},
        {"part": "feeders", "label": {"en": "Feeder", "zh": "馈线"}, "symbol": {"kind": "line", "width": 2}},
        {"part": "lines", "label": {"en": "Cable", "zh": "电缆"}, "symbol": {"kind": "line", "value": "cable", "dash": [6, 3], "width": 2}},
        {"part": "lines", "label": {"en": "Overhead line", "zh": "架空线"}, "symbol": {"kind": "line", "value": "overhead", "width": 2}},
    ],
)

AREAS = MapLayer(
    id="areas",
    title={"en": "Areas", "zh": "区域"},
    parts=[
        LayerPart(
            id="areas",
            geometry="polygon",
            rows=_all_rows(Area),
            geom="geom",
            properties={"code": "code", "name": "name", "name_zh": "name_zh", "kind": "kind"},
        )
    ],
    legend=[
        {"part": "areas", "label": {"en": "County", "zh": "区县"}, "symbol": {"kind": "area", "value": "county"}},
        {
            "part": "areas",
            "label": {"en": "Service area", "zh": "供电服务区"},
            "symbol": {"kind": "area", "value": "service_area", "dash": [8, 4]},
        },
    ],
)
