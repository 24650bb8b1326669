"""What carries and guards map objects: streams of events, the cluster pyramid, basemaps, stored answers, sessions, the audit."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.gis.db import models as geo
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import MD5, Now


class Stream(models.Model):
    """One ordered log of changes, one per map layer. Bumping `seq` is what puts writers in commit order."""

    key = models.CharField(max_length=40, unique=True)
    epoch = models.UUIDField(
        default=uuid.uuid4, help_text="Changes when history was cut, e.g. after a restore: cursors of older epochs are void."
    )
    seq = models.BigIntegerField(default=0)


class Event(models.Model):
    """One change of one feature. `touched` lists the [west, south, east, north] boxes whose tiles it changed (EPSG:4326)."""

    class Kind(models.TextChoices):
        UPSERT = "upsert"
        DELETE = "delete"

    pk = models.CompositePrimaryKey("stream_id", "seq")
    stream = models.ForeignKey(Stream, models.CASCADE, related_name="events")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    feature_id = models.BigIntegerField()
    body = models.JSONField(null=True)
    touched = models.JSONField(default=list)
    at = models.DateTimeField()


class TileCell(models.Model):
    """One cell of the cluster pyramid: what lies in tile (level, x, y), summed. Tile z shows the cells of level z + 3.

    Sums are whole numbers (zoom-31 grid), so adding and taking away leaves no trace; with n = 1, `sum_id` is the feature's id.
    """

    pk = models.CompositePrimaryKey("layer", "level", "x", "y", "bucket")
    layer = models.CharField(max_length=40)
    level = models.SmallIntegerField()
    x = models.IntegerField()
    y = models.IntegerField()
    bucket = models.SmallIntegerField(help_text="What the layer sorts its features into, e.g. the rank of the grade.")
    n = models.IntegerField()
    sum_x = models.DecimalField(max_digits=30, decimal_places=0)
    sum_y = models.DecimalField(max_digits=30, decimal_places=0)
    sum_id = models.DecimalField(max_digits=30, decimal_places=0)


class Basemap(models.Model):
    """A background that an operator offers: vector or imagery, with its datum, date, licence and attribution."""

    class Kind(models.TextChoices):
        VECTOR = "vector"
        IMAGERY = "imagery"

    class SourceType(models.TextChoices):
        BUNDLED = "bundled", "bundled vector tiles"
        GEOTIFF = "geotiff", "GeoTIFF on this machine"
        XYZ = "xyz", "XYZ tiles"
        WMTS = "wmts", "WMTS"
        WMS = "wms", "WMS"
        PMTILES = "pmtiles", "tiles in one file (PMTiles)"

    key = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    title_en = models.CharField(max_length=120)
    title_zh = models.CharField(max_length=120)
    source_type = models.CharField(max_length=10, choices=SourceType)
    source = models.CharField(
        max_length=1000, blank=True, help_text="Path of the file, or address with {z} {x} {y} (XYZ) or the service's address (WMTS, WMS)."
    )
    source_layer = models.CharField(max_length=120, blank=True, help_text="Layer name at the upstream (WMTS, WMS).")
    key_env = models.CharField(
        max_length=60,
        blank=True,
        help_text="Name of the environment variable that holds the upstream's key; the key itself is never stored.",
    )
    datum = models.CharField(max_length=20, default="WGS84")
    min_zoom = models.PositiveSmallIntegerField(default=0)
    max_zoom = models.PositiveSmallIntegerField(default=19)
    bounds = ArrayField(
        models.FloatField(), size=4, null=True, blank=True, help_text="West, south, east, north in degrees; empty means everywhere."
    )
    taken_date = models.DateField(null=True, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    attribution = models.CharField(max_length=300, blank=True)
    note_en = models.CharField(max_length=300, blank=True)
    note_zh = models.CharField(max_length=300, blank=True)
    ordering = models.SmallIntegerField(default=0)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["ordering", "key"]

    def __str__(self) -> str:
        return self.title_en


class BasemapUpload(models.Model):
    """A person's file that is to become a basemap: on its way here in parts, being made, or made. `layers.basemap_uploads` writes it."""

    class State(models.TextChoices):
        RECEIVING = "receiving"
        WAITING = "waiting"
        WORKING = "working"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    file_name = models.CharField(max_length=200)
    bytes = models.BigIntegerField()
    stamp = models.CharField(max_length=40, blank=True, help_text="The browser's own mark of the file, by which it goes on after a reload.")
    received = models.BigIntegerField(default=0, help_text="Bytes that are here without a gap from the beginning.")
    wishes = models.JSONField(default=dict, help_text="title_en, title_zh, datum, crs, taken_date, licence, attribution.")
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVING)
    attempts = models.PositiveSmallIntegerField(default=0)
    share = models.FloatField(default=0, help_text="Of the making, 0 to 1.")
    problem = models.JSONField(null=True, help_text="code and text of why it failed.")
    made = models.JSONField(null=True, help_text="What the file was found to be (spatial.files.rasters.Made).")
    basemap = models.OneToOneField(Basemap, models.CASCADE, null=True, related_name="upload")
    at = models.DateTimeField()
    heard_at = models.DateTimeField(help_text="When a part came or the work went on.")

    class Meta:
        indexes = [models.Index(fields=["state", "heard_at"], name="basemap_upload_by_state")]
        constraints = [models.CheckConstraint(name="an_upload_receives_no_more_than_it_has", condition=Q(received__lte=models.F("bytes")))]


