"""Work about customers that no person asks for; the worker runs it by the schedule of `schedule_jobs`."""

from django.utils import timezone

from customers import services
from layers import audit


def refresh_classification() -> str:
    """Let grades and classes that begin or end today take effect; running it again changes nothing."""
    now = timezone.now()
    with audit.machine_work("job refresh_classification"):
        changed = services.refresh_classification(today=services.civil_date(now), at=now)
    return f"{changed} customers changed grade or class."
