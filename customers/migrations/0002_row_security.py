"""Row-level security on every table that tells of customers: the application reads all, the portal's role what its person holds.

A new table that refers to customers needs the same; tests/customers/test_row_security.py notices one that lacks it.
"""

from django.conf import settings
from django.db import migrations

# Made here where the migrator may; else deploy/roles.sql has made it, and made the application a member.
ROLE = """
do $$
begin
    if not exists (select from pg_roles where rolname = '{portal}') then
        create role "{portal}" nologin noinherit;
    end if;
exception when duplicate_object or unique_violation then
    null;  -- roles belong to the whole cluster, and another database of it is migrated at this moment
when insufficient_privilege then
    raise exception 'The role {portal} is missing and may not be made here: run deploy/roles.sql as a superuser first.';
end $$;
"""

# Of everything else the portal's role may read what the application reads; of these nothing.
NOT_FOR_IT = (
    "mfa_authenticator", "django_admin_log", "django_migrations", "django_q_ormq", "django_q_schedule", "django_q_task", "layers_idempotencykey",
    "spatial_feeder", "spatial_line", "spatial_network", "spatial_station", "spatial_substation",
)  # fmt: skip
GRANTS = """
grant usage on schema public to "{portal}";
alter default privileges in schema public grant select on tables to "{portal}";
grant select on all tables in schema public to "{portal}";
revoke all on {not_for_it} from "{portal}";
-- Refusals and exports are recorded inside the reading's own transaction; the first look at a layer makes its stream.
grant insert on layers_auditrow, layers_stream to "{portal}";
grant insert, update on layers_audithead to "{portal}";
"""

PERSON = "(select nullif(current_setting('gridatlas.person', true), '')::integer)"
TODAY = "(now() at time zone coalesce(nullif(current_setting('gridatlas.zone', true), ''), 'UTC'))::date"
# As arrays, so that they are read once per statement and serve the indexes. Each builds on the policy of the table it reads.
HELD = f"any(array(select account_id from customers_accountholder where valid_to_date is null or valid_to_date > {TODAY}))"
ACCOUNTS = "any(array(select id from customers_account))"
POINTS = "any(array(select point_id from customers_account))"
# What the portal's person may read of each table; "" is nothing.
READABLE = {
    "customers_accountholder": f"user_id = {PERSON}",
    "customers_account": f"id = {HELD}",
    "customers_enterprise": "id = any(array(select enterprise_id from customers_account))",
    "customers_contact": f"account_id = {ACCOUNTS}",
    "customers_gradeperiod": f"account_id = {ACCOUNTS}",
    "customers_classmembership": f"account_id = {ACCOUNTS}",
    "spatial_point": f"id = {POINTS}",
    "spatial_pointmove": f"point_id = {POINTS}",
    "layers_auditrow": "layer = 'customers' and object_id = any(array(select id::text from customers_account))",
    "layers_session": f"user_id = {PERSON}",
    "layers_idempotencykey": "",
    "layers_event": "",
    "layers_tilecell": "",
}
SECURE = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy everything_for_the_application on {table} to {application} using (true) with check (true);
"""
READ = 'create policy what_its_person_holds on {table} for select to "{portal}" using ({condition});'
WRITE = 'create policy deeds_are_recorded on layers_auditrow for insert to "{portal}" with check (actor_id = {person});'
UNSECURE = """
drop policy everything_for_the_application on {table};
drop policy if exists what_its_person_holds on {table};
drop policy if exists deeds_are_recorded on {table};
alter table {table} no force row level security;
alter table {table} disable row level security;
"""


def secure(apps, schema_editor):
    portal = settings.DATABASE_PORTAL_ROLE
    schema_editor.execute(ROLE.format(portal=portal))
    schema_editor.execute(GRANTS.format(portal=portal, not_for_it=", ".join(NOT_FOR_IT)))
    for table, condition in READABLE.items():
        schema_editor.execute(SECURE.format(table=table, application=_application(schema_editor)))
        if condition:
            schema_editor.execute(READ.format(table=table, portal=portal, condition=condition))
    schema_editor.execute(WRITE.format(portal=portal, person=PERSON))


def _application(schema_editor) -> str:
    """Return the roles of the application: who owns the tables, and, where that is another one, as whom the programs connect."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("select quote_ident(rolname) from pg_roles where rolname in (current_user, %s)", [settings.DATABASE_APP_ROLE])
        return ", ".join(name for (name,) in cursor.fetchall())


def unsecure(apps, schema_editor):
    for table in READABLE:
        schema_editor.execute(UNSECURE.format(table=table))


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("layers", "0004_session"),
        ("spatial", "0002_append_only_journal"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("django_q", "0018_task_success_index"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]
    operations = [migrations.RunPython(secure, unsecure)]
