"""Work about layers that the worker does: by the schedule of `schedule_jobs`, or, a large export, because a person asked for it."""

import uuid
from datetime import timedelta

import structlog
from django.utils import timezone
from django_q.tasks import async_task

from layers import audit, basemap_uploads, exports
from layers.importing import services as importing
from layers.importing import working
from layers.models import IdempotencyKey, Session

log = structlog.get_logger()
# A tablet may come back with its commands after a long weekend; after two weeks a key is no longer expected.
KEEP_ANSWERS = timedelta(days=14)
# So long an import of a network can be taken back, and its file is kept.
KEEP_IMPORTS = timedelta(days=90)


def forget_old_answers() -> str:
    """Delete stored answers of write commands older than KEEP_ANSWERS."""
    forgotten, _ = IdempotencyKey.objects.filter(at__lt=timezone.now() - KEEP_ANSWERS).delete()
    return f"{forgotten} stored answers forgotten."


def forget_old_sessions() -> str:
    """Delete sessions that have run out; nobody can use them any more."""
    forgotten, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return f"{forgotten} expired sessions forgotten."


def forget_old_exports() -> str:
    """Delete files whose time is over."""
    return f"{exports.forget_old(timezone.now())} old exports forgotten."


def write_export(export_id: str, ip: str, device: str) -> str:
    """Write the file that a person asked for; running it again after an interruption begins anew."""
    with audit.coming_from(audit.Origin(ip, device)):
        return exports.finish_export(uuid.UUID(export_id), at=timezone.now())


def make_basemap(upload_id: str, ip: str = "", device: str = "job make_basemap") -> str:
    """Make a basemap of a file that a person sent; running it again after an interruption begins anew."""
    with audit.coming_from(audit.Origin(ip, device)):
        return basemap_uploads.work(uuid.UUID(upload_id), clock=timezone.now)


def resume_basemaps() -> str:
    """Go on with basemaps whose worker was killed; due every minute."""
    # One a time: together they would outlast what a job may take. The next minute has its own.
    lost = basemap_uploads.interrupted(at=timezone.now())[:1]
    for upload_id in lost:
        make_basemap(str(upload_id))
    return f"{len(lost)} basemaps resumed."


def forget_old_uploads() -> str:
    """Delete files that were to become basemaps and that nobody finished or mended."""
    return f"{basemap_uploads.forget_old(at=timezone.now())} unfinished basemaps forgotten."


def check_audit() -> str:
    """Verify the audit's chain; a broken one is an error in the log, which an operator watches."""
    verdict = audit.check()
    if verdict.problem:
        log.error("audit_broken", seq=verdict.broken_seq, problem=verdict.problem)
    return verdict.problem or f"{verdict.rows} rows verify; the last is {verdict.last_seq} with {verdict.hash}."


def run_network_import(batch_id: str) -> str:
    """Work on one import of a network for a while; what is left is another job."""
    with audit.machine_work("job run_network_import"):
        has_more = working.work(batch_id, clock=timezone.now)
    if has_more:
        async_task(importing.JOB, batch_id)
    return "goes on" if has_more else "done"


def resume_network_imports() -> str:
    """Go on with imports whose worker was killed; due every minute."""
    stalled = working.stalled(at=timezone.now())[:1]
    for batch_id in stalled:
        run_network_import(str(batch_id))
    return f"{len(stalled)} network imports resumed."


def forget_network_imports() -> str:
    """Delete the files and rows of old imports."""
    now = timezone.now()
    with audit.machine_work("job forget_network_imports"):
        forgotten = importing.forget_imports(older_than=now - KEEP_IMPORTS, at=now)
    return f"{forgotten} old network imports forgotten."
