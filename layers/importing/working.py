"""Go on with an import from wherever it stands. Killed in the middle, it goes on from the last piece that was stored."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from layers.importing import checking, services, storing
from layers.models import BATCH_WORKING, BatchState, NetworkImport
from spatial.topology import TooDense

log = structlog.get_logger()
# A job ends well before the worker's limit and asks for the next one.
SLICE_S = 240.0
# Whoever has not been heard of for so long was killed; what nobody began yet may stand behind others in the queue.
SILENCE = timedelta(seconds=45)
QUEUED = timedelta(minutes=10)
ATTEMPTS = 4
_OURS = {"code": "server_error", "text": "Something went wrong on our side while this was under way; what was stored can be taken back."}


def work(batch_id: Any, *, clock: Callable[[], datetime], slice_s: float = SLICE_S) -> bool:
    """Work on the import until it waits for somebody or `slice_s` has passed; return whether there is more to do.

    Raises:
        what a fault of ours raises; `resume` tries a few times more.
    """
    until = time.monotonic() + slice_s
    NetworkImport.objects.filter(pk=batch_id).update(attempts=F("attempts") + 1, seen_at=clock())
    while True:
        batch = NetworkImport.objects.filter(pk=batch_id).first()
        if batch is None or batch.state not in BATCH_WORKING:
            return False
        if batch.attempts > ATTEMPTS:
            services.fail_import(batch_id, _OURS, at=clock())
            return False
        if batch.state == BatchState.READING:
            try:
                checking.check(batch, clock=clock)
            except checking.Superseded:
                # Who came in between has a job of their own for it.
                log.info("network_import_superseded", batch=str(batch_id))
                return False
            continue
        step = storing.store_piece if batch.state == BatchState.COMMITTING else storing.revert_piece
        try:
            step(batch_id, at=clock())
        except TooDense as error:
            services.fail_import(batch_id, {"code": "too_dense", "text": str(error)}, at=clock())
            return False
        if time.monotonic() > until:
            return True


def stalled(*, at: datetime) -> list[Any]:
    """Return the imports that somebody should be working on and nobody is. Who holds the row in a long transaction is at work."""
    is_queued = Q(attempts=0, done=0)
    silent = (is_queued & Q(seen_at__lt=at - QUEUED)) | (~is_queued & Q(seen_at__lt=at - SILENCE))
    found = NetworkImport.objects.filter(silent, state__in=BATCH_WORKING).order_by("at")
    with transaction.atomic():
        return list(found.select_for_update(skip_locked=True).values_list("pk", flat=True))
