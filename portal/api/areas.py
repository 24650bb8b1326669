"""Doors for administrators: the areas that bound rights and lists, drawn as GeoJSON."""

from datetime import datetime
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.core.exceptions import ValidationError as Unreadable
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_gis.fields import GeometryField
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from layers import access
from layers.api.commands import KEY, run_command
from layers.api.messages import Strict, Text, valid
from portal import selectors
from portal.services import areas
from spatial.geometry import MAX_LAT
from spatial.models import Area

MAX_CORNERS = 50_000
_RINGS = "The polygon's rings must be closed lists of at least four [longitude, latitude] pairs."


@extend_schema_field(OpenApiTypes.OBJECT)
class AreaGeometry(GeometryField):
    """A GeoJSON Polygon or MultiPolygon, WGS 84, lon before lat; what is stored is a valid multipolygon."""

    def to_internal_value(self, value: Any) -> MultiPolygon:
        kind, coordinates = (value.get("type"), value.get("coordinates")) if isinstance(value, dict) else (None, None)
        if kind not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list):
            raise serializers.ValidationError("Draw a polygon: GeoJSON of type Polygon or MultiPolygon.")
        rings = coordinates if kind == "Polygon" else [ring for part in coordinates if isinstance(part, list) for ring in part]
        corners = sum(len(ring) for ring in rings if isinstance(ring, list))
        if corners > MAX_CORNERS:
            raise serializers.ValidationError(f"The polygon has {corners:,} corners; {MAX_CORNERS:,} are the most. Draw a simpler one.")
        try:
            # Nothing but type and coordinates is handed on: a "crs" would make other degrees of them.
            shape: GEOSGeometry = super().to_internal_value({"type": kind, "coordinates": coordinates})
        except Unreadable as error:
            raise serializers.ValidationError(_RINGS) from error
        return _checked(shape)


def _checked(shape: GEOSGeometry) -> MultiPolygon:
    if shape.empty:
        raise serializers.ValidationError(_RINGS)
    if shape.hasz:
        raise serializers.ValidationError("Corners are pairs of longitude and latitude, without a height.")
    west, south, east, north = shape.extent
    if not (west >= -180 and east <= 180 and south >= -MAX_LAT and north <= MAX_LAT):
        raise serializers.ValidationError(f"Longitudes lie in -180 to 180, latitudes in -{MAX_LAT:g} to {MAX_LAT:g}, longitude first.")
    if not shape.valid:
        raise serializers.ValidationError(f"The polygon crosses itself or overlaps: {shape.valid_reason}. Draw it without crossing lines.")
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon(shape, srid=shape.srid)


class AreaDrawing(Strict):
    """What an area shall be."""

    kind = serializers.ChoiceField(Area.Kind.choices)
    name = Text(max_length=120)
    name_zh = Text(max_length=120, required=False, allow_blank=True, default="")
    geometry = AreaGeometry()


class AreaRow(serializers.ModelSerializer):
    """An area, the rights that hold in it, and the customers that are listed under it."""

    grants = serializers.IntegerField()
    customers = serializers.IntegerField()

    class Meta:
        model = Area
        fields = ["code", "kind", "name", "name_zh", "grants", "customers"]


@extend_schema_serializer(component_name="AreaFeature")
class AreaFeature(GeoFeatureModelSerializer, AreaRow):
    class Meta(AreaRow.Meta):
        geo_field = "geom"
        id_field = "id"
        fields = ["id", *AreaRow.Meta.fields]


class AreaList(APIView):
    """The areas with their polygons, as a GeoJSON FeatureCollection."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        return Response(AreaFeature(selectors.areas_with_counts(), many=True).data)


class AreaDoor(APIView):
    """Draw, redraw or delete one area."""

    @extend_schema(request=AreaDrawing, parameters=[KEY], responses=AreaRow)
    def put(self, request: Request, code: str) -> Response:
        user = access.require_administrator(request.user)
        wanted = valid(AreaDrawing, request.data)
        drawing = areas.AreaDrawing(
            _code(code), kind=wanted["kind"], name=wanted["name"], name_zh=wanted["name_zh"], geom=wanted["geometry"]
        )

        def run(at: datetime) -> Any:
            area = areas.draw_area(drawing, by=user, at=at)
            return AreaRow(selectors.areas_with_counts().get(pk=area.pk)).data

        return run_command(request, user, run)

    @extend_schema(parameters=[KEY], responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        user = access.require_administrator(request.user)

        def run(at: datetime) -> Any:
            areas.delete_area(code, by=user, at=at)

        return run_command(request, user, run, status=204)


def _code(code: str) -> str:
    # The address admits letters, digits, - and _ only: codes stand in address lines, separated by commas.
    if len(code) > 40:
        raise serializers.ValidationError({"code": ["A code is at most 40 letters, digits, - and _, such as HK-D1."]})
    return code
