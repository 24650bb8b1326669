"""Doors of WMS and WMTS, below /maps/: reads only, by session or by access token, which may stand in the address here.

Refusals are the services' own XML with a status of 4xx or 503.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from rest_framework.request import Request
from rest_framework.views import APIView

from layers import access, tokens
from layers.api.answers import FormLater, public_root
from layers.maps import documents, info, overlays, picture, questions
from layers.maps.catalogue import Drawable, drawable_for
from layers.maps.imagery import SourceDown
from layers.maps.picture import TooBusy
from layers.maps.questions import MapQuestion, Told
from layers.maps.refusals import MapRefused
from layers.ogc.documents import language
from layers.registry import MapLayer

_HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization"}


class _Door(APIView):
    """What both services share: who may come in, how they are refused."""

    open_to_tokens = True
    token_in_address = True
    schema = None
    content_negotiation_class = FormLater
    service = "wms"

    def told(self, request: Request) -> Told:
        return questions.told(request.query_params.lists())

    def version(self, request: Request) -> str:
        return "1.0.0"

    def get_exception_handler(self) -> Callable[..., Any]:
        usual = super().get_exception_handler()

        def refused(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
            if isinstance(error, MapRefused):
                return self._refusal(error.status, str(error), code=error.code, parameter=error.parameter)
            if isinstance(error, SourceDown | TooBusy):
                return self._refusal(503, str(error), headers={"Retry-After": "5"})
            problem = usual(error, context)
            if problem is None:
                return None
            headers = {name: problem[name] for name in ("WWW-Authenticate", "Retry-After", "Allow") if name in problem}
            return self._refusal(problem.status_code, problem.data["detail"], headers=headers)

        return refused

    def _refusal(
        self, status: int, text: str, *, code: str = "", parameter: str = "", headers: dict[str, str] | None = None
    ) -> HttpResponse:
        version = self.version(self.request)
        xml = documents.refusal(self.service, version, text, code=code, parameter=parameter)
        return HttpResponse(
            xml, status=status, content_type=documents.REFUSAL_TYPES.get(version, "text/xml"), headers=_HEADERS | (headers or {})
        )


class Wms(_Door):
    """WMS 1.1.1 and 1.3.0."""

    def version(self, request: Request) -> str:
        return questions.version_of(Told({name.upper(): request.query_params[name] for name in request.query_params}))

    def get(self, request: Request) -> HttpResponse:
        asked = self.told(request)
        answers = {
            "getcapabilities": self.capabilities,
            "capabilities": self.capabilities,
            "getmap": self.map,
            "map": self.map,
            "getfeatureinfo": self.info,
            "feature_info": self.info,
            "getlegendgraphic": self.legend,
        }
        answer = answers.get(asked.needed("REQUEST").lower())
        if answer is None or asked.get("SERVICE", "WMS").upper() != "WMS":
            raise MapRefused(
                f"{asked['REQUEST'][:40]} of {asked.get('SERVICE', 'WMS')[:20]} is not offered here.", code="OperationNotSupported"
            )
        return answer(request, asked)

    def capabilities(self, request: Request, asked: Told) -> HttpResponse:
        version = questions.version_of(asked)
        xml = documents.wms(version, request.user, root=public_root(request), token=tokens.in_address(asked))
        return HttpResponse(xml, content_type=documents.WMS_TYPES[version], headers=_HEADERS)

    def map(self, request: Request, asked: Told) -> HttpResponse:
        return _picture(request, questions.map_question(asked))

    def info(self, request: Request, asked: Told) -> HttpResponse:
        question = questions.info_question(asked)
        found = info.found(question, [_drawn_layer(request, name) for name in question.layers], request.user)
        text = info.text(found) if question.format == questions.TEXT else info.geojson(found)
        return HttpResponse(text, content_type=f"{question.format}; charset=utf-8", headers=_HEADERS)

    def legend(self, request: Request, asked: Told) -> HttpResponse:
        name = questions.legend_question(asked)
        out = io.BytesIO()
        overlays.legend(_drawn_layer(request, name), language()).save(out, "PNG")
        return HttpResponse(out.getvalue(), content_type=questions.PNG, headers=_HEADERS)


class Wmts(_Door):
    """WMTS 1.0.0 by parameters."""

    service = "wmts"

    def get(self, request: Request) -> HttpResponse:
        asked = self.told(request)
        wanted = asked.needed("REQUEST").lower()
        if asked.get("SERVICE", "WMTS").upper() != "WMTS" or wanted not in ("getcapabilities", "gettile"):
            raise MapRefused(f"{asked['REQUEST'][:40]} is not offered here.", code="OperationNotSupported", parameter="REQUEST")
        if wanted == "getcapabilities":
            return _wmts_capabilities(request)
        z, x, y = (asked.whole(name, 0, 1 << 22, code="InvalidParameterValue") for name in ("TILEMATRIX", "TILECOL", "TILEROW"))
        layer, tile_set, form = (asked.needed(name) for name in ("LAYER", "TILEMATRIXSET", "FORMAT"))
        return _picture(request, questions.tile_question(layer, tile_set, z, x, y, form))


class WmtsCapabilities(_Door):
    """WMTS 1.0.0, where a client by addresses begins."""

    service = "wmts"

    def get(self, request: Request) -> HttpResponse:
        return _wmts_capabilities(request)


class WmtsTile(_Door):
    """One tile by its address; in the order z, x, y, so that programs which only know XYZ take it too."""

    service = "wmts"

    def get(self, request: Request, layer_id: str, tile_set: str, z: int, x: int, y: int, form: str) -> HttpResponse:
        return _picture(request, questions.tile_question(layer_id, tile_set, z, x, y, form))


def _wmts_capabilities(request: Request) -> HttpResponse:
    token = tokens.in_address(request.query_params)
    xml = documents.wmts(request.user, root=public_root(request), token=token)
    return HttpResponse(xml, content_type="text/xml", headers=_HEADERS)


def _picture(request: Request, question: MapQuestion) -> HttpResponse:
    drawables = [drawable_for(request.user, name) for name in question.layers]
    body = picture.make(question, drawables, request.user)
    # Kept, and asked about every time: a right that is taken away counts for the next picture.
    etag = f'"{hashlib.blake2b(_scope(request, drawables).encode() + body, digest_size=12).hexdigest()}"'
    answer = HttpResponse(body, content_type=question.format, headers={**_HEADERS, "ETag": etag})
    return get_conditional_response(request._request, etag, response=answer) or answer


def _drawn_layer(request: Request, name: str) -> MapLayer:
    """Return a layer of the map.

    Raises:
        MapRefused: there is none of that name for this person, or it is imagery, which has neither legend nor features.
    """
    source = drawable_for(request.user, name).source
    if isinstance(source, MapLayer):
        return source
    raise MapRefused(f"“{name}” is a picture: it has no features and no legend.", code="LayerNotQueryable", parameter="LAYER")


def _scope(request: Request, drawables: Sequence[Drawable]) -> str:
    return " ".join(access.scope_of(request.user, drawable.right) for drawable in drawables)
