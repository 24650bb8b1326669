"""The commands of ./gridatlas, one function each; a command returns its exit code."""

import errno
import functools
import hashlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ops import backup, console, redis, settings, supervision, testing
from ops.console import LOGS, ROOT, VAR, CannotGoOn, say
from ops.postgres import Cluster
from ops.supervision import SERVING, Supervisor

SETTINGS = VAR / "env"
STAMPS = VAR / "stamps"
MAPPROXY_CONFIG = VAR / "mapproxy" / "mapproxy.yaml"
ACCOUNTS = VAR / "demo-accounts.json"
CODE = ("analytics", "config", "customers", "incidents", "layers", "mapproxy", "ops", "portal", "spatial")
# File names on the command line are meant from where the person stands.
CALLED_FROM = Path(os.environ.get("GRIDATLAS_CALLED_FROM", ROOT))
OWNER_COMMANDS = ("migrate", "trim_audit", "build_tiles")
READY_TIMEOUT_S = 90
HOPELESS_AFTER_S = 20


class Installation:
    """This clone's settings, and the cluster and processes that they name."""

    def __init__(self) -> None:
        self.settings = settings.read(SETTINGS)
        self.env = settings.environment(self.settings, VAR)
        self.cluster = Cluster(
            folder=VAR / "postgres",
            superuser_password=self.settings["POSTGRES_PASSWORD"],
            database_url=self.settings["DATABASE_URL"],
            owner_url=settings.owner_url(self.settings),
        )
        self.supervisor = Supervisor(self.settings["SUPERVISOR_URL"])
        self.address = f"http://localhost:{self.settings['GRIDATLAS_PORT']}"

    def manage(self, *arguments: str, advice: str) -> None:
        console.run([sys.executable, "manage.py", *arguments], env=self.manage_env(*arguments), advice=advice)

    def manage_env(self, *arguments: str) -> dict[str, str]:
        """Return the environment of a command of manage.py: the tables' owner for what changes tables, else the application."""
        if not arguments or arguments[0] not in OWNER_COMMANDS:
            return self.env
        return {**self.env, "DATABASE_URL": self.cluster.owner_url, "DATABASE_APP_ROLE": self.cluster.app_role}

    def readiness(self) -> tuple[bool, str]:
        """Ask /readyz; return whether it is green, and its own words."""
        host = self.settings["GRIDATLAS_HOST"].replace("0.0.0.0", "127.0.0.1")  # noqa: S104 (compared, not bound)
        connection = http.client.HTTPConnection(host, int(self.settings["GRIDATLAS_PORT"]), timeout=10)
        try:
            connection.request("GET", "/readyz", headers={"Host": f"localhost:{self.settings['GRIDATLAS_PORT']}"})
            answer = connection.getresponse()
            return answer.status == 200, answer.read(2000).decode("utf-8", "replace").strip()
        except (OSError, http.client.HTTPException) as why:
            return False, f"no answer ({why})"
        finally:
            connection.close()


def up(*options: str) -> int:
    _complete_settings()
    here = Installation()
    if here.supervisor.is_running() and _changed("processes", _processes(here)):
        say("Settings have changed: stopping everything first")
        _stop(here)
    if not here.supervisor.is_running():
        here = _start_backing(here)
        MAPPROXY_CONFIG.unlink(missing_ok=True)  # GRIDATLAS_BASEMAPS or an upstream's key may have changed
    _load(here, with_demo="--empty" not in options)
    _start_serving(here)
    _print_address(here)
    return 0


def _complete_settings() -> None:
    """Choose what is missing, and take the port that the caller asks for."""
    chosen = settings.with_defaults(settings.read(SETTINGS))
    port = os.environ.get("GRIDATLAS_PORT", chosen["GRIDATLAS_PORT"])
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise CannotGoOn(f"GRIDATLAS_PORT is '{port}'; give a number from 1 to 65535.")
    settings.write(SETTINGS, {**chosen, "GRIDATLAS_PORT": port})
    for folder in ("media", "mapproxy"):
        (VAR / folder).mkdir(mode=0o700, exist_ok=True)


def _processes(here: Installation) -> tuple[str, dict[str, str]]:
    """Return all that supervisord hands to its processes and only a new supervisord can change."""
    config = supervision.render(here.settings, postgres=here.cluster.server_command())
    return config, {name: here.env[name] for name in sorted(settings.known_names(ROOT / ".env.example") & here.env.keys())}


def _start_backing(here: Installation) -> Installation:
    """Start supervisord with the database and Redis, on ports that are free now."""
    left_behind = _stop_left_behind(here)
    if left_behind:
        say(f"Stopped {left_behind} processes that an earlier run had left behind")
        _wait_for_own_port(here)
    _check_own_port(here)
    _move_busy_ports()
    here = Installation()
    if not here.cluster.exists():
        say("Database: making a private PostgreSQL cluster in var/postgres")
        here.cluster.create()
    redis.write_config(VAR / "redis" / "redis.conf", here.settings["REDIS_URL"])
    supervision.CONFIG.touch(mode=0o600)
    supervision.CONFIG.write_text(_processes(here)[0], "utf-8")
    say(f"Starting PostgreSQL on port {here.cluster.port} and Redis on port {settings.port_of(here.settings['REDIS_URL'])}")
    here.supervisor.start(here.env)
    here.cluster.wait_until_ready()
    here.cluster.create_database()
    _remember("processes", _processes(here))
    return here


