"""What a file's columns mean: suggested by their headings in English and Chinese, then by what stands in them."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LON, LAT = "lon", "lat"


@dataclass(frozen=True, slots=True)
class Target:
    """A field that a column can fill. `words` are headings that mean it, folded."""

    name: str
    words: tuple[str, ...]
    is_required: bool = False
    max_length: int = 0


TARGETS = (
    Target(
        "account_no",
        (
            "accountno",
            "accountnumber",
            "account",
            "customerno",
            "customernumber",
            "consno",
            "户号",
            "用电户号",
            "客户编号",
            "用户编号",
            "用户号",
        ),
        True,
        16,
    ),
    Target(
        "name",
        ("name", "customername", "customer", "accountname", "consname", "户名", "名称", "客户名称", "用户名称", "用电户名"),
        False,
        200,
    ),
    Target("name_en", ("nameen", "englishname", "nameenglish", "英文名", "英文名称"), False, 200),
    Target("name_zh", ("namezh", "chinesename", "namecn", "namechinese", "中文名", "中文名称"), False, 200),
    Target(
        "enterprise", ("enterprise", "company", "organisation", "organization", "企业", "企业名称", "单位", "单位名称", "法人"), False, 200
    ),
    Target("address", ("address", "streetaddress", "elecaddr", "地址", "用电地址", "用户地址"), False, 300),
    Target("status", ("status", "state", "用电状态", "状态", "用户状态", "客户状态"), False, 20),
    Target("grade", ("grade", "importance", "importancegrade", "等级", "重要等级", "重要性等级", "重要客户等级"), False, 20),
    Target(
        "classes", ("classes", "class", "customerclass", "businessclass", "业务类别", "分类", "客户分类", "用户分类", "类别"), False, 200
    ),
    Target(
        "contract_kva",
        (
            "contractkva",
            "contractcapacity",
            "contractcap",
            "contracted",
            "contractedkva",
            "contractedcapacity",
            "contractedcapacitykva",
            "capacitykva",
            "合同容量",
            "合同容量kva",
        ),
        False,
        0,
    ),
    Target(
        "running_kva", ("runningkva", "runningcapacity", "runningcapacitykva", "running", "runcap", "运行容量", "运行容量kva"), False, 0
    ),
    Target("voltage", ("voltage", "voltagelevel", "voltcode", "电压", "电压等级", "供电电压"), False, 20),
    Target(LON, ("lon", "lng", "long", "longitude", "x", "easting", "east", "经度", "东坐标", "横坐标"), False, 0),
    Target(LAT, ("lat", "latitude", "y", "northing", "north", "纬度", "北坐标", "纵坐标"), False, 0),
    Target("accuracy_m", ("accuracym", "accuracy", "精度", "精度m"), False, 0),
)
BY_NAME = {target.name: target for target in TARGETS}
_SIGNS = re.compile(r"[\W_]+")
# Our own exports and many others name the datum in the heading: lon_gcj02, easting_epsg_4548, x坐标.
_LON_START = re.compile(r"(lon|lng|longitude|easting|经度|x坐标|东坐标)")
_LAT_START = re.compile(r"(lat|latitude|northing|纬度|y坐标|北坐标)")
_NUMBER = re.compile(r"[0-9]{6,16}")


def folded(heading: str) -> str:
    """Return the heading, or the word in a cell, as it is compared.

    >>> folded(" Account No. "), folded("合同容量（kVA）")
    ('accountno', '合同容量kva')
    """
    return _SIGNS.sub("", unicodedata.normalize("NFKC", heading)).lower()


def fingerprint(columns: Sequence[str]) -> str:
    """Return the same for every file with these headings, in whatever order."""
    return hashlib.sha256("\n".join(sorted(column.strip().lower() for column in columns)).encode()).hexdigest()


def suggest(columns: Sequence[str], samples: Mapping[str, Sequence[str]], *, has_geometry: bool) -> dict[str, str]:
    """Return field -> column for what can be told; a file with geometry needs no columns of coordinates.

    >>> suggest(["户号", "户名", "经度", "纬度"], {}, has_geometry=False)
    {'account_no': '户号', 'name': '户名', 'lon': '经度', 'lat': '纬度'}
    """
    found: dict[str, str] = {}
    left = {column: folded(column) for column in columns}
    for target in TARGETS:
        if has_geometry and target.name in (LON, LAT):
            continue
        column = next((column for word in target.words for column, text in left.items() if text == word), None)
        if column is None and target.name in (LON, LAT):
            start = _LON_START if target.name == LON else _LAT_START
            column = next((column for column, text in left.items() if start.match(text)), None)
        if column is not None:
            found[target.name] = column
            del left[column]
    if "account_no" not in found:
        column = next((column for column in left if _are_numbers(samples.get(column, ()))), None)
        if column is not None:
            found["account_no"] = column
    return found


def overlaid(meant: Mapping[str, str], chosen: Mapping[str, str | None], columns: Sequence[str]) -> dict[str, str]:
    """Return what the columns mean after a person chose: None takes a field off, a column means one field only.

    >>> overlaid({"name": "a", "address": "b"}, {"name_zh": "a", "address": None}, ["a", "b"])
    {'name_zh': 'a'}
    """
    taken = {column for column in chosen.values() if column}
    kept = {target: column for target, column in meant.items() if target not in chosen and column not in taken}
    both = kept | {target: column for target, column in chosen.items() if column}
    return {target: column for target, column in both.items() if column in columns}


def _are_numbers(cells: Sequence[str]) -> bool:
    return len(cells) >= 2 and len(set(cells)) == len(cells) and all(_NUMBER.fullmatch(cell.strip()) for cell in cells)
