"""Choose ports and secrets once and keep them in `var/env`, the settings of this installation."""

import os
import secrets
import socket
import string
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ops.console import CannotGoOn

DEFAULT_PORT = 8000
HEADING = """\
# Settings of this GridAtlas, made by ./gridatlas up. Add what .env.example explains, one NAME=value a line,
# and run ./gridatlas up again. It holds secrets: keep it readable to its owner only.
"""
# Below the range from which Linux hands out ports to outgoing connections, so that nobody takes ours while we are down.
_OWN_PORTS = range(20_000, 32_000)
# What the running programs must not know: with these the audit could be changed.
WITHHELD = frozenset({"POSTGRES_PASSWORD", "DATABASE_OWNER_PASSWORD"})
_LETTERS = string.ascii_letters + string.digits


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        # As the servers do: a port that only has connections in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(taken: set[int]) -> int:
    while True:
        port = secrets.choice(_OWN_PORTS)
        if port not in taken and is_free(port):
            taken.add(port)
            return port


def secret(length: int = 32) -> str:
    """Return letters and digits only: it must pass unquoted through URLs, ini files and shells."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def read(path: Path) -> dict[str, str]:
    """Return the NAME=value lines of the file; no file, no settings.

    Raises:
        CannotGoOn: a line is neither a comment nor NAME=value.
    """
    found = {}
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise CannotGoOn(f"line {number} of {path} must read NAME=value; mend it and run this again.")
        found[name.strip()] = value.strip()
    return found


def known_names(example: Path) -> set[str]:
    """Return every setting that .env.example explains."""
    return {line.removeprefix("# ").partition("=")[0] for line in example.read_text("utf-8").splitlines() if "=" in line}


def write(path: Path, settings: Mapping[str, str]) -> None:
    """Replace the file in one step; a person's own comments in it are kept in their place."""
    left = dict(settings)
    lines = path.read_text("utf-8").splitlines() if path.exists() else HEADING.splitlines()
    kept = []
    for line in lines:
        name = line.partition("=")[0].strip()
        if line.lstrip().startswith("#") or name not in settings:
            kept.append(line)
        elif name in left:
            kept.append(f"{name}={left.pop(name)}")
    kept += [f"{name}={value}" for name, value in left.items()]

    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text("\n".join(kept) + "\n", "utf-8")
    fresh.replace(path)


def with_defaults(settings: Mapping[str, str], *, database: str = "gridatlas") -> dict[str, str]:
    """Return the settings with everything that is missing chosen now: free ports and fresh secrets."""
    taken = {port_of(value) for name, value in settings.items() if name.endswith("_URL") and urlsplit(value).port}
    complete = dict(settings)

    def choose(name: str, make: str) -> None:
        if name not in complete:
            complete[name] = make.format(password=secret(), port=free_port(taken))

    complete.setdefault("GRIDATLAS_HOST", "127.0.0.1")
    complete.setdefault("GRIDATLAS_PORT", str(DEFAULT_PORT))
    complete.setdefault("SECRET_KEY", secret(64))
    complete.setdefault("POSTGRES_PASSWORD", secret())
    complete.setdefault("DATABASE_OWNER_PASSWORD", secret())
    choose("DATABASE_URL", f"postgis://gridatlas:{{password}}@127.0.0.1:{{port}}/{database}")
    choose("REDIS_URL", "redis://:{password}@127.0.0.1:{port}/0")
    choose("MAPPROXY_URL", "http://127.0.0.1:{port}")
    choose("SUPERVISOR_URL", "http://gridatlas:{password}@127.0.0.1:{port}/RPC2")
    return complete


def port_of(url: str) -> int:
    port = urlsplit(url).port
    if port is None:
        raise CannotGoOn(f"the address {urlsplit(url).hostname} in var/env has no port; add one and run this again.")
    return port


def owner_url(settings: Mapping[str, str]) -> str:
    """Return the address of the application's database for the role that owns its tables."""
    parts = urlsplit(settings["DATABASE_URL"])
    password = settings.get("DATABASE_OWNER_PASSWORD", "")  # missing until `up` ran with this version
    return parts._replace(netloc=f"{parts.username}_owner:{password}@{parts.hostname}:{parts.port}").geturl()


def with_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}").geturl()


def environment(settings: Mapping[str, str], var: Path) -> dict[str, str]:
    """Return the environment of our programs: the caller's, with this installation's own settings on top.

    What is WITHHELD stays here. A DATABASE_URL or SECRET_KEY_FILE that the shell has from another project must not lead us there, nor its DEBUG open us up.
    """
    env = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in {"DEBUG", *settings}}
    env.setdefault("PUBLIC_URL", f"http://localhost:{settings['GRIDATLAS_PORT']}")
    own = {"VAR_DIR": str(var), "MEDIA_ROOT": str(var / "media"), "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
    return {name: value for name, value in {**env, **own, **settings}.items() if name not in WITHHELD}
