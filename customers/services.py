"""Writes about customers. Each is one transaction that ends in one event per customer changed on the map."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from customers import rules
from customers.models import LAYER_ID, Account, AccountQuerySet, ClassMembership, Contact, Enterprise, GradePeriod
from customers.selectors import NotThere, account_seen_by, map_feature, move_row
from layers import access, audit, live
from spatial import selectors as places
from spatial.models import Area, Point, PointMove
from spatial.services import points


class AccountNumberTaken(Exception):
    """Another customer has this account number."""


class StaleEdit(Exception):
    """The customer's ledger changed since the person looked at it. `account` is as it is now."""

    def __init__(self, account: Account, base_version: int) -> None:
        super().__init__(f"The customer is at version {account.version}, not {base_version}: somebody changed it in between.")
        self.account = account


class AlreadySo(Exception):
    """The customer is deleted already, or was never deleted."""


@dataclass(frozen=True, slots=True)
class NewContact:
    """A person to call."""

    name: str
    phone: str
    role: str = ""
    is_duty: bool = False


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """What is needed to open a customer. Without lon and lat it waits in the tray of customers without a location."""

    name: str
    account_no: str
    enterprise: str = ""
    name_en: str = ""
    name_zh: str = ""
    grade: str = "none"
    classes: Sequence[str] = ()
    status: str = "normal"
    address: str = ""
    contract_kva: Decimal | None = None
    running_kva: Decimal | None = None
    voltage: str = ""
    contacts: Sequence[NewContact] = ()
    lon: float | None = None
    lat: float | None = None
    datum: str = "WGS84"
    source: str = ""
    accuracy_m: float | None = None
    reason: str = ""
    device: str = ""
    made_up: bool = False


@dataclass(frozen=True, slots=True)
class CustomerEdit:
    """Fields to change; `fields` holds only those the person touched."""

    account_id: int
    base_version: int
    fields: dict[str, Any] = field(default_factory=dict)


EDITABLE = ("name", "name_en", "name_zh", "address", "status", "contract_kva", "running_kva", "voltage")


def create_customers(commands: Sequence[NewCustomer], *, user: User, at: datetime) -> list[Account]:
    """Open each customer, place those with a position, publish them; return them in the commands' order.

    Raises:
        AccountNumberTaken: one of the numbers is in use; nothing is stored.
        access.OutsideArea: one of the places is not the person's; nothing is stored. The system itself is `access.everybody()`.
        geometry.BadCoordinates, datums.UnknownDatum: one of the positions is no position; nothing is stored.
    """
    with transaction.atomic():
        _refuse_taken([command.account_no for command in commands])
        enterprises = _enterprises({command.enterprise or command.name for command in commands})
        new_points = Point.objects.bulk_create(Point() for _ in commands)
        accounts = Account.objects.bulk_create(
            _account(command, enterprises[command.enterprise or command.name], point, at)
            for command, point in zip(commands, new_points, strict=True)
        )
        today = civil_date(at)
        GradePeriod.objects.bulk_create(GradePeriod(account=account, grade=account.grade, valid_from_date=today) for account in accounts)
        ClassMembership.objects.bulk_create(
            ClassMembership(account=account, business_class=name, valid_from_date=today) for account in accounts for name in account.classes
        )
        Contact.objects.bulk_create(
            _contact(account, contact) for account, command in zip(accounts, commands, strict=True) for contact in command.contacts
        )
        placed = [
            (account, command)
            for account, command in zip(accounts, commands, strict=True)
            if command.lon is not None and command.lat is not None
        ]
        if placed:
            points.move_points(
                [_placing(account, command) for account, command in placed], user=access.author(user), at=at, extent=places.utility_extent()
            )
        accounts = _in_order(accounts)
        _settle_areas(accounts)
        _refuse_outside([account.pk for account in accounts], access.ADD, user)
        _publish([(None, account) for account in accounts], at=at)
        reasons = {command.account_no: command.reason for command in commands}
        _record("create", accounts, {}, user=user, at=at, reasons={account.pk: reasons[account.account_no] for account in accounts})
    return accounts


