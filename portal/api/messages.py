"""What several doors of the portal say or read alike; doors themselves know nothing of each other."""

from rest_framework import exceptions, serializers
from rest_framework.request import Request


class PasswordRuleOut(serializers.Serializer):
    code = serializers.CharField()
    value = serializers.IntegerField(required=False)


class SessionOut(serializers.Serializer):
    id = serializers.CharField()
    device = serializers.CharField()
    ip = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    current = serializers.BooleanField()


def asked_person(request: Request) -> int | None:
    """Return the number behind ?user=, or None when nobody is asked for.

    Raises:
        exceptions.ValidationError: it is no number of a person.
    """
    text = request.query_params.get("user", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise exceptions.ValidationError({"user": ["Give the number of a person."]})
    return int(text) if text else None
