"""Doors for administrators: the basemaps that there are, files that become one, tiles of other servers."""

import uuid
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access, basemap_changes, basemap_uploads, imagery_proxy
from layers.api.commands import KEY, run_command
from layers.api.messages import Strict, Text, valid
from layers.models import Basemap, BasemapUpload
from spatial.tiles import MAX_ZOOM

DATUMS = ["WGS84", "CGCS2000", "GCJ02", "BD09"]


class BasemapWords(Strict):
    """What people read about a basemap. `title_zh` is the English title when it is left out."""

    title_en = Text(max_length=120)
    title_zh = Text(max_length=120, required=False, allow_blank=True)
    datum = serializers.ChoiceField(DATUMS, required=False)
    taken_date = serializers.DateField(required=False, allow_null=True)
    licence = Text(max_length=200, required=False, allow_blank=True)
    attribution = Text(max_length=300, required=False, allow_blank=True)


class UploadWish(BasemapWords):
    """A file that is to come. `stamp` is the browser's own mark of it; `crs` (EPSG:nnnn) counts for a GeoTIFF that names none."""

    file_name = serializers.CharField(max_length=300)
    bytes = serializers.IntegerField(min_value=1)
    stamp = Text(max_length=40, required=False, allow_blank=True, default="")
    crs = serializers.CharField(max_length=12, required=False, allow_blank=True, default="")


class UploadAgain(Strict):
    crs = serializers.CharField(max_length=12, required=False, allow_blank=True, default="")


