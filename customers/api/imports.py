"""Doors of the import: bring a file, see what it would do, store it, take it back."""

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

from customers.api.messages import FieldChange, LonLatOut
from customers.importing import selectors, services
from customers.importing.mapping import BY_NAME
from customers.models import LAYER_ID, Import, ImportState, RowStatus
from customers.selectors import NotThere
from layers import access, audit
from layers.api.commands import KEY, run_command
from layers.api.messages import Strict, Text, valid

_WRITES = (access.ADD, access.MOVE, access.EDIT)
ROW_TABS = [*RowStatus.values, "not_reverted"]


class ImportChoices(Strict):
    """How the file is meant; what is not named stays."""

    encoding = drf.CharField(max_length=20, required=False, allow_null=True)
    crs = drf.CharField(max_length=20, required=False, allow_null=True)
    layer = drf.CharField(max_length=200, required=False, allow_null=True)
    mapping = drf.DictField(child=drf.CharField(max_length=200, allow_null=True), required=False)
    swap_axes = drf.BooleanField(required=False)


class ImportCommit(Strict):
    accept_far_moves = drf.BooleanField(required=False, default=False)


class ImportFile(drf.Serializer):
    file = drf.FileField()


class ImportQuery(Strict):
    limit = drf.IntegerField(required=False, min_value=1, max_value=100, default=20)


class ImportRowQuery(Strict):
    status = Text(max_length=100, required=False, allow_blank=True, default="")
    after = drf.IntegerField(required=False, min_value=0, default=0)
    limit = drf.IntegerField(required=False, min_value=1, max_value=200, default=100)


class ImportColumn(drf.Serializer):
    name = drf.CharField()
    samples = drf.ListField(child=drf.CharField())


class ImportDetected(drf.Serializer):
    """What was found in the file. `crs_from` file: it says so itself; guess: the numbers look like it."""

    format = drf.CharField()
    encoding = drf.CharField(allow_null=True)
    crs = drf.CharField(allow_null=True)
    crs_from = drf.ChoiceField(["file", "guess"], allow_null=True)
    layer = drf.CharField(allow_null=True)
    layers = drf.ListField(child=drf.CharField())
    columns = ImportColumn(many=True)
    rows = drf.IntegerField(allow_null=True)
    has_geometry = drf.BooleanField()


class ImportRemembered(drf.Serializer):
    """Whose import of a file with the same headings said in which datum it is; `by` empty: the command line's."""

    by = drf.CharField(allow_blank=True)
    at = drf.DateTimeField()


class ImportChosen(drf.Serializer):
    """What is in force: chosen by a person, else as found. `swap_axes` null: not answered."""

    encoding = drf.CharField(allow_null=True)
    crs = drf.CharField(allow_null=True)
    crs_from = drf.ChoiceField(["chosen", "remembered", "file", "guess"], allow_null=True)
    remembered = ImportRemembered(allow_null=True)
    layer = drf.CharField(allow_null=True)
    mapping = drf.DictField(child=drf.CharField())
    swap_axes = drf.BooleanField(allow_null=True)


class CodedText(drf.Serializer):
    code = drf.CharField()
    text = drf.CharField()


class ImportTarget(drf.Serializer):
    name = drf.ChoiceField(sorted(BY_NAME))
    required = drf.BooleanField()  # type: ignore[assignment]


class CrsOption(drf.Serializer):
    code = drf.CharField()
    label = drf.CharField()  # type: ignore[assignment]
    label_zh = drf.CharField()


class ImportProgress(drf.Serializer):
    done = drf.IntegerField()
    total = drf.IntegerField(allow_null=True)
    rows_per_s = drf.FloatField(allow_null=True)
    seconds_left = drf.FloatField(allow_null=True)


class ImportCounts(drf.Serializer):
    """By tab: a customer who moves and changes is counted in both."""

    new = drf.IntegerField()
    moved = drf.IntegerField()
    changed = drf.IntegerField()
    unchanged = drf.IntegerField()
    rejected = drf.IntegerField()
    far_moves = drf.IntegerField()


class ImportTakenBack(drf.Serializer):
    """By tab, as the counts: added customers deleted, positions and fields put back."""

    new = drf.IntegerField()
    moved = drf.IntegerField()
    changed = drf.IntegerField()


class ImportOut(drf.Serializer):
    id = drf.UUIDField()
    file_name = drf.CharField()
    file_bytes = drf.IntegerField()
    state = drf.ChoiceField(ImportState.choices)
    by = drf.CharField()
    at = drf.DateTimeField()
    detected = ImportDetected(allow_null=True)
    choices = ImportChosen()
    questions = CodedText(many=True)
    targets = ImportTarget(many=True)
    crs_options = CrsOption(many=True)
    progress = ImportProgress()
    counts = ImportCounts()
    taken_back = ImportTakenBack(allow_null=True)
    problem = CodedText(allow_null=True)
    can = drf.ListField(child=drf.ChoiceField(["commit", "cancel", "revert", "change"]))
    not_reverted = drf.IntegerField()
    committed_at = drf.DateTimeField(allow_null=True)
    reverted_at = drf.DateTimeField(allow_null=True)


class ImportRowOut(drf.Serializer):
    row_no = drf.IntegerField()
    status = drf.ChoiceField(RowStatus.choices)
    account_no = drf.CharField()
    name = drf.CharField()
    moved_m = drf.FloatField(allow_null=True)
    lon = drf.FloatField(allow_null=True)
    lat = drf.FloatField(allow_null=True)
    changes = FieldChange(many=True)
    problem = CodedText(allow_null=True)
    account_id = drf.IntegerField(allow_null=True)

    def get_fields(self) -> dict[str, drf.Field]:
        return {**super().get_fields(), "from": LonLatOut(allow_null=True)}


