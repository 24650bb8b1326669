"""Layers of the ground everyone stands on: the network and the areas of `spatial`, which itself must not know this app."""

from typing import Any

from django.db.models import QuerySet

from layers import access
from layers.registry import LayerPart, MapLayer, Words
from spatial.models import Area, Feeder, Line, Station, Substation

NETWORK_ID, AREAS_ID = "network", "areas"


def _assets(model: Any) -> Any:
    """Return the declaration of a table of network assets: a person sees those that reach into their areas."""

    def rows(user: Any) -> QuerySet:
        return model.objects.filter(access.areas_of(user, NETWORK_ID, access.VIEW).touches("geom"))

    return rows


def _feeders(user: Any) -> QuerySet:
    return _assets(Feeder)(user).filter(geom__isnull=False)


def areas_seen_by(user: Any) -> QuerySet[Area]:
    """Return the areas that exist for this person: the granted ones and those inside them. Their neighbours are not theirs to know."""
    reach = access.areas_of(user, AREAS_ID, access.VIEW)
    return Area.objects.filter(reach.holds("geom"))


_TITLES: dict[str, Words] = {
    "code": {"en": "Code", "zh": "编号"},
    "name": {"en": "Name", "zh": "名称"},
    "name_zh": {"en": "Chinese name", "zh": "中文名称"},
    "kind": {"en": "Kind", "zh": "类型"},
    "voltage_kv": {"en": "Voltage (kV)", "zh": "电压（kV）"},
    "secondary_kv": {"en": "Secondary voltage (kV)", "zh": "二次电压（kV）"},
    "feeder_id": {"en": "Feeder id", "zh": "馈线标识"},
    "feeder_code": {"en": "Feeder", "zh": "馈线"},
}

NETWORK = MapLayer(
    id=NETWORK_ID,
    column_titles=_TITLES,
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
            rows=_assets(Line),
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
            rows=_assets(Station),
            geom="geom",
            properties={"code": "code", "name": "name", "feeder_id": "feeder_id", "feeder_code": "feeder__code"},
            min_zoom=14,
        ),
        LayerPart(
            id="substations",
            geometry="point",
            rows=_assets(Substation),
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
    id=AREAS_ID,
    column_titles=_TITLES,
    title={"en": "Areas", "zh": "区域"},
    parts=[
        LayerPart(
            id="areas",
            geometry="polygon",
            rows=areas_seen_by,
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
