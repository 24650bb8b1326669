"""The net beneath the predicate: what a customer's request cannot read even when nobody filters anything (S04, S05)."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.auth.models import User
from django.db import DatabaseError, ProgrammingError, connection, models, transaction
from django.test import Client
from django.utils import timezone

from customers import services
from customers.models import Account, AccountHolder, AccountQuerySet, Contact, Enterprise
from layers import access, event_log, row_security, tokens, visibility
from layers.models import AccessToken, AuditRow, Event, IdempotencyKey, LayerGrant, TileCell
from ops import settings as ops_settings
from portal.models import PasswordUsed
from spatial.models import Line, Point, PointMove
from spatial.services.points import PointCommand
from spatial.tiles import tile_at
from tests.cast import DIPOLI, MONDAY, MUSEUM, Browser, person
from tests.layers.tile_client import TileClient

pytestmark = [pytest.mark.db]
ROOT = Path(__file__).parents[2]
# Tables that tell of customers without referring to one.
BY_HAND = {Point, PointMove, Event, TileCell, AuditRow, IdempotencyKey}
# What the portal's role may read: "*" is the whole table, as far as its policies let through.
READABLE = {
    "auth_user": "first_name, id, last_name, username",
    "customers_account": "*",
    "customers_accountholder": "*",
    "customers_classmembership": "*",
    "customers_contact": "*",
    "customers_enterprise": "*",
    "customers_gradeperiod": "*",
    "layers_audithead": "*",
    "layers_auditrow": "*",
    "layers_basemap": "*",
    "layers_session": "expire_date, session_key, user_id",
    "layers_stream": "*",
    "spatial_area": "*",
    "spatial_place": "*",
    "spatial_point": "*",
    "spatial_pointmove": "*",
    # PostGIS's own, which everybody may read.
    "geography_columns": "*",
    "geometry_columns": "*",
    "spatial_ref_sys": "*",
}
WRITABLE = {"layers_audithead": ["insert", "update"], "layers_auditrow": ["insert"], "layers_stream": ["insert"]}


@pytest.fixture
def without_predicate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mistake that the net is for: every queryset of customers forgets who is asking."""
    monkeypatch.setattr(AccountQuerySet, "allowed", lambda self, user, action: self)


def tables_of_customers() -> set[str]:
    """Every model that refers to a customer, over however many steps, so that a new one is noticed."""
    found: set[type[models.Model]] = {Account, Enterprise, *BY_HAND}
    while more := {
        model
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if model not in found and isinstance(field, models.ForeignKey) and field.related_model in found
    }:
        found |= more
    return {model._meta.db_table for model in found}


@pytest.mark.django_db
def test_s04_every_table_that_tells_of_customers_is_guarded() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relkind = 'r' and relrowsecurity and relforcerowsecurity")
        guarded = {name for (name,) in cursor.fetchall()}

    assert tables_of_customers() - guarded == set(), "give it the policies of customers/migrations/0002_row_security.py"
    assert len(guarded) >= 12