class UploadProblem(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()


class UploadOut(serializers.ModelSerializer):
    """`received`: bytes that are here; the next part begins there and has at most `part_bytes`. `share`: of the making, 0 to 1."""

    by = serializers.SerializerMethodField()
    title = serializers.SerializerMethodField()
    part_bytes = serializers.SerializerMethodField()
    problem = UploadProblem(allow_null=True)
    basemap = serializers.CharField(source="basemap.key", allow_null=True, default=None)

    class Meta:
        model = BasemapUpload
        fields = [
            "id",
            "by",
            "file_name",
            "bytes",
            "stamp",
            "received",
            "part_bytes",
            "title",
            "state",
            "share",
            "problem",
            "basemap",
            "at",
        ]

    def get_by(self, upload: BasemapUpload) -> str:
        return _name(upload)

    def get_title(self, upload: BasemapUpload) -> dict[str, str]:
        return {"en": upload.wishes.get("title_en", ""), "zh": upload.wishes.get("title_zh", "")}

    def get_part_bytes(self, upload: BasemapUpload) -> int:
        return basemap_uploads.PART_BYTES


class MadeOut(serializers.Serializer):
    """What the file was found to be; sizes in pixels are those of a picture, 0 of an archive of tiles."""

    format = serializers.CharField()
    crs = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    pixel_m = serializers.FloatField()
    stretched = serializers.ListField(child=serializers.FloatField(), allow_null=True)


class BasemapFile(serializers.ModelSerializer):
    """The file that somebody sent."""

    by = serializers.SerializerMethodField()
    made = MadeOut()

    class Meta:
        model = BasemapUpload
        fields = ["file_name", "bytes", "by", "at", "made"]

    def get_by(self, upload: BasemapUpload) -> str:
        return _name(upload)


class BasemapRow(serializers.ModelSerializer):
    """A basemap as administrators see it. The address of an upstream stays with the server: it may hold a key."""

    file = serializers.SerializerMethodField()
    removable = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()

    class Meta:
        model = Basemap
        fields = [
            "key", "kind", "title_en", "title_zh", "source_type", "datum", "min_zoom", "max_zoom", "bounds", "taken_date",
            "licence", "attribution", "ordering", "enabled", "removable", "status", "file",
        ]  # fmt: skip

    def get_removable(self, basemap: Basemap) -> bool:
        return basemap.source_type != Basemap.SourceType.BUNDLED

    @extend_schema_field(serializers.ChoiceField(["ok", "down"]))
    def get_status(self, basemap: Basemap) -> str:
        return "ok" if basemap.kind == Basemap.Kind.VECTOR else imagery_proxy.status_of(basemap.key)

    @extend_schema_field(BasemapFile(allow_null=True))
    def get_file(self, basemap: Basemap) -> dict[str, Any] | None:
        upload = getattr(basemap, "upload", None)
        return BasemapFile(upload).data if upload else None


class BasemapChange(BasemapWords):
    """What is left out stays."""

    title_en = Text(max_length=120, required=False)
    min_zoom = serializers.IntegerField(min_value=0, max_value=MAX_ZOOM, required=False)
    max_zoom = serializers.IntegerField(min_value=0, max_value=MAX_ZOOM, required=False)
    ordering = serializers.IntegerField(min_value=-1000, max_value=1000, required=False)
    enabled = serializers.BooleanField(required=False)


class Part(BaseParser):
    """The bytes of one part, and one more when there are too many."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return bytes(stream.read(basemap_uploads.PART_BYTES + 1))


class PartPlace(Strict):
    offset = serializers.IntegerField(min_value=0, max_value=basemap_uploads.MAX_BYTES)
    sha256 = serializers.RegexField(r"^[0-9a-fA-F]{64}$", required=False, default="")


class BasemapRows(APIView):
    """Every basemap, those that are switched off too."""

    @extend_schema(operation_id="admin_basemaps_list", responses=BasemapRow(many=True))
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        return Response(BasemapRow(basemap_changes.all_basemaps(), many=True).data)


class OneBasemap(APIView):
    """One basemap: change what is said of it or switch it off; take it away."""

    @extend_schema(operation_id="admin_basemaps_change", request=BasemapChange, parameters=[KEY], responses=BasemapRow)
    def patch(self, request: Request, basemap_key: str) -> Response:
        user = access.require_administrator(request.user)
        basemap_changes.find(basemap_key)
        fields = valid(BasemapChange, request.data)

        def run(at: datetime) -> Any:
            return BasemapRow(basemap_changes.change(basemap_key, fields, user=user, at=at)).data

        return run_command(request, user, run)

    @extend_schema(operation_id="admin_basemaps_remove", parameters=[KEY], responses={204: None})
    def delete(self, request: Request, basemap_key: str) -> Response:
        user = access.require_administrator(request.user)
        return run_command(request, user, lambda at: basemap_changes.remove(basemap_key, user=user, at=at), status=204)


class Uploads(APIView):
    """Files on their way to become a basemap, and the door for a new one."""

    @extend_schema(operation_id="admin_basemap_uploads_list", responses=UploadOut(many=True))
    def get(self, request: Request) -> Response:
        access.require_administrator(request.user)
        return Response(UploadOut(basemap_uploads.uploads(), many=True).data)

    @extend_schema(operation_id="admin_basemap_uploads_begin", request=UploadWish, parameters=[KEY], responses={201: UploadOut})
    def post(self, request: Request) -> Response:
        user = access.require_administrator(request.user)
        wish = valid(UploadWish, request.data)
        file_name, size, stamp = wish.pop("file_name"), wish.pop("bytes"), wish.pop("stamp")
        taken = wish.pop("taken_date", None)
        wishes = {**wish, "title_zh": wish.get("title_zh") or wish["title_en"], "taken_date": taken.isoformat() if taken else ""}

        def run(at: datetime) -> Any:
            return UploadOut(basemap_uploads.begin(file_name=file_name, size=size, stamp=stamp, wishes=wishes, user=user, at=at)).data

        return run_command(request, user, run, status=201)


class OneUpload(APIView):
    """One file: how far it is; remove it, or stop its making."""

    @extend_schema(operation_id="admin_basemap_uploads_get", responses=UploadOut)
    def get(self, request: Request, upload_id: uuid.UUID) -> Response:
        access.require_administrator(request.user)
        return Response(UploadOut(basemap_uploads.find(upload_id)).data)

    @extend_schema(operation_id="admin_basemap_uploads_remove", parameters=[KEY], responses={204: None})
    def delete(self, request: Request, upload_id: uuid.UUID) -> Response:
        user = access.require_administrator(request.user)
        return run_command(request, user, lambda at: basemap_uploads.give_up(upload_id, user=user, at=at), status=204)


class UploadPart(APIView):
    """One part of the file, at its place. No Idempotency-Key: the place is one, a part sent twice is here once."""

    parser_classes = [Part]

    @extend_schema(
        operation_id="admin_basemap_uploads_part",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("offset", OpenApiTypes.INT, required=True),
            OpenApiParameter("sha256", OpenApiTypes.STR, description="Of this part, in hexadecimal."),
        ],
        responses=UploadOut,
    )
    def put(self, request: Request, upload_id: uuid.UUID) -> Response:
        user = access.require_administrator(request.user)
        basemap_uploads.find(upload_id)
        place = valid(PartPlace, request.query_params.dict())
        # Without a body there is no parser, and what REST framework calls data is no bytes.
        piece = request.data if isinstance(request.data, bytes) else b""
        if len(piece) > basemap_uploads.PART_BYTES:
            raise basemap_uploads.NoRoom(f"A part has at most {basemap_uploads.PART_BYTES:,} bytes.")
        return Response(UploadOut(basemap_uploads.receive(upload_id, piece, user=user, at=timezone.now(), **place)).data)


class UploadAgainDoor(APIView):
    """Make it once more, of a picture without a coordinate system in the one that was chosen."""

    @extend_schema(operation_id="admin_basemap_uploads_again", request=UploadAgain, parameters=[KEY], responses=UploadOut)
    def post(self, request: Request, upload_id: uuid.UUID) -> Response:
        user = access.require_administrator(request.user)
        basemap_uploads.find(upload_id)
        crs = valid(UploadAgain, request.data)["crs"]
        return run_command(request, user, lambda at: UploadOut(basemap_uploads.try_again(upload_id, crs=crs, user=user, at=at)).data)


def _name(upload: BasemapUpload) -> str:
    return (upload.by.get_full_name() or upload.by.username) if upload.by else ""
