#!/bin/sh
# Runs once, when the volume is new: the application's role owns its database and is no superuser.
# Keep the extensions the same as in ops/postgres.py.
set -eu
psql --username postgres --set=ON_ERROR_STOP=1 --set=password="$DATABASE_PASSWORD" <<'SQL'
create role gridatlas login password :'password';
create database gridatlas owner gridatlas;
\connect gridatlas
create extension if not exists postgis;
create extension if not exists pg_trgm;
create extension if not exists btree_gist;
SQL
