"""Doors of the audit: what happened, newest first, and the same as a file. For supervisors, within their areas, and administrators."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from layers import access, audit, csv_text
from layers.models import AuditFilter, AuditRow
from portal import selectors

EXPORT_ROWS = 100_000
COLUMNS = (
    *("seq", "at", "actor", "actor_name", "role", "ip", "device", "request_id", "action", "layer", "object_id", "object_label"),
    *("area_code", "reason", "before", "after", "batch", "hash"),
)


class AuditQuery(serializers.Serializer):
    """`object` is layer:id, such as customers:7; a layer alone means all of its objects. `action` is noun.verb or a noun alone."""

    person = serializers.CharField(required=False, max_length=150)
    object = serializers.RegexField(r"^[a-z_]{1,40}(:[^:]{1,80})?$", required=False)
    action = serializers.RegexField(r"^[a-z_]+(\.[a-z_]+)?$", required=False, max_length=40)
    area = serializers.CharField(required=False, max_length=40)
    q = serializers.CharField(required=False, max_length=200)
    until = serializers.DateTimeField(required=False)
    since = serializers.DateTimeField(required=False)
    cursor = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=200, default=50)


class AuditRowOut(serializers.Serializer):
    """One deed. `actor` is the user name, "" for the system; `before` and `after` hold the fields that changed; `seq` has no gaps."""

    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.SerializerMethodField()
    actor_name = serializers.CharField()
    role = serializers.CharField()
    ip = serializers.CharField()
    device = serializers.CharField()
    request_id = serializers.CharField()
    action = serializers.CharField()
    layer = serializers.CharField()
    object_id = serializers.CharField()
    object_label = serializers.CharField()
    area_code = serializers.CharField()
    reason = serializers.CharField()
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    batch = serializers.UUIDField(allow_null=True)
    hash = serializers.CharField()

    def get_actor(self, row: AuditRow) -> str:
        return row.actor.username if row.actor else ""


class AuditPage(serializers.Serializer):
    next = serializers.IntegerField(allow_null=True)
    results = AuditRowOut(many=True)


FILTERS = [
    *(OpenApiParameter(name, OpenApiTypes.STR) for name in ("person", "object", "action", "area", "q")),
    *(OpenApiParameter(name, OpenApiTypes.DATETIME) for name in ("from", "to")),
]
PAGE = [OpenApiParameter(name, OpenApiTypes.INT) for name in ("cursor", "limit")]


class Audit(APIView):
    """Who did what, when, from where. `next` is the cursor of the page after this one."""

    @extend_schema(operation_id="audit_list", parameters=[*FILTERS, *PAGE], responses=AuditPage)
    def get(self, request: Request) -> Response:
        query, rows = _query(request, _require_auditor(request))
        if "cursor" in query:
            rows = rows.filter(seq__lt=query["cursor"])
        page = list(rows[: query["limit"] + 1])
        shown = page[: query["limit"]]
        return Response({"next": shown[-1].seq if len(page) > len(shown) else None, "results": AuditRowOut(shown, many=True).data})


class AuditExport(APIView):
    """The newest 100,000 rows that match, as CSV for spreadsheets; that somebody took them is itself a row."""

    @extend_schema(operation_id="audit_export", parameters=FILTERS, responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request) -> StreamingHttpResponse:
        user = _require_auditor(request)
        _, rows = _query(request, user)
        now = timezone.now()
        asked = {name: value for name, value in request.query_params.dict().items() if name not in ("cursor", "limit")}
        audit.exported(user=user, at=now, what="audit", layer="audit", query=asked)
        response = StreamingHttpResponse(_csv(rows[:EXPORT_ROWS]), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="audit-{now:%Y%m%d-%H%M%S}.csv"'
        response["Cache-Control"] = "private, no-store"
        return response


def _require_auditor(request: Request) -> User:
    if not isinstance(request.user, User) or access.role_of(request.user) not in audit.AUDITORS:
        raise access.NotAllowed("Only supervisors and administrators may read the audit.")
    return request.user


def _query(request: Request, user: User) -> tuple[dict[str, Any], QuerySet[AuditRow]]:
    # `from` is a word of Python.
    renamed = {"from": "since", "to": "until"}
    checked = AuditQuery(data={renamed.get(name, name): value for name, value in request.query_params.dict().items() if value})
    checked.is_valid(raise_exception=True)
    query = dict(checked.validated_data)
    layer, _, object_id = query.get("object", "").partition(":")
    wanted = AuditFilter(
        person=query.get("person", ""),
        layer=layer,
        object_id=object_id,
        action=query.get("action", ""),
        area=query.get("area", ""),
        text=query.get("q", ""),
        since=query.get("since"),
        until=query.get("until"),
    )
    return query, selectors.audit_rows(wanted, user=user).select_related("actor")


def _csv(rows: QuerySet[AuditRow]) -> Iterator[str]:
    yield csv_text.BOM + csv_text.line(COLUMNS)
    for row in rows.iterator(chunk_size=1000):
        cells = {"actor": row.actor.username if row.actor else ""}
        yield csv_text.line(cells.get(name, getattr(row, name)) for name in COLUMNS)
