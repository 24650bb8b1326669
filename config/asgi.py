"""The web process: tiles by a thin route, sockets by Channels, everything else by Django on a fixed pool of threads.

Django runs as WSGI on purpose: a fixed thread keeps its psycopg2 connection, where Django's own ASGI handler
would open a new one for every request (docs/decisions/0002-one-web-process.md).
"""

import os
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from config.wsgi import application as django_wsgi

# isort: split
# Django is set up now; above this line the apps' modules could not be imported.
from layers.consumers import MapConsumer
from layers.tile_app import tile_app

THREADS = int(os.environ.get("WEB_THREADS", "8"))
_django = WSGIMiddleware(cast(Any, django_wsgi), workers=THREADS)


async def _http(scope: Any, receive: Any, send: Any) -> None:
    app = tile_app if scope["path"].startswith(("/tiles/", "/basemaps/")) else _django
    await app(scope, receive, send)


async def _lifespan(scope: Any, receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


application = ProtocolTypeRouter(
    {
        "http": _http,
        "websocket": URLRouter([path("ws/map", MapConsumer.as_asgi())]),
        "lifespan": _lifespan,
    }
)
