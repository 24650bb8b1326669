"""Serve MapProxy on MAPPROXY_URL: `python mapproxy/serve.py`.

Reads VAR_DIR/mapproxy/mapproxy.yaml (written by `manage.py write_mapproxy_config`) and reads it again when it changes.
It asks nobody who they are: the web process in front does, so the address is this machine's own (the default) or a network of ours.
Needs VAR_DIR and MAPPROXY_URL, nothing else: no database and no secret.
"""

import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for spatial.datums; `import mapproxy` still finds the installed package, which has an __init__

import uvicorn  # noqa: E402
from a2wsgi import WSGIMiddleware  # noqa: E402
from gridatlas_sources import register  # noqa: E402
from mapproxy.wsgiapp import make_wsgi_app  # noqa: E402

# An upstream that hangs holds a thread for three seconds; the others go on serving what is cached.
THREADS = 32


def main() -> None:
    """Run until told to stop."""
    var = pathlib.Path(os.environ.get("VAR_DIR", ROOT / "var"))
    config = var / "mapproxy" / "mapproxy.yaml"
    if not config.exists():
        sys.exit(f"{config} is missing: run `manage.py write_mapproxy_config` first.")
    address = urlsplit(os.environ.get("MAPPROXY_URL", "http://127.0.0.1:8010"))
    app = WSGIMiddleware(application(config), workers=THREADS)
    uvicorn.run(
        app,
        host=address.hostname or "127.0.0.1",
        port=address.port or 8010,
        log_level="warning",
        access_log=False,
        interface="asgi3",
        lifespan="off",
    )


def application(config: pathlib.Path) -> Callable[..., Any]:
    """Return the WSGI application of a configuration file."""
    register()
    return make_wsgi_app(str(config), reloader=True)


if __name__ == "__main__":
    main()
