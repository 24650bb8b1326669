"""Where things are. Storage SRID is 4326 (WGS 84, lon before lat), named once as SRID."""

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex, OpClass
from django.db.models.functions import Lower

SRID = 4326


class Area(models.Model):
    """A county or service area as a polygon; the first thing a person filters by."""

    class Kind(models.TextChoices):
        COUNTY = "county"
        SERVICE_AREA = "service_area"

    kind = models.CharField(max_length=20, choices=Kind)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    geom = models.MultiPolygonField(srid=SRID)

    def __str__(self) -> str:
        return self.name


class PointSource(models.TextChoices):
    """How a position became known."""

    SURVEY = "survey"
    GPS = "gps"
    DEVICE = "device"
    MAP_CLICK = "map_click"
    TYPED = "typed"
    ADDRESS = "address"
    IMAGERY = "imagery"
    IMPORT = "import"


class Point(models.Model):
    """Where one object stands now. Every change of it is a PointMove; services alone write it."""

    geom = models.PointField(srid=SRID, null=True, blank=True)
    datum = models.CharField(max_length=20, default="WGS84", help_text="Datum in which the position was given; geom is always WGS 84.")
    source = models.CharField(max_length=20, choices=PointSource, blank=True)
    accuracy_m = models.FloatField(null=True, blank=True)
    converted_by = models.CharField(
        max_length=40, blank=True, help_text="What converted the position to WGS 84; empty when nothing had to."
    )
    version = models.PositiveIntegerField(default=0)
    moved_at = models.DateTimeField(null=True, blank=True)
    moved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="point_accuracy_is_positive", condition=models.Q(accuracy_m__isnull=True) | models.Q(accuracy_m__gt=0)
            ),
        ]
        # Few points have no place, and the index of places finds them only by reading itself whole.
        indexes = [models.Index("id", name="point_without_place", condition=models.Q(geom__isnull=True))]


class PointMove(models.Model):
    """One line of a point's journal. Append-only: the database refuses to change or delete a row (migration 0002)."""

    class Kind(models.TextChoices):
        PLACE = "place"
        MOVE = "move"
        UNDO = "undo"
        REMOVE = "remove"
        RESTORE = "restore"

    point = models.ForeignKey(Point, models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind)
    from_geom = models.PointField(srid=SRID, null=True, blank=True, spatial_index=False)
    to_geom = models.PointField(srid=SRID, null=True, blank=True, spatial_index=False)
    distance_m = models.FloatField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    device = models.CharField(max_length=120, blank=True)
    datum = models.CharField(max_length=20, default="WGS84")
    source = models.CharField(max_length=20, choices=PointSource, blank=True)
    accuracy_m = models.FloatField(null=True, blank=True)
    base_version = models.PositiveIntegerField()
    version = models.PositiveIntegerField()
    undoes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="undone_by")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Two people cannot both write version 7: the second insert fails, whatever the code above it believes.
            models.UniqueConstraint(name="one_move_per_point_version", fields=["point", "version"]),
        ]


class Network(models.Model):
    """A named body of network assets, e.g. one utility's medium-voltage grid."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    origin = models.CharField(max_length=300, blank=True)
    licence = models.CharField(max_length=120, blank=True)
    made_up = models.BooleanField(default=False)
    tolerance_m = models.FloatField(default=0.5, help_text="Ends of segments nearer than this are one node.")

    def __str__(self) -> str:
        return self.name


class Node(models.Model):
    """CIM ConnectivityNode: where ends of segments meet, and sites stand. Derived from the network's rows by `services.network.settle`.

    `number` counts from 1 by lon, then lat; `part` says what hangs together, the largest part is 1.
    """

    pk = models.CompositePrimaryKey("network_id", "number")
    network = models.ForeignKey(Network, models.CASCADE, related_name="nodes", db_index=False)
    number = models.PositiveIntegerField()
    part = models.PositiveIntegerField()
    geom = models.PointField(srid=SRID)


class Substation(models.Model):
    """CIM Substation: where high voltage becomes medium voltage."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="substations")
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    voltage_kv = models.FloatField(null=True, blank=True)
    secondary_kv = models.FloatField(null=True, blank=True)
    rating_kva = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    geom = models.PointField(srid=SRID)
    node = models.PositiveIntegerField(null=True, blank=True, help_text="Number of the node where it stands.")

    class Meta:
        constraints = [models.UniqueConstraint(name="substation_code_in_network", fields=["network", "code"])]

    def __str__(self) -> str:
        return self.name