def _wait_for_own_port(here: Installation) -> None:
    """Give a killed process the moment that it needs to let go of its port."""
    host, port = here.settings["GRIDATLAS_HOST"], int(here.settings["GRIDATLAS_PORT"])
    until = time.monotonic() + 10
    while not settings.is_free(port, host) and time.monotonic() < until:
        time.sleep(0.1)


def _check_own_port(here: Installation) -> None:
    host, port = here.settings["GRIDATLAS_HOST"], int(here.settings["GRIDATLAS_PORT"])
    if settings.is_free(port, host):
        return
    if port < 1024 and os.geteuid() != 0:
        raise CannotGoOn(
            f"only root may use port {port}; choose another, for example GRIDATLAS_PORT={settings.DEFAULT_PORT} ./gridatlas up."
        )
    raise CannotGoOn(f"port {port} is in use by another program; choose another, for example GRIDATLAS_PORT={port + 10} ./gridatlas up.")


def _move_busy_ports() -> None:
    """While we were down somebody may have taken a port of ours; nobody else relies on these, so choose another."""
    own = settings.read(SETTINGS)
    urls = {name: own[name] for name in ("DATABASE_URL", "REDIS_URL", "MAPPROXY_URL", "SUPERVISOR_URL")}
    taken = {settings.port_of(url) for url in urls.values()}
    moved = {
        name: settings.with_port(url, settings.free_port(taken))
        for name, url in urls.items()
        if not settings.is_free(settings.port_of(url))
    }
    if moved:
        settings.write(SETTINGS, {**own, **moved})


def _load(here: Installation, *, with_demo: bool) -> None:
    """Bring the database to what this version of the code expects, and load the demo once."""
    migrated = _changed("code", _code())
    if migrated:
        say("Database: migrating")
        here.cluster.create_database()  # an older version may have made it, with other rights
        here.manage("migrate", "--no-input", advice="the database could not be migrated, so the map was not started.")
        here.manage("schedule_jobs", advice="the daily jobs could not be scheduled.")
    if with_demo and not (STAMPS / "demo").exists():
        say("Demo: loading it, unless there are customers already")
        here.manage("load_demo", "--if-empty", advice="the demo could not be loaded; ./gridatlas up --empty starts without it.")
        (STAMPS / "demo").touch()
    if with_demo and not ACCOUNTS.exists():
        here.manage("demo_accounts", "--write", str(ACCOUNTS), advice="the demo accounts could not be made.")
        ACCOUNTS.chmod(0o600)
    if migrated or not MAPPROXY_CONFIG.exists():
        here.manage("write_mapproxy_config", advice="MapProxy's configuration could not be written.")


def _start_serving(here: Installation) -> None:
    if _changed("code", _code()):
        say("Starting web, worker and mapproxy")
        here.supervisor.restart(SERVING)
    else:
        here.supervisor.start_groups(SERVING)
    _wait_until_ready(here)
    _remember("code", _code())


def _wait_until_ready(here: Installation) -> None:
    """Poll /readyz; give up early when every web process has fallen over again and again."""
    started = time.monotonic()
    while True:
        ready, words = here.readiness()
        if ready:
            return
        waited_s = time.monotonic() - started
        web = {state for name, state in here.supervisor.states().items() if name.startswith("web")}
        if waited_s > READY_TIMEOUT_S or (waited_s > HOPELESS_AFTER_S and web == {"BACKOFF"}):
            console.show_end(LOGS / "web_0.log")
            raise CannotGoOn(
                f"GridAtlas is not ready after {waited_s:.0f} s ({words}); see ./gridatlas logs web, mend it, and run up again."
            )
        time.sleep(0.2)


def _print_address(here: Installation) -> None:
    say(f"Ready: {here.address}")
    if not ACCOUNTS.exists():
        print("There are no demo accounts; make yours with: ./gridatlas manage createsuperuser")
        return
    accounts = json.loads(ACCOUNTS.read_text("utf-8"))
    print(f"\n{'account':<16} {'password':<24} role")
    for name, account in accounts.items():
        print(f"{name:<16} {account['password']:<24} {account['role']}")
    print(f"(also in {ACCOUNTS.relative_to(ROOT)})")


@functools.cache
def _code() -> str:
    """Return a fingerprint of everything that the running processes have read at their start."""
    digest = hashlib.sha256((ROOT / "requirements" / "base.lock").read_bytes())
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in {".py", ".html", ".mo", ".json", ".yaml"}:
                digest.update(f"{path}\0".encode() + path.read_bytes())
    manifest = ROOT / "frontend" / "dist" / ".vite" / "manifest.json"
    digest.update(manifest.read_bytes() if manifest.exists() else b"")
    return digest.hexdigest()


