"""Doors of a network's import: bring a file, see what it would do, store it, take it back."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as drf
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access, audit
from layers.api.commands import KEY, run_command
from layers.api.messages import Strict, Text, valid
from layers.importing import selectors, services
from layers.importing.kinds import BY_NAME
from layers.map_layers import NETWORK_ID
from layers.models import BatchRowStatus, BatchState, NetworkImport
from spatial.topology import MAX_TOLERANCE_M

_WRITES = (access.ADD, access.MOVE, access.EDIT)
ASSET_KINDS = list(BY_NAME)
ROW_TABS = [*BatchRowStatus.values, "not_reverted"]


class NetworkLayerChoice(Strict):
    """What a layer holds (null: it is left out), and which column fills which field (null: none)."""

    kind = drf.ChoiceField(ASSET_KINDS, required=False, allow_null=True)
    mapping = drf.DictField(child=drf.CharField(max_length=200, allow_null=True), required=False)


class NetworkImportChoices(Strict):
    """How the file is meant; what is not named stays."""

    encoding = drf.CharField(max_length=20, required=False, allow_null=True)
    crs = drf.CharField(max_length=20, required=False, allow_null=True)
    swap_axes = drf.BooleanField(required=False)
    tolerance_m = drf.FloatField(required=False, min_value=0, max_value=MAX_TOLERANCE_M)
    network = drf.RegexField(r"^[\w-]+$", max_length=40, required=False)
    layers = drf.DictField(child=NetworkLayerChoice(), required=False)


class NetworkImportCommit(Strict):
    accept_far_moves = drf.BooleanField(required=False, default=False)


class NetworkFile(drf.Serializer):
    file = drf.FileField()


class NetworkImportQuery(Strict):
    limit = drf.IntegerField(required=False, min_value=1, max_value=100, default=20)


class NetworkImportRowQuery(Strict):
    kind = drf.ChoiceField(ASSET_KINDS, required=False, allow_blank=True, default="")
    status = Text(max_length=100, required=False, allow_blank=True, default="")
    after = drf.IntegerField(required=False, min_value=0, max_value=2**31 - 1, default=0)
    limit = drf.IntegerField(required=False, min_value=1, max_value=200, default=100)


class FileColumn(drf.Serializer):
    name = drf.CharField()
    samples = drf.ListField(child=drf.CharField())


class FileLayer(drf.Serializer):
    name = drf.CharField()
    rows = drf.IntegerField()
    crs = drf.CharField(allow_null=True)
    has_geometry = drf.BooleanField()
    columns = FileColumn(many=True)


class NetworkDetected(drf.Serializer):
    """What was found in the file. `crs_from` file: it says so itself; guess: the numbers look like it."""

    format = drf.CharField()
    encoding = drf.CharField(allow_null=True)
    crs = drf.CharField(allow_null=True)
    crs_from = drf.ChoiceField(["file", "guess"], allow_null=True)
    layers = FileLayer(many=True)


class NetworkLayerChosen(drf.Serializer):
    kind = drf.ChoiceField(ASSET_KINDS, allow_null=True)
    mapping = drf.DictField(child=drf.CharField())


class NetworkChosen(drf.Serializer):
    """What is in force: chosen by a person, else as found. `swap_axes` null: not answered."""

    encoding = drf.CharField(allow_null=True)
    crs = drf.CharField(allow_null=True)
    swap_axes = drf.BooleanField(allow_null=True)
    tolerance_m = drf.FloatField(allow_null=True)
    network = drf.CharField(allow_null=True)
    layers = drf.DictField(child=NetworkLayerChosen())


class NetworkText(drf.Serializer):
    code = drf.CharField()
    text = drf.CharField()


class AssetKind(drf.Serializer):
    name = drf.ChoiceField(ASSET_KINDS)

    def get_fields(self) -> dict[str, drf.Field]:
        # `fields` is a word of the framework.
        return {**super().get_fields(), "fields": drf.ListField(child=drf.CharField())}


class NetworkCrsOption(drf.Serializer):
    code = drf.CharField()
    label = drf.CharField()  # type: ignore[assignment]
    label_zh = drf.CharField()


class NetworkRef(drf.Serializer):
    code = drf.CharField()
    name = drf.CharField()


class NetworkProgress(drf.Serializer):
    done = drf.IntegerField()
    total = drf.IntegerField(allow_null=True)
    rows_per_s = drf.FloatField(allow_null=True)
    seconds_left = drf.FloatField(allow_null=True)


class NetworkCounts(drf.Serializer):
    """By tab: what moves and changes is counted in both."""

    new = drf.IntegerField()
    moved = drf.IntegerField()
    changed = drf.IntegerField()
    unchanged = drf.IntegerField()
    rejected = drf.IntegerField()
    far_moves = drf.IntegerField()


class NetworkPart(drf.Serializer):
    """What hangs together without a substation; `codes` are the first few of its segments and sites."""

    number = drf.IntegerField()
    is_fed = drf.BooleanField()
    segments = drf.IntegerField()
    sites = drf.IntegerField()
    length_m = drf.FloatField()
    feeders = drf.ListField(child=drf.CharField())
    substations = drf.ListField(child=drf.CharField())
    codes = drf.ListField(child=drf.CharField())
    lon = drf.FloatField()
    lat = drf.FloatField()


class NetworkParts(drf.Serializer):
    """How the network hangs together once the file is stored. `listed` are the unconnected parts, 200 at most; `loops` segments of which both ends are one node.

    For an author who may see only a part of the network the counts are null, and only parts that lie there wholly are listed.
    """

    nodes = drf.IntegerField(allow_null=True)
    parts = drf.IntegerField(allow_null=True)
    unconnected = drf.IntegerField(allow_null=True)
    loops = drf.IntegerField(allow_null=True)
    listed = NetworkPart(many=True)


class NetworkImportOut(drf.Serializer):
    id = drf.UUIDField()
    file_name = drf.CharField()
    file_bytes = drf.IntegerField()
    state = drf.ChoiceField(BatchState.choices)
    by = drf.CharField()
    at = drf.DateTimeField()
    detected = NetworkDetected(allow_null=True)
    choices = NetworkChosen()
    questions = NetworkText(many=True)
    kinds = AssetKind(many=True)
    crs_options = NetworkCrsOption(many=True)
    networks = NetworkRef(many=True)
    progress = NetworkProgress()
    counts = drf.DictField(child=NetworkCounts())
    parts = NetworkParts(allow_null=True)
    problem = NetworkText(allow_null=True)
    can = drf.ListField(child=drf.ChoiceField(["commit", "cancel", "revert", "change"]))
    not_reverted = drf.IntegerField()
    committed_at = drf.DateTimeField(allow_null=True)
    reverted_at = drf.DateTimeField(allow_null=True)


class AssetChange(drf.Serializer):
    field = drf.CharField()
    to = drf.JSONField(allow_null=True)

    def get_fields(self) -> dict[str, drf.Field]:
        return {**super().get_fields(), "from": drf.JSONField(allow_null=True)}


class NetworkImportRowOut(drf.Serializer):
    number = drf.IntegerField()
    kind = drf.ChoiceField(ASSET_KINDS)
    layer = drf.CharField()
    row_no = drf.IntegerField()
    status = drf.ChoiceField(BatchRowStatus.choices)
    code = drf.CharField()
    name = drf.CharField()
    moved_m = drf.FloatField(allow_null=True)
    lon = drf.FloatField(allow_null=True)
    lat = drf.FloatField(allow_null=True)
    changes = AssetChange(many=True)
    problem = NetworkText(allow_null=True)


class NetworkImportRows(drf.Serializer):
    rows = NetworkImportRowOut(many=True)
    next = drf.IntegerField(allow_null=True)


class NetworkImportList(APIView):
    """Recent imports of networks, and the door for a new file."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="network_imports_list", parameters=[OpenApiParameter("limit", OpenApiTypes.INT)], responses=NetworkImportOut(many=True)
    )
    def get(self, request: Request) -> Response:
        user, at = _writer(request), timezone.now()
        query = valid(NetworkImportQuery, request.query_params.dict())
        found = selectors.imports_visible_to(user).select_related("by")[: query["limit"]]
        return Response([selectors.import_out(batch, at=at) for batch in found])

    @extend_schema(request={"multipart/form-data": NetworkFile}, responses={201: NetworkImportOut})
    def post(self, request: Request) -> Response:
        user, at = _writer(request), timezone.now()
        file = valid(NetworkFile, request.data)["file"]
        batch = services.start_import(user=user, file_name=file.name or "", pieces=file.chunks(), at=at)
        return Response(selectors.import_out(batch, at=at), status=201)


