"""Who did what, when, from where: a row for every write, sign-in, refusal and export, chained so that none changes or vanishes unseen.

Services call `record` as the very last statement of their transaction, after `live.publish`: the chain's head is one locked row.
Nothing here listens to anything: what is not recorded by a call is not recorded, and a generated test names the service that forgot.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import connection, transaction

from layers import access
from layers.models import AuditHead, AuditRow

AUDITORS = frozenset({"supervisor", "administrator"})
TRIM = "audit.trim"
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a deed comes from: the client's address as the web server believes it, and the device in its own words."""

    ip: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done to one object. `before` and `after` hold only fields that changed and may be shown: no passwords, keys or tokens."""

    action: str
    layer: str = ""
    object_id: int | str = ""
    label: str = ""
    area_code: str = ""
    reason: str = ""
    before: Values | None = None
    after: Values | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the chain found. `problem` is a sentence about the first broken row, "" when the chain is whole."""

    rows: int
    first_seq: int
    last_seq: int
    hash: str
    broken_seq: int | None = None
    problem: str = ""


_ORIGIN: ContextVar[Origin | None] = ContextVar("origin", default=None)
_LIMITS = {"actor_name": 310, "ip": 45, "device": 200, "request_id": 64, "object_id": 80, "object_label": 240, "reason": 500}


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Give every row recorded inside this origin; the middleware does it for a request."""
    token = _ORIGIN.set(origin)
    try:
        yield
    finally:
        _ORIGIN.reset(token)


@contextmanager
def machine_work(name: str) -> Iterator[None]:
    """Give every row recorded inside the name of a job or command as its device, and a request id of its own."""
    with coming_from(Origin(device=name)), structlog.contextvars.bound_contextvars(request_id=str(uuid.uuid4())):
        yield


def about(person: User, action: str, *, before: Values | None = None, after: Values | None = None) -> Deed:
    """Return the deed that was done to this person's account."""
    label = person.get_full_name() or person.username
    return Deed(action, layer="people", object_id=person.pk, label=label, before=before, after=after)


def present_origin() -> Origin:
    """Return from where the request comes that is being answered."""
    return _ORIGIN.get() or Origin()


def record(deeds: Sequence[Deed], *, user: User | None, at: datetime, device: str = "") -> None:
    """Append one row per deed to the chain. `user` None, or `access.everybody()`, is the system itself; `device` overrides the request's own words.

    The head stays locked until commit, so this comes last: rows then stand in commit order, and nobody waits while others work.

    Raises:
        TransactionManagementError: called outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("audit.record belongs inside the transaction that it tells of.")
    if not deeds:
        return
    user = access.author(user) if user else None
    origin = present_origin()
    told = {
        "at": at,
        "actor_id": user.pk if user else None,
        "actor_name": (user.get_full_name() or user.username) if user else "",
        "role": access.role_of(user) if user else "",
        "ip": origin.ip,
        "device": device or origin.device,
        "request_id": structlog.contextvars.get_contextvars().get("request_id") or str(uuid.uuid4()),
        "batch": uuid.uuid4() if len(deeds) > 1 else None,
    }
    rows = [AuditRow(**{name: _clipped(name, value) for name, value in (told | _columns(deed)).items()}) for deed in deeds]
    seq, last = _locked_head()
    for row in rows:
        seq = row.seq = seq + 1
        last = row.hash = chained(last, row)
    AuditRow.objects.bulk_create(rows, batch_size=2000)
    AuditHead.objects.filter(pk=1).update(seq=seq, hash=last)


def transaction_time() -> datetime:
    """Return when this transaction began, by the database's clock: for work at a shell, to which no door has handed the time."""
    with connection.cursor() as cursor:
        cursor.execute("select now()")
        return cursor.fetchone()[0]


def refused(*, user: User | None, at: datetime, code: str, layer: str, object_id: int | str, wanted: str, left_out: int = 0) -> None:
    """Record that somebody asked for what is not theirs, in a transaction of its own: the refused one was rolled back.

    `left_out` is how many refusals of theirs before this one have no row. Doors call `layers.refusals`, which counts them.
    """
    after: dict[str, Any] = {"code": code, "wanted": wanted}
    if left_out:
        after["left_out"] = left_out
    with transaction.atomic():
        record([Deed("refusal", layer=layer, object_id=object_id, after=after)], user=user, at=at)


def signed_in(*, user: User, at: datetime, how: str = "password") -> None:
    """Record a sign-in; `how` names the factors, never a secret."""
    with transaction.atomic():
        record([about(user, "session.sign_in", after={"how": how})], user=user, at=at)


def signed_out(*, user: User, at: datetime) -> None:
    """Record a sign-out."""
    with transaction.atomic():
        record([about(user, "session.sign_out")], user=user, at=at)


def sign_in_refused(*, username: str, at: datetime, why: str) -> None:
    """Record a refused sign-in. A name that nobody has is not kept: people type their password into the wrong field."""
    aimed_at = User.objects.filter(username=username).first()
    deed = about(aimed_at, "session.refused", after={"why": why}) if aimed_at else Deed("session.refused", after={"why": why})
    with transaction.atomic():
        record([deed], user=None, at=at)


