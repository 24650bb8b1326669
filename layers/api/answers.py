"""Answers whose text the database made: sent as they are, zipped where that pays."""

import gzip

from django.http import HttpResponse
from rest_framework.request import Request

_GZIP_FROM_BYTES = 2000


def text_answer(request: Request, text: str, content_type: str) -> HttpResponse:
    """Return the text as this person's own answer, to be asked for again every time."""
    body = text.encode()
    headers = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Encoding"}
    if len(body) >= _GZIP_FROM_BYTES and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, 4, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(body, content_type=content_type, headers=headers)
