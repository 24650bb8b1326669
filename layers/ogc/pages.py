"""The same documents for people: what the template `layers/ogc.html` shows. Addresses and texts only, no markup."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from layers.ogc.documents import Link

Cell = tuple[str, str]
"""A text, and where it leads ("" for nowhere)."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; without `head` its first column names what the others say."""

    rows: Sequence[Sequence[Cell]]
    head: Sequence[str] = ()
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    tables: Sequence[Table]
    crumbs: Sequence[Cell] = ()
    description: str = ""
    links: Sequence[Link] = field(default_factory=list)


def landing(document: Mapping[str, Any]) -> Page:
    rows = [[(entry["title"], _for_people(entry))] for entry in document["links"] if entry["rel"] not in ("self", "alternate")]
    return Page(document["title"], [Table(rows)], description=document["description"], links=_of_this(document))


def conformance(document: Mapping[str, Any], crumbs: Sequence[Cell]) -> Page:
    return Page(_("What the service conforms to"), [Table([[(uri, "")] for uri in document["conformsTo"]])], crumbs)


def collections(document: Mapping[str, Any], crumbs: Sequence[Cell]) -> Page:
    rows = [
        [(entry["title"], _page_of(entry, "alternate")), (entry["id"], ""), (_("Features"), _page_of(entry, "items"))]
        for entry in document["collections"]
    ]
    return Page(_("Collections"), [Table(rows, [_("Collection"), _("Name"), ""])], crumbs, links=_of_this(document))


def collection(document: Mapping[str, Any], crumbs: Sequence[Cell]) -> Page:
    boxes = document["extent"]["spatial"]["bbox"] if "extent" in document else []
    rows = [[(_("Name"), ""), (document["id"], "")], *([(_("Extent"), ""), (", ".join(map(str, box)), "")] for box in boxes)]
    rows.append([(_("Features"), ""), (_page_of(document, "items"), _page_of(document, "items"))])
    systems = Table([[(uri, "")] for uri in document["crs"]], caption=_("Coordinate reference systems"))
    return Page(document["title"], [Table(rows), systems], crumbs, links=_of_this(document))


def items(document: Mapping[str, Any], title: str, path: str, crumbs: Sequence[Cell]) -> Page:
    features = document["features"]
    names = [name for name in features[0]["properties"] if name != "id"] if features else []
    rows = [
        [(str(feature["id"]), f"{path}/{feature['id']}?f=html"), *((_text(feature["properties"][name]), "") for name in names)]
        for feature in features
    ]
    counts = ""
    if "numberMatched" in document:
        counts = _("%(returned)s of %(matched)s features") % {"returned": document["numberReturned"], "matched": document["numberMatched"]}
    return Page(title, [Table(rows, ["id", *names])], crumbs, counts, _of_this(document, "next"))


def item(document: Mapping[str, Any], crumbs: Sequence[Cell]) -> Page:
    rows = [[(name, ""), (_text(value), "")] for name, value in document["properties"].items()]
    rows.append([(_("Position"), ""), (json.dumps(document["geometry"]), "")])
    return Page(str(document["id"]), [Table(rows)], crumbs, links=_of_this(document))


def openapi(document: Mapping[str, Any], crumbs: Sequence[Cell]) -> Page:
    rows = []
    for path, operations in document["paths"].items():
        parameters = [entry.get("name") or entry["$ref"].rsplit("/", 1)[-1] for entry in operations["get"]["parameters"]]
        rows.append([(path, ""), (operations["get"]["summary"], ""), (", ".join(parameters), "")])
    return Page(document["info"]["title"], [Table(rows, [_("Address"), _("What it answers"), _("Parameters")])], crumbs)


def _of_this(document: Mapping[str, Any], *more: str) -> list[Link]:
    """Return the link to the JSON and those named."""
    wanted = [entry for entry in document["links"] if entry["rel"] in ("self", *more)]
    return [{**entry, "title": "JSON"} if entry["rel"] == "self" else entry for entry in wanted]


def _page_of(document: Mapping[str, Any], rel: str) -> str:
    return next(entry["href"] for entry in document["links"] if entry["rel"] == rel and entry["type"] == "text/html")


def _for_people(entry: Link) -> str:
    return entry["href"] if "?" in entry["href"] or entry["rel"] == "service-desc" else f"{entry['href']}?f=html"


def _text(value: Any) -> str:
    return "" if value is None else str(value)
