"""Take a message apart: what the serializer knows, or a refusal field by field."""

from typing import Any

from rest_framework import serializers


def valid(serializer: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """Return the message's fields.

    Raises:
        serializers.ValidationError: with a sentence per field.
    """
    checked = serializer(data=data)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)
