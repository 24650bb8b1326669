"""Turn basemap records into MapProxy's configuration. Plain Python: records and environment in, one document out.

One record becomes one layer of its key, cached in Web Mercator and offered as WMTS and WMS:

    record --source--> [published cache --datum shift-->] cache --> layer

`ogcapi` and `demo` stay off: MapProxy's OGC API ignores the authorisation callback.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import rasterio
from rasterio.errors import RasterioError

from layers.models import Basemap
from spatial import datums
from spatial.tiles import MAX_ZOOM

GRID = "webmercator"
UPSTREAM_TIMEOUT_S = 3
MAX_SIDE_PX = 4096
SHIFTED_DATUMS = ("GCJ02", "BD09")
KEPT_DAYS = 30
# Only variables of this name may leave the process inside an upstream's address.
KEY_PREFIX = "BASEMAP_KEY_"
# What a WMTS calls its Web Mercator matrix when the record does not say (`layer@matrixset`).
USUAL_MATRIX_SET = "GoogleMapsCompatible"


class CannotProxy(ValueError):
    """The record cannot be served; the message says why and what to change."""


def mapproxy_config(basemaps: Iterable[Basemap], *, var_dir: Path, environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return MapProxy's configuration and, by key, why a record was left out.

    One record that cannot be served never takes the others down.
    """
    config = _frame(var_dir)
    refused: dict[str, str] = {}
    for basemap in basemaps:
        if basemap.kind != Basemap.Kind.IMAGERY or not basemap.enabled:
            continue
        try:
            _add(config, basemap, _source(basemap, environ))
        except CannotProxy as error:
            refused[basemap.key] = str(error)
    if not config["layers"]:  # MapProxy refuses to start without a layer
        config["layers"].append({"name": "none", "title": "No imagery is configured", "sources": []})
        config["services"] = {"wmts": {"restful": True, "kvp": True}}
    return config, refused


def _frame(var_dir: Path) -> dict[str, Any]:
    cache = var_dir / "mapproxy" / "cache"
    return {
        "services": {
            "wmts": {"restful": True, "kvp": True, "md": {"title": "GridAtlas imagery"}},
            "wms": {
                "srs": [code for code in datums.allowed() if code.startswith("EPSG:")],
                "versions": ["1.1.1", "1.3.0"],
                "max_output_pixels": [MAX_SIDE_PX, MAX_SIDE_PX],
                "on_source_errors": "raise",
                "md": {"title": "GridAtlas imagery"},
            },
        },
        "globals": {
            "cache": {"base_dir": str(cache), "lock_dir": str(cache / "locks"), "tile_lock_dir": str(cache / "tile_locks")},
            "http": {"client_timeout": UPSTREAM_TIMEOUT_S, "hide_error_details": True},
            # Without a palette: 256 colours are too few for a photograph's edge, and for what is warped into another system.
            "image": {"resampling_method": "bilinear", "jpeg_quality": 88, "paletted": False},
        },
        "grids": {GRID: {"base": "GLOBAL_WEBMERCATOR", "num_levels": MAX_ZOOM + 1}},
        "sources": {},
        "caches": {},
        "layers": [],
    }


def _add(config: dict[str, Any], basemap: Basemap, source: dict[str, Any]) -> None:
    key = basemap.key
    cache: dict[str, Any] = {
        "grids": [GRID],
        "format": "mixed",
        "request_format": "image/png",
        "image": {"transparent": True},
        "cache": {"type": "file"},
    }
    # Tiles older than a replaced file are drawn again; tiles of an upstream are kept for a month.
    replaced = basemap.source_type in (Basemap.SourceType.GEOTIFF, Basemap.SourceType.PMTILES)
    cache["refresh_before"] = {"mtime": basemap.source} if replaced else {"days": KEPT_DAYS}
    upstream_is_tiled = source["type"] in ("tile", "pmtiles")
    config["sources"][f"{key}_source"] = source
    if basemap.datum in SHIFTED_DATUMS:
        # Kept once as published, once moved: panning asks the upstream only once for a tile.
        config["caches"][f"{key}_published"] = cache | {"sources": [f"{key}_source"], "meta_size": [1, 1], "meta_buffer": 0}
        config["sources"][f"{key}_moved"] = {"type": "datum_shift", "cache": f"{key}_published", "datum": basemap.datum}
        source_name, upstream_is_tiled = f"{key}_moved", True
    else:
        source_name = f"{key}_source"
    # A tiled upstream is asked tile by tile: one that is missing must not blank its neighbours.
    meta: dict[str, Any] = {"meta_size": [1, 1], "meta_buffer": 0} if upstream_is_tiled else {"meta_size": [4, 4], "meta_buffer": 16}
    if source["type"] == "geotiff" and not upstream_is_tiled:
        # A metatile is rendered under one lock, and MapProxy waits for a lock as long as for an upstream: small ones never reach that.
        meta["meta_size"] = [2, 2]
    config["caches"][key] = cache | {"sources": [source_name]} | meta
    config["layers"].append(
        {"name": key, "title": basemap.title_en, "sources": [key], "md": {"attribution": {"title": basemap.attribution}}}
    )


