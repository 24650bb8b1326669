"""Work about the sign-in that no person asks for; the worker runs it by the schedule of `schedule_jobs`."""

from django.utils import timezone

from portal import lockout
from portal.models import SignInTry


def forget_old_tries() -> str:
    """Delete wrong tries that no limit counts any more."""
    forgotten, _ = SignInTry.objects.filter(at__lt=timezone.now() - lockout.DAY).delete()
    return f"{forgotten} old tries forgotten."
