"""Who is served: enterprise > account > site point, with dated grades and classes."""

import uuid
from datetime import date
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now, Reverse, TruncDate

from customers.rules import GRADES, grade_rank
from layers import access
from spatial.models import Area, Point, PointMove

LAYER_ID = "customers"


class Grade(models.TextChoices):
    """Importance grade, GB/T 29328-2018, worst consequence first. The order is the order of severity."""

    SPECIAL = "special"
    FIRST = "first"
    SECOND = "second"
    TEMPORARY = "temporary"
    NONE = "none"


class BusinessClass(models.TextChoices):
    """What the utility manages the customer as; a second axis beside the grade."""

    LARGE = "large"
    TOP100 = "top100"
    KEY100 = "key100"
    GROWTH100 = "growth100"
    OWN_TRANSFORMER = "own_transformer"
    DEDICATED_FEEDER = "dedicated_feeder"


class Status(models.TextChoices):
    """State of the supply relation (marketing system STATUS_CODE)."""

    NORMAL = "normal"
    COMMISSIONING = "commissioning"
    CHANGING = "changing"
    CLOSED = "closed"


class Enterprise(models.Model):
    """The legal person behind one or many accounts (CIM Organisation)."""

    name = models.CharField(max_length=200)
    uscc = models.CharField(max_length=18, blank=True, help_text="Unified social credit code.")

    class Meta:
        constraints = [models.UniqueConstraint(name="enterprise_name_is_unique", fields=["name"])]

    def __str__(self) -> str:
        return self.name


def grade_order() -> models.Case:
    """Return the expression that is 0 for the gravest grade up to 4 for none: `rules.grade_rank` in the database, and the bucket of the cluster pyramid."""
    ranks = (models.When(grade=grade, then=models.Value(grade_rank(grade))) for grade in GRADES)
    return models.Case(*ranks, output_field=models.SmallIntegerField())


def known_kva() -> Coalesce:
    """Return the expression that is the contracted kVA, or -1 where nobody knows it: less than none."""
    return Coalesce("contract_kva", Value(-1), output_field=models.DecimalField())


def valid_holding() -> Q:
    """Return the condition that a holding counts today in the utility's zone; half-open, so not on its last date. The database reads the clock."""
    today = TruncDate(Now(), tzinfo=ZoneInfo(settings.TIME_ZONE))
    return Q(holders__valid_to_date__isnull=True) | Q(holders__valid_to_date__gt=today)