def _source(basemap: Basemap, environ: Mapping[str, str]) -> dict[str, Any]:
    if basemap.datum not in ("WGS84", "CGCS2000", *SHIFTED_DATUMS):
        raise CannotProxy(f"Datum {basemap.datum} is not known for a basemap; use WGS84, CGCS2000, GCJ02 or BD09.")
    if basemap.source_type == Basemap.SourceType.GEOTIFF:
        _refuse_unreadable(basemap.source)
        return {"type": "geotiff", "path": basemap.source}
    if basemap.source_type == Basemap.SourceType.PMTILES:
        if not Path(basemap.source).exists():
            raise CannotProxy(f"The file {basemap.source} is gone.")
        return {"type": "pmtiles", "path": basemap.source}
    address = _with_key(basemap, environ)
    if not address.startswith(("http://", "https://")):
        raise CannotProxy("The address must begin with http:// or https://.")
    coverage = {"coverage": {"bbox": list(basemap.bounds), "srs": "EPSG:4326"}} if basemap.bounds else {}
    if basemap.source_type == Basemap.SourceType.WMS:
        request = {"url": address, "layers": basemap.source_layer, "transparent": True, "format": "image/png"}
        return {"type": "wms", "req": request, "supported_srs": ["EPSG:3857", "EPSG:4326"], "on_error": _MISSING_IS_BLANK} | coverage
    return {
        "type": "tile",
        "url": _tile_template(basemap, address),
        "grid": GRID,
        "transparent": True,
        "on_error": _MISSING_IS_BLANK,
    } | coverage


def _refuse_unreadable(path: str) -> None:
    """Open the picture now: MapProxy would refuse to start, for everybody, over one file that it cannot read."""
    try:
        with rasterio.open(path) as image:
            crs, types = image.crs, set(image.dtypes)
    except (RasterioError, OSError) as error:
        raise CannotProxy(f"The GeoTIFF {path} cannot be read: {error}") from error
    if crs is None:
        raise CannotProxy(f"The GeoTIFF {path} does not say which coordinate system it is in.")
    if types != {"uint8"}:
        raise CannotProxy(f"The GeoTIFF {path} has {', '.join(sorted(types))} samples; convert it to 8 bit first.")


# Upstreams say 404 or 204 where they have no tile: that is an answer. Any other failure stays one, and is shown as a notice.
_MISSING_IS_BLANK = {404: {"response": "transparent", "cache": False}, 204: {"response": "transparent", "cache": False}}


def _with_key(basemap: Basemap, environ: Mapping[str, str]) -> str:
    if "{key}" not in basemap.source:
        return basemap.source
    if basemap.key_env and not basemap.key_env.startswith(KEY_PREFIX):
        # Else a record could name SECRET_KEY or DATABASE_URL and have it sent to any host.
        raise CannotProxy(f"The variable that holds the key must be called {KEY_PREFIX}..., not {basemap.key_env}.")
    key = environ.get(basemap.key_env, "") if basemap.key_env else ""
    if not key:
        raise CannotProxy(f"The address needs a key, and the environment variable {basemap.key_env or '(none named)'} is empty.")
    return basemap.source.replace("{key}", key)


def _tile_template(basemap: Basemap, address: str) -> str:
    """Return MapProxy's own template: %(z)s, %(x)s, %(y)s. A percent sign of the address is doubled first."""
    if "{z}" not in address:
        if basemap.source_type != Basemap.SourceType.WMTS:
            raise CannotProxy("The address of XYZ tiles must contain {z}, {x} and {y}.")
        layer, _, matrix_set = basemap.source_layer.partition("@")
        query = {
            "SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "STYLE": "default", "FORMAT": "image/png",
            "LAYER": layer, "TILEMATRIXSET": matrix_set or USUAL_MATRIX_SET,
        }  # fmt: skip
        address += ("&" if "?" in address else "?") + urlencode(query) + "&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"
    # Hosts t0 to t7 share the load of one service; one of them is enough behind a cache.
    address = re.sub(r"\{(\w)-\w\}", r"\1", address).replace("{s}", "a").replace("%", "%%")
    return address.replace("{z}", "%(z)s").replace("{x}", "%(x)s").replace("{y}", "%(y)s")
