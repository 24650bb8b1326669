"""Keep the processes of this installation running, with supervisord, and ask it about them."""

import http.client
import os
import signal
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ops import console
from ops.console import ROOT, VAR, CannotGoOn

CONFIG = VAR / "supervisord.conf"
# Every process below supervisord inherits this variable, so that `down` finds those that a killed supervisord left behind.
MARK = "GRIDATLAS_SUPERVISED"
SERVING = ("web", "worker", "mapproxy")
_PYTHON = ".venv/bin/python"


def render(config: Mapping[str, str], *, postgres: Sequence[str]) -> str:
    """Return supervisord's configuration. All paths are relative to the project, so no folder name needs quoting."""
    supervisor = urlsplit(config["SUPERVISOR_URL"])
    sections = [
        ["[supervisord]", "logfile=var/log/supervisord.log", "pidfile=var/supervisord.pid", "childlogdir=var/log", "umask=077"],
        ["[inet_http_server]", f"port=127.0.0.1:{supervisor.port}", f"username={supervisor.username}", f"password={supervisor.password}"],
        ["[rpcinterface:supervisor]", "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface"],
        _program("postgres", _quoted(postgres), "stopsignal=INT", "stopwaitsecs=60", first=True),
        _program("redis", "redis-server var/redis/redis.conf", first=True),
        _web(f"{config['GRIDATLAS_HOST']}:{config['GRIDATLAS_PORT']}", processes=config.get("WEB_CONCURRENCY", "2")),
        _program("worker", f"{_PYTHON} manage.py qcluster", "stopwaitsecs=60", "killasgroup=true"),
        _program("mapproxy", f"{_PYTHON} mapproxy/serve.py"),
    ]
    if os.geteuid() == 0:
        sections[0].append("user=root")  # said aloud, or supervisord warns that nobody said it
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _web(address: str, *, processes: str) -> list[str]:
    """One listening socket, opened by supervisord and shared by all web processes: one may die and no connection is refused."""
    return [
        "[fcgi-program:web]",
        f"socket=tcp://{address}",
        "socket_backlog=2048",
        f"numprocs={processes}",
        "process_name=web_%(process_num)s",
        "stopwaitsecs=20",
        *_running("web_%(process_num)s", f"{_PYTHON} -m ops.web"),
    ]


def _program(name: str, command: str, *more: str, first: bool = False) -> list[str]:
    """What is `first` starts with supervisord and stops last; `up` starts the rest once the database is migrated."""
    return [f"[program:{name}]", *_running(name, command, first=first), *more]


def _running(log: str, command: str, *, first: bool = False) -> list[str]:
    return [
        f"command={command}",
        "redirect_stderr=true",
        f"stdout_logfile=var/log/{log}.log",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=3",
        f"priority={1 if first else 999}",
        f"autostart={str(first).lower()}",
        "autorestart=true",
        "startretries=1000",  # a database that restarts may take a while; giving up is for a person to decide
    ]


def _quoted(command: Sequence[str]) -> str:
    """Quote for supervisord, which splits like a shell but first expands %(...)s."""
    return " ".join("'" + part.replace("%", "%%").replace("'", "'\\''") + "'" for part in command)


class Supervisor:
    """The running supervisord of this installation, or its absence."""

    def __init__(self, url: str) -> None:
        self._server = xmlrpc.client.ServerProxy(url, transport=_ShortPatience())

    def is_running(self) -> bool:
        try:
            return self._call("getState")["statename"] == "RUNNING"
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def states(self) -> dict[str, str]:
        """Return the state by process name: RUNNING, STARTING, BACKOFF, STOPPED, FATAL."""
        return {str(process["name"]): str(process["statename"]) for process in self._call("getAllProcessInfo")}

    def start(self, env: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(CONFIG.relative_to(ROOT))]
        console.run(command, env={**env, MARK: str(VAR)}, advice="supervisord could not be started.")
        deadline = time.monotonic() + 15
        while not self.is_running():
            if time.monotonic() > deadline:
                raise CannotGoOn(f"supervisord does not answer; see {console.LOGS / 'supervisord.log'} and run this again.")
            time.sleep(0.1)

    def restart(self, groups: Iterable[str]) -> None:
        for group in groups:
            self._call("stopProcessGroup", group)
        for group in groups:
            self._call("startProcessGroup", group, False)

    def start_groups(self, groups: Iterable[str]) -> None:
        running = {name.partition("_")[0] for name, state in self.states().items() if state in ("RUNNING", "STARTING", "BACKOFF")}
        for group in groups:
            if group not in running:
                self._call("startProcessGroup", group, False)

    def stop_groups(self, groups: Iterable[str]) -> None:
        for group in groups:
            self._call("stopProcessGroup", group)

    def shut_down(self, *, timeout_s: float = 120) -> None:
        """Stop every process, the database last, and supervisord itself.

        Raises:
            CannotGoOn: something still runs after the timeout.
        """
        pid = int(self._call("getPID"))
        self._call("shutdown")
        deadline = time.monotonic() + timeout_s
        while _is_alive(pid):
            if time.monotonic() > deadline:
                raise CannotGoOn(f"supervisord (process {pid}) does not stop; see {console.LOGS / 'supervisord.log'}.")
            time.sleep(0.1)

    def _call(self, method: str, *arguments: Any) -> Any:
        return getattr(self._server.supervisor, method)(*arguments)


class _ShortPatience(xmlrpc.client.Transport):
    """Stopping a group takes as long as its processes need, but nobody waits for ever."""

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = 90
        return connection


def _is_alive(pid: int) -> bool:
    """A container's first process may never collect the dead, so a zombie counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def strays() -> list[int]:
    """Return our processes that no supervisord looks after any more."""
    mark = f"{MARK}={VAR}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:  # it ended meanwhile, or belongs to somebody else
            continue
    return found


def stop_strays(*, timeout_s: float = 30) -> int:
    """End what `strays` finds, politely and then not; return how many there were."""
    found = strays()
    for signal_, patience_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, 5)):
        for pid in strays():
            try:
                os.kill(pid, signal_)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + patience_s
        while strays() and time.monotonic() < deadline:
            time.sleep(0.2)
    return len(found)