class IdempotencyKey(models.Model):
    """The stored answer of a write command, kept so that sending it again changes nothing."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.UUIDField()
    command = models.CharField(max_length=200, help_text="Method and path.")
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_answer_per_user_and_key", fields=["user", "key"])]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the audit is narrowed to; empty means everything. The period is half-open."""

    person: str = ""
    layer: str = ""
    object_id: str = ""
    action: str = ""
    area: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


class AuditRowQuerySet(models.QuerySet):
    """Reads of the audit."""

    def found(self, wanted: AuditFilter) -> Self:
        """Return the rows narrowed by every part of the filter, newest first: by number, since clocks may step back."""
        rows = self.order_by("-seq")
        if wanted.person:
            rows = rows.filter(Q(actor__username__iexact=wanted.person) | Q(actor_name__icontains=wanted.person))
        if wanted.layer:
            rows = rows.filter(layer=wanted.layer)
        if wanted.object_id:
            rows = rows.filter(object_id__in=_keys_of(wanted.layer, wanted.object_id))
        if wanted.action:
            # A noun alone means all that was done to it: customer -> customer.move, customer.edit...
            rows = rows.filter(Q(action=wanted.action) | Q(action__startswith=f"{wanted.action}."))
        if wanted.area:
            rows = rows.filter(area_code=wanted.area)
        if wanted.text:
            rows = rows.filter(Q(object_label__icontains=wanted.text) | Q(reason__icontains=wanted.text) | Q(request_id=wanted.text))
        if wanted.since:
            rows = rows.filter(at__gte=wanted.since)
        if wanted.until:
            rows = rows.filter(at__lt=wanted.until)
        return rows


def _keys_of(layer: str, object_id: str) -> list[str]:
    """Return every key under which rows about the object are found: of a person the number, and the user name of older rows."""
    if layer != "people":
        return [object_id]
    is_number = re.fullmatch(r"[0-9]{1,9}", object_id)
    person = User.objects.filter(pk=int(object_id)).first() if is_number else User.objects.filter(username=object_id).first()
    return [object_id, str(person.pk), person.username] if person else [object_id]


