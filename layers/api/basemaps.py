"""Doors of the backgrounds: which there are, and the imagery tiles, which come from the map proxy behind the sign-in."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access, basemaps, imagery_cut, imagery_proxy
from layers.models import Basemap
from spatial.tiles import TileOutsideRange, check_tile


class BasemapOut(serializers.Serializer):
    """One background; `bounds` null means everywhere, `note` is for the person who chooses it.

    `tiles_style` of vector tiles: gridatlas knows the bundled map's layers; plain paints whatever layers there are.
    """

    key = serializers.CharField()
    kind = serializers.ChoiceField(Basemap.Kind.choices)
    title = serializers.DictField(child=serializers.CharField())
    url = serializers.CharField()
    format = serializers.CharField()
    tiles_style = serializers.ChoiceField(["gridatlas", "plain"])
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
    """The backgrounds to choose from, each with its datum, date, licence and whether its source answers.

    Imagery is offered as far as the person may see it: `bounds` ends with their areas.
    """

    @extend_schema(responses=BasemapOut(many=True))
    def get(self, request: Request) -> Response:
        return Response([_basemap(basemap, bounds) for basemap, bounds in basemaps.offered_to(request.user)])


@require_safe
def imagery_tile(request: HttpRequest, key: str, z: int, x: int, y: int) -> HttpResponse:
    """Answer with one imagery tile, as a PNG or JPEG; a source that is down gives a notice tile, never an error page."""
    if not request.user.is_authenticated:
        return HttpResponse("Sign in first.", status=401, content_type="text/plain")
    try:
        check_tile(z, x, y)
    except TileOutsideRange as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    reach = access.areas_of(request.user, access.IMAGERY, access.VIEW)
    is_there = Basemap.objects.filter(key=key, kind=Basemap.Kind.IMAGERY, enabled=True).exists()
    if not is_there or not reach or not (reach.whole or imagery_cut.is_near(reach, z, x, y)):
        return HttpResponse("There is no such imagery.", status=404, content_type="text/plain")
    status, content_type, body = imagery_proxy.imagery_tile(key, z, x, y)
    if status != 200:
        # A notice tile must be asked for again as soon as the source is back.
        return HttpResponse(body, status=status, content_type=content_type, headers={"Cache-Control": "no-store"})
    if not reach.whole:
        content_type, body = imagery_cut.cut(content_type, body, reach, z, x, y)
    # Kept, and asked about every time: a right that is taken away counts for the next tile. The tag carries the scope, like other tiles'.
    scope = access.scope_of(request.user, access.IMAGERY)
    etag = f'"{hashlib.blake2b(scope.encode() + b" " + body, digest_size=12).hexdigest()}"'
    answer = HttpResponse(body, content_type=content_type, headers={"Cache-Control": "private, no-cache", "Vary": "Cookie"})
    answer.headers["ETag"] = etag
    return get_conditional_response(request, etag, response=answer) or answer


def _basemap(basemap: Basemap, bounds: list[float] | None) -> dict[str, Any]:
    vector = basemap.kind == Basemap.Kind.VECTOR
    return {
        "key": basemap.key,
        "kind": basemap.kind,
        "title": {"en": basemap.title_en, "zh": basemap.title_zh},
        "url": f"/basemaps/{basemap.key}/{{z}}/{{x}}/{{y}}.mvt" if vector else f"/imagery/{basemap.key}/{{z}}/{{x}}/{{y}}.png",
        "format": "mvt" if vector else "png",
        "tiles_style": "gridatlas" if basemap.source_type == Basemap.SourceType.BUNDLED else "plain",
        "min_zoom": basemap.min_zoom,
        "max_zoom": basemap.max_zoom,
        "bounds": bounds,
        "datum": basemap.datum,
        "date": basemap.taken_date.isoformat() if basemap.taken_date else None,
        "licence": basemap.licence,
        "attribution": basemap.attribution,
        "note": {"en": basemap.note_en, "zh": basemap.note_zh} if basemap.note_en or basemap.note_zh else None,
        "status": "ok" if vector else imagery_proxy.status_of(basemap.key),
    }