def move_customers(commands: Sequence[points.PointCommand], *, user: User, at: datetime, confirmed: bool = False) -> list[PointMove]:
    """Move the customers whose points the commands name, publish them, return the journal rows.

    Raises:
        spatial.services.points.VersionConflict, GuardDistance; spatial.geometry.BadCoordinates; spatial.datums.UnknownDatum.
        access.OutsideArea: a customer stands, or would stand, where the person may not move customers; nothing is stored.
    """
    with transaction.atomic():
        before = _locked_by_point([command.point_id for command in commands])
        moved = [account.pk for account, _ in before]
        _refuse_outside(moved, access.MOVE, user)
        moves = points.move_points(
            commands,
            user=access.author(user),
            at=at,
            guard_m=None if confirmed else settings.GUARD_DISTANCE_M,
            extent=None if confirmed else places.utility_extent(),
        )
        _record_moves("move", _after_moves(before, at=at, user=user), moves)
    return moves


def move_customer(*, user: User, account: Account, at: datetime, confirmed: bool = False, **command: Any) -> PointMove:
    """Move one customer; see `move_customers`."""
    return move_customers([points.PointCommand(point_id=account.point_id, **command)], user=user, at=at, confirmed=confirmed)[0]


def move_map_feature(*, user: User, feature_id: int, at: datetime, confirmed: bool = False, **command: Any) -> dict[str, Any]:
    """Move one customer for the map's generic door; return its feature as events carry it, and the journal row.

    Raises:
        NotThere: no such customer, or not for this person. See also `move_customers`.
    """
    account = account_seen_by(user, feature_id)
    move = move_customer(user=user, account=account, at=at, confirmed=confirmed, **command)
    return {"feature": map_feature(_in_order([account])[0]), "move": move_row(move)}


def undo_customer_move(
    *, user: User, account: Account, move_id: int, base_version: int, at: datetime, reason: str = "", device: str = ""
) -> PointMove:
    """Take one customer's move back; see `undo_customer_moves`."""
    undoing = points.MoveUndoing(account.point_id, move_id, base_version)
    return undo_customer_moves([undoing], user=user, at=at, reason=reason, device=device)[0]


def undo_customer_moves(
    undoings: Sequence[points.MoveUndoing], *, user: User, at: datetime, reason: str = "", device: str = ""
) -> list[PointMove]:
    """Take each customer's point back to where it stood before that move, and publish them.

    Raises:
        spatial.services.points.VersionConflict, NothingToUndo; access.OutsideArea: as for a move.
    """
    with transaction.atomic():
        before = _locked_by_point([undoing.point_id for undoing in undoings])
        _refuse_outside([account.pk for account, _ in before], access.MOVE, user)
        moves = points.undo_moves(undoings, user=access.author(user), at=at, reason=reason, device=device)
        _record_moves("undo", _after_moves(before, at=at, user=user), moves)
    return moves


def edit_customers(edits: Sequence[CustomerEdit], *, user: User, at: datetime) -> list[Account]:
    """Change ledger fields, grade, classes and contacts; a grade or class change closes the old period today and opens a new one.

    `contacts` is the whole list of `NewContact`: who is not in it is gone.

    Raises:
        StaleEdit: one of the customers changed in between; nothing is stored.
        access.OutsideArea: one stands where the person may not edit customers; nothing is stored.
    """
    with transaction.atomic():
        accounts = _locked([edit.account_id for edit in edits])
        _refuse_deleted(accounts.values())
        _refuse_outside(list(accounts), access.EDIT, user)
        before = {account.pk: _spot(account) for account in accounts.values()}
        for edit in edits:
            account = accounts[edit.account_id]
            if account.version != edit.base_version:
                raise StaleEdit(account, edit.base_version)
        told = {account.pk: _told(account) for account in accounts.values()}
        for edit in edits:
            if "contacts" in edit.fields:
                told[edit.account_id]["contacts"] = _contacts_told(accounts[edit.account_id])
        for edit in edits:
            _apply(accounts[edit.account_id], edit.fields, at)
        Account.objects.bulk_update(
            accounts.values(),
            [*EDITABLE, "enterprise", "grade", "classes", "pinyin", "initials", "search_text", "version", "updated_at"],
        )
        ordered = [accounts[edit.account_id] for edit in edits]
        _publish([(before[account.pk], account) for account in ordered], at=at)
        _record("edit", ordered, told, user=user, at=at)
    return ordered