class AuditRow(models.Model):
    """Who did what, when, from where. Only `layers.audit` writes it; the database lets nobody change or remove a row.

    `seq` has no gaps, and `hash` is sha256(hash of the row before + this row as canonical JSON).
    """

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    # A person who did something is locked out, never deleted; the name stays as it was then.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=310)
    role = models.CharField(max_length=20)
    ip = models.CharField(max_length=45)
    device = models.CharField(max_length=200)
    request_id = models.CharField(max_length=64)
    action = models.CharField(max_length=40, help_text="noun.verb")
    layer = models.CharField(max_length=40)
    object_id = models.CharField(max_length=80)
    object_label = models.CharField(max_length=240)
    area_code = models.CharField(max_length=40)
    reason = models.CharField(max_length=500)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    batch = models.UUIDField(null=True, help_text="Rows of one command on many objects share it.")
    hash = models.CharField(max_length=64)

    objects = AuditRowQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["layer", "object_id", "-seq"], name="audit_by_object"),
            models.Index(fields=["actor", "-seq"], name="audit_by_actor"),
            models.Index(fields=["action", "-seq"], name="audit_by_action"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]


class AuditHead(models.Model):
    """The end of the audit's chain, one row. Its lock puts writers in one order; it also shows when newest rows were cut off."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [models.CheckConstraint(name="audit_has_one_head", condition=Q(id=1))]


class AccessToken(models.Model):
    """How a person's script or desktop GIS signs in; `layers.tokens` writes it. Of the token itself only the hash and the beginning are kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    layers = ArrayField(models.CharField(max_length=40))
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hexadecimal.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="True to a minute.")


class Export(models.Model):
    """A file of a layer's rows that a person asked for; `layers.exports` writes it. The file itself lies in MEDIA_ROOT under the id."""

    class State(models.TextChoices):
        WORKING = "working"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    layer = models.CharField(max_length=40)
    format = models.CharField(max_length=10)
    crs = models.CharField(max_length=20)
    language = models.CharField(max_length=2)
    query = models.JSONField(default=dict)
    scope = models.CharField(max_length=100, help_text="What the person might see and take away when it was written.")
    state = models.CharField(max_length=10, choices=State, default=State.WORKING)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    file_bytes = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "-at"], name="export_by_person")]


class LayerGrant(models.Model):
    """A right: whoever is in the group may do the action on the layer ("*": on every one) inside the area; no area means everywhere.

    Deleting an area deletes its grants: a right must never grow because a polygon went away.
    """

    group = models.ForeignKey("auth.Group", models.CASCADE, related_name="layer_grants")
    layer = models.CharField(max_length=40)
    action = models.CharField(max_length=10)
    area = models.ForeignKey("spatial.Area", models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_right_is_granted_once", fields=["group", "layer", "action", "area"], nulls_distinct=False),
            models.CheckConstraint(
                name="a_right_is_for_a_known_action",
                condition=models.Q(action__in=["view", "add", "move", "edit", "delete", "approve", "export"]),
            ),
            # The parts of a right are read as words of one text.
            models.CheckConstraint(name="a_granted_layer_is_one_word", condition=models.Q(layer__regex=r"^(\*|[a-z0-9_-]+)$")),
        ]