def exported(*, user: User, at: datetime, what: str, layer: str = "", query: Values | None = None) -> None:
    """Record that data left as a file; `what` is its noun (customers, audit), `query` what it was narrowed to."""
    with transaction.atomic():
        record([Deed(f"{what}.export", layer=layer, after=dict(query or {}))], user=user, at=at)


def changed(before: Values, after: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both sides narrowed to the fields that differ."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def chained(last: str, row: AuditRow) -> str:
    """Return the row's hash: sha256 over the hash before it and the row as JSON with sorted keys and no spaces."""
    told = {field.attname: getattr(row, field.attname) for field in AuditRow._meta.concrete_fields if field.attname != "hash"}
    told["at"] = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    told["batch"] = str(row.batch) if row.batch else None
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{last}{text}".encode()).hexdigest()


def check() -> Verdict:
    """Walk the whole chain and return what is wrong first: a row changed, removed, put in, or the newest rows cut off."""
    with connection.cursor() as cursor:
        # One statement, so one snapshot: rows that are written meanwhile are beyond this head and not looked at.
        cursor.execute(
            "select h.seq, h.hash, n.seq from (select max(seq) as seq from layers_auditrow) n left join layers_audithead h on h.id = 1"
        )
        head, head_hash, newest = cursor.fetchone()
    rows = AuditRow.objects.filter(seq__lte=head or 0).order_by("seq")
    first = rows.first()
    expected = first.seq if first else 1
    last = _anchor(first.seq) if first else ""
    count = 0

    def broken(seq: int, problem: str) -> Verdict:
        return Verdict(count, first.seq if first else 0, head or 0, head_hash or "", seq, problem)

    if last is None:
        return broken(1, f"Rows 1 to {expected - 1} are missing, and no row accounts for their removal.")
    for row in rows.iterator(chunk_size=2000):
        if row.seq != expected:
            return broken(expected, f"Row {expected} is missing.")
        if chained(last, row) != row.hash:
            return broken(row.seq, f"Row {row.seq} is not what was written: it was changed, or put in later.")
        last, expected, count = row.hash, row.seq + 1, count + 1
    if (newest or 0) > (head or 0):
        return broken((head or 0) + 1, f"Row {(head or 0) + 1} was put in past the chain.")
    if expected - 1 != (head or 0) and (count or head):
        return broken(expected, f"Row {expected} is missing: the newest rows were cut off.")
    if last != (head_hash or ""):
        return broken(expected - 1, "The chain's head is not that of its last row.")
    return Verdict(count, first.seq if first else 0, head or 0, head_hash or "")


def trim(*, before: datetime, at: datetime) -> int:
    """Remove the oldest rows, those up to the first that is not older than `before`; return how many.

    Only the owner of the table can. The row that it leaves names the last hash removed, so the chain still verifies from there.

    Raises:
        BrokenChain: nothing is removed from a chain that does not verify: it is evidence.
        ProgrammingError: the database role does not own the table.
    """
    with transaction.atomic():
        _locked_head()
        verdict = check()
        if verdict.problem:
            raise BrokenChain(verdict.problem)
        kept = AuditRow.objects.filter(at__gte=before).order_by("seq").first()
        old = AuditRow.objects.filter(seq__lt=kept.seq) if kept else AuditRow.objects.all()
        last = old.order_by("-seq").first()
        if last is None:
            return 0
        with connection.cursor() as cursor:
            cursor.execute("alter table layers_auditrow disable trigger auditrow_is_append_only")
            removed, _ = old.delete()
            cursor.execute("alter table layers_auditrow enable trigger auditrow_is_append_only")
        after = {"from_seq": last.seq - removed + 1, "to_seq": last.seq, "hash": last.hash, "last_at": last.at.isoformat()}
        record([Deed(TRIM, after=after)], user=None, at=at)
    return removed


class BrokenChain(Exception):
    """The audit's chain does not verify."""


def _anchor(first_seq: int) -> str | None:
    """Return the hash before the first row that is still there, as the row of the trim that removed it says; None if there is none."""
    if first_seq == 1:
        return ""
    anchor = AuditRow.objects.filter(action=TRIM, after__to_seq=first_seq - 1).order_by("-seq").first()
    return str((anchor.after or {})["hash"]) if anchor else None


def _locked_head() -> tuple[int, str]:
    head = AuditHead.objects.select_for_update().filter(pk=1).values_list("seq", "hash").first()
    if head is None:
        AuditHead.objects.bulk_create([AuditHead()], ignore_conflicts=True)
        return _locked_head()
    return head


def _columns(deed: Deed) -> dict[str, Any]:
    return {
        "action": deed.action,
        "layer": deed.layer,
        "object_id": str(deed.object_id),
        "object_label": deed.label,
        "area_code": deed.area_code,
        "reason": deed.reason,
        "before": _plain(deed.before),
        "after": _plain(deed.after),
    }


def _plain(value: Any) -> Any:
    """Return the value as JSON that PostgreSQL gives back exactly: jsonb knows no -0.0, and 1e16 comes back as a whole number."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, float | Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, str):
        return value.replace("\0", "")
    return value if value is None or isinstance(value, bool | int) else str(value)


def _clipped(name: str, value: Any) -> Any:
    return value.replace("\0", "")[: _LIMITS.get(name, 40)] if isinstance(value, str) else value
