"""The journal of points can be added to and read, never changed: the database itself refuses."""

from django.db import migrations

REFUSE = """
create function spatial_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'The journal of points is append-only: % on % is refused.', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger pointmove_is_append_only before update or delete on spatial_pointmove
    for each row execute function spatial_refuse_change();
"""
ALLOW = """
drop trigger pointmove_is_append_only on spatial_pointmove;
drop function spatial_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("spatial", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
