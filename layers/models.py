"""What carries map objects: streams of events, the cluster pyramid, basemaps, stored answers."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


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
