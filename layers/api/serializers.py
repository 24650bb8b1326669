"""Messages of the map's doors."""

from typing import Any

from rest_framework import serializers

from layers.api.messages import Box, Strict, Text
from spatial.models import PointSource

MAX_FEATURES = 10_000
REASON: dict[str, Any] = {"max_length": 500, "allow_blank": True, "required": False, "default": ""}
DEVICE: dict[str, Any] = {"max_length": 120, "allow_blank": True, "required": False, "default": ""}


class FeatureQuery(Strict):
    """What a feature list is narrowed to, besides the layer's own filters."""

    bbox = Box(max_length=200, required=False, default=None, allow_null=True)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_FEATURES, required=False, default=1000)


class FeatureMove(Strict):
    """Where a feature shall stand, how we know, and which version of it the person saw.

    lon before lat; in a projected datum easting and northing in metres.
    """

    lon = serializers.FloatField()
    lat = serializers.FloatField()
    base_version = serializers.IntegerField(min_value=0)
    datum = serializers.CharField(max_length=20, required=False, default="WGS84")
    source = serializers.ChoiceField(PointSource.choices, required=False, default="")  # type: ignore[assignment]
    accuracy_m = serializers.FloatField(min_value=0.001, max_value=100_000, required=False, allow_null=True, default=None)
    device = Text(**DEVICE)
    reason = Text(**REASON)
    confirm_distance = serializers.BooleanField(required=False, default=False)
