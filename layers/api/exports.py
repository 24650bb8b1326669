"""Doors of files that leave: ask for one, see how far it is, fetch it, remove it; and the datums that are offered."""

import uuid
from datetime import datetime
from typing import Any

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import exports, registry
from layers.api.commands import KEY, run_command
from layers.api.messages import Box, Strict, valid
from layers.export_files import FORMATS
from layers.export_rows import ExportQuery
from layers.models import Export
from layers.registry import BadFilter
from spatial import datums
from spatial.selectors import utility_datums


class ExportRequest(Strict):
    """`what` is a layer; of one that has a list, such as customers, the list is written. `filter` is the screen's own: bbox, located and the layer's filters."""

    what = serializers.CharField(max_length=40)
    format = serializers.ChoiceField(sorted(FORMATS))
    crs = serializers.CharField(max_length=20, required=False, default=datums.WGS84)
    language = serializers.ChoiceField(["en", "zh"], required=False, default="en")
    filter = serializers.DictField(child=serializers.CharField(max_length=1000, allow_blank=True), required=False, default=dict)


class ExportProblem(serializers.Serializer):
    """Why the file could not be written."""

    code = serializers.CharField()
    text = serializers.CharField()


class ExportOut(serializers.Serializer):
    """`done` and `total` count rows; `file` is where to fetch it, once it is done."""

    id = serializers.UUIDField()
    what = serializers.CharField(source="layer")
    format = serializers.ChoiceField(sorted(FORMATS))
    crs = serializers.CharField()
    state = serializers.ChoiceField(Export.State.choices)
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    file_bytes = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    file = serializers.SerializerMethodField()
    problem = serializers.SerializerMethodField()

    @extend_schema_field(ExportProblem(allow_null=True))
    def get_problem(self, export: Export) -> dict[str, str] | None:
        return {"code": export.problem, "text": exports.PROBLEMS.get(export.problem, export.problem)} if export.problem else None

    def get_file(self, export: Export) -> str | None:
        return f"/api/v1/exports/{export.pk}/file" if export.state == Export.State.DONE else None


class DatumOut(serializers.Serializer):
    """`code` is what commands take; `metres` says that positions are easting and northing."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    label_zh = serializers.CharField()
    metres = serializers.BooleanField()


class Datums(APIView):
    """The datums made for the utility's place: those in degrees, its own grids, then what covers it."""

    @extend_schema(responses=DatumOut(many=True))
    def get(self, request: Request) -> Response:
        rows = [
            {"code": datum, "label": datums.label(datum), "label_zh": datums.label_zh(datum), "metres": datums.is_metres(datum)}
            for datum in utility_datums()
        ]
        return Response(DatumOut(rows, many=True).data)


class Exports(APIView):
    """The person's files, newest first; and the door for a new one."""

    @extend_schema(operation_id="exports_list", responses=ExportOut(many=True))
    def get(self, request: Request) -> Response:
        return Response(ExportOut(exports.exports_of(exports.require_staff(request.user), at=timezone.now()), many=True).data)

    @extend_schema(request=ExportRequest, parameters=[KEY], responses={201: ExportOut})
    def post(self, request: Request) -> Response:
        user = exports.require_staff(request.user)
        asked = valid(ExportRequest, request.data)
        layer = registry.layer_for(user, asked.pop("what"))
        query = _query(layer, asked.pop("filter"))
        wish = exports.Wish(layer_id=layer.id, query=query, **asked)

        def run(at: datetime) -> Any:
            return ExportOut(exports.request_export(wish, user=user, at=at)).data

        return run_command(request, user, run, status=201)


class OneExport(APIView):
    """One file: how far it is; remove it, or stop its writing."""

    @extend_schema(responses=ExportOut)
    def get(self, request: Request, export_id: uuid.UUID) -> Response:
        return Response(ExportOut(exports.find_export(exports.require_staff(request.user), export_id, at=timezone.now())).data)

    @extend_schema(parameters=[KEY], responses={204: None})
    def delete(self, request: Request, export_id: uuid.UUID) -> Response:
        user = exports.require_staff(request.user)

        # Found inside: who asks once more with the same key is answered as before, though the file is gone.
        def run(at: datetime) -> None:
            exports.remove_export(exports.find_export(user, export_id, at=at))

        return run_command(request, user, run, status=204)


class ExportFile(APIView):
    """The finished file."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, export_id: uuid.UUID) -> FileResponse:
        export, path = exports.take_file(exports.require_staff(request.user), export_id, at=timezone.now())
        suffix, media_type = FORMATS[export.format]
        name = f"{export.layer}-{export.at:%Y%m%d-%H%M%S}.{suffix}"
        headers = {"Cache-Control": "private, no-store"}
        return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=media_type, headers=headers)


def _query(layer: registry.MapLayer, told: dict[str, str]) -> ExportQuery:
    told = {name: text for name, text in told.items() if text}
    bbox = Box(max_length=200).run_validation(told.pop("bbox")) if "bbox" in told else None
    located = serializers.BooleanField().run_validation(told.pop("located")) if "located" in told else None
    unknown = told.keys() - layer.filters.keys()
    if unknown:
        raise BadFilter(f"The layer “{layer.id}” cannot be filtered by “{min(unknown)[:40]}”.")
    words = {name: tuple(sorted({word for word in text.split(",") if word})) for name, text in told.items()}
    return ExportQuery(bbox, located, tuple(sorted(words.items())))
