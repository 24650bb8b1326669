"""The doors of customers: parse, check, read the clock, one call, answer."""

import time
from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as drf
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customers import pages, search, selectors, services
from customers.api import messages, serializers
from customers.models import LAYER_ID, BusinessClass, Grade, Status
from layers import access
from layers.api.commands import KEY, run_command
from layers.api.messages import valid
from layers.api.serializers import FeatureMove
from layers.map_layers import areas_seen_by
from spatial import shapes

LIST_FILTERS = [
    OpenApiParameter(name, OpenApiTypes.STR) for name in ("bbox", "grade", "class", "status", "area", "located", "deleted", "q")
]
PAGE = [
    OpenApiParameter("ordering", OpenApiTypes.STR, enum=pages.ORDERINGS),
    OpenApiParameter("cursor", OpenApiTypes.STR),
    *(OpenApiParameter(name, OpenApiTypes.INT) for name in ("skip", "limit")),
]


class CustomerList(APIView):
    """The ledger as a list, narrowed like the map; and the door for a new customer."""

    open_to_tokens = True

    @extend_schema(operation_id="customers_list", parameters=[*LIST_FILTERS, *PAGE], responses=messages.CustomerPage)
    def get(self, request: Request) -> Response:
        query = valid(serializers.CustomerPageQuery, request.query_params.dict())
        page = {name: query[name] for name in ("ordering", "limit", "after", "skip")}
        return Response(pages.customer_page(user=request.user, wanted=_filter(query, request.user), **page))

    @extend_schema(request=serializers.CustomerCreate, parameters=[KEY], responses={201: messages.CustomerCard})
    def post(self, request: Request) -> Response:
        user = access.require(request.user, access.ADD, LAYER_ID)
        fields = valid(serializers.CustomerCreate, request.data)
        contacts = [services.NewContact(**contact) for contact in fields.pop("contacts", [])]
        command = services.NewCustomer(**{name: value for name, value in fields.items() if value is not None}, contacts=contacts)

        def run(at: datetime) -> dict[str, Any]:
            account = services.create_customers([command], user=user, at=at)[0]
            return selectors.card_of(account.pk, user=request.user)

        answer = run_command(request, user, run, status=201)
        # A stored answer may be older than the person's rights.
        selectors.account_seen_by(request.user, answer.data["id"])
        return answer


class CustomerCounts(APIView):
    """How many, by grade, class and status, under the same filters as the list."""

    open_to_tokens = True

    @extend_schema(parameters=LIST_FILTERS, responses=messages.Counts)
    def get(self, request: Request) -> Response:
        query = valid(serializers.CustomerQuery, request.query_params.dict())
        return Response(selectors.sums(user=request.user, wanted=_filter(query, request.user)))


class NearestCustomers(APIView):
    """The customers nearest to a point, for whoever is sent there: nearest first, under the same filters as the list."""

    open_to_tokens = True

    @extend_schema(
        operation_id="customers_nearest",
        parameters=[
            OpenApiParameter("near", OpenApiTypes.STR, required=True),
            OpenApiParameter("limit", OpenApiTypes.INT),
            *LIST_FILTERS,
        ],
        responses=messages.Nearest,
    )
    def get(self, request: Request) -> Response:
        query = valid(serializers.NearestQuery, request.query_params.dict())
        wanted = _filter(query, request.user)
        found = selectors.nearest_customers(user=request.user, wanted=wanted, spot=shapes.spot(*query["near"]), limit=query["limit"])
        return Response({"results": found})


class Customer(APIView):
    """One customer: card, edit, soft delete."""

    @extend_schema(responses=messages.CustomerCard)
    def get(self, request: Request, account_id: int) -> Response:
        return Response(selectors.card_of(account_id, user=request.user))

    @extend_schema(request=serializers.CustomerPatch, parameters=[KEY], responses=messages.CustomerCard)
    def patch(self, request: Request, account_id: int) -> Response:
        user = access.require(request.user, access.EDIT, LAYER_ID)
        fields = valid(serializers.CustomerPatch, request.data)
        if "contacts" in fields:
            fields["contacts"] = [services.NewContact(**contact) for contact in fields["contacts"]]
        edit = services.CustomerEdit(selectors.account_seen_by(request.user, account_id).pk, fields.pop("base_version"), fields)
        return run_command(
            request, user, lambda at: (services.edit_customers([edit], at=at, user=user), selectors.card_of(account_id, user=user))[1]
        )

    @extend_schema(request=serializers.CustomerDelete, parameters=[KEY], responses=messages.CustomerCard)
    def delete(self, request: Request, account_id: int) -> Response:
        user = access.require(request.user, access.DELETE, LAYER_ID)
        fields = valid(serializers.CustomerDelete, request.data)
        edit = services.CustomerEdit(selectors.account_seen_by(request.user, account_id).pk, fields["base_version"])

        def run(at: datetime) -> dict[str, Any]:
            services.delete_customers([edit], user=user, at=at, reason=fields["reason"])
            return selectors.card_of(account_id, user=user)

        return run_command(request, user, run)


