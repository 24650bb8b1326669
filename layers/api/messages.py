"""What the messages of every door share: nothing unknown is accepted, a line of text is one line, a box reads one way."""

import math
from typing import Any

from rest_framework import serializers

from spatial.tiles import Bbox


class Strict(serializers.Serializer):
    """Refuses fields it does not know, so that a misspelt or smuggled one is not silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({name: ["This field is not known here."] for name in unknown[:20]})
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A line of text: control characters are refused, ends are trimmed; what looks like a script is just text."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if any(ord(sign) < 32 for sign in value):
            raise serializers.ValidationError("Control characters and line breaks are not allowed here.")
        return value


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


def valid(message: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """Return what was sent, checked and converted.

    Raises:
        serializers.ValidationError: by field, what is wrong with it.
    """
    checked = message(data=data)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)
