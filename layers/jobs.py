"""Work about layers that no person asks for; the worker runs it by the schedule of `schedule_jobs`."""

from datetime import timedelta

from django.utils import timezone

from layers.models import IdempotencyKey

# A tablet may come back with its commands after a long weekend; after two weeks a key is no longer expected.
KEEP_ANSWERS = timedelta(days=14)


def forget_old_answers() -> str:
    """Delete stored answers of write commands older than KEEP_ANSWERS."""
    forgotten, _ = IdempotencyKey.objects.filter(at__lt=timezone.now() - KEEP_ANSWERS).delete()
    return f"{forgotten} stored answers forgotten."