def delete_customers(edits: Sequence[CustomerEdit], *, user: User, at: datetime, reason: str, device: str = "") -> list[Account]:
    """Take customers off the map and the lists, with the reason; `restore_customers` brings them back whole.

    Raises:
        StaleEdit, AlreadySo; access.OutsideArea: one stands where the person may not delete customers.
    """
    with transaction.atomic():
        accounts = _locked([edit.account_id for edit in edits])
        _refuse_outside(list(accounts), access.DELETE, user)
        before = {account.pk: _spot(account) for account in accounts.values()}
        for edit in edits:
            account = accounts[edit.account_id]
            if account.deleted_at:
                raise AlreadySo("This customer is deleted already.")
            if account.version != edit.base_version:
                raise StaleEdit(account, edit.base_version)
            account.deleted_at, account.deleted_by, account.delete_reason = at, access.author(user), reason
        return _store_removal(accounts, before, removed=True, user=user, at=at, reason=reason, device=device)


def restore_customers(account_ids: Sequence[int], *, user: User, at: datetime, reason: str = "", device: str = "") -> list[Account]:
    """Bring deleted customers back where they stood.

    Raises:
        AlreadySo: one of them is not deleted. access.OutsideArea: as for deleting.
    """
    with transaction.atomic():
        accounts = _locked(account_ids)
        _refuse_outside(list(accounts), access.DELETE, user)
        before: dict[int, live.Spot | None] = dict.fromkeys(accounts)
        for account in accounts.values():
            if not account.deleted_at:
                raise AlreadySo("This customer is not deleted.")
            account.deleted_at, account.deleted_by, account.delete_reason = None, None, ""
        return _store_removal(accounts, before, removed=False, user=user, at=at, reason=reason, device=device)


def refresh_classification(*, today: date, at: datetime) -> int:
    """Bring today's grade and classes in step with the dated periods; return how many customers changed. Due daily."""
    with transaction.atomic():
        due = Account.objects.classified_on(today).exclude(grade=F("due_grade"), classes=F("due_classes"))
        changed, told = [], {}
        for account in due.select_for_update(of=("self",)).select_related("point", "enterprise").order_by("pk"):
            before, told[account.pk] = _spot(account), _told(account)
            account.grade, account.classes, account.updated_at = account.__dict__["due_grade"], account.__dict__["due_classes"], at
            changed.append((before, account))
        Account.objects.bulk_update([account for _, account in changed], ["grade", "classes", "updated_at"], batch_size=1000)
        _publish(changed, at=at)
        _record("edit", [account for _, account in changed], told, user=access.everybody(), at=at)
    return len(changed)


def settle_counties(changed: Area | None) -> int:
    """Bring located customers' counties in step with the polygons; return how many changed. Call it inside the transaction that drew them.

    `changed` is the county that was drawn or redrawn: those whose county it was, and those whom it covers now, are looked at. None, after
    one was deleted: those without a county. No event: a county is no property of a customer on the map.
    """
    if changed is None:
        return len(_strayed(Account.objects.filter(area__isnull=True)))
    return len(_strayed(Account.objects.filter(Q(area=changed) | Q(point__geom__coveredby=changed.geom))))


