#!/bin/sh
# Runs once, when the volume is new: one role owns the tables, the application's own only uses them; no role is a superuser.
# Keep the extensions the same as in ops/postgres.py. On a volume from before there were two roles, run this once by hand:
#   docker compose exec postgis sh /docker-entrypoint-initdb.d/create-database.sh
set -eu
psql --username postgres --set=ON_ERROR_STOP=1 --set=password="$DATABASE_PASSWORD" --set=owner_password="$DATABASE_OWNER_PASSWORD" <<'SQL'
select format('create role %I login', name) from unnest(array['gridatlas', 'gridatlas_owner']) as name
where not exists (select from pg_roles where rolname = name) \gexec
alter role gridatlas password :'password';
alter role gridatlas_owner password :'owner_password';
select 'create database gridatlas owner gridatlas_owner' where not exists (select from pg_database where datname = 'gridatlas') \gexec
\connect gridatlas
create extension if not exists postgis;
create extension if not exists pg_trgm;
create extension if not exists btree_gist;
SQL
psql --username postgres --dbname=gridatlas --set=ON_ERROR_STOP=1 --set=app=gridatlas --set=owner=gridatlas_owner --set=portal=gridatlas_portal --file=/roles.sql
