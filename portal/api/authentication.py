"""Who is asking: an access token, or else the session cookie of the same origin."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from layers import row_security, tokens


class NotForTokens(PermissionError):
    """The door is not opened by access tokens. `user` is whose token it was."""

    def __init__(self, user: User) -> None:
        super().__init__("An access token only reads the layers that it was made for: tiles, features, lists and search.")
        self.user = user


class Token(BaseAuthentication):
    """An access token, by `Authorization: Bearer` or as the password of Basic. It opens only reads of views that say `open_to_tokens`.

    Views that say `token_in_address` take it as `?token=` too: their clients can send no header (docs/decisions/0016-wms-and-wmts.md). With a token there is no cookie to abuse, so no CSRF token is asked for; a cookie beside it is not looked at.
    """

    def authenticate(self, request: Request) -> tuple[User, tokens.Bearer] | None:
        view: Any = (request.parser_context or {}).get("view")
        secret = tokens.given(request.headers.get("Authorization", ""))
        if not secret and getattr(view, "token_in_address", False):
            secret = tokens.in_address(request.query_params)
        if not secret:
            return None
        bearer = tokens.bearer(secret, ip=request.META.get("REMOTE_ADDR", ""), at=timezone.now())
        if request.method not in ("GET", "HEAD") or not getattr(view, "open_to_tokens", False):
            raise NotForTokens(bearer.user)
        request.META[row_security.NET].enter_context(row_security.reading_as(bearer.user))
        return bearer.user, bearer

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class Session(SessionAuthentication):
    """Answer 401, not 403, to somebody who is not signed in: the page then shows the sign-in form."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class TokenInSchema(OpenApiAuthenticationExtension):
    """Names the token in the OpenAPI document."""

    target_class = "portal.api.authentication.Token"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "Reads only; also as the password of HTTP Basic."}

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[Any]] | list[dict[str, list[Any]]]:
        is_open = auto_schema.method == "GET" and getattr(auto_schema.view, "open_to_tokens", False)
        return {self.name: []} if is_open else []


class SessionInSchema(SessionScheme):
    """Names the cookie in the OpenAPI document."""

    target_class = "portal.api.authentication.Session"
