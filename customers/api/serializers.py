"""Messages about customers. Input and output are different types; what is not named here is not accepted."""

from typing import Any

from rest_framework import serializers

from customers import pages
from customers.models import BusinessClass, Grade, Status
from layers.api.messages import Box, Strict, Text
from layers.api.serializers import DEVICE, REASON
from spatial.models import PointSource

MAX_LINE_POINTS = 1000


class ContactInput(Strict):
    name = Text(max_length=120)
    phone = serializers.RegexField(r"^[0-9+()/ .\-]{3,40}$", max_length=40)
    role = Text(max_length=60, required=False, allow_blank=True, default="")
    is_duty = serializers.BooleanField(required=False, default=False)


class MoveUndo(Strict):
    move_id = serializers.IntegerField(min_value=1)
    base_version = serializers.IntegerField(min_value=0)
    reason = Text(**REASON)
    device = Text(**DEVICE)


class _Ledger(Strict):
    name = Text(max_length=200)
    name_en = Text(max_length=200, required=False, allow_blank=True)
    name_zh = Text(max_length=200, required=False, allow_blank=True)
    enterprise = Text(max_length=200, required=False, allow_blank=True)
    grade = serializers.ChoiceField(Grade.choices, required=False)
    classes = serializers.ListField(child=serializers.ChoiceField(BusinessClass.choices), required=False, max_length=12)
    status = serializers.ChoiceField(Status.choices, required=False)
    address = Text(max_length=300, required=False, allow_blank=True)
    contract_kva = serializers.DecimalField(max_digits=16, decimal_places=6, min_value=0, required=False, allow_null=True)
    running_kva = serializers.DecimalField(max_digits=16, decimal_places=6, min_value=0, required=False, allow_null=True)
    voltage = Text(max_length=20, required=False, allow_blank=True)


class CustomerCreate(_Ledger):
    account_no = serializers.RegexField(r"^[0-9A-Za-z\-]{1,16}$", max_length=16)
    contacts = ContactInput(many=True, required=False, max_length=20)  # type: ignore[call-arg]
    lon = serializers.FloatField(required=False, allow_null=True)
    lat = serializers.FloatField(required=False, allow_null=True)
    datum = serializers.CharField(max_length=20, required=False)
    source = serializers.ChoiceField(PointSource.choices, required=False)  # type: ignore[assignment]
    accuracy_m = serializers.FloatField(min_value=0.001, max_value=100_000, required=False, allow_null=True)
    device = Text(max_length=120, required=False, allow_blank=True)
    reason = Text(**REASON)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs.get("lon") is None) != (attrs.get("lat") is None):
            raise serializers.ValidationError({"lon": ["Give longitude and latitude together, or neither."]})
        return attrs


class CustomerPatch(_Ledger):
    name = Text(max_length=200, required=False)
    contacts = ContactInput(many=True, required=False, max_length=20)  # type: ignore[call-arg]
    base_version = serializers.IntegerField(min_value=1)


class CustomerDelete(Strict):
    base_version = serializers.IntegerField(min_value=1)
    reason = Text(max_length=500)


class CustomerRestore(Strict):
    reason = Text(**REASON)


class CustomerQuery(Strict):
    """The filters of a list, as they stand in the address line."""

    bbox = Box(max_length=200, required=False, default=None)
    grade = serializers.CharField(required=False, max_length=200)
    # `class` is a word of Python; the field is added in get_fields.
    status = serializers.CharField(required=False, max_length=200)
    area = serializers.CharField(required=False, max_length=400)
    located = serializers.BooleanField(required=False, allow_null=True, default=None)
    deleted = serializers.BooleanField(required=False, default=False)
    q = serializers.CharField(required=False, max_length=200, allow_blank=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "class": serializers.CharField(required=False, max_length=200)}


class CustomerPageQuery(CustomerQuery):
    """The filters, and which page. `cursor` is the `next` of the page before; it holds for its own ordering only."""

    ordering = serializers.ChoiceField(pages.ORDERINGS, required=False, default="grade")
    cursor = serializers.CharField(required=False, max_length=4000)
    skip = serializers.IntegerField(required=False, min_value=0, max_value=10_000_000, default=0)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500, default=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            return attrs | {"after": pages.read_cursor(attrs["cursor"], attrs["ordering"]) if "cursor" in attrs else ()}
        except pages.BadCursor as error:
            raise serializers.ValidationError({"cursor": [str(error)]}) from error


class Near(serializers.CharField):
    """`lon,lat` in degrees."""

    def to_internal_value(self, data: Any) -> tuple[float, float]:  # type: ignore[override]
        numbers = super().to_internal_value(data).split(",")
        try:
            lon, lat = map(float, numbers)
        except ValueError:
            raise serializers.ValidationError("Give two numbers: lon,lat in degrees.") from None
        return lon, lat


class NearestQuery(CustomerQuery):
    """The filters, and from where."""

    near = Near(max_length=100)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100, default=10)


class LonLat(Strict):
    lon = serializers.FloatField(min_value=-180, max_value=180)
    lat = serializers.FloatField(min_value=-85, max_value=85)


class WithinShape(Strict):
    """A drawn shape: a GeoJSON polygon, a circle, or a corridor along a line. Exactly one of them. WGS 84, metres."""

    geometry = serializers.DictField(required=False)
    centre = LonLat(required=False)
    radius_m = serializers.FloatField(required=False, min_value=1, max_value=200_000)
    line = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        required=False,
        min_length=2,
        max_length=MAX_LINE_POINTS,
    )
    width_m = serializers.FloatField(required=False, min_value=1, max_value=50_000)
    grade = serializers.CharField(required=False, max_length=200)
    status = serializers.CharField(required=False, max_length=200)
    area = serializers.CharField(required=False, max_length=400)
    q = serializers.CharField(required=False, max_length=200, allow_blank=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "class": serializers.CharField(required=False, max_length=200)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in ("geometry", "centre", "line") if name in attrs]
        if len(given) != 1:
            raise serializers.ValidationError("Draw exactly one of: geometry (polygon), centre with radius_m, line with width_m.")
        if "centre" in attrs and "radius_m" not in attrs:
            raise serializers.ValidationError({"radius_m": ["A circle needs its radius in metres."]})
        if "line" in attrs and "width_m" not in attrs:
            raise serializers.ValidationError({"width_m": ["A corridor needs its width in metres."]})
        return attrs
