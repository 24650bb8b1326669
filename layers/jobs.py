"""Work about layers that the worker does: by the schedule of `schedule_jobs`, or, a large export, because a person asked for it."""

import uuid
from datetime import timedelta

import structlog
from django.utils import timezone

from layers import audit, exports
from layers.models import IdempotencyKey, Session

log = structlog.get_logger()
# A tablet may come back with its commands after a long weekend; after two weeks a key is no longer expected.
KEEP_ANSWERS = timedelta(days=14)


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


def check_audit() -> str:
    """Verify the audit's chain; a broken one is an error in the log, which an operator watches."""
    verdict = audit.check()
    if verdict.problem:
        log.error("audit_broken", seq=verdict.broken_seq, problem=verdict.problem)
    return verdict.problem or f"{verdict.rows} rows verify; the last is {verdict.last_seq} with {verdict.hash}."
