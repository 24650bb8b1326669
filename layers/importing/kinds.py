"""The six kinds of network assets: in which order they are stored, which fields a column can fill, how layers and columns are recognised."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from spatial.models import BusSection, Feeder, Line, Station, Substation, Transformer

LON, LAT = "lon", "lat"
Form = Literal["code", "text", "kv", "kva", "metres", "yes_no", "line_kind", "ref", "coordinate"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a column can fill. `words` are headings that mean it, folded. `ref` is the kind that its code names."""

    name: str
    form: Form
    words: tuple[str, ...]
    max_length: int = 60
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of asset. `words` begin or are part of the names of layers that hold it; `shape` is how it must be drawn, "" if it need not be."""

    name: str
    model: Any
    words: tuple[str, ...]
    shape: Literal["point", "line", "maybe", ""]
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    @property
    def is_drawn(self) -> bool:
        return self.shape != ""

    @property
    def references(self) -> list[Field]:
        return [field for field in self.fields if field.form == "ref"]


def _code(*words: str) -> Field:
    return Field("code", "code", ("code", "id", "no", "number", "mrid", "编号", "编码", "代码", *words))


_NAME = Field("name", "text", ("name", "label", "title", "名称", "名字"), 120)
_LON = Field(LON, "coordinate", ("lon", "lng", "longitude", "x", "easting", "经度", "东坐标"))
_LAT = Field(LAT, "coordinate", ("lat", "latitude", "y", "northing", "纬度", "北坐标"))
_RATING = Field(
    "rating_kva", "kva", ("ratingkva", "rating", "kva", "capacity", "capacitykva", "snkva", "容量", "容量kva", "额定容量", "额定容量kva")
)
_VOLTAGE = Field("voltage_kv", "kv", ("voltagekv", "voltage", "kv", "vnkv", "电压", "电压kv", "电压等级", "额定电压"))
_SECONDARY = Field(
    "secondary_kv",
    "kv",
    ("secondarykv", "secondaryvoltage", "secondaryvoltagekv", "lvkv", "vnlvkv", "二次电压", "二次电压kv", "低压侧电压"),
)
_SUBSTATION = Field("substation", "ref", ("substation", "substationcode", "subs", "变电站", "变电站编号", "所属变电站"), ref="substations")
_FEEDER = Field(
    "feeder", "ref", ("feeder", "feedercode", "line", "linecode", "馈线", "馈线编号", "线路", "所属馈线", "所属线路"), ref="feeders"
)

KINDS = (
    Kind(
        "substations", Substation, ("substation", "primarysubstation", "变电站", "变电所"), "point",
        (_code("substationcode", "substation", "变电站编号"), _NAME, _VOLTAGE, _SECONDARY, _RATING, _LON, _LAT),
    ),
    Kind(
        "bus_sections", BusSection, ("bussection", "busbar", "bus", "母线"), "maybe",
        (_code("bussectioncode", "buscode", "母线编号"), _NAME, _SUBSTATION, _VOLTAGE, _LON, _LAT),
    ),
    Kind(
        "feeders", Feeder, ("feeder", "circuit", "馈线"), "",
        (
            _code("feedercode", "feeder", "馈线编号", "线路编号"), _NAME, _SUBSTATION,
            Field("bus_section", "ref", ("bussection", "busbar", "bus", "母线", "母线编号", "所属母线"), ref="bus_sections"), _VOLTAGE,
        ),
    ),
    Kind(
        "stations", Station, ("station", "transformerstation", "secondarysubstation", "distributionstation", "配电站", "配电室", "开闭所", "环网柜", "台区"), "point",
        (_code("stationcode", "station", "配电站编号", "站点编号"), _NAME, _FEEDER, _RATING, _LON, _LAT),
    ),
    Kind(
        "lines", Line, ("segment", "line", "cable", "overhead", "conductor", "acline", "导线", "线段", "电缆", "架空", "线路"), "line",
        (
            _code("linecode", "segmentcode", "线段编号", "导线编号"), _FEEDER,
            Field("kind", "line_kind", ("kind", "type", "linetype", "laying", "类型", "敷设方式", "线路类型")),
            Field("length_m", "metres", ("lengthm", "length", "len", "长度", "长度m")),
            Field("from_code", "text", ("fromcode", "from", "frombus", "fromnode", "起点", "起点编号", "首端")),
            Field("to_code", "text", ("tocode", "to", "tobus", "tonode", "终点", "终点编号", "末端")),
            Field("normally_open", "yes_no", ("normallyopen", "isopen", "常开", "常断")),
        ),
    ),
    Kind(
        "transformers", Transformer, ("transformer", "trafo", "变压器", "配变", "主变"), "maybe",
        (
            _code("transformercode", "变压器编号"), _NAME, _SUBSTATION,
            Field("station", "ref", ("station", "stationcode", "配电站", "配电站编号", "所属配电站"), ref="stations"), _RATING,
            Field("primary_kv", "kv", ("primarykv", "primaryvoltage", "hvkv", "vnhvkv", "一次电压", "一次电压kv", "高压侧电压")), _SECONDARY, _LON, _LAT,
        ),
    ),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
# The longest word wins: a transformer station is a station, a substation is no station, an area of buses is not known.
_BY_WORD = sorted(((word, kind.name) for kind in KINDS for word in kind.words), key=lambda pair: -len(pair[0]))
_SIGNS = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """Return a heading, or the name of a layer, as it is compared.

    >>> folded("Rating (kVA)"), folded("MV_Lines")
    ('ratingkva', 'mvlines')
    """
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text)).lower()


def kind_of_layer(name: str) -> str | None:
    """Return the kind that a layer's name means, None when it means none.

    >>> [kind_of_layer(name) for name in ("MV_Lines", "Transformer stations", "10kV馈线", "trafo", "roads")]
    ['lines', 'stations', 'feeders', 'transformers', None]
    """
    text = folded(name)
    return next((kind for word, kind in _BY_WORD if word in text), None)


def suggest(kind: Kind, columns: Sequence[str], *, has_shapes: bool) -> dict[str, str]:
    """Return field -> column for what the headings tell; a layer of shapes needs no columns of coordinates.

    >>> suggest(BY_NAME["stations"], ["编号", "名称", "容量kVA"], has_shapes=True)
    {'code': '编号', 'name': '名称', 'rating_kva': '容量kVA'}
    """
    left = {column: folded(column) for column in columns}
    found: dict[str, str] = {}
    for field in kind.fields:
        if has_shapes and field.form == "coordinate":
            continue
        column = next((column for word in field.words for column, text in left.items() if text == word), None)
        if column is not None:
            found[field.name] = column
            del left[column]
    return found


def overlaid(meant: Mapping[str, str], chosen: Mapping[str, str | None], columns: Sequence[str]) -> dict[str, str]:
    """Return what the columns mean after a person chose: None takes a field off, a column means one field only."""
    taken = {column for column in chosen.values() if column}
    kept = {field: column for field, column in meant.items() if field not in chosen and column not in taken}
    both = kept | {field: column for field, column in chosen.items() if column}
    return {field: column for field, column in both.items() if column in columns}