class NetworkImportDoor(APIView):
    """One import of a network: how it stands; how its file is meant."""

    @extend_schema(responses=NetworkImportOut)
    def get(self, request: Request, import_id: UUID) -> Response:
        return Response(selectors.import_out(_found(request, import_id), at=timezone.now()))

    @extend_schema(request=NetworkImportChoices, parameters=[KEY], responses=NetworkImportOut)
    def patch(self, request: Request, import_id: UUID) -> Response:
        choices = valid(NetworkImportChoices, request.data)
        return _command(request, import_id, lambda user, at: services.choose(import_id, choices, user=user, at=at))


class NetworkImportRowList(APIView):
    """The rows of an import beside the assets they are about. `status`: one or several; moved and changed hold those that are both; or not_reverted."""

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", OpenApiTypes.STR, enum=ASSET_KINDS),
            OpenApiParameter("status", OpenApiTypes.STR),
            OpenApiParameter("after", OpenApiTypes.INT),
            OpenApiParameter("limit", OpenApiTypes.INT),
        ],
        responses=NetworkImportRows,
    )
    def get(self, request: Request, import_id: UUID) -> Response:
        query = valid(NetworkImportRowQuery, request.query_params.dict())
        batch = _found(request, import_id)
        statuses = [word for word in query["status"].split(",") if word]
        if unknown := [word for word in statuses if word not in ROW_TABS]:
            raise drf.ValidationError({"status": [f"“{unknown[0][:40]}” is not one of: {', '.join(ROW_TABS)}."]})
        return Response(selectors.rows_out(batch, kind=query["kind"], statuses=statuses, after=query["after"], limit=query["limit"]))


