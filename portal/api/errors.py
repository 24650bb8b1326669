"""One table from named errors to statuses; every error leaves as problem+json (RFC 9457) with a request id."""

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from customers import services as customers
from customers.importing import services as imports
from customers.selectors import NotThere, customer_card, move_row
from layers import access, basemap_changes, basemap_records, basemap_uploads, exports, idempotency, prints, registry, tokens
from layers import services as rights
from layers.importing import services as network_imports
from layers.importing.selectors import UnknownImport
from layers.kept_files import TooLarge
from layers.ogc.refusals import BadQuery
from portal import keys, lockout, second_factor
from portal import sessions as open_sessions
from portal.api.authentication import NotForTokens
from portal.services import areas, jobs, people
from spatial import datums, geometry, tiles
from spatial.files.rows import BadFile
from spatial.services import points

log = structlog.get_logger()
PROBLEM = "application/problem+json"

STATUSES: dict[type[Exception], tuple[int, str]] = {
    access.NotAllowed: (403, "not_allowed"),
    access.OutsideArea: (403, "outside_area"),
    NotThere: (404, "not_found"),
    registry.UnknownLayer: (404, "unknown_layer"),
    basemap_uploads.UnknownUpload: (404, "not_found"),
    basemap_uploads.WrongPart: (409, "wrong_part"),
    basemap_uploads.DamagedPart: (400, "damaged_part"),
    basemap_uploads.NoRoom: (413, "too_large"),
    basemap_uploads.NotNow: (409, "not_now"),
    basemap_changes.UnknownBasemap: (404, "not_found"),
    basemap_changes.NotRemovable: (409, "not_removable"),
    basemap_records.BadBasemap: (400, "bad_basemap"),
    exports.UnknownExport: (404, "not_found"),
    prints.UnknownBasemap: (404, "unknown_basemap"),
    exports.NotReady: (409, "export_not_ready"),
    exports.TooManyExports: (409, "too_many_exports"),
    exports.ExportsThrottled: (429, "throttled"),
    exports.CannotHold: (400, "format_cannot_hold"),
    registry.UnknownFeature: (404, "not_found"),
    rights.UnknownPerson: (404, "not_found"),
    rights.UnknownGroup: (400, "unknown_group"),
    rights.UnknownArea: (400, "unknown_area"),
    rights.UnknownAction: (400, "unknown_action"),
    rights.RightsChanged: (409, "rights_changed"),
    rights.LastAdministrator: (409, "last_administrator"),
    NotForTokens: (403, "not_for_tokens"),
    tokens.WrongToken: (401, "bad_token"),
    tokens.TooManyWrongTokens: (429, "throttled"),
    tokens.UnknownToken: (404, "not_found"),
    tokens.TooManyTokens: (409, "too_many_tokens"),
    keys.BadKey: (400, "bad_key"),
    people.UsernameTaken: (409, "username_taken"),
    people.NotInvitable: (409, "not_invitable"),
    areas.NoSuchArea: (404, "not_found"),
    areas.AreaInUse: (409, "area_in_use"),
    jobs.NoSuchJob: (404, "not_found"),
    registry.BadFilter: (400, "bad_filter"),
    BadQuery: (400, "bad_query"),
    customers.AccountNumberTaken: (409, "account_number_taken"),
    customers.StaleEdit: (409, "version_conflict"),
    customers.AlreadySo: (409, "already_so"),
    imports.NotNow: (409, "not_now"),
    imports.FarMoves: (409, "far_moves"),
    imports.BadChoice: (400, "invalid"),
    TooLarge: (413, "too_large"),
    UnknownImport: (404, "not_found"),
    network_imports.NotNow: (409, "not_now"),
    network_imports.FarMoves: (409, "far_moves"),
    network_imports.BadChoice: (400, "invalid"),
    points.VersionConflict: (409, "version_conflict"),
    points.GuardDistance: (409, "guard_distance"),
    points.NothingToUndo: (409, "nothing_to_undo"),
    geometry.LooksSwapped: (400, "looks_swapped"),
    geometry.BadCoordinates: (400, "bad_coordinates"),
    datums.UnknownDatum: (400, "unknown_datum"),
    tiles.TileOutsideRange: (400, "tile_outside_range"),
    lockout.LockedOut: (429, "throttled"),
    second_factor.BadCode: (400, "bad_code"),
    open_sessions.UnknownSession: (404, "not_found"),
    idempotency.BadKey: (400, "bad_idempotency_key"),
    idempotency.KeyReused: (422, "idempotency_key_reused"),
}


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an error into its answer; None for what nobody named (a fault of ours, logged by Django as 500)."""
    response = _response(error, context)
    if response is not None:
        if isinstance(error, NotForTokens):
            # For the audit: who wanted it was known, before the door was found closed.
            context["request"]._request.user = error.user
        # A door that answers in another form than JSON, such as the schema's YAML, refuses in JSON all the same.
        context["request"].accepted_renderer, context["request"].accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    return response


_THROTTLED = (lockout.LockedOut, tokens.TooManyWrongTokens, exports.ExportsThrottled)


def _response(error: Exception, context: dict[str, Any]) -> Response | None:
    named = next(((kind, STATUSES[kind]) for kind in type(error).__mro__ if kind in STATUSES), None)
    if named:
        status, code = named[1]
        response = _answer(status, code, str(error), **_extra(error, context))
        if isinstance(error, tokens.WrongToken):
            response["WWW-Authenticate"] = tokens.CHALLENGE
        if isinstance(error, _THROTTLED):
            response["Retry-After"] = str(error.retry_after_s)
        return response
    if isinstance(error, BadFile):
        return _answer(413 if error.code == "too_large" else 422, error.code, str(error))
    if isinstance(error, Http404):
        return _answer(404, "not_found", "There is nothing here, or not for you.")
    if isinstance(error, PermissionDenied):
        return _answer(403, "not_allowed", str(error) or "You may not do this.")
    if isinstance(error, exceptions.ValidationError):
        return _answer(400, "invalid", "Some fields need your attention.", errors=_field_errors(error.detail))
    if isinstance(error, exceptions.ParseError):
        return _answer(400, "not_json", "The body is not JSON that can be read here: UTF-8 text, finite numbers, not nested too deeply.")
    if isinstance(error, exceptions.APIException):
        response = _answer(error.status_code, str(error.default_code), str(error.detail))
        if wait_s := getattr(error, "wait", None):
            response["Retry-After"] = str(int(wait_s) + 1)
        if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            response["WWW-Authenticate"] = "Session"
        return response
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("database_unavailable", error=type(error).__name__)
        return _answer(503, "try_again", "The database did not answer in time; nothing was stored. Try again in a moment.")
    return None


def _extra(error: Exception, context: dict[str, Any]) -> dict[str, Any]:
    if isinstance(error, points.VersionConflict):
        return {"theirs": _theirs(error)}
    if isinstance(error, _THROTTLED):
        return {"retry_after": error.retry_after_s}
    if isinstance(error, imports.BadChoice | network_imports.BadChoice):
        return {"errors": {error.field: [str(error)]}}
    if isinstance(error, imports.FarMoves | network_imports.FarMoves):
        return {"count": error.count}
    if isinstance(error, basemap_uploads.WrongPart):
        return {"received": error.received}
    if isinstance(error, rights.RightsChanged):
        stored = [{"action": grant.action, "area": grant.area or None} for grant in error.stored]
        return {"theirs": {"group": error.group, "layer": error.layer, "grants": stored}}
    if isinstance(error, points.GuardDistance):
        return {"distance_m": error.distance_m, "guard_m": error.guard_m}
    if isinstance(error, geometry.LooksSwapped):
        return {"suggestion": {"lon": error.lon, "lat": error.lat}}
    if isinstance(error, customers.StaleEdit):
        return {"theirs": customer_card(error.account, user=context["request"].user)}
    return {}


def _theirs(error: points.VersionConflict) -> dict[str, Any]:
    geom = error.point.geom
    latest = move_row(error.latest) if error.latest else {}
    return {
        **{name: latest.get(name) for name in ("actor", "actor_name", "at", "reason", "kind", "distance_m")},
        "lon": geom.x if geom else None,
        "lat": geom.y if geom else None,
        "version": error.point.version,
    }


def _field_errors(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, value in detail.items():
            found |= _field_errors(value, f"{prefix}{name}" if not prefix else f"{prefix}.{name}")
        return found
    if detail and isinstance(detail, list) and isinstance(detail[0], dict | list):
        return {key: value for number, item in enumerate(detail) for key, value in _field_errors(item, f"{prefix}.{number}").items()}
    return {prefix: [str(text) for text in (detail if isinstance(detail, list) else [detail])]}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django refuses before any door is reached: an unknown host, a body too big."""
    return _outside(400, "bad_request", "This request cannot be answered as it was sent.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that no door has, or that tells this person nothing."""
    return _outside(404, "not_found", "There is nothing here, or not for you.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a fault of ours; what it was stands in the log under the same id."""
    return _outside(500, "server_error", "Something went wrong on our side. Tell us this request's id, and we find it in the log.")


def _outside(status: int, code: str, detail: str) -> HttpResponse:
    return JsonResponse(_body(status, code, detail), status=status, content_type=PROBLEM)


def _answer(status: int, code: str, detail: str, **extra: Any) -> Response:
    set_rollback()
    return Response(_body(status, code, detail, **extra), status=status, content_type=PROBLEM)


def _body(status: int, code: str, detail: str, **extra: Any) -> dict[str, Any]:
    return {
        "type": f"/errors/{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        **extra,
    }
