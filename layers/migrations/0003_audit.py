"""The audit can be added to and read. Privileges refuse everything else to the application, a trigger refuses it to everybody."""
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARD = """
create function layers_refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'The audit is append-only: % on % is refused.', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger auditrow_is_append_only before update or delete on layers_auditrow
    for each statement execute function layers_refuse_audit_change();
create trigger auditrow_is_not_emptied before truncate on layers_auditrow
    for each statement execute function layers_refuse_audit_change();
insert into layers_audithead (id, seq, hash) values (1, 0, '');
"""
UNGUARD = "drop function layers_refuse_audit_change() cascade;"
# Where the application owns the tables, as in tests, the trigger guards alone.
PRIVILEGES = """
do $$
begin
    if exists (select from pg_roles where rolname = '{role}' and rolname <> current_user) then
        revoke all on layers_auditrow, layers_audithead, django_migrations from "{role}";
        grant select, insert on layers_auditrow to "{role}";
        grant select, insert, update on layers_audithead to "{role}";
        grant select on django_migrations to "{role}";
    end if;
end $$;
"""


def give_privileges(apps, schema_editor):
    schema_editor.execute(PRIVILEGES.format(role=settings.DATABASE_APP_ROLE))


class Migration(migrations.Migration):

    dependencies = [
        ("layers", "0002_layer_grants"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('seq', models.BigIntegerField(default=0)),
                ('hash', models.CharField(default='', max_length=64)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='audit_has_one_head')],
            },
        ),
        migrations.CreateModel(
            name='AuditRow',
            fields=[
                ('seq', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('actor_name', models.CharField(max_length=310)),
                ('role', models.CharField(max_length=20)),
                ('ip', models.CharField(max_length=45)),
                ('device', models.CharField(max_length=200)),
                ('request_id', models.CharField(max_length=64)),
                ('action', models.CharField(help_text='noun.verb', max_length=40)),
                ('layer', models.CharField(max_length=40)),
                ('object_id', models.CharField(max_length=80)),
                ('object_label', models.CharField(max_length=240)),
                ('area_code', models.CharField(max_length=40)),
                ('reason', models.CharField(max_length=500)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('batch', models.UUIDField(help_text='Rows of one command on many objects share it.', null=True)),
                ('hash', models.CharField(max_length=64)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['layer', 'object_id', '-seq'], name='audit_by_object'), models.Index(fields=['actor', '-seq'], name='audit_by_actor'), models.Index(fields=['action', '-seq'], name='audit_by_action'), models.Index(fields=['at'], name='audit_by_time')],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunPython(give_privileges, migrations.RunPython.noop),
    ]
