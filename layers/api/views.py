"""The map's doors: which layers there are, their features as GeoJSON, the snapshot behind a stream, the move of any feature."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access, geojson, layer_list, registry
from layers.api import serializers
from layers.api.answers import text_answer
from layers.api.commands import KEY, run_command
from layers.api.messages import valid
from layers.registry import BadFilter, MapLayer
from layers.tile_sql import Filters


class LayerList(APIView):
    """The layers this person may see, with everything a browser needs to draw them."""

    open_to_tokens = True

    @extend_schema(responses={200: {"type": "array", "items": {"type": "object", "additionalProperties": {}}}})
    def get(self, request: Request) -> Response:
        return Response(layer_list.layer_list(request.user))


class FeatureList(APIView):
    """A layer's visible features as GeoJSON, narrowed by a box and the layer's filters."""

    open_to_tokens = True

    @extend_schema(
        parameters=[OpenApiParameter("bbox", OpenApiTypes.STR), OpenApiParameter("limit", OpenApiTypes.INT)], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, layer_id: str) -> HttpResponse:
        layer = registry.layer_for(request.user, layer_id)
        asked = {name: request.query_params[name] for name in ("bbox", "limit") if name in request.query_params}
        query = valid(serializers.FeatureQuery, asked)
        text = geojson.feature_collection(layer, user=request.user, filters=_filters(request, layer), **query)
        return text_answer(request, text, "application/geo+json")


class Snapshot(APIView):
    """Everything the person sees of a layer, and the position of its stream from which live events go on."""

    open_to_tokens = True

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, layer_id: str) -> HttpResponse:
        text = geojson.snapshot(registry.layer_for(request.user, layer_id), user=request.user)
        return text_answer(request, text, "application/json")


class FeatureMove(APIView):
    """Move a feature of any layer that can be moved; the layer's own service does it."""

    @extend_schema(request=serializers.FeatureMove, parameters=[KEY], responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, layer_id: str, feature_id: int) -> Response:
        layer = registry.layer_for(request.user, layer_id)
        user = access.require(request.user, access.MOVE, layer.id)
        move = layer.move
        if move is None:
            raise access.NotAllowed(f"Features of the layer “{layer.id}” cannot be moved here.")
        if layer.visible_ids and feature_id not in layer.visible_ids(user, [feature_id]):
            raise registry.UnknownFeature(f"There is no such feature of the layer “{layer.id}”, or not for you.")
        command = valid(serializers.FeatureMove, request.data)
        confirmed = command.pop("confirm_distance")

        def run(at: datetime) -> Any:
            return move(user=user, feature_id=feature_id, at=at, confirmed=confirmed, **command)

        return run_command(request, user, run)


def _filters(request: Request, layer: MapLayer) -> Filters:
    wanted = {name: words for name in request.query_params if name not in ("bbox", "limit") and (words := _words(request, name))}
    unknown = wanted.keys() - layer.filters.keys()
    if unknown:
        raise BadFilter(f"The layer “{layer.id}” cannot be filtered by “{min(unknown)[:40]}”.")
    return tuple(sorted((name, tuple(sorted(words))) for name, words in wanted.items()))


def _words(request: Request, name: str) -> set[str]:
    words = {word for value in request.query_params.getlist(name) for word in value.split(",") if word}
    if len(words) > 50 or not all(word.isprintable() for word in words):
        raise BadFilter(f"The words of the filter “{name[:40]}” cannot be read.")
    return words
