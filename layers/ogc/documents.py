"""What the service says about itself, as JSON: landing page, conformance, collections, the OpenAPI document, links.

`root` is the address of the landing page as the client knows it, without a slash at the end.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from layers.ogc import crs as systems
from layers.ogc.collections import Collection, collections_for
from layers.ogc.items import DEFAULT_LIMIT, MAX_LIMIT

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CONFORMS_TO = [
    *(f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "oas30", "html", "geojson")),
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
]

Link = dict[str, str]


def link(href: str, rel: str, media_type: str, title: str) -> Link:
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def address(path: str, told: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(told)}" if told else path


def self_links(path: str, told: Mapping[str, str], media_type: str) -> list[Link]:
    """Return the links to this document and to its page for people."""
    return [
        link(address(path, {**told, "f": "json"}), "self", media_type, _("This document")),
        link(address(path, {**told, "f": "html"}), "alternate", HTML, _("This document as a page")),
    ]


def landing(root: str) -> dict[str, Any]:
    return {
        "title": settings.UTILITY_NAME,
        "description": _("The layers of the map as features, with the rights of who asks."),
        "links": [
            *self_links(f"{root}/", {}, JSON),
            link(f"{root}/api", "service-desc", OPENAPI, _("The API as an OpenAPI document")),
            link(f"{root}/api?f=html", "service-doc", HTML, _("The API as a page")),
            link(f"{root}/conformance", "conformance", JSON, _("What the service conforms to")),
            link(f"{root}/collections", "data", JSON, _("Collections")),
        ],
    }


def conformance() -> dict[str, Any]:
    return {"conformsTo": CONFORMS_TO}


def collections(root: str, user: Any) -> dict[str, Any]:
    crs = [system.uri for system in systems.offered()]
    return {
        "links": self_links(f"{root}/collections", {}, JSON),
        "collections": [_collection(root, collection, user, crs) for collection in collections_for(user)],
    }


def collection(root: str, found: Collection, user: Any) -> dict[str, Any]:
    return _collection(root, found, user, [system.uri for system in systems.offered()])


def collection_path(root: str, found: Collection) -> str:
    return f"{root}/collections/{quote(found.id)}"


def _collection(root: str, found: Collection, user: Any, crs: list[str]) -> dict[str, Any]:
    path = collection_path(root, found)
    extent = found.extent(user)
    return {
        "id": found.id,
        "title": found.title(language()),
        "itemType": "feature",
        **({"extent": {"spatial": {"bbox": [list(extent)], "crs": systems.CRS84.uri}}} if extent else {}),
        "crs": crs,
        "storageCrs": systems.CRS84.uri,
        "links": [
            *self_links(path, {}, JSON),
            link(f"{path}/items?f=json", "items", GEOJSON, _("Features as GeoJSON")),
            link(f"{path}/items?f=html", "items", HTML, _("Features as a page")),
        ],
    }


def language() -> str:
    """Return the language of this request as titles know it: "en" or "zh"."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def openapi(root: str, user: Any) -> dict[str, Any]:
    """Return the OpenAPI 3.0 document, with the collections that this person may see: each has filters of its own."""
    paths = {
        "/": _operation("landing", _("Landing page"), JSON),
        "/conformance": _operation("conformance", _("What the service conforms to"), JSON),
        "/api": _operation("api", _("This document"), OPENAPI),
        "/collections": _operation("collections", _("Collections"), JSON),
    }
    for found in collections_for(user):
        path = f"/collections/{found.id}"
        filters = [_filter(name, is_number) for name, is_number in found.filters(found.rows(user)).items()]
        items = [{"$ref": f"#/components/parameters/{name}"} for name in ("limit", "bbox", "bbox-crs", "crs", "datetime", "cursor")]
        fid = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "integer"}}
        paths[path] = _operation(f"{found.id}.describe", found.title(language()), JSON)
        paths[f"{path}/items"] = _operation(f"{found.id}.items", found.title(language()), GEOJSON, [*items, *filters])
        paths[f"{path}/items/{{featureId}}"] = _operation(
            f"{found.id}.item", found.title(language()), GEOJSON, [fid, {"$ref": "#/components/parameters/crs"}]
        )
    return {
        "openapi": "3.0.3",
        "info": {"title": f"{settings.UTILITY_NAME}: OGC API Features", "version": "1"},
        "servers": [{"url": root}],
        "security": [{"accessToken": []}, {"basic": []}, {"session": []}],
        "paths": paths,
        "components": {"parameters": _PARAMETERS, "schemas": {"problem": _PROBLEM}, "securitySchemes": _SECURITY},
    }


def _operation(operation_id: str, summary: str, media_type: str, parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    problem = {"description": "A sentence in `detail` says why.", "content": {"application/problem+json": {"schema": _PROBLEM_REF}}}
    answers = {media_type: {"schema": {"type": "object"}}, HTML: {"schema": {"type": "string"}}}
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "parameters": [*(parameters or []), {"$ref": "#/components/parameters/f"}],
            "responses": {"200": {"description": summary, "content": answers}, "default": problem},
        }
    }


def _filter(name: str, is_number: bool) -> dict[str, Any]:
    kind = "number" if is_number else "string"
    return {"name": name, "in": "query", "required": False, "schema": {"type": kind}, "style": "form", "explode": False}


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
        "style": "form",
        "explode": False,
    }


_NUMBERS = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
_PARAMETERS = {
    "f": _parameter("f", {"type": "string", "enum": ["json", "html"]}, "The form of the answer; without it the header Accept decides."),
    "limit": _parameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        "Features on a page; more than the maximum is the maximum.",
    ),
    "bbox": _parameter("bbox", _NUMBERS, "Features that touch this box: both corners, in the order of axes of bbox-crs."),
    "bbox-crs": _parameter("bbox-crs", {"type": "string", "format": "uri", "default": systems.CRS84.uri}, "The system of bbox."),
    "crs": _parameter("crs", {"type": "string", "format": "uri", "default": systems.CRS84.uri}, "The system of the answer."),
    "datetime": _parameter("datetime", {"type": "string"}, "A moment or an interval; features without a time match every one."),
    "cursor": _parameter("cursor", {"type": "integer", "minimum": 0}, "Where a page begins; follow the link `next`."),
}
_PROBLEM_REF = {"$ref": "#/components/schemas/problem"}
_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string", "nullable": True},
    },
}
_SECURITY = {
    "accessToken": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "An access token as the password, any name."},
    "session": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
}
