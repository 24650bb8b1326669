"""The demonstration: central Helsinki with key customers, and the real Upper Rhine grid. What is made up says so."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings

from customers import services
from customers.models import Account
from customers.services import NewContact, NewCustomer
from layers import access, basemap_records, reference_data

_DATA = Path(__file__).with_name("data")
CUSTOMER_FILES = ("helsinki_customers.json", "upper_rhine_customers.json")
REASON = "Demo data"
_RENDER_TIMEOUT_S = 300


class CannotRender(RuntimeError):
    """The demo's picture could not be painted; the message is the painter's last word."""


def load_demo(*, at: datetime) -> dict[str, str]:
    """Load whatever of the demo is missing and return what each part did.

    What is there stays as people left it: a customer is recognised by its account number, also a moved or deleted one.

    Raises:
        CannotRender: everything but the imagery is loaded then.
    """
    report = {
        "areas": str(reference_data.import_areas(reference_data.read_document(reference_data.AREAS))),
        "places": str(
            reference_data.import_places(reference_data.read_document(reference_data.HELSINKI_PLACES), origin=reference_data.PLACES_ORIGIN)
        ),
        "network_helsinki": str(reference_data.import_network(reference_data.read_document(reference_data.HELSINKI_NETWORK))),
        "network_upper_rhine": str(reference_data.import_network(reference_data.read_document(reference_data.UPPER_RHINE))),
        "customers": f"{_create_missing(at=at)} created",
        "basemaps": str(basemap_records.save_basemaps([basemap_records.VECTOR])),
    }
    picture = Path(settings.VAR_DIR).resolve() / "imagery" / "helsinki-demo.tif"
    report["imagery"] = _paint(picture)
    report["imagery_record"] = str(basemap_records.save_basemaps([basemap_records.demo_imagery(picture)]))
    return report


def _create_missing(*, at: datetime) -> int:
    rows = [row for name in CUSTOMER_FILES for row in json.loads((_DATA / name).read_text())["customers"]]
    known = set(Account.objects.filter(account_no__in=[row["account_no"] for row in rows]).values_list("account_no", flat=True))
    missing = [_customer(row) for row in rows if row["account_no"] not in known]
    if missing:
        services.create_customers(missing, user=access.everybody(), at=at)
    return len(missing)


def _customer(row: Mapping[str, Any]) -> NewCustomer:
    # Which feeders supply a customer is kept in the file until supply sources have their tables.
    left_out = ("contacts", "feeders", "contract_kva", "running_kva")
    return NewCustomer(
        **{name: value for name, value in row.items() if name not in left_out},
        contract_kva=Decimal(row["contract_kva"]),
        running_kva=Decimal(row["running_kva"]),
        contacts=[NewContact(**contact) for contact in row["contacts"]],
        reason=REASON,
        made_up=True,
    )


def _paint(picture: Path) -> str:
    """Paint the imagery in a child process, whose memory (about 600 MB) goes with it. About ten seconds, once."""
    if picture.exists():
        return "painted already"
    script = Path(settings.BASE_DIR) / "mapproxy" / "render_imagery.py"
    done = subprocess.run(
        [sys.executable, str(script), str(picture)], capture_output=True, text=True, timeout=_RENDER_TIMEOUT_S, check=False
    )
    if done.returncode:
        raise CannotRender(f"The demo imagery could not be painted: {done.stderr.strip().splitlines()[-1:] or done.returncode}")
    return "painted"
