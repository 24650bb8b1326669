"""Serve MapProxy on its own local port. Only the web process talks to it, after it has checked who asks."""

import os
from pathlib import Path

from a2wsgi import WSGIMiddleware
from mapproxy.wsgiapp import make_wsgi_app

# `reloader`: a basemap added in the admin is served as soon as `write_mapproxy_config` has written the file again.
application = WSGIMiddleware(make_wsgi_app(str(Path(os.environ["VAR_DIR"]) / "mapproxy" / "mapproxy.yaml"), reloader=True), workers=4)