@pytest.mark.django_db
def test_s04_nothing_in_the_database_reads_past_the_policies() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace"
            " and not coalesce(reloptions @> '{security_invoker=true}', false)"
        )
        # PostGIS's own, about columns and not rows.
        assert {name for (name,) in cursor.fetchall()} <= {"geography_columns", "geometry_columns"}
        cursor.execute("select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace")
        # PostGIS's own: it guesses extents from statistics; no statement of ours calls it, and the statistics are of the planner.
        assert {name for (name,) in cursor.fetchall()} <= {"st_estimatedextent"}
        cursor.execute("select rolsuper, rolbypassrls, rolcanlogin, rolinherit from pg_roles where rolname = 'gridatlas_portal'")
        assert cursor.fetchone() == (False, False, False, False)
        cursor.execute("select count(*) from pg_class where pg_get_userbyid(relowner) = 'gridatlas_portal'")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_s04_the_portals_role_may_read_what_is_listed_here_and_nothing_else() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select c.relname, case when bool_and(readable) then '*' else string_agg(attname, ', ' order by attname) filter (where readable) end
            from pg_class c
            join (select attrelid, attname, has_column_privilege('gridatlas_portal', attrelid, attnum, 'select') as readable
                  from pg_attribute where attnum > 0 and not attisdropped) a on a.attrelid = c.oid
            where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace = 'public'::regnamespace
            group by c.relname having bool_or(readable)
            """
        )
        assert dict(cursor.fetchall()) == READABLE
        cursor.execute(
            """
            select relname, array_agg(right_to order by right_to)
            from pg_class, unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as right_to
            where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace = 'public'::regnamespace
                and has_table_privilege('gridatlas_portal', pg_class.oid, right_to)
            group by relname
            """
        )
        assert dict(cursor.fetchall()) == WRITABLE


@pytest.mark.django_db
def test_s04_a_table_made_later_is_not_readable_for_the_portals_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("create table made_later (secret text)")
        cursor.execute("select has_table_privilege('gridatlas_portal', 'made_later', 'select')")
        assert cursor.fetchone() == (False,)


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["password", "email", "last_login", "is_superuser"])
def test_s04_of_people_a_customer_reads_names_and_nothing_else(holder: User, column: str) -> None:
    with row_security.reading_as(holder):
        assert User.objects.only("username").filter(pk=holder.pk).get().username == "kalle"
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            list(User.objects.values(column))


@pytest.mark.django_db
@pytest.mark.usefixtures("without_predicate")
def test_without_the_predicate_a_customer_still_finds_nothing_foreign(holder: User, museum: Account, dipoli: Account) -> None:
    browser = Browser(holder)
    everywhere = {"geometry": {"type": "Polygon", "coordinates": [[[20, 55], [30, 55], [30, 65], [20, 65], [20, 55]]]}}

    assert [row["id"] for row in browser.get("/api/v1/customers").json()["results"]] == [museum.pk]
    assert browser.get("/api/v1/customers/counts").json()["total"] == 1
    assert [browser.get(f"/api/v1/customers/{pk}{tail}").status_code for pk in (museum.pk, dipoli.pk) for tail in ("", "/history")] == [
        200,
        200,
        404,
        404,
    ]
    assert browser.post("/api/v1/customers/within", everywhere).json()["count"] == 1
    assert [row["title"] for row in browser.get("/api/v1/search", q="dipoli").json()["results"] if row["kind"] == "customer"] == []
    assert [feature["id"] for feature in browser.get("/api/v1/layers/customers/features").json()["features"]] == [museum.pk]
    assert [feature["id"] for feature in browser.get("/api/v1/layers/customers/snapshot").json()["features"]] == [museum.pk]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("without_predicate")
def test_without_the_predicate_tiles_and_streams_still_tell_nothing_foreign(holder: User, museum: Account, dipoli: Account) -> None:
    tiles = TileClient()
    try:
        found = {}
        for name, where in (("museum", MUSEUM), ("dipoli", DIPOLI)):
            x, y = tile_at(*where, 15)
            answer = tiles.get(f"/tiles/customers/15/{x}/{y}.mvt", holder)
            found[name] = [feature["id"] for feature in answer.features("customers")]
        x, y = tile_at(*DIPOLI, 8)
        clusters = tiles.get(f"/tiles/customers/8/{x}/{y}.mvt", holder).features("clusters")
    finally:
        tiles.close()
    news = event_log.read_after({"customers": 0}, 100)["customers"]
    heard = visibility.heard(holder, "customers", news.events)

    assert found == {"museum": [museum.pk], "dipoli": []}
    assert sum(feature["properties"]["n"] for feature in clusters) == 1
    assert {event.feature_id for event in news.events if event.seq in heard.whole} == {museum.pk}


@pytest.mark.django_db
@pytest.mark.usefixtures("without_predicate")
def test_without_the_predicate_a_customers_token_finds_nothing_foreign_either(holder: User, museum: Account, dipoli: Account) -> None:
    _, secret = tokens.make_token(user=holder, name="GIS", layer_ids=["customers"], days=1, at=timezone.now())

    for path in ("/api/v1/customers", "/api/v1/layers/customers/features"):
        answer = Client().get(path, headers={"Authorization": f"Bearer {secret}"}).json()
        assert [row["id"] for row in answer.get("results") or answer["features"]] == [museum.pk]


@pytest.mark.django_db
def test_the_portals_role_reads_only_what_its_person_holds(holder: User, museum: Account, dipoli: Account) -> None:
    services.move_customers(
        [PointCommand(museum.point_id, 24.94, 60.17, base_version=1)], user=access.everybody(), at=MONDAY, confirmed=True
    )

    with row_security.reading_as(holder):
        told = [
            set(Account.objects.values_list("pk", flat=True)),
            set(Point.objects.values_list("pk", flat=True)),
            set(Enterprise.objects.values_list("pk", flat=True)),
            set(Contact.objects.values_list("account_id", flat=True)),
            set(PointMove.objects.values_list("point_id", flat=True)),
            set(AccountHolder.objects.values_list("user_id", flat=True)),
            set(AuditRow.objects.values_list("object_id", flat=True)),
        ]

    assert told == [{museum.pk}, {museum.point_id}, {museum.enterprise_id}, {museum.pk}, {museum.point_id}, {holder.pk}, {str(museum.pk)}]
    assert Account.objects.count() == 2, "afterwards it is the application again"


@pytest.mark.django_db
def test_what_is_over_is_foreign_to_the_net_too(holder: User, museum: Account) -> None:
    AccountHolder.objects.update(valid_to_date="2026-01-01")

    with row_security.reading_as(holder):
        assert not Account.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "model", [Event, TileCell, IdempotencyKey, Line, AccessToken, PasswordUsed, Authenticator, SocialAccount, LayerGrant]
)
def test_of_other_tables_the_portals_role_reads_nothing(holder: User, model: type[models.Model]) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), row_security.reading_as(holder):
        model.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "update customers_account set name = 'x'",
        "delete from customers_accountholder",
        "insert into customers_accountholder select * from customers_accountholder",
    ],
)
def test_the_portals_role_writes_nothing_of_customers(holder: User, museum: Account, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), row_security.reading_as(holder), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_a_command_of_a_customer_steps_out_and_comes_back(holder: User, museum: Account, dipoli: Account) -> None:
    with row_security.reading_as(holder):
        with row_security.writing():
            assert Account.objects.count() == 2
        assert Account.objects.count() == 1
        with pytest.raises(ZeroDivisionError), row_security.writing():
            raise ZeroDivisionError
        assert Account.objects.count() == 1


@pytest.mark.django_db
def test_a_refusal_to_a_customer_is_recorded(holder: User, dipoli: Account) -> None:
    Browser(holder).get(f"/api/v1/customers/{dipoli.pk}")

    assert AuditRow.objects.filter(action="refusal", actor=holder).exists()


@pytest.fixture
def pool(tmp_path: Path, transactional_db: None) -> Iterator[str]:
    """A pgbouncer in transaction mode with one single connection to the test database; its address."""
    own = connection.settings_dict
    port = ops_settings.free_port(set())
    config = tmp_path / "pgbouncer.ini"
    users = tmp_path / "users"
    users.write_text(f'"{own["USER"]}" "{own["PASSWORD"]}"\n')
    password = f" password={own['PASSWORD']}" if own["PASSWORD"] else ""
    config.write_text(
        f"[databases]\npool = host={own['HOST']} port={own['PORT']} dbname={own['NAME']} user={own['USER']}{password}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\nauth_file = {users}\n"
        "pool_mode = transaction\ndefault_pool_size = 1\nreserve_pool_size = 0\nmax_client_conn = 20\nignore_startup_parameters = options\n"
    )
    tmp_path.chmod(0o755)
    for file in (config, users):
        file.chmod(0o644)
    assert Path("/usr/sbin/pgbouncer").exists(), "pgbouncer is not installed: run ./gridatlas test, or apt-get install pgbouncer"
    # It refuses to run as root.
    command = ["/usr/sbin/pgbouncer", *(["-u", "postgres"] if os.geteuid() == 0 else []), str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"host=127.0.0.1 port={port} dbname=pool user={own['USER']}"
        _wait_for(address)
        yield address
        process.terminate()


def _wait_for(address: str) -> None:
    for _ in range(100):
        try:
            psycopg2.connect(address).close()
        except psycopg2.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("pgbouncer did not start")


def test_s05_two_people_on_a_pool_of_one_never_see_each_others_rows(pool: str, holder: User, museum: Account, dipoli: Account) -> None:
    other = person("customer", "olli")
    AccountHolder.objects.create(user=other, account=dipoli)
    own = {holder.pk: museum.pk, other.pk: dipoli.pk}
    clients = {pk: psycopg2.connect(pool) for pk in own}
    strangers = psycopg2.connect(pool)
    people = list(own)
    backends, foreign = set(), []

    for turn in range(1000):
        pk = people[turn % 2]
        client = clients[pk]
        with client.cursor() as cursor:
            cursor.execute(row_security.becoming(pk))
            cursor.execute("select array_agg(id), min(pg_backend_pid()), current_user from customers_account")
            ids, backend, role = cursor.fetchone()
            backends.add(backend)
            foreign += [turn] if ids != [own[pk]] or role != "gridatlas_portal" else []
            match turn % 5:
                case 0:
                    with pytest.raises(psycopg2.errors.DivisionByZero):
                        cursor.execute("select 1 / 0")
                    client.rollback()
                case 1:
                    client.rollback()
                case _:
                    client.commit()
        if turn % 50 == 0:
            # Who comes next on the connection is the application, for nobody.
            with strangers.cursor() as cursor:
                cursor.execute("select current_user, coalesce(current_setting('gridatlas.person', true), '')")
                assert cursor.fetchone() == (connection.settings_dict["USER"], "")
            strangers.commit()
    for client in (*clients.values(), strangers):
        client.close()

    assert foreign == []
    assert len(backends) == 1, "that was no pool of one"


def test_s05_djangos_own_connection_is_nobodys_after_a_request_that_failed(
    transactional_db: None, holder: User, museum: Account, dipoli: Account
) -> None:
    other = person("customer", "olli")
    AccountHolder.objects.create(user=other, account=dipoli)
    browsers = [(Browser(holder), museum.pk), (Browser(other), dipoli.pk)]

    for turn in range(40):
        browser, own = browsers[turn % 2]
        assert [row["id"] for row in browser.get("/api/v1/customers").json()["results"]] == [own]
        user = browser.user
        with pytest.raises(DatabaseError), row_security.reading_as(user), connection.cursor() as cursor:
            cursor.execute("select 1 / 0")
        with connection.cursor() as cursor:
            cursor.execute("select current_user, coalesce(current_setting('gridatlas.person', true), '')")
            assert cursor.fetchone() == (connection.settings_dict["USER"], "")


@pytest.mark.unit
def test_s05_no_setting_of_a_person_outlives_its_transaction() -> None:
    sources = [path for app in ("config", "customers", "layers", "portal", "spatial", "ops", "deploy") for path in (ROOT / app).rglob("*")]
    for path in sources:
        if path.suffix in (".py", ".sql", ".sh"):
            text = path.read_text("utf-8")
            assert not re.search(r"\bset\s+(session\s+)?(gridatlas\.|role\b)", text, re.IGNORECASE), path
            for call in re.findall(r"set_config\([^)]*\)", text):
                assert call.endswith(", true)"), f"{path}: {call}"
