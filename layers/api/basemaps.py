"""Doors of the backgrounds: which there are, and the imagery tiles, which come from the map proxy behind the sign-in."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import imagery_proxy
from layers.models import Basemap
from spatial.tiles import TileOutsideRange, check_tile

_KEEP_S = 3600


class BasemapOut(serializers.Serializer):
    """One background; `bounds` null means everywhere, `note` is for the person who chooses it."""

    key = serializers.CharField()
    kind = serializers.ChoiceField(Basemap.Kind.choices)
    title = serializers.DictField(child=serializers.CharField())
    url = serializers.CharField()
    format = serializers.CharField()
    min_zoom = serializers.IntegerField()
    max_zoom = serializers.IntegerField()
    bounds = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4, allow_null=True)
    datum = serializers.CharField()
    date = serializers.DateField(allow_null=True)
    licence = serializers.CharField()
    attribution = serializers.CharField()
    note = serializers.DictField(child=serializers.CharField(), allow_null=True)
    status = serializers.ChoiceField(["ok", "down"])


class Basemaps(APIView):
    """The backgrounds to choose from, each with its datum, date, licence and whether its source answers."""

    @extend_schema(responses=BasemapOut(many=True))
    def get(self, request: Request) -> Response:
        return Response([_basemap(basemap) for basemap in Basemap.objects.filter(enabled=True)])


@require_safe
def imagery_tile(request: HttpRequest, key: str, z: int, x: int, y: int) -> HttpResponse:
    """Answer with one imagery tile, as a PNG or JPEG; a source that is down gives a notice tile, never an error page."""
    if not request.user.is_authenticated:
        return HttpResponse("Sign in first.", status=401, content_type="text/plain")
    try:
        check_tile(z, x, y)
    except TileOutsideRange as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    if not Basemap.objects.filter(key=key, kind=Basemap.Kind.IMAGERY, enabled=True).exists():
        return HttpResponse("There is no such basemap.", status=404, content_type="text/plain")
    status, content_type, body = imagery_proxy.imagery_tile(key, z, x, y)
    # A notice tile must be asked for again as soon as the source is back.
    keep = f"private, max-age={_KEEP_S}" if status == 200 else "no-store"
    return HttpResponse(body, status=status, content_type=content_type, headers={"Cache-Control": keep})


def _basemap(basemap: Basemap) -> dict[str, Any]:
    vector = basemap.kind == Basemap.Kind.VECTOR
    return {
        "key": basemap.key,
        "kind": basemap.kind,
        "title": {"en": basemap.title_en, "zh": basemap.title_zh},
        "url": f"/basemaps/{basemap.key}/{{z}}/{{x}}/{{y}}.mvt" if vector else f"/imagery/{basemap.key}/{{z}}/{{x}}/{{y}}.png",
        "format": "mvt" if vector else "png",
        "min_zoom": basemap.min_zoom,
        "max_zoom": basemap.max_zoom,
        "bounds": basemap.bounds,
        "datum": basemap.datum,
        "date": basemap.taken_date.isoformat() if basemap.taken_date else None,
        "licence": basemap.licence,
        "attribution": basemap.attribution,
        "note": {"en": basemap.note_en, "zh": basemap.note_zh} if basemap.note_en or basemap.note_zh else None,
        "status": "ok" if vector else imagery_proxy.status_of(basemap.key),
    }
