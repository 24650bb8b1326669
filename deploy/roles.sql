-- Three roles: one owns the tables and migrates them, one is the application's and can do no more than it needs, and as the third
-- the application reads for people who only see what they hold (row-level security: docs/decisions/0013-row-level-security.md).
-- Run by a superuser inside the application's database, with the psql variables app, owner and portal; safe to run again.
-- It also turns an older installation, whose application owned everything, into this one. Used by ops/postgres.py and create-database.sh.
begin;
set local client_min_messages = warning;

-- Handing over takes the application's rights away, so this and the grants below are one transaction: nothing fails in between.
select format('reassign owned by %I to %I', :'app', :'owner')
where exists (select from pg_class where relowner = (select oid from pg_roles where rolname = :'app') and relpersistence <> 't') \gexec
select format('alter database %I owner to %I', current_database(), :'owner') \gexec

select format('create role %I nologin noinherit', :'portal') where not exists (select from pg_roles where rolname = :'portal') \gexec
-- The application becomes it for a transaction at a time. That it also inherits is harmless: "true or what the portal may see" is true,
-- and the planner drops it.
grant :"portal" to :"app";
-- It reads what migrations grant it, table by table; an older version let it read every table to come.
select format('alter default privileges for role %I in schema public revoke all on tables from %I', pg_get_userbyid(defaclrole), :'portal')
from pg_default_acl
where defaclnamespace = 'public'::regnamespace and defaclobjtype = 'r'
    and exists (select from aclexplode(defaclacl) where grantee = (select oid from pg_roles where rolname = :'portal')) \gexec
-- It compares boxes and tells nothing of them. Without this no index on a position serves a query that row-level security guards.
select 'alter function geometry_overlaps(geometry, geometry) leakproof'
where to_regprocedure('geometry_overlaps(geometry, geometry)') is not null \gexec

grant usage on schema public to :"app";
alter default privileges for role :"owner" in schema public grant select, insert, update, delete on tables to :"app";
alter default privileges for role :"owner" in schema public grant usage, select, update on sequences to :"app";
select format('grant select, insert, update, delete on %I.%I to %I', schemaname, tablename, :'app')
from pg_tables where schemaname = 'public' and tableowner = :'owner' \gexec
select format('grant usage, select, update on sequence %I.%I to %I', schemaname, sequencename, :'app')
from pg_sequences where schemaname = 'public' and sequenceowner = :'owner' \gexec

-- What the application may not even do to its own tables: change the audit, or say which migrations were applied.
select format('revoke all on public.%I from %I', name, :'app') || '; ' || format('grant %s on public.%I to %I', rights, name, :'app')
from (values ('layers_auditrow', 'select, insert'), ('layers_audithead', 'select, insert, update'), ('django_migrations', 'select'))
    as kept (name, rights)
where to_regclass('public.' || name) is not null \gexec
commit;
