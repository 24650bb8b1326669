"""Take in what everyone stands on (network, areas, places) and have every open map load it afresh."""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from layers import audit, live
from spatial.services import areas, network, places
from spatial.services.in_step import Changes

BUNDLED = Path(settings.BASE_DIR) / "spatial" / "data"
UPPER_RHINE, HELSINKI_NETWORK = BUNDLED / "upper_rhine.json.gz", BUNDLED / "helsinki_network.json.gz"
HELSINKI_PLACES, AREAS = BUNDLED / "helsinki_places.json.gz", BUNDLED / "areas.json.gz"
PLACES_ORIGIN = "osm-helsinki"


def import_network(document: Mapping[str, Any], *, dry_run: bool = False) -> Changes:
    """Make one network equal to the document; see `spatial.services.network.import_network`.

    Raises:
        spatial.services.network.BadNetwork: nothing is stored.
    """
    return _taken_in("network", lambda: network.import_network(document), lambda: document["network"]["code"], dry_run=dry_run)


def import_areas(rows: Iterable[Mapping[str, Any]], *, dry_run: bool = False) -> Changes:
    """Create or change areas; see `spatial.services.areas.import_areas`."""
    return _taken_in("areas", lambda: areas.import_areas(rows), lambda: "", dry_run=dry_run)


def import_places(rows: Iterable[Mapping[str, Any]], *, origin: str, dry_run: bool = False) -> Changes:
    """Make the places of one data set equal to the rows; they are on no map layer, so nobody is told."""
    return _taken_in("places", lambda: places.import_places(rows, origin=origin), lambda: origin, dry_run=dry_run)


def read_document(path: Path) -> Any:
    """Return the JSON of a file, gzip-compressed or not."""
    body = path.read_bytes()
    return json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)


def _taken_in(noun: str, take_in: Callable[[], Changes], name_of: Callable[[], str], *, dry_run: bool) -> Changes:
    with transaction.atomic():
        changes = take_in()
        if changes.any and noun != "places":
            # Thousands of rows as single events would cost every map more than loading afresh.
            live.reload(noun)
        if dry_run:
            transaction.set_rollback(True)
        elif changes.any:
            name = name_of()
            deed = audit.Deed(f"{noun}.import", layer=noun, object_id=name, label=name, after=asdict(changes))
            audit.record([deed], user=None, at=audit.transaction_time())
    return changes