class Session(AbstractBaseSession):
    """One browser's session; `layers.sessions` writes it.

    `expire_date` is the end that every reader checks: idle or absolute, whichever comes first. Nobody's session (a sign-in under way)
    has no user. `sid` names it to people: the key itself is a secret.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    how = models.CharField(max_length=30, blank=True, help_text="The factors shown at sign-in, joined by +.")
    is_password_due = models.BooleanField(default=False)
    ip = models.CharField(max_length=45, blank=True)
    device = models.CharField(max_length=200, blank=True, help_text="In its own words: the User-Agent.")
    begun_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now(), help_text="True to a minute.")
    ends_at = models.DateTimeField(db_default=Now(), help_text="However busy it is.")
    sid = models.GeneratedField(expression=MD5("session_key"), output_field=models.CharField(max_length=32), db_persist=True, unique=True)


class BatchState(models.TextChoices):
    """Where an import of a file stands: read, asked about, checked, stored, taken back."""

    READING = "reading"
    WAITING = "waiting"
    CHECKED = "checked"
    COMMITTING = "committing"
    COMMITTED = "committed"
    REVERTING = "reverting"
    REVERTED = "reverted"
    CANCELLED = "cancelled"
    FAILED = "failed"


BATCH_WORKING = (BatchState.READING, BatchState.COMMITTING, BatchState.REVERTING)


class BatchRowStatus(models.TextChoices):
    """What an import would do, or did, with one row of its file."""

    NEW = "new"
    MOVED = "moved"
    CHANGED = "changed"
    MOVED_AND_CHANGED = "moved_and_changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class NetworkImport(models.Model):
    """A file of network assets on its way in; `layers.importing` writes it. The file itself lies in MEDIA_ROOT under the id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    file_name = models.CharField(max_length=200)
    file_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=BatchState, default=BatchState.READING)
    detected = models.JSONField(default=dict)
    choices = models.JSONField(default=dict, help_text="What a person chose: encoding, crs, swap_axes, tolerance_m, network, layers.")
    reading = models.JSONField(default=dict, help_text="What is in force: choices, and what was found where nothing was chosen.")
    headings = models.CharField(
        max_length=64, blank=True, help_text="sha256 of its layers and columns: what was said of it holds for the next alike."
    )
    questions = models.JSONField(default=list)
    counts = models.JSONField(default=dict, help_text="By kind, then by status.")
    parts = models.JSONField(default=dict, help_text="What would hang together, and what on nothing.")
    network_before = models.JSONField(null=True, help_text="The network's own row as it was; null while it did not exist.")
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

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["state", "seen_at"], name="network_import_state")]

    def __str__(self) -> str:
        return self.file_name

    def has_stored(self) -> bool:
        """Tell whether something of it stands in the network: stored, and not taken back."""
        return self.rows.filter(after__isnull=False).exists()

    def changes(self) -> int:
        """Return how many rows it would change, or changed."""
        same = (BatchRowStatus.UNCHANGED, BatchRowStatus.REJECTED)
        return sum(count for counts in self.counts.values() for status, count in counts.items() if status not in (*same, "far_moves"))

    def can(self) -> list[str]:
        """Return what a person may do with it as it stands: commit, cancel, revert, change."""
        match self.state:
            case BatchState.READING | BatchState.COMMITTING:
                return ["cancel"]
            case BatchState.WAITING:
                return ["change", "cancel"]
            case BatchState.CHECKED:
                return [*(["commit"] if self.changes() else []), "change", "cancel"]
            case BatchState.COMMITTED:
                return ["revert"] if self.is_file_kept and self.has_stored() else []
            case BatchState.FAILED:
                return ["cancel"] if self.has_stored() else ["change", "cancel"] if self.is_file_kept else []
        return []


class NetworkImportRow(models.Model):
    """One asset of an imported file beside the stored one of its code. Numbered in the order of storing: what others refer to comes first."""

    pk = models.CompositePrimaryKey("batch_id", "number")
    batch = models.ForeignKey(NetworkImport, models.CASCADE, related_name="rows", db_index=False)
    number = models.IntegerField()
    kind = models.CharField(max_length=20)
    layer = models.CharField(max_length=200)
    row_no = models.IntegerField()
    code = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=20, choices=BatchRowStatus)
    problem = models.CharField(max_length=40, blank=True)
    moved_m = models.FloatField(null=True)
    # Where it will be drawn; of what is drawn nowhere, the place of what it stands in: there the rights are asked for.
    geom = geo.GeometryField(srid=4326, null=True, spatial_index=False)
    is_drawn = models.BooleanField(default=False)
    values = models.JSONField(default=dict, help_text="Its fields as they will be, references as codes.")
    changes = models.JSONField(default=list)
    object_id = models.BigIntegerField(null=True)
    # The stored row's columns before and after storing; `after` is null again once the row was taken back.
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    revert_problem = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "kind", "status", "number"], name="network_import_row_status")]