def _changed(stamp: str, *state: object) -> bool:
    path = STAMPS / stamp
    return not path.exists() or path.read_text("utf-8") != _digest(state)


def _remember(stamp: str, *state: object) -> None:
    (STAMPS / stamp).write_text(_digest(state), "utf-8")


def _digest(state: object) -> str:
    return hashlib.sha256(repr(state).encode()).hexdigest()


def down() -> int:
    here = Installation()
    if _stop(here):
        say("Everything is stopped; the data stays in var/")
    else:
        say("Nothing was running")
    return 0


def _stop(here: Installation) -> int:
    """Stop all that this installation runs; return 0 when there was nothing."""
    stopped = 0
    if here.supervisor.is_running():
        say("Stopping: map and jobs first, the database last")
        here.supervisor.shut_down()
        stopped = 1
    return stopped + _stop_left_behind(here)


def _stop_left_behind(here: Installation) -> int:
    """Stop what a killed supervisord has left; return how many processes, the database counted as one."""
    return int(here.cluster.stop()) + supervision.stop_strays()


def status() -> int:
    here = Installation()
    if not here.supervisor.is_running():
        print("GridAtlas is not running; start it with ./gridatlas up.")
        return 3
    states = here.supervisor.states()
    for name, state in states.items():
        print(f"{name:<10} {state.lower()}")
    ready, words = here.readiness()
    print(f"{'ready' if ready else 'not ready':<10} {here.address}\n{words}")
    return 0 if ready and set(states.values()) == {"RUNNING"} else 1


def logs(*arguments: str) -> int:
    options = [argument for argument in arguments if argument.startswith("-")]
    names = [argument for argument in arguments if not argument.startswith("-")] or ["*"]
    files = [str(path) for name in names for path in sorted(LOGS.glob(f"{name}*.log"))]
    if not files:
        known = ", ".join(sorted({path.stem.partition("_")[0] for path in LOGS.glob("*.log")}))
        raise CannotGoOn(f"there is no log '{' '.join(names)}'; there are: {known}.")
    return subprocess.run(["tail", "-n", "100" if arguments else "10", *options, *files], check=False).returncode


def manage(*arguments: str) -> int:
    here = Installation()
    os.chdir(CALLED_FROM)
    os.execve(sys.executable, [sys.executable, str(ROOT / "manage.py"), *arguments], here.manage_env(*arguments))  # noqa: S606 (the caller's own words)


def backup_(*arguments: str) -> int:
    overwrite = "--force" in arguments
    target = _one_file("backup", tuple(argument for argument in arguments if argument != "--force"))
    here = _running()
    say(f"Saving the database and the uploaded files to {target}")
    size = backup.save(here.cluster, Path(here.env["MEDIA_ROOT"]), target, overwrite=overwrite)
    say(f"Saved: {size / 1e6:.1f} MB. The secrets of var/env are not in it; keep them apart.")
    return 0


def restore(*arguments: str) -> int:
    source = _one_file("restore", arguments)
    if not source.exists():
        raise CannotGoOn(f"there is no file {source}.")
    here = _running()
    say(f"Reading {source}")
    with backup.unpacked(here.cluster, source) as folder:
        say("Stopping web, worker and mapproxy")
        here.supervisor.stop_groups(SERVING)
        try:
            say("Restoring")
            backup.load(here.cluster, Path(here.env["MEDIA_ROOT"]), folder)
            (STAMPS / "code").unlink(missing_ok=True)  # the backup may be older than this code
            _load(here, with_demo=False)
            # The cursors that browsers hold count events which the restored database never had.
            here.manage("void_cursors", advice="open maps could not be told to load afresh; run ./gridatlas manage void_cursors.")
        finally:
            _start_serving(here)
    say(f"Restored. What was there before is kept in the database {backup.FORMER_DATABASE} until the next restore.")
    say("Everybody must sign in again.")
    return 0


def _one_file(command: str, arguments: tuple[str, ...]) -> Path:
    if len(arguments) != 1:
        raise CannotGoOn(f"say which file: ./gridatlas {command} FILE.")
    return (CALLED_FROM / arguments[0]).resolve()


def _running() -> Installation:
    here = Installation()
    if not here.supervisor.is_running():
        raise CannotGoOn("GridAtlas is not running; start it with ./gridatlas up first.")
    return here


COMMANDS: dict[str, Callable[..., int]] = {
    "up": up,
    "down": down,
    "status": status,
    "logs": logs,
    "manage": manage,
    "backup": backup_,
    "restore": restore,
    "test": testing.test,
    "bench": testing.bench,
}


def main() -> int:
    try:
        code = COMMANDS[sys.argv[1]](*sys.argv[2:])
        sys.stdout.flush()
    except CannotGoOn as why:
        sys.stdout.flush()
        print(f"gridatlas: {why}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of `./gridatlas status | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as why:
        hint = "; free some space and run this again" if why.errno == errno.ENOSPC else ""
        print(f"gridatlas: {why}{hint}. The log is {console.SETUP_LOG}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    else:
        return code


if __name__ == "__main__":
    sys.exit(main())
