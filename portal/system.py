"""How the installation is: health, versions, storage, jobs, streams. What an administrator would otherwise need a shell for."""

import platform
import shutil
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import pyproj
import redis
from django.conf import settings
from django.contrib.gis.gdal import gdal_version
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Task

from layers.models import Stream
from portal import health

MAX_TABLES, MAX_FAILURES = 20, 50
FILES_COUNTED_EVERY_S = 300
# The worker looks into its queue every second; one that has not for this long is stuck or gone.
WORKER_PATIENCE_S = 30


def system_report() -> dict[str, Any]:
    """Return everything the administrators' page shows; sizes in bytes, durations in milliseconds. The number of queries is constant."""
    return {"health": _health(), "versions": _versions(), "storage": _storage(), "jobs": _jobs(), "streams": _streams()}


def _health() -> dict[str, dict[str, Any]]:
    checks = {
        "database": _database_state,
        "redis": health.redis_state,
        "migrations": health.migrations_state,
        "worker": _worker_state,
        "mapproxy": health.mapproxy_state,
    }
    return {name: _judged(check) for name, check in checks.items()}


def _judged(check: Callable[[], str]) -> dict[str, Any]:
    began = time.perf_counter()
    state = check()
    return {"ok": state == "ok", "detail": "" if state == "ok" else state, "ms": round((time.perf_counter() - began) * 1000, 1)}


def _database_state() -> str:
    _row("select 1")
    return "ok"


def _worker_state() -> str:
    # The last thing that a worker's connection did; without one, max() is null. The name is given in config/settings.py.
    [idle_s] = _row(
        "select extract(epoch from now() - max(state_change)) from pg_stat_activity"
        " where datname = current_database() and application_name = 'gridatlas qcluster'"
    )
    if idle_s is None:
        return "No worker is connected to the database: jobs are not done."
    if idle_s > WORKER_PATIENCE_S:
        return f"The worker has not looked for jobs for {int(idle_s)} seconds."
    return "ok"


def _versions() -> dict[str, str]:
    postgresql, postgis = _row("select current_setting('server_version'), postgis_lib_version()")
    return {
        "gridatlas": _own_version(),
        "python": platform.python_version(),
        "django": django.get_version(),
        "postgresql": postgresql,
        "postgis": postgis,
        "gdal": gdal_version().decode(),
        "proj": pyproj.proj_version_str,
        "redis": _redis_version(),
    }


def _own_version() -> str:
    return tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]


def _redis_version() -> str:
    patience = {"socket_timeout": health.PATIENCE_S, "socket_connect_timeout": health.PATIENCE_S}
    try:
        return str(redis.Redis.from_url(settings.REDIS_URL, **patience).info("server")["redis_version"])
    except redis.RedisError:
        return ""


def _storage() -> dict[str, Any]:
    [database_bytes] = _row("select pg_database_size(current_database())")
    with connection.cursor() as cursor:
        cursor.execute(
            # What an extension brought along (PostGIS: spatial_ref_sys) is nobody's data.
            "select relname, pg_total_relation_size(relid), n_live_tup from pg_stat_user_tables where schemaname = 'public' and not exists"
            " (select from pg_depend where classid = 'pg_class'::regclass and objid = relid and deptype = 'e') order by 2 desc limit %s",
            [MAX_TABLES],
        )
        tables = [{"name": name, "bytes": size, "rows": rows} for name, size, rows in cursor.fetchall()]
    return {
        "database_bytes": database_bytes,
        # The page asks every ten seconds; going through all the files is for once in a while.
        "files_bytes": cache.get_or_set("files_bytes", lambda: sum(_file_sizes(settings.MEDIA_ROOT)), FILES_COUNTED_EVERY_S),
        "disk_free_bytes": shutil.disk_usage(_existing(settings.VAR_DIR)).free,
        "tables": tables,
    }


def _file_sizes(folder: Path) -> Iterator[int]:
    return (file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _jobs() -> dict[str, Any]:
    now = timezone.now()
    # A job whose lock is in the future was taken by a worker: it runs, or failed and is tried again when the lock ends.
    locks = list(OrmQ.objects.values_list("lock", flat=True))
    schedules = list(Schedule.objects.order_by("next_run", "name"))
    last = Task.objects.defer("args", "kwargs", "result").in_bulk([schedule.task for schedule in schedules if schedule.task])
    failures = Failure.objects.order_by("-stopped")
    return {
        "queued": sum(lock is None or lock <= now for lock in locks),
        "running": sum(lock is not None and lock > now for lock in locks),
        "failed": failures.count(),
        "schedules": [_schedule_row(schedule, last.get(schedule.task or "")) for schedule in schedules],
        "failures": [
            {"id": job.pk, "name": job.func, "at": _iso(job.stopped), "error": _last_line(job.result)} for job in failures[:MAX_FAILURES]
        ],
    }


def _schedule_row(schedule: Schedule, last: Task | None) -> dict[str, Any]:
    return {
        "name": schedule.name or schedule.func,
        "next_run": _iso(schedule.next_run),
        "last_run": _iso(last.stopped) if last else None,
        "last_ok": last.success if last else None,
    }


def _last_line(result: Any) -> str:
    """Return the error of a failed job: of a traceback its last line, which names it."""
    lines = str(result or "").strip().splitlines()
    return lines[-1][:300] if lines else ""


def _streams() -> list[dict[str, Any]]:
    streams = Stream.objects.annotate(kept=Count("events"), oldest_at=Min("events__at")).order_by("key")
    return [
        {"key": row.key, "seq": row.seq, "epoch": str(row.epoch), "events": row.kept, "oldest_at": _iso(row.oldest_at)} for row in streams
    ]


def _row(sql: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def _iso(at: Any) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