def civil_date(at: datetime) -> date:
    """Return the day in the utility's zone."""
    return at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def _refuse_taken(numbers: Sequence[str]) -> None:
    twice = {number for number in numbers if numbers.count(number) > 1} if len(set(numbers)) < len(numbers) else set()
    taken = twice or set(Account.objects.filter(account_no__in=numbers).values_list("account_no", flat=True))
    if taken:
        raise AccountNumberTaken(f"Account number {min(taken)} is in use already.")


def _enterprises(names: set[str]) -> dict[str, Enterprise]:
    Enterprise.objects.bulk_create((Enterprise(name=name) for name in sorted(names)), ignore_conflicts=True)
    return {enterprise.name: enterprise for enterprise in Enterprise.objects.filter(name__in=names)}


def _account(command: NewCustomer, enterprise: Enterprise, point: Point, at: datetime) -> Account:
    account = Account(
        enterprise=enterprise,
        account_no=command.account_no,
        **{name: getattr(command, name) for name in EDITABLE},
        grade=command.grade,
        classes=sorted(set(command.classes)),
        point=point,
        made_up=command.made_up,
        created_at=at,
        updated_at=at,
    )
    _write_search_keys(account)
    return account


def _write_search_keys(account: Account) -> None:
    account.pinyin, account.initials = rules.pinyin_of([account.name_zh, account.name])
    names = [account.name, account.name_en, account.name_zh, account.address, account.enterprise.name]
    account.search_text = " | ".join([*(rules.fold(name) for name in names if name), account.pinyin])


def _placing(account: Account, command: NewCustomer) -> points.PointCommand:
    return points.PointCommand(
        point_id=account.point_id,
        lon=command.lon or 0.0,
        lat=command.lat or 0.0,
        base_version=0,
        reason=command.reason,
        device=command.device,
        datum=command.datum,
        source=command.source,
        accuracy_m=command.accuracy_m,
    )


def _apply(account: Account, fields: dict[str, Any], at: datetime) -> None:
    for name in EDITABLE:
        if name in fields:
            setattr(account, name, fields[name])
    if fields.get("enterprise"):
        account.enterprise = _enterprises({fields["enterprise"]})[fields["enterprise"]]
    today = civil_date(at)
    if "grade" in fields and fields["grade"] != account.grade:
        account.grade = fields["grade"]
        _close(account.grade_periods, today)
        GradePeriod.objects.create(account=account, grade=account.grade, valid_from_date=today)
    if "classes" in fields:
        _change_classes(account, set(fields["classes"]), today)
    if "contacts" in fields:
        account.contacts.all().delete()
        Contact.objects.bulk_create(_contact(account, contact) for contact in fields["contacts"])
    account.version += 1
    account.updated_at = at
    _write_search_keys(account)


def _contact(account: Account, contact: NewContact) -> Contact:
    return Contact(
        account=account,
        name=contact.name,
        role=contact.role,
        phone=contact.phone,
        phone_digits=rules.digits(contact.phone),
        is_duty=contact.is_duty,
    )


def _change_classes(account: Account, wanted: set[str], today: date) -> None:
    left, joined = set(account.classes) - wanted, wanted - set(account.classes)
    _close(account.class_memberships.filter(business_class__in=left), today)
    ClassMembership.objects.bulk_create(
        ClassMembership(account=account, business_class=name, valid_from_date=today) for name in sorted(joined)
    )
    account.classes = sorted(wanted)


def _close(periods: Any, today: date) -> None:
    periods.filter(valid_to_date__isnull=True).update(valid_to_date=today)


def _locked(account_ids: Sequence[int]) -> dict[int, Account]:
    queryset = (
        Account.objects.select_for_update(of=("self",)).select_related("point", "enterprise").filter(pk__in=account_ids).order_by("pk")
    )
    accounts = {account.pk: account for account in queryset}
    if len(accounts) < len(set(account_ids)):
        raise NotThere("There is no such customer.")
    return accounts