class BusSection(models.Model):
    """CIM BusbarSection: one section of a substation's bars; drawn nowhere when only its substation's place is known."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="bus_sections")
    substation = models.ForeignKey(Substation, models.CASCADE, related_name="bus_sections", null=True, blank=True)
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    voltage_kv = models.FloatField(null=True, blank=True)
    geom = models.PointField(srid=SRID, null=True, blank=True)
    node = models.PositiveIntegerField(null=True, blank=True, help_text="Number of the node where it stands.")

    class Meta:
        constraints = [models.UniqueConstraint(name="bus_section_code_in_network", fields=["network", "code"])]

    def __str__(self) -> str:
        return self.name


class Feeder(models.Model):
    """CIM Feeder: the lines that leave one breaker of a substation. `geom` is the merged course of its lines."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="feeders")
    substation = models.ForeignKey(Substation, models.CASCADE, related_name="feeders", null=True, blank=True)
    bus_section = models.ForeignKey(BusSection, models.SET_NULL, related_name="feeders", null=True, blank=True)
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    voltage_kv = models.FloatField(null=True, blank=True)
    geom = models.MultiLineStringField(srid=SRID, null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="feeder_code_in_network", fields=["network", "code"])]

    def __str__(self) -> str:
        return self.name


class Station(models.Model):
    """A distribution transformer station on a feeder."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="stations")
    feeder = models.ForeignKey(Feeder, models.SET_NULL, related_name="stations", null=True, blank=True)
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    rating_kva = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    geom = models.PointField(srid=SRID)
    node = models.PositiveIntegerField(null=True, blank=True, help_text="Number of the node where it stands.")

    class Meta:
        constraints = [models.UniqueConstraint(name="station_code_in_network", fields=["network", "code"])]

    def __str__(self) -> str:
        return self.name


class Transformer(models.Model):
    """CIM PowerTransformer: in a station or a substation, where it stands unless it has a place of its own."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="transformers")
    substation = models.ForeignKey(Substation, models.CASCADE, related_name="transformers", null=True, blank=True)
    station = models.ForeignKey(Station, models.CASCADE, related_name="transformers", null=True, blank=True)
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    rating_kva = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    primary_kv = models.FloatField(null=True, blank=True)
    secondary_kv = models.FloatField(null=True, blank=True)
    geom = models.PointField(srid=SRID, null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="transformer_code_in_network", fields=["network", "code"])]

    def __str__(self) -> str:
        return self.name


class Line(models.Model):
    """CIM ACLineSegment: one cable or overhead section between two nodes of the network."""

    class Kind(models.TextChoices):
        CABLE = "cable"
        OVERHEAD = "overhead"
        UNKNOWN = "unknown"

    network = models.ForeignKey(Network, models.CASCADE, related_name="lines")
    feeder = models.ForeignKey(Feeder, models.SET_NULL, related_name="lines", null=True, blank=True)
    code = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind)
    length_m = models.FloatField()
    from_code = models.CharField(max_length=60, blank=True)
    to_code = models.CharField(max_length=60, blank=True)
    normally_open = models.BooleanField(default=False, help_text="Parted by an open switch in the grid's normal state.")
    from_node = models.PositiveIntegerField(null=True, blank=True, help_text="Number of the node where its course begins.")
    to_node = models.PositiveIntegerField(null=True, blank=True)
    geom = models.LineStringField(srid=SRID)

    class Meta:
        constraints = [models.UniqueConstraint(name="line_code_in_network", fields=["network", "code"])]

    def __str__(self) -> str:
        return self.code


class Place(models.Model):
    """A street, address or named place of the basemap: what people type when they mean "there"."""

    class Kind(models.TextChoices):
        STREET = "street"
        ADDRESS = "address"
        BUILDING = "building"
        POI = "poi"

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=200)
    other_names = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=60, blank=True)
    origin = models.CharField(max_length=40, help_text="The data set it came from; an import replaces its own rows only.")
    geom = models.PointField(srid=SRID)

    class Meta:
        indexes = [GistIndex(OpClass(Lower("name"), name="gist_trgm_ops"), name="place_name_trgm")]

    def __str__(self) -> str:
        return self.name
