import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from ops import postgres, settings
from ops.postgres import Cluster

pytestmark = pytest.mark.db


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real cluster, in a folder that only its creator can reach and whose name needs quoting."""
    folder = tmp_path_factory.mktemp("only mine")
    folder.chmod(0o700)
    chosen = settings.with_defaults({})
    cluster = Cluster(folder=folder / "postgres", superuser_password=chosen["POSTGRES_PASSWORD"], database_url=chosen["DATABASE_URL"])
    cluster.create(initdb_options=["--no-sync"])
    with subprocess.Popen(cluster.server_command("--fsync=off"), cwd="/", stderr=subprocess.DEVNULL) as server:
        cluster.wait_until_ready()
        yield cluster
        server.send_signal(signal.SIGINT)


def _connect(cluster: Cluster, database: str | None = None):
    url = cluster.database_url.replace("postgis", "postgresql", 1)
    return psycopg2.connect(url, **({"dbname": database} if database else {}))


def test_the_application_owns_its_database_and_is_no_superuser(cluster: Cluster) -> None:
    cluster.create_database()

    with _connect(cluster) as connection, connection.cursor() as cursor:
        cursor.execute("select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user")
        assert cursor.fetchone() == (False, False, False)
        cursor.execute("create table proof (at timestamptz); drop table proof")
        cursor.execute("select extname from pg_extension order by 1")
        assert {"postgis", "pg_trgm", "btree_gist"} <= {name for (name,) in cursor.fetchall()}


def test_making_it_twice_changes_nothing(cluster: Cluster) -> None:
    made_at = (cluster.folder / "PG_VERSION").stat().st_mtime

    cluster.create()
    cluster.create_database()
    cluster.create_database()

    assert (cluster.folder / "PG_VERSION").stat().st_mtime == made_at


def test_without_the_password_nobody_gets_in(cluster: Cluster) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(host="127.0.0.1", port=cluster.port, user="postgres", password="guess", dbname="postgres")


def test_it_listens_on_no_unix_socket_and_only_on_this_machine(cluster: Cluster) -> None:
    env = cluster.client_env()
    shown = subprocess.run(
        cluster.client("psql", "-Atc", "show unix_socket_directories", "-c", "show listen_addresses", "postgres"),
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )

    assert shown.stdout == "\n127.0.0.1\n"


def test_the_password_file_of_its_making_is_gone(cluster: Cluster) -> None:
    assert [path.name for path in cluster.folder.parent.iterdir()] == ["postgres"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_as_root_the_server_runs_as_its_own_user_even_below_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "data").mkdir(parents=True)
    closed.chmod(0o700)
    shutil.chown(closed / "data", "postgres")

    prefix = postgres.as_server_user(closed / "data")

    who = subprocess.run(
        [*prefix, "sh", "-c", f"id -un; touch {closed}/data/x && echo reached"], capture_output=True, text=True, check=True
    )
    assert who.stdout == "postgres\nreached\n"
