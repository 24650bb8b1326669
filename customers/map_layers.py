"""The customers on the map: which rows, which of their properties may leave the server, how they are drawn."""

from collections.abc import Callable, Collection, Sequence, Set
from typing import Any

from django.db.models import QuerySet

from customers import selectors
from customers.models import LAYER_ID, Account, BusinessClass, Grade, Status, grade_order, valid_holding
from customers.rules import GRADES
from layers.registry import BadFilter, Clusters, LayerPart, MapLayer

PART = "customers"

# Shape tells the grade, colour the status, a ring the class: each can be read without the others.
_GRADE_SHAPES = {
    Grade.SPECIAL: ("star", "Special", "特级"),
    Grade.FIRST: ("triangle", "First grade", "一级"),
    Grade.SECOND: ("square", "Second grade", "二级"),
    Grade.TEMPORARY: ("diamond", "Temporary", "临时性"),
    Grade.NONE: ("circle", "No grade", "未定级"),
}
_STATUS_COLOURS = {
    Status.NORMAL: ("normal", "Normal", "正常"),
    Status.COMMISSIONING: ("commissioning", "Being connected", "新装在途"),
    Status.CHANGING: ("changing", "Being changed", "变更在途"),
    Status.CLOSED: ("closed", "Closed", "已销户"),
}
_CLASS_RINGS = {
    BusinessClass.LARGE: ("Large customer", "大客户"),
    BusinessClass.TOP100: ("Top 100 by energy", "用电量百强"),
    BusinessClass.KEY100: ("Key 100", "百户重点企业"),
    BusinessClass.GROWTH100: ("Growth 100", "百户高成长企业"),
    BusinessClass.OWN_TRANSFORMER: ("Own transformer", "专变"),
    BusinessClass.DEDICATED_FEEDER: ("Dedicated feeder", "专线"),
}


def _rows(user: Any) -> QuerySet:
    return Account.objects.visible_to(user).present().located()


def _listed(user: Any) -> QuerySet:
    return Account.objects.visible_to(user).present()


def _visible_ids(user: Any, ids: Sequence[int]) -> Set[int]:
    return set(Account.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def _holdings(user_ids: Collection[int]) -> dict[int, str]:
    valid = Account.objects.filter(valid_holding(), holders__user_id__in=user_ids).order_by("pk").values_list("holders__user_id", "pk")
    held: dict[int, list[str]] = {}
    for user_id, pk in valid:
        held.setdefault(user_id, []).append(str(pk))
    return {user_id: ",".join(pks) for user_id, pks in held.items()}


def _among(
    known: Sequence[str], narrow: Callable[[QuerySet, Sequence[str]], QuerySet], noun: str
) -> Callable[[QuerySet, list[str]], QuerySet]:
    def narrowed(rows: QuerySet, words: list[str]) -> QuerySet:
        unknown = [word for word in words if word not in known]
        if unknown:
            raise BadFilter(f"“{unknown[0][:40]}” is not a {noun}; known are {', '.join(known)}.")
        return narrow(rows, words)

    return narrowed


CUSTOMERS = MapLayer(
    id=LAYER_ID,
    title={"en": "Customers", "zh": "客户"},
    parts=[
        LayerPart(
            id=PART,
            geometry="point",
            rows=_rows,
            geom="point__geom",
            properties={
                "name": "name",
                "name_en": "name_en",
                "name_zh": "name_zh",
                "grade": "grade",
                "classes": "classes",
                "status": "status",
                "v": "point__version",
            },
        )
    ],
    clusters=Clusters(of_part=PART, below_zoom=13, bucket=grade_order(), bucket_values=GRADES, bucket_filter="grade"),
    filters={
        "grade": _among(Grade.values, selectors.filter_grade, "grade"),
        "class": _among(BusinessClass.values, selectors.filter_class, "class"),
        "status": _among(Status.values, selectors.filter_status, "status"),
        "area": selectors.filter_area,
        "q": selectors.filter_text,
    },
    changes_with=["areas"],
    legend=[
        *(
            {"part": PART, "label": {"en": en, "zh": zh}, "symbol": {"kind": "grade", "value": grade.value, "shape": shape}}
            for grade, (shape, en, zh) in _GRADE_SHAPES.items()
        ),
        *(
            {"part": PART, "label": {"en": en, "zh": zh}, "symbol": {"kind": "status", "value": status.value, "colour": colour}}
            for status, (colour, en, zh) in _STATUS_COLOURS.items()
        ),
        *(
            {"part": PART, "label": {"en": en, "zh": zh}, "symbol": {"kind": "class", "value": business_class.value, "ring": True}}
            for business_class, (en, zh) in _CLASS_RINGS.items()
        ),
        {
            "part": "clusters",
            "label": {"en": "Several customers, worst grade", "zh": "多个客户（按最高等级着色）"},
            "symbol": {"kind": "cluster", "count": "n", "shape": "circle"},
        },
    ],
    visible_ids=_visible_ids,
    holdings=_holdings,
    listing=LayerPart(
        id=PART,
        geometry="point",
        rows=_listed,
        geom="point__geom",
        # No contacts: people's telephones leave with a site's own sheet, not by the thousand.
        properties={
            "account_no": "account_no",
            "name": "name",
            "name_en": "name_en",
            "name_zh": "name_zh",
            "enterprise": "enterprise__name",
            "grade": "grade",
            "classes": "classes",
            "status": "status",
            "address": "address",
            "contract_kva": "contract_kva",
            "running_kva": "running_kva",
            "voltage": "voltage",
            "area": "area__code",
            "source": "point__source",
            "accuracy_m": "point__accuracy_m",
            "updated_at": "updated_at",
        },
    ),
    column_titles={
        "account_no": {"en": "Account number", "zh": "户号"},
        "name": {"en": "Name", "zh": "名称"},
        "name_en": {"en": "English name", "zh": "英文名称"},
        "name_zh": {"en": "Chinese name", "zh": "中文名称"},
        "enterprise": {"en": "Enterprise", "zh": "企业"},
        "grade": {"en": "Grade", "zh": "重要性等级"},
        "classes": {"en": "Business class", "zh": "业务类别"},
        "status": {"en": "Status", "zh": "用电状态"},
        "address": {"en": "Address", "zh": "地址"},
        "contract_kva": {"en": "Contracted capacity (kVA)", "zh": "合同容量（kVA）"},
        "running_kva": {"en": "Running capacity (kVA)", "zh": "运行容量（kVA）"},
        "voltage": {"en": "Voltage", "zh": "电压等级"},
        "area": {"en": "County", "zh": "区县"},
        "source": {"en": "Source of the position", "zh": "位置来源"},
        "accuracy_m": {"en": "Accuracy (m)", "zh": "精度（m）"},
        "updated_at": {"en": "Changed", "zh": "变更时间"},
    },
)