class NetworkImportMap(APIView):
    """What an import would change, as GeoJSON: `role` to (where it will be), from (where it was), unconnected (a part on no substation)."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, import_id: UUID) -> Response:
        return Response(selectors.map_out(_found(request, import_id)))


class NetworkImportRejects(APIView):
    """The rejected rows as they stand in the file, with the reason."""

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, import_id: UUID) -> StreamingHttpResponse:
        batch = _found(request, import_id)
        if not batch.is_file_kept:
            raise services.NotNow("The file of this import is not kept any more.")
        lines = selectors.rejects_csv(batch)
        # The file is opened before the answer begins: what cannot be read any more is said by a status.
        first: Iterator[str] = iter([next(lines)])
        audit.exported(user=_writer(request), at=timezone.now(), what="network_import", layer=NETWORK_ID, query={"import": str(batch.pk)})
        answer = StreamingHttpResponse((line.encode() for part in (first, lines) for line in part), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="rejected.csv"'
        return answer


class NetworkImportCommitDoor(APIView):
    """Store the import."""

    @extend_schema(request=NetworkImportCommit, parameters=[KEY], responses=NetworkImportOut)
    def post(self, request: Request, import_id: UUID) -> Response:
        wish = valid(NetworkImportCommit, request.data)
        return _command(request, import_id, lambda user, at: services.commit_import(import_id, user=user, at=at, **wish))


class NetworkImportCancel(APIView):
    """Give the import up; what was stored already is taken back."""

    @extend_schema(request=None, parameters=[KEY], responses=NetworkImportOut)
    def post(self, request: Request, import_id: UUID) -> Response:
        return _command(request, import_id, lambda user, at: services.cancel_import(import_id, user=user, at=at))


class NetworkImportRevert(APIView):
    """Take the whole import back."""

    @extend_schema(request=None, parameters=[KEY], responses=NetworkImportOut)
    def post(self, request: Request, import_id: UUID) -> Response:
        return _command(request, import_id, lambda user, at: services.revert_import(import_id, user=user, at=at))


def _writer(request: Request) -> User:
    """Return the person, who may write the network somehow, somewhere."""
    action = next((action for action in _WRITES if action in access.actions_of(request.user, NETWORK_ID)), access.EDIT)
    return access.require(request.user, action, NETWORK_ID)


def _found(request: Request, import_id: UUID) -> NetworkImport:
    batch = selectors.imports_visible_to(_writer(request)).select_related("by").filter(pk=import_id).first()
    if batch is None:
        raise selectors.UnknownImport("There is no such import, or not for you.")
    return batch


def _command(request: Request, import_id: UUID, run: Callable[[User, datetime], NetworkImport]) -> Response:
    user = _writer(request)
    _found(request, import_id)

    def told(at: datetime) -> dict[str, Any]:
        return selectors.import_out(run(user, at), at=at)

    return run_command(request, user, told)