def _locked_by_point(point_ids: Sequence[int]) -> list[tuple[Account, live.Spot | None]]:
    queryset = Account.objects.select_for_update(of=("self",)).select_related("point").filter(point_id__in=point_ids).order_by("pk")
    _refuse_deleted(queryset)
    return [(account, _spot(account)) for account in queryset]


def _refuse_deleted(accounts: Iterable[Account]) -> None:
    if any(account.deleted_at for account in accounts):
        raise AlreadySo("This customer is deleted; restore it first.")


def _refuse_outside(account_ids: Sequence[int], action: str, user: User) -> None:
    """Refuse when one of the accounts, as it stands in this transaction, is not where the person may do this.

    Called with the rows locked: before a change for where they stand, after it for where they came to stand. Nobody may put a customer
    where they cannot see it.
    """
    if access.is_staff_role(user) and all(access.areas_of(user, LAYER_ID, name).whole for name in (action, access.VIEW)):
        return
    rows = Account.objects.filter(pk__in=account_ids)
    if rows.allowed(user, action).visible_to(user).count() < len(set(account_ids)):
        raise access.OutsideArea(f"This is outside the areas in which you may {action} customers; ask your administrator.")


def _after_moves(before: list[tuple[Account, live.Spot | None]], *, at: datetime, user: User) -> list[Account]:
    accounts = _in_order([account for account, _ in before])
    _settle_areas(accounts)
    _refuse_outside([account.pk for account in accounts], access.MOVE, user)
    _publish([(spot, account) for (_, spot), account in zip(before, accounts, strict=True)], at=at)
    return accounts


def _in_order(accounts: Sequence[Account]) -> list[Account]:
    """Return the accounts as they stand now, in the given order."""
    fresh = Account.objects.select_related("point", "enterprise").in_bulk([account.pk for account in accounts])
    return [fresh[account.pk] for account in accounts]


def _settle_areas(accounts: Sequence[Account]) -> None:
    """Set each customer's county to the one that covers its point; whose placing was undone stands in none."""
    rows = Account.objects.filter(pk__in=[account.pk for account in accounts])
    strayed = _strayed(rows) | _unplaced(rows)
    for account in accounts:
        if account.pk in strayed:
            account.area_id = strayed[account.pk]


def _strayed(rows: AccountQuerySet) -> dict[int, int | None]:
    """Store for each located customer whose county is not the one that covers its point which one is; return what was stored."""
    counties = Area.objects.filter(kind=Area.Kind.COUNTY, geom__covers=OuterRef("point__geom")).order_by("pk").values("pk")[:1]
    # 0 stands for none, since null equals nothing.
    located = rows.located().annotate(county=Coalesce(Subquery(counties), 0), stored=Coalesce("area_id", 0))
    strayed = {pk: county or None for pk, county in located.exclude(stored=F("county")).values_list("pk", "county")}
    for county in set(strayed.values()):
        Account.objects.filter(pk__in=[pk for pk, covering in strayed.items() if covering == county]).update(area_id=county)
    return strayed


def _unplaced(rows: AccountQuerySet) -> dict[int, None]:
    """Take the county from each customer without a location; return whose."""
    unplaced = list(rows.filter(point__geom__isnull=True, area__isnull=False).values_list("pk", flat=True))
    Account.objects.filter(pk__in=unplaced).update(area=None)
    return dict.fromkeys(unplaced)


def _store_removal(
    accounts: dict[int, Account], before: dict[int, live.Spot | None], *, removed: bool, user: User, at: datetime, reason: str, device: str
) -> list[Account]:
    for account in accounts.values():
        account.version += 1
        account.updated_at = at
    Account.objects.bulk_update(accounts.values(), ["deleted_at", "deleted_by", "delete_reason", "version", "updated_at"])
    points.note_removal(
        [account.point_id for account in accounts.values()], removed=removed, user=access.author(user), at=at, reason=reason, device=device
    )
    ordered = _in_order(list(accounts.values()))
    _publish([(before[account.pk], account) for account in ordered], at=at)
    was, became = ({"deleted": not removed}, {"deleted": removed})
    areas = _area_codes(ordered)
    deeds = [_deed("delete" if removed else "restore", account, areas, reason=reason, before=was, after=became) for account in ordered]
    audit.record(deeds, user=user, at=at, device=device)
    return ordered


