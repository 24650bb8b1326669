"""What the services say about themselves and why they refuse, as XML. `root` is the site's public address, without a slash at the end.

A token that came in the address goes into every address told, or a client could not follow them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from layers import access
from layers.maps import overlays, questions
from layers.maps.catalogue import Drawable, drawables_for
from layers.maps.view import MAX_SIDE_PX
from layers.models import Basemap
from layers.ogc.crs import Crs
from spatial import datums
from spatial.tiles import HALF_WORLD_M, Bbox

WMS_TYPES = {"1.3.0": "text/xml", "1.1.1": "application/vnd.ogc.wms_xml"}
REFUSAL_TYPES = {"1.3.0": "text/xml", "1.1.1": "application/vnd.ogc.se_xml"}
# The scale of zoom 0, by the standard's pixel of 0.28 mm.
_SCALE_0 = 559082264.0287178
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Told:
    """A layer as a document tells of it; numbers are texts already, so that no locale writes them with a comma."""

    name: str
    title: str
    extent: dict[str, str]
    attribution: str
    boxes: list[tuple[str, list[str]]]
    boxes_in_order: list[tuple[str, list[str]]]
    legend: tuple[int, int] | None


def wms(version: str, user: access.Person, *, root: str, token: str) -> str:
    """Return the capabilities of WMS."""
    systems = questions.offered()
    operations = [
        {"name": "GetCapabilities", "formats": [WMS_TYPES["1.3.0"]], "formats_1_1": [WMS_TYPES["1.1.1"]]},
        {"name": "GetMap", "formats": list(questions.FORMATS), "formats_1_1": list(questions.FORMATS)},
        {"name": "GetFeatureInfo", "formats": list(questions.INFO_FORMATS), "formats_1_1": list(questions.INFO_FORMATS)},
    ]
    told = {
        "title": settings.UTILITY_NAME,
        "wms": f"{root}/maps/wms?{_query(token)}",
        "max_side": str(MAX_SIDE_PX),
        "operations": operations,
        "systems": list(systems),
        "layers": [_told(drawable, user, systems) for drawable in drawables_for(user)],
    }
    return _rendered(f"wms_{version}", told)


def wmts(user: access.Person, *, root: str, token: str) -> str:
    """Return the capabilities of WMTS."""
    told = {
        "title": settings.UTILITY_NAME,
        "root": root,
        "wmts": f"{root}/maps/wmts?{_query(token)}",
        "query": f"?{urlencode({'token': token})}" if token else "",
        "operations": ["GetCapabilities", "GetTile"],
        "layers": [_told(drawable, user, {}) for drawable in drawables_for(user)],
        "formats": questions.FORMATS,
        "tile_set": questions.TILE_SET,
        "tile_px": str(questions.TILE_PX),
        "corner": f"{-HALF_WORLD_M!r} {HALF_WORLD_M!r}",
        "matrices": [{"z": str(z), "scale": repr(_SCALE_0 / (1 << z)), "side": str(1 << z)} for z in range(questions.MAX_TILE_ZOOM + 1)],
    }
    return _rendered("wmts_1.0.0", told)


def refusal(service: str, version: str, text: str, *, code: str = "", parameter: str = "") -> str:
    """Return why something is refused: `service` is wms or wmts."""
    return _rendered(f"refusal_{service}_{version}", {"text": text, "code": code, "parameter": parameter})


def _told(drawable: Drawable, user: access.Person, systems: Mapping[str, Crs]) -> _Told:
    extent = drawable.extent(user)
    boxes = [(name, crs, box) for name, crs in systems.items() if (box := _box_in(crs, extent))]
    return _Told(
        drawable.name,
        drawable.heading,
        {side: repr(round(value, 7)) for side, value in extent._asdict().items()},
        drawable.attribution,
        [(name, _texts(box)) for name, _, box in boxes],
        [(name, _texts((box[1], box[0], box[3], box[2]) if crs.northing_first else box)) for name, crs, box in boxes],
        None if isinstance(drawable.source, Basemap) else overlays.legend_size(drawable.source),
    )


def _box_in(crs: Crs, extent: Bbox) -> Box | None:
    """Return the box around the extent in the system's units, x before y; None where the system means nothing there."""
    steps = np.linspace(0.0, 1.0, 9)
    lon = extent.west + (extent.east - extent.west) * np.repeat(steps, 9)
    lat = extent.south + (extent.north - extent.south) * np.tile(steps, 9)
    x, y, ok = datums.from_wgs84_many(lon, lat, crs.datum)
    return (float(x[ok].min()), float(y[ok].min()), float(x[ok].max()), float(y[ok].max())) if ok.any() else None


def _texts(box: Box) -> list[str]:
    return [repr(round(value, 7)) for value in box]


def _query(token: str) -> str:
    return f"{urlencode({'token': token})}&" if token else ""


def _rendered(name: str, told: dict[str, Any]) -> SafeString:
    return render_to_string(f"layers/maps/{name}.xml", told)
