"""Work about customers that no person asks for; the worker runs it by the schedule of `schedule_jobs`."""

from datetime import timedelta

from django.utils import timezone
from django_q.tasks import async_task

from customers import services
from customers.importing import services as importing
from customers.importing import working
from layers import audit

# So long an import can be taken back, and its file is kept.
KEEP_IMPORTS = timedelta(days=90)


def refresh_classification() -> str:
    """Let grades and classes that begin or end today take effect; running it again changes nothing."""
    now = timezone.now()
    with audit.machine_work("job refresh_classification"):
        changed = services.refresh_classification(today=services.civil_date(now), at=now)
    return f"{changed} customers changed grade or class."


def run_import(batch_id: str) -> str:
    """Work on one import for a while; what is left is another job."""
    with audit.machine_work("job run_import"):
        has_more = working.work(batch_id, clock=timezone.now)
    if has_more:
        async_task(importing.JOB, batch_id)
    return "goes on" if has_more else "done"


def resume_imports() -> str:
    """Go on with imports whose worker was killed; due every minute."""
    # One a time: together they would outlast what a job may take, and be killed again. The next minute has its own.
    stalled = working.stalled(at=timezone.now())[:1]
    for batch_id in stalled:
        run_import(str(batch_id))
    return f"{len(stalled)} imports resumed."


def forget_imports() -> str:
    """Delete the files and rows of old imports."""
    now = timezone.now()
    with audit.machine_work("job forget_imports"):
        forgotten = importing.forget_imports(older_than=now - KEEP_IMPORTS, at=now)
    return f"{forgotten} old imports forgotten."
