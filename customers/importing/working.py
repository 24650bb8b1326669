"""Go on with an import from wherever it stands. Killed in the middle, it goes on from the last piece that was stored."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F, Q

from customers import services as customers
from customers.importing import checking, services, storing
from customers.importing.problems import problem
from customers.models import WORKING, Import, ImportState
from layers import access
from spatial.services import points

log = structlog.get_logger()
# A job ends well before the worker's limit and asks for the next one.
SLICE_S = 240.0
# Whoever has not been heard of for so long was killed.
SILENCE = timedelta(seconds=45)
ATTEMPTS = 4
_OURS = problem("server_error", "Something went wrong on our side while this was under way; what was stored can be taken back.")
_REFUSED = (
    customers.StaleEdit, customers.AlreadySo, customers.AccountNumberTaken, points.VersionConflict, points.NothingToUndo, access.OutsideArea,
)  # fmt: skip


def work(batch_id: Any, *, clock: Callable[[], datetime], slice_s: float = SLICE_S) -> bool:
    """Work on the import until it waits for somebody or `slice_s` has passed; return whether there is more to do.

    Raises:
        what a fault of ours raises; `resume` tries a few times more.
    """
    until = time.monotonic() + slice_s
    Import.objects.filter(pk=batch_id).update(attempts=F("attempts") + 1, seen_at=clock())
    while True:
        batch = Import.objects.filter(pk=batch_id).first()
        if batch is None or batch.state not in WORKING:
            return False
        if batch.attempts > ATTEMPTS:
            services.fail_import(batch_id, _OURS, at=clock())
            return False
        if batch.state == ImportState.READING:
            try:
                checking.check(batch, clock=clock)
            except checking.Superseded:
                # Who came in between has a job of their own for it; two that both went on would supersede each other for ever.
                log.info("import_superseded", batch=str(batch_id))
                return False
            continue
        step = storing.store_piece if batch.state == ImportState.COMMITTING else storing.revert_piece
        try:
            step(batch_id, at=clock())
        except _REFUSED as error:
            # Somebody came in between; the piece was rolled back, and judged anew it leaves out what they changed.
            log.info("import_piece_again", batch=str(batch_id), error=type(error).__name__)
            Import.objects.filter(pk=batch_id).update(attempts=F("attempts") + 1)
        if time.monotonic() > until:
            return True


def stalled(*, at: datetime) -> list[Any]:
    """Return the imports that somebody should be working on and nobody is."""
    silent = Q(seen_at__lt=at - SILENCE) | Q(seen_at__isnull=True, at__lt=at - SILENCE)
    return list(Import.objects.filter(silent, state__in=WORKING).order_by("at").values_list("pk", flat=True))
