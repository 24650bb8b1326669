"""The floor of G3: an ASGI application that knows nothing and answers with constant bytes of a given size."""

import os

_BODY = os.urandom(int(os.environ.get("BENCH_BYTES", "10000")))
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"etag", b'"00000000-000000000000000000-gz"'),
        (b"cache-control", b"private, no-cache"),
        (b"vary", b"Cookie, Accept-Encoding"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-type", b"application/vnd.mapbox-vector-tile"),
        (b"content-length", str(len(_BODY)).encode()),
        (b"content-encoding", b"gzip"),
    ],
}
_REST = {"type": "http.response.body", "body": _BODY}


async def app(scope, receive, send):
    if scope["type"] == "http":
        await send(_START)
        await send(_REST)
