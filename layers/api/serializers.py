"""Messages of the map's doors."""

import math
from typing import Any

from rest_framework import serializers

from spatial.models import PointSource
from spatial.tiles import Bbox

MAX_FEATURES = 10_000


class Box(serializers.CharField):
    """`west,south,east,north` in degrees; west > east crosses the antimeridian."""

    def to_internal_value(self, data: Any) -> Bbox:  # type: ignore[override]
        text = super().to_internal_value(data)
        try:
            edges = [float(edge) for edge in text.split(",")]
        except ValueError:
            edges = []
        if len(edges) != 4 or not all(math.isfinite(edge) for edge in edges):
            raise serializers.ValidationError("Give four numbers: west,south,east,north in degrees.")
        box = Bbox(*edges)
        if not (-180 <= box.west <= 180 and -180 <= box.east <= 180 and -90 <= box.south <= box.north <= 90):
            raise serializers.ValidationError("West and east lie in -180 to 180, south and north in -90 to 90, south below north.")
        return box


class FeatureQuery(serializers.Serializer):
    """What a feature list is narrowed to, besides the layer's own filters."""

    bbox = Box(max_length=200, required=False, default=None, allow_null=True)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_FEATURES, required=False, default=1000)


class FeatureMove(serializers.Serializer):
    """Where a feature shall stand, and which version of it the person saw."""

    lon = serializers.FloatField()
    lat = serializers.FloatField()
    base_version = serializers.IntegerField(min_value=0)
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")
    datum = serializers.CharField(max_length=20, required=False, default="WGS84")
    source = serializers.ChoiceField(PointSource.choices, required=False, default="")  # type: ignore[assignment]
    accuracy_m = serializers.FloatField(min_value=0.001, max_value=100_000, required=False, allow_null=True, default=None)
    device = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    confirm_distance = serializers.BooleanField(required=False, default=False)

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({name: ["This field is not known here."] for name in unknown[:20]})
        return super().to_internal_value(data)
