"""Write the configuration of the private Redis. It holds hints that may be lost at any time, so it never writes to disk.

A process title would overwrite the environment in /proc, by which ops/supervision.py recognises our processes.
"""

from pathlib import Path
from urllib.parse import urlsplit

from ops import settings


def write_config(path: Path, url: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(
        f"""\
bind 127.0.0.1
port {settings.port_of(url)}
requirepass {urlsplit(url).password}
save ""
appendonly no
set-proc-title no
maxmemory 128mb
maxmemory-policy allkeys-lru
""",
        "utf-8",
    )