class CustomerRestore(APIView):
    """Bring a deleted customer back."""

    @extend_schema(request=serializers.CustomerRestore, parameters=[KEY], responses=messages.CustomerCard)
    def post(self, request: Request, account_id: int) -> Response:
        user = access.require(request.user, access.DELETE, LAYER_ID)
        fields = valid(serializers.CustomerRestore, request.data)
        account = selectors.account_seen_by(request.user, account_id)

        def run(at: datetime) -> dict[str, Any]:
            services.restore_customers([account.pk], user=user, at=at, reason=fields["reason"])
            return selectors.card_of(account_id, user=user)

        return run_command(request, user, run)


class CustomerMove(APIView):
    """Place or move a customer on the map."""

    @extend_schema(request=FeatureMove, parameters=[KEY], responses=messages.Moved)
    def post(self, request: Request, account_id: int) -> Response:
        user = access.require(request.user, access.MOVE, LAYER_ID)
        command = valid(FeatureMove, request.data)
        account = selectors.account_seen_by(request.user, account_id)
        confirmed = command.pop("confirm_distance")

        def run(at: datetime) -> dict[str, Any]:
            move = services.move_customer(user=user, account=account, at=at, confirmed=confirmed, **command)
            return selectors.moved(account_id, move, user=user)

        return run_command(request, user, run)


class CustomerUndo(APIView):
    """Take a move back, any day, as a new journal row."""

    @extend_schema(request=serializers.MoveUndo, parameters=[KEY], responses=messages.Moved)
    def post(self, request: Request, account_id: int) -> Response:
        user = access.require(request.user, access.MOVE, LAYER_ID)
        command = valid(serializers.MoveUndo, request.data)
        account = selectors.account_seen_by(request.user, account_id)

        def run(at: datetime) -> dict[str, Any]:
            move = services.undo_customer_move(user=user, account=account, at=at, **command)
            return selectors.moved(account_id, move, user=user)

        return run_command(request, user, run)


class CustomerHistory(APIView):
    """What happened to the customer, newest first: moves of its point and edits of its ledger."""

    @extend_schema(responses=messages.HistoryRow(many=True))
    def get(self, request: Request, account_id: int) -> Response:
        return Response(selectors.history_of(account_id, user=request.user))


class CustomersWithin(APIView):
    """The customers inside a drawn shape, with their sums. Reads only, so no Idempotency-Key."""

    @extend_schema(request=serializers.WithinShape, responses=messages.Within)
    def post(self, request: Request) -> Response:
        drawn = valid(serializers.WithinShape, request.data)
        wanted = _filter(drawn, request.user)
        return Response(selectors.customers_within(user=request.user, wanted=wanted, drawn=_drawn(drawn)))


class Search(APIView):
    """One box for customers, places and coordinates."""

    open_to_tokens = True

    @extend_schema(
        parameters=[OpenApiParameter("q", OpenApiTypes.STR), OpenApiParameter("limit", OpenApiTypes.INT)], responses=messages.FoundList
    )
    def get(self, request: Request) -> Response:
        started = time.perf_counter()
        results = search.search(user=request.user, text=request.query_params.get("q", ""), limit=_limit(request, 12))
        return Response({"results": results, "took_ms": round((time.perf_counter() - started) * 1000, 1)})


class Geocode(APIView):
    """Streets, addresses and named places of the basemap."""

    @extend_schema(
        parameters=[OpenApiParameter("q", OpenApiTypes.STR), OpenApiParameter("limit", OpenApiTypes.INT)], responses=messages.FoundList
    )
    def get(self, request: Request) -> Response:
        text = request.query_params.get("q", "").strip()[:200]
        return Response({"results": search.found_places(text=text, limit=_limit(request, 10)) if text else []})


def _filter(query: dict[str, Any], user: access.Person) -> selectors.CustomerFilter:
    return selectors.CustomerFilter(
        grades=_words(query, "grade", Grade.values),
        classes=_words(query, "class", BusinessClass.values),
        statuses=_words(query, "status", Status.values),
        areas=_areas(query, user),
        bbox=query.get("bbox"),
        located=query.get("located"),
        deleted=query.get("deleted", False),
        text=query.get("q", "").strip(),
    )


def _words(query: dict[str, Any], name: str, known: list[str] | None) -> list[str]:
    words = [word for word in query.get(name, "").split(",") if word]
    unknown = [word for word in words if known is not None and word not in known]
    if unknown:
        raise drf.ValidationError({name: [f"“{unknown[0][:40]}” is not one of: {', '.join(known or [])}."]})
    return words


def _areas(query: dict[str, Any], user: access.Person) -> list[str]:
    codes = _words(query, "area", None)
    if codes and areas_seen_by(user).filter(code__in=codes).count() < len(set(codes)):
        raise drf.ValidationError({"area": ["One of these areas is not known."]})
    return codes


def _drawn(drawn: dict[str, Any]) -> selectors.Drawn:
    if "geometry" in drawn:
        return selectors.Drawn(shapes.polygon(drawn["geometry"]))
    if "centre" in drawn:
        return selectors.Drawn(shapes.spot(**drawn["centre"]), drawn["radius_m"])
    return selectors.Drawn(shapes.line(drawn["line"]), drawn["width_m"] / 2)


def _limit(request: Request, default: int) -> int:
    text = request.query_params.get("limit", "")
    return max(1, min(50, int(text))) if text.isascii() and text.isdigit() and len(text) < 4 else default
