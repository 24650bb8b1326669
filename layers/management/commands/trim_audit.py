"""Remove audit rows older than AUDIT_KEEP_DAYS. Runs as the owner of the tables; what it removed stays accounted for in the chain."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from django.utils import timezone

from layers import audit


class Command(BaseCommand):
    """`trim_audit`: with ./gridatlas manage it connects as the owner, which the application itself never does."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            with audit.machine_work("command trim_audit"):
                removed = audit.trim(before=now - timedelta(days=settings.AUDIT_KEEP_DAYS), at=now)
        except audit.BrokenChain as error:
            raise CommandError(f"{error} Nothing was removed: a broken chain is evidence.") from error
        except ProgrammingError as error:
            raise CommandError(f"Only the owner of the tables may do this: {error}") from error
        self.stdout.write(f"{removed} rows older than {settings.AUDIT_KEEP_DAYS} days removed.")