class AccountQuerySet(models.QuerySet):
    """Reads of accounts; every one that answers a person goes through `visible_to`."""

    def visible_to(self, user: access.Person) -> Self:
        """Return the accounts that this person may see: all, those in their areas, or, as a customer, what they hold."""
        return self.allowed(user, access.VIEW)

    def allowed(self, user: access.Person, action: str) -> Self:
        """Return the accounts with which this person may do that.

        A located account stands where its point stands, whatever its county says; without a location its county decides.
        """
        reach = access.areas_of(user, LAYER_ID, action)
        if not reach:
            return self.none()
        if not access.is_staff_role(user):
            return self.filter(valid_holding(), holders__user_id=user.pk)
        if reach.whole:
            return self
        return self.filter(reach.holds("point__geom") | Q(point__geom__isnull=True, area_id__in=reach.area_ids))

    def present(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def located(self) -> Self:
        return self.filter(point__geom__isnull=False)

    def classified_on(self, day: date) -> Self:
        """Add `due_grade` and `due_classes`: what the dated periods say for that day."""
        valid = Q(valid_from_date__lte=day) & (Q(valid_to_date__isnull=True) | Q(valid_to_date__gt=day))
        grades = GradePeriod.objects.filter(valid, account=OuterRef("pk")).order_by("-valid_from_date", "-pk").values("grade")[:1]
        classes = (
            ClassMembership.objects.filter(valid, account=OuterRef("pk")).order_by("business_class").values("business_class").distinct()
        )
        return self.annotate(due_grade=Coalesce(Subquery(grades), Value(Grade.NONE)), due_classes=ArraySubquery(classes))

    def with_grade_order(self) -> Self:
        """Add `grade_order`: 0 for the gravest grade up to 4 for none."""
        return self.annotate(grade_order=grade_order())


class Account(models.Model):
    """A supply relation with its account number (户号); what the map calls a customer (CIM CustomerAccount)."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="accounts")
    account_no = models.CharField(max_length=16, unique=True, help_text="Kept as text: leading zeros count.")
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    name_zh = models.CharField(max_length=200, blank=True)
    pinyin = models.CharField(max_length=600, blank=True, help_text="Full pinyin without tones or spaces, written by services.")
    initials = models.CharField(max_length=120, blank=True, help_text="First letters of the pinyin syllables, written by services.")
    address = models.CharField(max_length=300, blank=True)
    search_text = models.TextField(blank=True, editable=False, help_text="Names, pinyin and address in lower case, written by services.")
    status = models.CharField(max_length=20, choices=Status, default=Status.NORMAL)
    # Grade and classes of today. The dated rows below are the truth; `services.refresh_classification` keeps these in step.
    grade = models.CharField(max_length=20, choices=Grade, default=Grade.NONE)
    classes = ArrayField(models.CharField(max_length=20, choices=BusinessClass), default=list, blank=True)
    contract_kva = models.DecimalField(max_digits=16, decimal_places=6, null=True, blank=True)
    running_kva = models.DecimalField(max_digits=16, decimal_places=6, null=True, blank=True)
    voltage = models.CharField(max_length=20, blank=True)
    area = models.ForeignKey(Area, models.SET_NULL, null=True, blank=True, related_name="+")
    point = models.OneToOneField(Point, models.PROTECT, related_name="account")
    made_up = models.BooleanField(default=False, help_text="Demonstration data.")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    delete_reason = models.CharField(max_length=500, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="account_no_is_not_empty", condition=~Q(account_no="")),
            models.CheckConstraint(name="account_name_is_not_empty", condition=~Q(name="")),
            models.CheckConstraint(name="contract_kva_is_not_negative", condition=Q(contract_kva__isnull=True) | Q(contract_kva__gte=0)),
        ]
        indexes = [
            GinIndex(fields=["classes"], name="account_classes"),
            GinIndex(OpClass("search_text", name="gin_trgm_ops"), name="account_search_trgm"),
            # People know the last digits of a number: a tail is a prefix of the reversed text.
            models.Index(OpClass(Reverse("account_no"), name="text_pattern_ops"), name="account_no_tail"),
            models.Index(OpClass("initials", name="varchar_pattern_ops"), name="account_initials"),
            # The orderings of the list (`pages`), so that a page reads its own rows only; and what is counted, as narrow as can be.
            # None for the time of the last change: every edit would then write into every index.
            models.Index(grade_order(), "name", "id", name="account_by_grade", condition=Q(deleted_at__isnull=True)),
            models.Index("name", "id", name="account_by_name", condition=Q(deleted_at__isnull=True)),
            models.Index(known_kva(), "id", name="account_by_kva", condition=Q(deleted_at__isnull=True)),
            models.Index(fields=["point"], include=["area"], name="account_places", condition=Q(deleted_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.account_no} {self.name}"


class GradePeriod(models.Model):
    """The grade of an account over time; half-open, an open end is null."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="grade_periods")
    grade = models.CharField(max_length=20, choices=Grade)
    valid_from_date = models.DateField()
    valid_to_date = models.DateField(null=True, blank=True)
    decided_by = models.CharField(max_length=120, blank=True)


class ClassMembership(models.Model):
    """Membership of an account in a business class over time; half-open, an open end is null."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="class_memberships")
    business_class = models.CharField(max_length=20, choices=BusinessClass)
    valid_from_date = models.DateField()
    valid_to_date = models.DateField(null=True, blank=True)
    list_year = models.PositiveSmallIntegerField(null=True, blank=True)


class Contact(models.Model):
    """A person to call about an account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=40)
    phone_digits = models.CharField(max_length=40, editable=False)
    is_duty = models.BooleanField(default=False, help_text="Answers day and night.")

    class Meta:
        indexes = [models.Index(OpClass(Reverse("phone_digits"), name="text_pattern_ops"), name="contact_phone_tail")]


