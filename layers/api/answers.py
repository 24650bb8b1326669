"""What the doors of OGC services share: answers whose text the database made, the form of the answer, the public address."""

import gzip
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

_GZIP_FROM_BYTES = 2000


class FormLater(BaseContentNegotiation):
    """The form of the answer is the service's own question (`f`, FORMAT, Accept); refusals are JSON unless the door says otherwise."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return JSONRenderer(), JSONRenderer.media_type


def public_root(request: Request) -> str:
    """Return the site's address as clients know it, without a slash at the end."""
    return (settings.PUBLIC_URL or request._request.build_absolute_uri("/")).rstrip("/")


def text_answer(request: Request, text: str, content_type: str) -> HttpResponse:
    """Return the text as this person's own answer, to be asked for again every time."""
    body = text.encode()
    headers = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Encoding"}
    if len(body) >= _GZIP_FROM_BYTES and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, 4, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(body, content_type=content_type, headers=headers)
