"""Let a failed job run again."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django_q.models import Failure, OrmQ
from django_q.tasks import async_task

from layers import audit


class NoSuchJob(LookupError):
    """No job of that number has failed."""


def retry_job(job_id: str, *, by: User, at: datetime) -> None:
    """Put the failed job back into the queue, to run as soon as the worker is free; the failure is forgotten.

    Raises:
        NoSuchJob: none has failed under that number, or it was retried already.
    """
    with transaction.atomic():
        job = Failure.objects.select_for_update().filter(pk=job_id).first()
        if job is None:
            raise NoSuchJob("There is no failed job of that number.")
        # The worker itself tries again later: then the job is still in the queue, and must not run twice.
        waiting = next((queued for queued in OrmQ.objects.select_for_update() if queued.task_id() == job.pk), None)
        if waiting:
            OrmQ.objects.filter(pk=waiting.pk).update(lock=at)
        else:
            async_task(job.func, *(job.args or ()), task_name=job.name, group=job.group, **(job.kwargs or {}))
        name, function = job.name, job.func
        Failure.objects.filter(pk=job_id).delete()
        audit.record([audit.Deed("job.retry", layer="jobs", object_id=job_id, label=name, after={"function": function})], user=by, at=at)
