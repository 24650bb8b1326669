"""What every request brings to the audit, and what every answer carries."""

from collections.abc import Callable
from contextlib import ExitStack

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils import timezone
from django_structlog.middlewares import RequestMiddleware

from layers import access, audit, refusals, row_security, safe_headers, sessions


class RequestLog(RequestMiddleware):
    """Log a request without its query: people search for names, account numbers and telephones. The answer carries its id."""

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        # By this id a person can report a fault; the parent forgets it.
        response.headers["X-Request-ID"] = structlog.contextvars.get_contextvars()["request_id"]
        super().handle_response(request, response)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


class SafeHeaders:
    """Add what every answer carries, static files, redirects and refusals included: so it stands first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        try:
            host = request.get_host()
        except DisallowedHost:
            host = ""
        response.headers.setdefault("Content-Security-Policy", safe_headers.page_policy(host, is_secure=request.is_secure()))
        for name, value in safe_headers.EVERYWHERE.items():
            response.headers.setdefault(name, value)
        return response


class AuditTrail:
    """Tell the audit from where a request comes, and what somebody wanted that is not there for them.

    Whose X-Forwarded-For is believed, the web server decides: TRUSTED_PROXIES.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = audit.Origin(ip=request.META.get("REMOTE_ADDR", ""), device=request.headers.get("User-Agent", ""))
        with audit.coming_from(origin):
            response = self.get_response(request)
            # An address that no door has says nothing about rights; neither does somebody who is nobody yet.
            if response.status_code in (403, 404) and request.resolver_match and isinstance(request.user, User):
                refusals.record(request.user, _refusal(request, response), at=timezone.now())
        return response


# What addresses call a layer; a collection is one, or a part of one: network.lines.
_LAYER_NAMES = ("layer_id", "collection_id")


def _refusal(request: HttpRequest, response: HttpResponse) -> refusals.Refusal:
    named = request.resolver_match.kwargs if request.resolver_match else {}
    told = getattr(response, "data", None) or {}
    return refusals.Refusal(
        code=str(told.get("code") or {403: "not_allowed", 404: "not_found"}[response.status_code]),
        layer=str(named.get("layer_id") or named.get("collection_id", "").partition(".")[0] or _noun(request.path))[:40],
        object_id=next((value for name, value in named.items() if name.endswith(("_id", "key")) and name not in _LAYER_NAMES), ""),
        wanted=f"{request.method} {request.path}",
    )


def _noun(path: str) -> str:
    """Return the first part of an address, which says what it is about: of /api/v1/customers/7/move customers, of /imagery/city/17/1/2.png imagery."""
    return path.removeprefix("/api/v1").strip("/").partition("/")[0][:40]


class SessionGuard:
    """Keep a session alive by what its person does, and shut every door but the account's own while they have something to set up.

    Asking /api/v1/me is no sign of life: a page may ask how much time is left. Nor is what a page asks by itself (X-Idle).
    """

    ME = "/api/v1/me"
    GUARDED = ("/api/", "/admin/", "/imagery/", "/maps/", "/media/", "/ogc/")
    OPEN = (ME, "/api/v1/session", "/api/v1/sign-in")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path
        if settings.SESSION_COOKIE_NAME in request.COOKIES and path.startswith(self.GUARDED) and request.user.is_authenticated:
            wanted = [] if self._is_open(path) else self._missing(request)
            if wanted:
                # No door was looked for yet, so `AuditTrail` knows of none.
                refusal = refusals.Refusal("setup_needed", _noun(path), f"{request.method} {path}")
                refusals.record(request.user, refusal, at=timezone.now())
                return self._setup_needed(wanted)
            key = request.session.session_key
            if path != self.ME and sessions.IDLE_HEADER not in request.headers and key and sessions.last_seen.is_due(key):
                sessions.touch(key)
        return self.get_response(request)

    @staticmethod
    def _missing(request: HttpRequest) -> list[str]:
        begun = sessions.begun_of(request.session)
        # Rights are read only where they decide: an image asks for none.
        rights = access.rights_of(request.user) if settings.SECOND_FACTOR == "staff" else access.NO_RIGHTS
        return sessions.missing(begun.how, begun.is_password_due, rights)

    def _is_open(self, path: str) -> bool:
        return path in self.OPEN or path.startswith(("/api/v1/account/", "/api/v1/session/"))

    @staticmethod
    def _setup_needed(wanted: list[str]) -> HttpResponse:
        body = {
            "type": "/errors/setup_needed",
            "title": "Setup needed",
            "status": 403,
            "detail": f"Before anything else, set up: {', '.join(wanted)}.",
            "code": "setup_needed",
            "must_set_up": wanted,
            "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        }
        return JsonResponse(body, status=403, content_type="application/problem+json")


class RowSecurity:
    """Let customers' requests read through the net of `layers.row_security`. The innermost: sessions and the like are the application's.

    The doors of one's own account read nothing about customers, and write where the portal's role may not.
    """

    OWN_AFFAIRS = ("/api/v1/session", "/api/v1/sign-in", "/api/v1/account/", "/api/v1/tokens")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(SessionGuard.GUARDED) or request.path.startswith(self.OWN_AFFAIRS):
            return self.get_response(request)
        with ExitStack() as net:
            net.enter_context(row_security.reading_as(request.user))
            # Whose token it is, only the door finds out (`portal.api.authentication.Token`).
            request.META[row_security.NET] = net
            response = self.get_response(request)
            if isinstance(response, StreamingHttpResponse) and row_security.is_in_force():
                # What is sent later would be read later, outside the net.
                response.streaming_content = list(response.streaming_content)
            return response
