"""What the portal's role may read, table by table. Of a table that is not named here it reads nothing, be it made now or later.

A later table that customers shall read is granted in its own migration; tests/customers/test_row_security.py lists what may be read.
"""

from importlib import import_module

from django.conf import settings
from django.db import migrations

# 0002 let it read every table but a list, and every table to come.
before = import_module("customers.migrations.0002_row_security")

REVOKES = """
alter default privileges in schema public revoke all on tables from "{portal}";
revoke all on all tables in schema public from "{portal}";
"""
# In brackets the columns, where it is not all of them: no password hash, no e-mail address, no session's data.
READS = (
    "auth_user (id, username, first_name, last_name)",
    "customers_account",
    "customers_accountholder",
    "customers_classmembership",
    "customers_contact",
    "customers_enterprise",
    "customers_gradeperiod",
    "layers_audithead",
    "layers_auditrow",
    "layers_basemap",
    "layers_session (session_key, user_id, expire_date)",
    "layers_stream",
    "spatial_area",
    "spatial_place",
    "spatial_point",
    "spatial_pointmove",
)
WRITES = """
-- Refusals and exports are recorded inside the reading's own transaction; the first look at a layer makes its stream.
grant insert on layers_auditrow, layers_stream to "{portal}";
grant insert, update on layers_audithead to "{portal}";
"""


def grant_by_table(apps, schema_editor):
    portal = settings.DATABASE_PORTAL_ROLE
    schema_editor.execute(REVOKES.format(portal=portal))
    for table in READS:
        name, _, columns = table.partition(" ")
        schema_editor.execute(f'grant select {columns} on {name} to "{portal}"')
    schema_editor.execute(WRITES.format(portal=portal))


def grant_everything_but(apps, schema_editor):
    schema_editor.execute(before.GRANTS.format(portal=settings.DATABASE_PORTAL_ROLE, not_for_it=", ".join(before.NOT_FOR_IT)))


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_row_security"), ("layers", "0005_access_token")]
    operations = [migrations.RunPython(grant_by_table, grant_everything_but)]