def _told(account: Account) -> dict[str, Any]:
    """Return what the audit tells of a customer: the ledger's fields; contacts only where an edit changed them."""
    fields = {name: getattr(account, name) for name in EDITABLE}
    return {**fields, "enterprise": account.enterprise.name, "grade": account.grade, "classes": list(account.classes)}


def _contacts_told(account: Account) -> list[dict[str, Any]]:
    """Return the contacts as an audit may keep them for years: the phone by its last four digits only."""
    return [
        {"name": contact.name, "role": contact.role, "phone_ends": contact.phone_digits[-4:], "is_duty": contact.is_duty}
        for contact in account.contacts.order_by("-is_duty", "id")
    ]


def _record(
    verb: str,
    accounts: Sequence[Account],
    told: dict[int, dict[str, Any]],
    *,
    user: User,
    at: datetime,
    reasons: dict[int, str] | None = None,
) -> None:
    """Record what changed of each account, against what was `told` of it before; a new one has nothing before it."""
    areas, deeds = _area_codes(accounts), []
    for account in accounts:
        contacts = {"contacts": _contacts_told(account)} if "contacts" in told.get(account.pk, {}) else {}
        before, after = audit.changed(told.get(account.pk, {}), _told(account) | contacts)
        if account.pk not in told:
            after = {name: value for name, value in after.items() if value not in (None, "", [])} | _place(account.point.geom)
        deeds.append(
            _deed(
                verb, account, areas, reason=(reasons or {}).get(account.pk, ""), before=before if account.pk in told else None, after=after
            )
        )
    audit.record(deeds, user=user, at=at)


def _record_moves(verb: str, accounts: Sequence[Account], moves: Sequence[PointMove]) -> None:
    by_point = {account.point_id: account for account in accounts}
    areas = _area_codes(accounts)
    deeds = [
        _deed(
            verb,
            by_point[move.point_id],
            areas,
            reason=move.reason,
            before=_place(move.from_geom) or None,
            after={**_place(move.to_geom), "distance_m": move.distance_m, "datum": move.datum, "source": move.source},
        )
        for move in moves
    ]
    if moves:
        audit.record(deeds, user=moves[0].actor, at=moves[0].at, device=moves[0].device)


def _deed(verb: str, account: Account, areas: dict[int, str], **told: Any) -> audit.Deed:
    area_code = areas.get(account.area_id or 0, "")
    return audit.Deed(f"customer.{verb}", layer=LAYER_ID, object_id=account.pk, label=str(account), area_code=area_code, **told)


def _area_codes(accounts: Sequence[Account]) -> dict[int, str]:
    ids = {account.area_id for account in accounts if account.area_id}
    return dict(Area.objects.filter(pk__in=ids).values_list("pk", "code")) if ids else {}


def _place(geom: Any) -> dict[str, float]:
    return {"lon": geom.x, "lat": geom.y} if geom else {}


def _spot(account: Account) -> live.Spot | None:
    geom = account.point.geom
    if account.deleted_at or geom is None:
        return None
    return live.Spot(lon=geom.x, lat=geom.y, bucket=rules.grade_rank(account.grade))


def _publish(changed: Sequence[tuple[live.Spot | None, Account]], *, at: datetime) -> None:
    changes = []
    for before, account in changed:
        after = _spot(account)
        # Customers without a location travel too: the tray and the lists of other people must hear of them.
        body = None if account.deleted_at else map_feature(account)
        changes.append(live.FeatureChange(feature_id=account.pk, body=body, before=before, after=after))
    live.publish(LAYER_ID, changes, at=at)