class AccountHolder(models.Model):
    """Binds a person of the customer to an account that they may see."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="holders")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    valid_to_date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_holding_per_person_and_account", fields=["user", "account"])]


class ImportState(models.TextChoices):
    """Where an import stands. The worker works on those of `WORKING`; a person is awaited by the first two others.

    NOTHING: it was checked, and every row stands in the ledger already or is rejected.
    """

    READING = "reading"
    WAITING = "waiting"
    CHECKED = "checked"
    NOTHING = "nothing"
    COMMITTING = "committing"
    COMMITTED = "committed"
    REVERTING = "reverting"
    REVERTED = "reverted"
    CANCELLED = "cancelled"
    FAILED = "failed"


WORKING = (ImportState.READING, ImportState.COMMITTING, ImportState.REVERTING)


class ImportQuerySet(models.QuerySet):
    """Reads of imports."""

    def visible_to(self, user: access.Person) -> Self:
        """Return the imports that this person made; all of them for supervisors and administrators who may see every customer."""
        if not access.is_staff_role(user):
            return self.none()
        is_above = access.role_of(user) in ("supervisor", access.ADMINISTRATOR)
        return self if is_above and access.areas_of(user, LAYER_ID, access.VIEW).whole else self.filter(by=user)


class Import(models.Model):
    """A file of customers on its way in: read, checked against the ledger, stored as one batch, and perhaps taken back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    file_name = models.CharField(max_length=200)
    file_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=ImportState, default=ImportState.READING)
    detected = models.JSONField(default=dict)
    choices = models.JSONField(default=dict, help_text="What a person chose: encoding, crs, layer, mapping, swap_axes.")
    reading = models.JSONField(default=dict, help_text="What is in force: choices, and what was found where nothing was chosen.")
    questions = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    taken_back = models.JSONField(default=dict, help_text="What taking it back undid: new, moved, changed.")
    not_reverted = models.IntegerField(default=0)
    is_cancelled = models.BooleanField(default=False, help_text="It is taken back because it was cancelled while it was stored.")
    run = models.IntegerField(default=0, help_text="Grows with every reading; what an older one still brings is dropped.")
    done = models.IntegerField(default=0)
    total = models.IntegerField(null=True)
    cursor = models.IntegerField(default=0, help_text="The last row that was stored, or taken back.")
    begun_at = models.DateTimeField(null=True, help_text="When the worker began what it does now.")
    seen_at = models.DateTimeField(null=True, help_text="When the worker last said that it goes on.")
    problem = models.JSONField(null=True)
    committed_at = models.DateTimeField(null=True)
    reverted_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0, help_text="How often the worker began without getting on.")
    is_file_kept = models.BooleanField(default=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["state", "seen_at"], name="import_state")]

    def __str__(self) -> str:
        return self.file_name

    def person(self) -> User:
        """Return on whose rights it stands, read anew; the system's own when it came from the command line."""
        return User.objects.get(pk=self.by_id) if self.by_id else access.everybody()

    def has_stored(self) -> bool:
        """Tell whether something of it stands in the ledger: stored, and not taken back."""
        return self.rows.filter(stored_version__isnull=False).exists()

    def changes_something(self) -> bool:
        """Tell whether some row of it is neither as in the ledger nor rejected."""
        return any(self.counts.get(status) for status in RowStatus.values if status not in ("unchanged", "rejected"))

    def can(self) -> list[str]:
        """Return what a person may do with it as it stands: commit, cancel, revert, change."""
        match self.state:
            case ImportState.READING:
                return ["cancel"]
            case ImportState.WAITING:
                return ["change", "cancel"]
            case ImportState.CHECKED:
                return ["commit", "change", "cancel"]
            case ImportState.NOTHING:
                return ["change"] if self.is_file_kept else []
            case ImportState.COMMITTING:
                return ["cancel"]
            case ImportState.COMMITTED:
                return ["revert"] if self.changes_something() and self.is_file_kept else []
            case ImportState.FAILED:
                return ["cancel"] if self.has_stored() else ["change", "cancel"] if self.is_file_kept else []
        return []


class RowStatus(models.TextChoices):
    """What an import would do, or did, with one row of its file."""

    NEW = "new"
    MOVED = "moved"
    CHANGED = "changed"
    MOVED_AND_CHANGED = "moved_and_changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class ImportRow(models.Model):
    """One row of an imported file beside the customer it is about. `x`, `y` are as given in `datum`; lon, lat WGS 84 degrees; null leaves a field as it is."""

    pk = models.CompositePrimaryKey("batch_id", "row_no")
    batch = models.ForeignKey(Import, models.CASCADE, related_name="rows", db_index=False)
    row_no = models.IntegerField()
    status = models.CharField(max_length=20, choices=RowStatus)
    problem = models.CharField(max_length=40, blank=True)
    account_no = models.CharField(max_length=80, blank=True)
    account = models.ForeignKey(Account, models.CASCADE, null=True, db_index=False, db_constraint=False, related_name="+")
    account_version = models.IntegerField(null=True)
    point_version = models.IntegerField(null=True)
    x = models.FloatField(null=True)
    y = models.FloatField(null=True)
    datum = models.CharField(max_length=20, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    from_lon = models.FloatField(null=True)
    from_lat = models.FloatField(null=True)
    moved_m = models.FloatField(null=True)
    values = models.JSONField(default=dict)
    changes = models.JSONField(default=list)
    # What storing it left behind: the versions by which a later change of somebody else is noticed, and the journal's row. The first is
    # null again once the row was taken back.
    stored_version = models.IntegerField(null=True)
    stored_point_version = models.IntegerField(null=True)
    move = models.ForeignKey(PointMove, models.CASCADE, null=True, db_index=False, db_constraint=False, related_name="+")
    revert_problem = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "status", "row_no"], name="import_row_status")]


class ImportMapping(models.Model):
    """Which column meant what in the last file with these headings, of this person or of anybody."""

    headings = models.CharField(max_length=64, unique=True, help_text="sha256 of the sorted headings in lower case.")
    mapping = models.JSONField()
    crs = models.CharField(max_length=20, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
