"""Put the daily jobs into the worker's timetable. Safe to run again."""

from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django_q.models import Schedule

# Function, and at what time of the utility's day it runs.
TIMETABLE = {
    "customers.jobs.refresh_classification": time(0, 5),
    "layers.jobs.forget_old_answers": time(3, 20),
    "layers.jobs.forget_old_exports": time(3, 25),
    "layers.jobs.forget_old_sessions": time(3, 30),
    "layers.jobs.forget_old_uploads": time(3, 45),
    "portal.jobs.forget_old_tries": time(3, 35),
    "layers.jobs.check_audit": time(3, 40),
    "customers.jobs.forget_imports": time(3, 50),
    "layers.jobs.forget_network_imports": time(3, 55),
}
# Function, and how many minutes apart it runs.
EVERY_MINUTES = {"customers.jobs.resume_imports": 1, "layers.jobs.resume_network_imports": 1, "layers.jobs.resume_basemaps": 1}


class Command(BaseCommand):
    help = "Write the daily jobs into the database; the worker runs them. Safe to run again: a job keeps the time that an operator gave it."

    def handle(self, *args: Any, **options: Any) -> None:
        tomorrow = timezone.localdate() + timedelta(days=1)
        for function, when in TIMETABLE.items():
            first = timezone.make_aware(datetime.combine(tomorrow, when))
            Schedule.objects.get_or_create(
                name=function, defaults={"func": function, "schedule_type": Schedule.DAILY, "repeats": -1, "next_run": first}
            )
        for function, minutes in EVERY_MINUTES.items():
            Schedule.objects.get_or_create(
                name=function, defaults={"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1}
            )
        self.stdout.write(f"{len(TIMETABLE)} daily jobs are scheduled.")
