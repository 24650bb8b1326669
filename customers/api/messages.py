"""What the customers' doors answer, for the OpenAPI document and the browser's types; `customers.selectors` builds it."""

from rest_framework import serializers

from customers.models import BusinessClass, Grade, Status
from spatial.models import PointMove


class Named(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    name_zh = serializers.CharField()


class EnterpriseRef(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class LonLatOut(serializers.Serializer):
    lon = serializers.FloatField()
    lat = serializers.FloatField()


class CustomerRow(serializers.Serializer):
    """One customer in a list. `version` guards the ledger, `point_version` the position. kVA null means not known."""

    id = serializers.IntegerField()
    account_no = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    enterprise = EnterpriseRef()
    grade = serializers.ChoiceField(Grade.choices)
    classes = serializers.ListField(child=serializers.ChoiceField(BusinessClass.choices))
    status = serializers.ChoiceField(Status.choices)
    address = serializers.CharField()
    contract_kva = serializers.FloatField(allow_null=True)
    running_kva = serializers.FloatField(allow_null=True)
    voltage = serializers.CharField()
    area = Named(allow_null=True)
    lon = serializers.FloatField(allow_null=True)
    lat = serializers.FloatField(allow_null=True)
    version = serializers.IntegerField()
    point_version = serializers.IntegerField()
    deleted_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class Move(serializers.Serializer):
    """One row of a point's journal; `distance_m` null where there was no position before."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(PointMove.Kind.choices)
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    actor_name = serializers.CharField()
    # `from` is a word of Python; the field is added in get_fields.
    to = LonLatOut(allow_null=True)
    distance_m = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
    device = serializers.CharField()
    datum = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    base_version = serializers.IntegerField()
    version = serializers.IntegerField()
    undoes = serializers.IntegerField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "from": LonLatOut(allow_null=True)}


HISTORY_KINDS = [*PointMove.Kind.choices, ("edit", "edit")]


class FieldChange(serializers.Serializer):
    """One field of the ledger, before and after."""

    field = serializers.CharField()
    to = serializers.JSONField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "from": serializers.JSONField(allow_null=True)}


class HistoryRow(Move):
    """A move of the point or, with kind edit, a change of the ledger: then `changes` says which, and what belongs to a move is null."""

    kind = serializers.ChoiceField(HISTORY_KINDS)
    base_version = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    changes = FieldChange(many=True)
    undone_by = serializers.IntegerField(allow_null=True)
    can_undo = serializers.BooleanField()


class PointOut(LonLatOut):
    datum = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    accuracy_m = serializers.FloatField(allow_null=True)
    converted_by = serializers.CharField()
    version = serializers.IntegerField()
    updated_at = serializers.DateTimeField(allow_null=True)
    updated_by = serializers.CharField()


class ContactOut(serializers.Serializer):
    name = serializers.CharField()
    role = serializers.CharField()
    phone = serializers.CharField()
    is_duty = serializers.BooleanField()


class Membership(serializers.Serializer):
    business_class = serializers.ChoiceField(BusinessClass.choices)
    valid_from_date = serializers.DateField()
    list_year = serializers.IntegerField(allow_null=True)


class CustomerCard(CustomerRow):
    """Everything the site card shows."""

    point = PointOut(allow_null=True)
    contacts = ContactOut(many=True)
    class_memberships = Membership(many=True)
    grade_since = serializers.DateField(allow_null=True)
    delete_reason = serializers.CharField()
    made_up = serializers.BooleanField()
    actions = serializers.ListField(child=serializers.CharField())
    last_move = Move(allow_null=True)


class CustomerPage(serializers.Serializer):
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    results = CustomerRow(many=True)


class NearRow(CustomerRow):
    """A customer and how far it is, measured on the ellipsoid."""

    distance_m = serializers.FloatField()


class Nearest(serializers.Serializer):
    results = NearRow(many=True)


class Counts(serializers.Serializer):
    total = serializers.IntegerField()
    located = serializers.IntegerField()
    unlocated = serializers.IntegerField()
    contract_kva = serializers.FloatField(allow_null=True)
    running_kva = serializers.FloatField(allow_null=True)
    by_grade = serializers.DictField(child=serializers.IntegerField())
    by_class = serializers.DictField(child=serializers.IntegerField())
    by_status = serializers.DictField(child=serializers.IntegerField())


class Within(Counts):
    count = serializers.IntegerField()
    customers = CustomerRow(many=True)
    truncated = serializers.BooleanField()


class Moved(serializers.Serializer):
    feature = serializers.DictField()
    move = Move()
    customer = CustomerCard()


FOUND_KINDS = ["customer", "place", "coordinate"]


class FoundContact(serializers.Serializer):
    name = serializers.CharField()
    phone_ends = serializers.CharField()


class Found(serializers.Serializer):
    kind = serializers.ChoiceField(FOUND_KINDS)
    id = serializers.JSONField()
    title = serializers.CharField()
    title_en = serializers.CharField(required=False)
    title_zh = serializers.CharField(required=False)
    subtitle = serializers.CharField()
    category = serializers.CharField(required=False)
    match = serializers.CharField()
    contact = FoundContact(required=False)
    grade = serializers.CharField(required=False)
    status = serializers.CharField(required=False)
    lon = serializers.FloatField(allow_null=True)
    lat = serializers.FloatField(allow_null=True)
    zoom = serializers.IntegerField()


class FoundList(serializers.Serializer):
    results = Found(many=True)
    took_ms = serializers.FloatField(required=False)
