"""Who is asking: the session cookie, same origin."""

from rest_framework.authentication import SessionAuthentication


class Session(SessionAuthentication):
    """Answer 401, not 403, to somebody who is not signed in: the page then shows the sign-in form."""

    def authenticate_header(self, request) -> str:
        return "Session"
