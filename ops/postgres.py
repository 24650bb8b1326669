"""Make and reach a private PostGIS cluster. It listens on one port of 127.0.0.1 and touches no other cluster."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ops import console, settings
from ops.console import ROOT, CannotGoOn

# `postgis` may only be created by a superuser, and the application is none; so all three are made here.
EXTENSIONS = ("postgis", "pg_trgm", "btree_gist")
# As this the application reads for customers; config.settings knows it by the same name.
PORTAL_ROLE = "gridatlas_portal"
ROLES_SQL = ROOT / "deploy" / "roles.sql"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A data folder with the addresses of its superuser and, in the application's database, of the application and of the tables' owner."""

    folder: Path
    superuser_password: str
    database_url: str
    owner_url: str

    @property
    def port(self) -> int:
        return settings.port_of(self.database_url)

    @property
    def database(self) -> str:
        return urlsplit(self.database_url).path.lstrip("/")

    @property
    def app_role(self) -> str:
        return urlsplit(self.database_url).username or ""

    @property
    def owner_role(self) -> str:
        return urlsplit(self.owner_url).username or ""

    def exists(self) -> bool:
        return (self.folder / "PG_VERSION").exists()

    def client_env(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PG")},
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "PGPASSWORD": self.superuser_password,
            "PGCONNECT_TIMEOUT": "5",
        }

    def server_command(self, *options: str) -> list[str]:
        """Return the command that runs the server in the foreground."""
        return [*as_server_user(self.folder), self._program("postgres"), "-D", str(self.folder), "-p", str(self.port), *options]

    def _program(self, name: str) -> str:
        return str(programs((self.folder / "PG_VERSION").read_text().strip() if self.exists() else None) / name)

    def client(self, name: str, *arguments: str) -> list[str]:
        return [self._program(name), *arguments]

    def stop(self, *, mode: str = "fast") -> bool:
        """Stop the server that runs on this folder; return whether there was one.

        pg_ctl knows whether the process named in the pid file is this folder's server; a stranger it leaves alone.
        """
        if not (self.folder / "postmaster.pid").exists():
            return False
        command = [*as_server_user(self.folder), self._program("pg_ctl"), "stop", "--pgdata", str(self.folder), f"--mode={mode}"]
        return subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0

    def create(self, *, initdb_options: Sequence[str] = ()) -> None:
        """Make the data folder, unless it is there: UTF-8, SCRAM passwords, no Unix socket (its path may be too long)."""
        if self.exists():
            return
        # A first attempt that was cut off leaves no PG_VERSION but files that initdb would refuse.
        shutil.rmtree(self.folder, ignore_errors=True)
        password_file = self.folder.parent / "postgres-password"
        self.folder.mkdir(mode=0o700, parents=True)
        password_file.touch(mode=0o600)
        try:
            password_file.write_text(self.superuser_password)
            if os.geteuid() == 0:
                shutil.chown(self.folder, "postgres", "postgres")
                shutil.chown(password_file, "postgres")
            command = [*as_server_user(self.folder), self._program("initdb"), "--pgdata", str(self.folder), "--username=postgres"]
            command += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C.UTF-8", *initdb_options]
            console.run(command, env=os.environ, advice="the private PostgreSQL cluster could not be made.")
        finally:
            password_file.unlink()
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(_tuning(_memory_mb()))

    def wait_until_ready(self, *, timeout_s: float = 60) -> None:
        deadline = time.monotonic() + timeout_s
        command = self.client("pg_isready", "--quiet", "--dbname=postgres")
        while subprocess.run(command, env=self.client_env(), check=False).returncode:
            if time.monotonic() > deadline:
                raise CannotGoOn(f"the private PostgreSQL did not start; see {console.LOGS / 'postgres.log'} and run this again.")
            time.sleep(0.1)

    def sql(self, script: str, *, database: str = "postgres", **variables: str) -> None:
        """Run a script as the superuser, with psql variables; its first error ends it."""
        given = [f"--set={name}={value}" for name, value in variables.items()]
        console.run(
            self.client("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", *given, f"--dbname={database}"),
            env=self.client_env(),
            stdin=script,
            advice="the private PostgreSQL refused a statement.",
        )

    def create_database(self, name: str | None = None) -> None:
        """Make the roles and the database where they are missing, and settle who owns what; see deploy/roles.sql."""
        database = name or self.database
        for url in map(urlsplit, (self.database_url, self.owner_url)):
            self.sql(
                f"""
                select 'create role {url.username} login' where not exists (select from pg_roles where rolname = '{url.username}') \\gexec
                alter role {url.username} password '{unquote(url.password or "")}';
                """
            )
        missing = f"select from pg_database where datname = '{database}'"
        self.sql(f"select 'create database {database} owner {self.owner_role}' where not exists ({missing}) \\gexec")
        self.create_extensions(database)
        self.settle_rights(database)

    def settle_rights(self, database: str) -> None:
        """Give the tables to their owner and the application the rights that it needs. Due after a restore too: backups know older rules."""
        self.sql(ROLES_SQL.read_text("utf-8"), database=database, app=self.app_role, owner=self.owner_role, portal=PORTAL_ROLE)

    def create_extensions(self, database: str) -> None:
        statements = [f"create extension if not exists {extension};" for extension in EXTENSIONS]
        self.sql("\n".join(["set client_min_messages = warning;", *statements]), database=database)


def programs(version: str | None = None) -> Path:
    """Return the folder of the server's programs: of that version, else of the newest one that has PostGIS.

    Raises:
        CannotGoOn: there is none.
    """
    found = [
        int(control.parts[-3])
        for control in Path("/usr/share/postgresql").glob("*/extension/postgis.control")
        if version in (None, control.parts[-3])
    ]
    if not found:
        raise CannotGoOn(
            f"PostgreSQL {version or 15} with PostGIS is not installed; run ./gridatlas up, or install postgresql-15-postgis-3."
        )
    return Path(f"/usr/lib/postgresql/{max(found)}/bin")


def as_server_user(folder: Path) -> list[str]:
    """Return the prefix under which PostgreSQL may run: none for an ordinary user; for root, the user `postgres`.

    A clone below /root (0700) is out of that user's reach. Then, and only then, it gets the right to pass through folders
    (CAP_DAC_READ_SEARCH, or where a container lacks that, CAP_DAC_OVERRIDE).

    Raises:
        CannotGoOn: it cannot reach the folder in any of these ways.
    """
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise CannotGoOn("the user postgres does not exist, and PostgreSQL refuses to run as root; install postgresql-15.") from None
    plain = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    for capability in ("", "dac_read_search", "dac_override"):
        prefix = [*plain, f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"] if capability else plain
        if not subprocess.run([*prefix, "test", "-O", folder], cwd="/", capture_output=True, check=False).returncode:
            return prefix
    raise CannotGoOn(f"the user postgres cannot reach {folder}; move this clone to a folder open to it, such as /srv/gridatlas.")


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def _tuning(memory_mb: int) -> str:
    """A quarter of the memory up to 1 GB: the programs and the page cache of the same machine need the rest."""
    shared_buffers_mb = max(64, min(1024, memory_mb // 4))
    return f"""
# --- GridAtlas, written once when the cluster was made; yours to edit ---
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 120
shared_buffers = {shared_buffers_mb}MB
effective_cache_size = {max(128, memory_mb // 2)}MB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
jit = off                      # tile queries are short; compiling them costs more than it saves
password_encryption = scram-sha-256
log_min_duration_statement = 1000
log_line_prefix = '%m [%p] %q%u@%d '
timezone = 'UTC'
log_timezone = 'UTC'
"""