class ImportRows(drf.Serializer):
    rows = ImportRowOut(many=True)
    next = drf.IntegerField(allow_null=True)


class ImportList(APIView):
    """Recent imports, and the door for a new file."""

    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="imports_list", parameters=[OpenApiParameter("limit", OpenApiTypes.INT)], responses=ImportOut(many=True))
    def get(self, request: Request) -> Response:
        user = _writer(request)
        query = valid(ImportQuery, request.query_params.dict())
        return Response(selectors.imports_out(Import.objects.visible_to(user), at=timezone.now(), limit=query["limit"]))

    @extend_schema(request={"multipart/form-data": ImportFile}, responses={201: ImportOut})
    def post(self, request: Request) -> Response:
        user = _writer(request)
        file = valid(ImportFile, request.data)["file"]
        at = timezone.now()
        batch = services.start_import(user=user, file_name=file.name or "", pieces=file.chunks(), at=at)
        return Response(selectors.import_out(batch, at=at), status=201)


class ImportDoor(APIView):
    """One import: how it stands; how its file is meant."""

    @extend_schema(responses=ImportOut)
    def get(self, request: Request, import_id: UUID) -> Response:
        return Response(selectors.import_out(_found(request, import_id), at=timezone.now()))

    @extend_schema(request=ImportChoices, parameters=[KEY], responses=ImportOut)
    def patch(self, request: Request, import_id: UUID) -> Response:
        choices = valid(ImportChoices, request.data)
        return _command(request, import_id, lambda user, at: services.choose(import_id, choices, user=user, at=at))


class ImportRowList(APIView):
    """The rows of an import beside the customers they are about. `status`: one or several; moved and changed hold those that are both; or not_reverted."""

    @extend_schema(
        parameters=[
            OpenApiParameter("status", OpenApiTypes.STR),
            OpenApiParameter("after", OpenApiTypes.INT),
            OpenApiParameter("limit", OpenApiTypes.INT),
        ],
        responses=ImportRows,
    )
    def get(self, request: Request, import_id: UUID) -> Response:
        query = valid(ImportRowQuery, request.query_params.dict())
        batch = _found(request, import_id)
        statuses = [word for word in query["status"].split(",") if word]
        if unknown := [word for word in statuses if word not in ROW_TABS]:
            raise drf.ValidationError({"status": [f"“{unknown[0][:40]}” is not one of: {', '.join(ROW_TABS)}."]})
        if statuses == ["not_reverted"]:
            return Response(selectors.not_reverted(batch, after=query["after"], limit=query["limit"]))
        return Response(selectors.rows_out(batch, statuses=statuses, after=query["after"], limit=query["limit"]))


class ImportMap(APIView):
    """What an import would change, as GeoJSON: points of new customers, lines from the old to the new place of moved ones."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, import_id: UUID) -> Response:
        return Response(selectors.map_out(_found(request, import_id)))


class ImportRejects(APIView):
    """The rejected rows as they stand in the file, with the reason: to be mended and imported again."""

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, import_id: UUID) -> StreamingHttpResponse:
        batch = _found(request, import_id)
        if not batch.is_file_kept:
            raise services.NotNow("The file of this import is not kept any more.")
        lines = selectors.rejects_csv(batch)
        # The file is opened before the answer begins: what cannot be read any more is said by a status.
        first: Iterator[str] = iter([next(lines)])
        audit.exported(user=_writer(request), at=timezone.now(), what="import", layer="imports", query={"import": str(batch.pk)})
        answer = StreamingHttpResponse((line.encode() for part in (first, lines) for line in part), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="rejected.csv"'
        return answer


class ImportCommitDoor(APIView):
    """Store the import."""

    @extend_schema(request=ImportCommit, parameters=[KEY], responses=ImportOut)
    def post(self, request: Request, import_id: UUID) -> Response:
        wish = valid(ImportCommit, request.data)
        return _command(request, import_id, lambda user, at: services.commit_import(import_id, user=user, at=at, **wish))


class ImportCancel(APIView):
    """Give the import up; what was stored already is taken back."""

    @extend_schema(request=None, parameters=[KEY], responses=ImportOut)
    def post(self, request: Request, import_id: UUID) -> Response:
        return _command(request, import_id, lambda user, at: services.cancel_import(import_id, user=user, at=at))


class ImportRevert(APIView):
    """Take the whole import back."""

    @extend_schema(request=None, parameters=[KEY], responses=ImportOut)
    def post(self, request: Request, import_id: UUID) -> Response:
        return _command(request, import_id, lambda user, at: services.revert_import(import_id, user=user, at=at))


def _writer(request: Request) -> User:
    """Return the person, who may write customers somehow, somewhere."""
    action = next((action for action in _WRITES if action in access.actions_of(request.user, LAYER_ID)), access.EDIT)
    return access.require(request.user, action, LAYER_ID)


def _found(request: Request, import_id: UUID) -> Import:
    batch = Import.objects.visible_to(_writer(request)).select_related("by").filter(pk=import_id).first()
    if batch is None:
        raise NotThere("There is no such import, or not for you.")
    return batch


def _command(request: Request, import_id: UUID, run: Callable[[User, datetime], Import]) -> Response:
    user = _writer(request)
    _found(request, import_id)

    def told(at: datetime) -> dict[str, Any]:
        return selectors.import_out(run(user, at), at=at)

    return run_command(request, user, told)
