"""Doors of OGC API Features, below /ogc/features/: reads only, by session or by access token.

They have an OpenAPI document of their own (`/ogc/features/api`), as the standard wants, and are not in the one of /api/v1.
"""

import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request
from rest_framework.views import APIView

from layers.api.answers import FormLater, public_root, text_answer
from layers.ogc import collections, documents, items, pages
from layers.ogc.crs import Crs
from layers.ogc.documents import GEOJSON, HTML, JSON, OPENAPI
from layers.ogc.pages import Cell, Page
from layers.ogc.refusals import BadQuery


class _Door(APIView):
    """What all share: who may come in, what they may not say twice, JSON or a page."""

    open_to_tokens = True
    schema = None
    content_negotiation_class = FormLater

    def told(self, request: Request) -> dict[str, str]:
        """Return the parameters of the address.

        Raises:
            BadQuery: one of them stands there twice.
        """
        twice = next((name for name, values in request.query_params.lists() if len(values) > 1), None)
        if twice is not None:
            raise BadQuery(f"The parameter “{twice[:40]}” is given twice.")
        return {name: request.query_params[name] for name in request.query_params}

    def is_page(self, request: Request, media_type: str) -> bool:
        """Tell whether a page is wanted: `f` says so, else the header Accept.

        Raises:
            BadQuery: `f` is neither json nor html. NotAcceptable: the header allows neither.
        """
        form = request.query_params.get("f")
        if form is not None and form not in ("json", "html"):
            raise BadQuery(f"“{form[:40]}” is no form of the answer; f is json or html.")
        if form is not None:
            return form == "html"
        preferred = request._request.get_preferred_type([media_type.partition(";")[0], JSON, HTML])
        if preferred is None:
            raise NotAcceptable(f"This is to be had as {media_type} or {HTML}.")
        return preferred == HTML

    def answer(self, request: Request, document: dict[str, Any], page: Page, media_type: str = JSON) -> HttpResponse:
        if self.is_page(request, media_type):
            return self.page(request, page)
        return self.text(request, json.dumps(document, ensure_ascii=False), media_type)

    def text(self, request: Request, text: str, media_type: str) -> HttpResponse:
        response = text_answer(request, text, media_type)
        response.headers["Vary"] += ", Accept, Authorization"
        return response

    def page(self, request: Request, page: Page) -> HttpResponse:
        response = render(request._request, "layers/ogc.html", {"page": page})
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Cookie, Accept, Authorization"
        return response


class Landing(_Door):
    """Where a client begins."""

    def get(self, request: Request) -> HttpResponse:
        items.check_form_only(self.told(request))
        document = documents.landing(_root(request))
        return self.answer(request, document, pages.landing(document))


class Conformance(_Door):
    """Which requirements the service keeps to."""

    def get(self, request: Request) -> HttpResponse:
        items.check_form_only(self.told(request))
        document = documents.conformance()
        return self.answer(request, document, pages.conformance(document, _crumbs(_root(request))))


class Api(_Door):
    """The OpenAPI document."""

    def get(self, request: Request) -> HttpResponse:
        items.check_form_only(self.told(request))
        document = documents.openapi(_root(request), request.user)
        return self.answer(request, document, pages.openapi(document, _crumbs(_root(request))), OPENAPI)


class Collections(_Door):
    """The collections that this person may see."""

    def get(self, request: Request) -> HttpResponse:
        items.check_form_only(self.told(request))
        document = documents.collections(_root(request), request.user)
        return self.answer(request, document, pages.collections(document, _crumbs(_root(request))))


class OneCollection(_Door):
    """One collection: its extent, its coordinate reference systems."""

    def get(self, request: Request, collection_id: str) -> HttpResponse:
        found = collections.collection_for(request.user, collection_id)
        items.check_form_only(self.told(request))
        document = documents.collection(_root(request), found, request.user)
        return self.answer(request, document, pages.collection(document, _crumbs(_root(request), collections_too=True)))


class Items(_Door):
    """The features of a collection, a page at a time."""

    def get(self, request: Request, collection_id: str) -> HttpResponse:
        found, told = collections.collection_for(request.user, collection_id), self.told(request)
        rows = found.rows(request.user)
        query = items.parse(found, rows, told)
        is_page = self.is_page(request, GEOJSON)
        page = items.page(found, rows, query)

        path = f"{documents.collection_path(_root(request), found)}/items"
        asked = {name: value for name, value in told.items() if name != "f"}
        links = documents.self_links(path, asked, GEOJSON)
        if page.next_after is not None:
            form = {"f": "html" if is_page else "json"}
            further = documents.address(path, {**asked, "cursor": str(page.next_after), **form})
            links.append(documents.link(further, "next", HTML if is_page else GEOJSON, _("Next page")))
        head = {
            "type": "FeatureCollection",
            "links": links,
            "timeStamp": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            **({} if page.matched is None else {"numberMatched": page.matched}),
            "numberReturned": page.returned,
        }
        # The features are text that the database made: they are not read again only to be written.
        text = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "features": {page.features}}}'
        if is_page:
            crumbs = _crumbs(_root(request), found)
            return _with_crs(self.page(request, pages.items(json.loads(text), _("Features"), path, crumbs)), query.crs)
        return _with_crs(self.text(request, text, GEOJSON), query.crs)


class Item(_Door):
    """One feature."""

    def get(self, request: Request, collection_id: str, feature_id: int) -> HttpResponse:
        found, told = collections.collection_for(request.user, collection_id), self.told(request)
        crs = items.parse_one(told)
        feature = json.loads(items.one(found, found.rows(request.user), feature_id, crs))

        path = documents.collection_path(_root(request), found)
        asked = {name: value for name, value in told.items() if name != "f"}
        feature["links"] = [
            *documents.self_links(f"{path}/items/{feature_id}", asked, GEOJSON),
            documents.link(path, "collection", JSON, found.title(documents.language())),
        ]
        page = pages.item(feature, [*_crumbs(_root(request), found), (_("Features"), f"{path}/items?f=html")])
        return _with_crs(self.answer(request, feature, page, GEOJSON), crs)


def _root(request: Request) -> str:
    """Return the landing page's address as the client knows it, without a slash at the end."""
    return f"{public_root(request)}/ogc/features"


def _crumbs(root: str, found: collections.Collection | None = None, *, collections_too: bool = False) -> list[Cell]:
    crumbs = [(settings.UTILITY_NAME, f"{root}/?f=html")]
    if found or collections_too:
        crumbs.append((_("Collections"), f"{root}/collections?f=html"))
    if found:
        crumbs.append((found.title(documents.language()), f"{documents.collection_path(root, found)}?f=html"))
    return crumbs


def _with_crs(response: HttpResponse, crs: Crs) -> HttpResponse:
    response.headers["Content-Crs"] = f"<{crs.uri}>"
    return response
