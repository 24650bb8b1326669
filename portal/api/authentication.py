"""Who is asking: the session cookie, same origin."""

from drf_spectacular.authentication import SessionScheme
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request


class Session(SessionAuthentication):
    """Answer 401, not 403, to somebody who is not signed in: the page then shows the sign-in form."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class SessionInSchema(SessionScheme):
    """Names the cookie in the OpenAPI document."""

    target_class = "portal.api.authentication.Session"
