import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from ops import postgres, settings
from ops.postgres import Cluster

pytestmark = pytest.mark.db
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real cluster, in a folder that only its creator can reach and whose name needs quoting."""
    folder = tmp_path_factory.mktemp("only mine")
    folder.chmod(0o700)
    chosen = settings.with_defaults({})
    cluster = Cluster(
        folder=folder / "postgres",
        superuser_password=chosen["POSTGRES_PASSWORD"],
        database_url=chosen["DATABASE_URL"],
        owner_url=settings.owner_url(chosen),
    )
    cluster.create(initdb_options=["--no-sync"])
    with subprocess.Popen(cluster.server_command("--fsync=off"), cwd="/", stderr=subprocess.DEVNULL) as server:
        cluster.wait_until_ready()
        yield cluster
        server.send_signal(signal.SIGINT)


def _connect(cluster: Cluster, database: str | None = None, *, as_owner: bool = False):
    url = (cluster.owner_url if as_owner else cluster.database_url).replace("postgis", "postgresql", 1)
    return psycopg2.connect(url, **({"dbname": database} if database else {}))


@pytest.mark.parametrize("as_owner", [False, True])
def test_neither_role_is_a_superuser(cluster: Cluster, as_owner: bool) -> None:
    cluster.create_database()

    with _connect(cluster, as_owner=as_owner) as connection, connection.cursor() as cursor:
        cursor.execute("select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user")
        assert cursor.fetchone() == (False, False, False, False)
        cursor.execute("select extname from pg_extension order by 1")
        assert {"postgis", "pg_trgm", "btree_gist"} <= {name for (name,) in cursor.fetchall()}


def test_s04_the_application_owns_nothing_and_cannot_make_tables(cluster: Cluster) -> None:
    cluster.create_database()

    with _connect(cluster, as_owner=True) as connection, connection.cursor() as cursor:
        cursor.execute("create table proof (at timestamptz); drop table proof")
    with (
        _connect(cluster) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege, match="schema public"),
    ):
        cursor.execute("create table proof (at timestamptz)")


@pytest.fixture(scope="module")
def migrated(cluster: Cluster) -> Cluster:
    """The application's tables, made by their owner as `up` makes them, and one row of the audit, written by the application."""
    cluster.create_database()
    _manage(cluster, "migrate", "--no-input", "-v", "0", as_owner=True)
    record = """
from datetime import UTC, datetime
from django.db import transaction
from layers import audit
with transaction.atomic():
    audit.record([audit.Deed("test.write")], user=None, at=datetime.now(UTC))
"""
    _manage(cluster, "shell", "-v", "0", "-c", record)
    return cluster


def _manage(cluster: Cluster, *arguments: str, as_owner: bool = False) -> str:
    env = {**os.environ, "DATABASE_URL": cluster.owner_url if as_owner else cluster.database_url, "DATABASE_APP_ROLE": cluster.app_role}
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize(
    "statement",
    [
        "update layers_auditrow set reason = 'never happened'",
        "delete from layers_auditrow",
        "truncate layers_auditrow",
        "drop table layers_auditrow",
        "alter table layers_auditrow disable trigger all",
        "drop trigger auditrow_is_append_only on layers_auditrow",
        "create or replace function layers_refuse_audit_change() returns trigger language plpgsql as 'begin return null; end'",
        "delete from layers_audithead",
        "insert into django_migrations (app, name, applied) values ('layers', '9999', now())",
        "set session_replication_role = replica",
        "set role gridatlas_owner",
    ],
)
def test_s69_the_application_cannot_change_the_audit_nor_its_guards(migrated: Cluster, statement: str) -> None:
    with (
        _connect(migrated) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(statement)


def test_s69_even_the_owner_is_refused_by_the_trigger(migrated: Cluster) -> None:
    for statement in ("update layers_auditrow set reason = ''", "delete from layers_auditrow", "truncate layers_auditrow"):
        with (
            _connect(migrated, as_owner=True) as connection,
            connection.cursor() as cursor,
            pytest.raises(psycopg2.errors.RestrictViolation, match="append-only"),
        ):
            cursor.execute(statement)


def test_s69_the_application_verifies_the_audit_and_the_owner_alone_trims_it(migrated: Cluster) -> None:
    assert "rows verify" in _manage(migrated, "check_audit")
    assert _manage(migrated, "trim_audit", as_owner=True).startswith("0 rows")


def test_s04_no_role_of_the_application_gets_past_row_security(migrated: Cluster) -> None:
    with _connect(migrated) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select rolname, rolsuper, rolbypassrls, rolcreaterole,"
            " exists (select from pg_class c where c.relowner = r.oid) from pg_roles r where rolname in (current_user, 'gridatlas_portal')"
        )
        assert sorted(cursor.fetchall()) == [
            ("gridatlas", False, False, False, False),
            ("gridatlas_portal", False, False, False, False),
        ]
        cursor.execute("select count(*) from pg_class where relrowsecurity and relforcerowsecurity")
        assert cursor.fetchone()[0] >= 12
        cursor.execute("select proleakproof from pg_proc where oid = 'geometry_overlaps(geometry, geometry)'::regprocedure")
        assert cursor.fetchone() == (True,)


def test_row_security_costs_the_application_nothing(migrated: Cluster) -> None:
    with _connect(migrated) as connection, connection.cursor() as cursor:
        cursor.execute("explain select * from customers_account join spatial_point p on p.id = point_id where p.geom && p.geom")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "accountholder" not in plan and "SubPlan" not in plan and "InitPlan" not in plan


def test_s04_the_application_becomes_the_portals_role_and_reads_nothing_for_nobody(migrated: Cluster) -> None:
    statement = "insert into customers_enterprise (name, uscc) values ('Harbour hospital', '') on conflict do nothing"
    with _connect(migrated) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("select count(*) from customers_enterprise")
        assert cursor.fetchone() == (1,)
        cursor.execute("select set_config('role', 'gridatlas_portal', true)")
        cursor.execute("select count(*) from customers_enterprise")
        assert cursor.fetchone() == (0,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)
        connection.rollback()


def test_settling_rights_again_gives_nothing_back(migrated: Cluster) -> None:
    migrated.create_database()

    test_s69_the_application_cannot_change_the_audit_nor_its_guards(migrated, "update layers_auditrow set reason = ''")


def test_an_installation_whose_application_owned_everything_is_converted_once(cluster: Cluster) -> None:
    cluster.create_database()
    cluster.sql("create database before owner gridatlas;")
    cluster.create_extensions("before")
    with _connect(cluster, "before") as connection, connection.cursor() as cursor:
        cursor.execute("create table site (id bigserial primary key, name text); insert into site (name) values ('Harbour hospital')")
        # As migrations did, before the portal's role was granted each table by itself.
        cursor.execute("alter default privileges in schema public grant select on tables to gridatlas_portal")

    cluster.create_database("before")
    cluster.create_database("before")

    with _connect(cluster, "before") as connection, connection.cursor() as cursor:
        cursor.execute("insert into site (name) values ('Opera'); update site set name = upper(name)")
        cursor.execute("select name from site order by id")
        assert cursor.fetchall() == [("HARBOUR HOSPITAL",), ("OPERA",)]
        cursor.execute("select tableowner from pg_tables where tablename = 'site'")
        assert cursor.fetchone() == ("gridatlas_owner",)
        cursor.execute("select count(*) from pg_default_acl where defaclacl::text like '%gridatlas_portal%'")
        assert cursor.fetchone() == (0,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="must be owner"):
            cursor.execute("drop table site")


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
