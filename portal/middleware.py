"""What every request brings to the audit, and what every answer carries."""

from collections.abc import Callable

import structlog
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

from layers import audit, safe_headers


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


class AuditOrigin:
    """Tell the audit from where a request comes. Whose X-Forwarded-For is believed, the web server decides: TRUSTED_PROXIES."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = audit.Origin(ip=request.META.get("REMOTE_ADDR", ""), device=request.headers.get("User-Agent", ""))
        with audit.coming_from(origin):
            return self.get_response(request)
