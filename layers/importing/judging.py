"""Set the rows of a file beside the stored network: what is new, moved, changed, as it was, or cannot be taken."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
from django.contrib.auth.models import User
from pyproj import Geod

from layers import access, csv_text
from layers.importing import stored
from layers.importing.kinds import KINDS, LAT, LON, Kind, folded
from layers.map_layers import NETWORK_ID
from layers.models import BatchRowStatus
from spatial import datums
from spatial.files.rows import Header

Floats = npt.NDArray[np.float64]
# Nearer is the same place: conversions differ by less, surveys by more.
SAME_M = 0.01
_GEOD = Geod(ellps="WGS84")
_MOST = Decimal(10**9)
_POINT, _LINE = 0, 1
# Of a row with this problem nothing is kept but its number and its code: what stands there is not for this person.
OUTSIDE = "outside_area"
_HEARD_OF_ROWS = 2000
_LINE_KINDS = {
    "cable": "cable", "underground": "cable", "cs": "cable", "kabel": "cable", "电缆": "cable", "地埋": "cable",
    "overhead": "overhead", "overheadline": "overhead", "ol": "overhead", "freileitung": "overhead", "架空": "overhead", "架空线": "overhead",
    "unknown": "unknown", "未知": "unknown",
}  # fmt: skip
_YES_NO = {
    **dict.fromkeys(("1", "true", "yes", "y", "t", "open", "是", "开", "常开"), True),
    **dict.fromkeys(("0", "false", "no", "n", "f", "closed", "否", "合", "常闭"), False),
}


@dataclass(frozen=True, slots=True)
class Placing:
    """How the coordinates of a layer are meant."""

    datum: str
    swap_axes: bool


@dataclass(slots=True)
class Judged:
    """One row and what storing it would do. `shape` is WGS 84; of what is drawn nowhere it is the place of what it stands in."""

    layer: str
    row_no: int
    code: str = ""
    status: str = BatchRowStatus.REJECTED
    problem: str = ""
    moved_m: float | None = None
    shape: Any = None
    is_drawn: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    object_id: int | None = None
    before: stored.Raw | None = None


def reach(user: User, action: str) -> Any:
    """Return the shape inside which the person may do this and see it afterwards; None when that is everywhere, an empty one for nowhere."""
    may, sight = (access.areas_of(user, NETWORK_ID, name) for name in (action, access.VIEW))
    if not access.is_staff_role(user) or not may or not sight:
        return shapely.Polygon()
    if may.whole and sight.whole:
        return None
    parts = [
        shapely.union_all([shapely.from_wkb(bytes(polygon.wkb)) for polygon in part.polygons()]) for part in (may, sight) if not part.whole
    ]
    shape = shapely.intersection_all(parts)
    shapely.prepare(shape)
    return shape


def is_inside(area: Any, *shapes: Any) -> bool:
    """Tell whether all of these shapes lie inside; what has no shape lies only everywhere."""
    return area is None or all(shape is not None and bool(shapely.covers(area, shape)) for shape in shapes)


def cells(rows: pa.Table, header: Header, column: str) -> list[str]:
    """Return the texts of a column, trimmed; what our own files put before a formula is taken off."""
    return [csv_text.plain(cell.strip()) for cell in rows.column(4 + header.columns.index(column)).to_pylist()]


def spots(rows: pa.Table, header: Header, mapping: Mapping[str, str]) -> tuple[Floats, Floats]:
    """Return one place of each row as the file gives it, NaN where it gives none."""
    if header.has_shapes and header.has_geometry:
        first = [
            shapely.get_coordinates(shapely.from_wkb(shape))[0] if shape else (np.nan, np.nan) for shape in rows.column("shape").to_pylist()
        ]
        both = np.array(first, dtype=float).reshape(-1, 2)
        return both[:, 0], both[:, 1]
    if LON not in mapping or LAT not in mapping:
        return np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    x, y = (np.array([_coordinate(cell) for cell in cells(rows, header, mapping[name])]) for name in (LON, LAT))
    return x, y


class Judge:
    """Takes layer after layer, what others refer to first, and judges their rows.

    `reaches` says by action where the person may do it, VIEW too: of stored assets outside of that nothing is told but that they are outside.
    """

    def __init__(
        self,
        known: Mapping[str, Mapping[str, tuple[int, stored.Raw]]],
        reaches: Mapping[str, Any],
        heard_of: Callable[[], None] = lambda: None,
    ) -> None:
        self._known = known
        self._reaches = reaches
        self._heard_of = heard_of
        self.judged: dict[str, list[Judged]] = {kind.name: [] for kind in KINDS}
        # Where assets stand, and which of them exist once the file is stored; and the codes behind stored ids.
        self._places: dict[str, dict[str, Any]] = {kind.name: {} for kind in KINDS}
        self._code_of = {name: {pk: code for code, (pk, _) in rows.items()} for name, rows in known.items()}
        self._taken: dict[str, set[str]] = {kind.name: set() for kind in KINDS}

    def take(self, kind: Kind, header: Header, rows: pa.Table, mapping: Mapping[str, str], placing: Placing) -> None:
        """Judge the rows of one layer."""
        columns = {name: cells(rows, header, column) for name, column in mapping.items()}
        shapes, faults = _shapes(kind, header, rows, mapping, placing)
        told = rows.column(3).to_pylist()
        for number, row_no in enumerate(rows.column(0).to_pylist()):
            if number % _HEARD_OF_ROWS == 0:
                self._heard_of()
            row = Judged(header.layer, row_no, shape=shapes[number], is_drawn=shapes[number] is not None)
            given = {name: texts[number] for name, texts in columns.items() if texts[number] and name not in (LON, LAT)}
            row.code = given.get("code", "")
            row.problem = told[number] or faults[number] or self._judge(kind, row, given) or ""
            if row.problem:
                row = Judged(header.layer, row_no, row.code, problem=row.problem, shape=None if row.problem == OUTSIDE else row.shape)
            else:
                self._taken[kind.name].add(row.code)
                self._places[kind.name][row.code] = row.shape
            self.judged[kind.name].append(row)

    def _judge(self, kind: Kind, row: Judged, given: Mapping[str, str]) -> str:
        """Fill in what the row would do; return what is wrong with it, "" for nothing."""
        if not row.code:
            return "no_code"
        if any(len(text) > kind.field(name).max_length for name, text in given.items() if kind.field(name).form in ("code", "text", "ref")):
            return "too_long"
        if row.code in self._taken[kind.name]:
            return "twice_in_file"
        stored_row = self._known[kind.name].get(row.code)
        if stored_row is not None and not self._is_seen(kind.name, row.code):
            return OUTSIDE
        row.object_id, row.before = stored_row or (None, None)
        before = self._plain(kind, row.before) if row.before else _blank(kind)
        values: dict[str, Any] = {}
        for name, text in given.items():
            # What it refers to already, it may go on referring to, wherever that stands.
            value, problem = (text, "") if row.before and text == before[name] else self._value(kind, name, text)
            if problem:
                return problem
            values[name] = value
        was = stored.shape_of(row.before) if row.before else None
        if stored_row is None and not row.is_drawn and kind.shape in ("point", "line"):
            return "no_place"
        row.moved_m = _moved_m(was, row.shape) if was is not None and row.is_drawn else None
        is_placed = row.is_drawn and was is None
        if not row.is_drawn:
            row.shape = was
        self._complete(kind, row, values, is_new=stored_row is None)
        row.values = before | values
        row.changes = [
            {"field": name, "from": before[name], "to": value}
            for name, value in row.values.items()
            if before[name] != value and name != "code"
        ]
        if row.shape is None:
            row.shape = self._place_of(row.values)
        if stored_row is None:
            row.status, needed = BatchRowStatus.NEW, [access.ADD]
        else:
            is_moved = is_placed or (row.moved_m is not None and row.moved_m >= SAME_M)
            needed = [action for action, is_so in ((access.MOVE, is_moved), (access.EDIT, row.changes)) if is_so]
            row.status = _STATUS[is_moved, bool(row.changes)]
            if not is_moved:
                row.moved_m, row.is_drawn = None, False
        if not all(is_inside(self._reaches[action], row.shape, *([was] if was is not None else [])) for action in needed):
            return OUTSIDE
        return ""

    def _is_seen(self, kind_name: str, code: str) -> bool:
        """Tell whether the person may see the stored asset where it stands."""
        sight = self._reaches[access.VIEW]
        return sight is None or is_inside(sight, self._stood(kind_name, code))

    def _stood(self, kind_name: str, code: str) -> Any:
        """Return the stored asset's shape, else that of what it stands in."""
        raw = self._known[kind_name][code][1]
        if shape := stored.shape_of(raw):
            return shape
        for name, of in _STANDS_IN:
            if (within := raw.get(f"{name}_id")) is not None:
                return self._stood(of, self._code_of[of][within])
        return None

    def _value(self, kind: Kind, name: str, text: str) -> tuple[Any, str]:
        """Return the cell's value, and what is wrong with it."""
        form = kind.field(name).form
        if form == "ref":
            of = kind.field(name).ref
            is_there = text in self._taken[of] or (text in self._known[of] and self._is_seen(of, text))
            return text, "" if is_there else f"unknown_{name}"
        if form in ("kv", "kva", "metres"):
            number = _number(text, places=3 if form == "kva" else None)
            return number, "" if number is not None else "bad_number"
        if form == "line_kind":
            found = _LINE_KINDS.get(folded(text))
            return found, "" if found else "bad_kind"
        if form == "yes_no":
            is_so = _YES_NO.get(text.lower())
            return is_so, "" if is_so is not None else "bad_yes_no"
        return text, ""

    def _complete(self, kind: Kind, row: Judged, values: dict[str, Any], *, is_new: bool) -> None:
        """Fill in what the file leaves out and a new or redrawn asset needs: a name, a length."""
        if is_new and "name" not in values and any(field.name == "name" for field in kind.fields):
            values["name"] = row.code
        if kind.name == "lines" and "length_m" not in values and (is_new or (row.moved_m or 0) >= SAME_M):
            values["length_m"] = round(float(_GEOD.geometry_length(row.shape)), 1)

    def _plain(self, kind: Kind, raw: stored.Raw) -> dict[str, Any]:
        """Return the stored row's fields as the file would give them."""
        values = {name: raw[name] for name in _blank(kind) if name in raw}
        if values.get("rating_kva") is not None:
            values["rating_kva"] = float(values["rating_kva"])
        return values | {field.name: self._code_of[field.ref].get(raw[f"{field.name}_id"]) for field in kind.references}

    def _place_of(self, values: Mapping[str, Any]) -> Any:
        """Return where the thing stands in which this one is: its station, else its substation."""
        for name, of in _STANDS_IN:
            if code := values.get(name):
                if code in self._places[of]:
                    return self._places[of][code]
                return stored.shape_of(self._known[of][code][1])
        return None


_STANDS_IN = (("station", "stations"), ("substation", "substations"))
_STATUS = {
    (True, True): BatchRowStatus.MOVED_AND_CHANGED,
    (True, False): BatchRowStatus.MOVED,
    (False, True): BatchRowStatus.CHANGED,
    (False, False): BatchRowStatus.UNCHANGED,
}
_BLANKS = {"code": "", "text": "", "line_kind": "unknown", "yes_no": False}


def _blank(kind: Kind) -> dict[str, Any]:
    return {field.name: _BLANKS.get(field.form) for field in kind.fields if field.form != "coordinate"}


def _shapes(kind: Kind, header: Header, rows: pa.Table, mapping: Mapping[str, str], placing: Placing) -> tuple[Sequence[Any], list[str]]:
    """Return each row's shape in WGS 84 as its kind is drawn, None where nothing is given, and what is wrong with it."""
    faults = [""] * len(rows)
    if header.has_shapes and header.has_geometry:
        shapes = shapely.from_wkb(np.array(rows.column("shape").to_pylist(), dtype=object))
    else:
        x, y = spots(rows, header, mapping)
        is_there = np.isfinite(x) & np.isfinite(y)
        shapes = np.full(len(rows), None, dtype=object)
        shapes[is_there] = shapely.points(x[is_there], y[is_there])
    if not kind.is_drawn:
        return [None] * len(rows), faults
    for number, shape in enumerate(shapes):
        if shape is not None:
            shapes[number], faults[number] = _drawn(kind, shape)
    places, owner = shapely.get_coordinates(shapes, return_index=True)
    if not len(places):
        return shapes.tolist(), faults
    x, y = (places[:, 1], places[:, 0]) if placing.swap_axes else (places[:, 0], places[:, 1])
    lon, lat, ok = datums.to_wgs84_many(x, y, placing.datum)
    ok &= (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    for number in np.unique(owner[~ok]):
        shapes[number], faults[number] = None, "bad_position"
    is_good = ok & np.isin(owner, [number for number, shape in enumerate(shapes) if shape is not None])
    return shapely.set_coordinates(shapes, np.column_stack([lon, lat])[is_good]).tolist(), faults


def _drawn(kind: Kind, shape: Any) -> tuple[Any, str]:
    """Return the shape as this kind of asset is drawn: a segment as one line, a site as a point inside its area."""
    if kind.shape == "line":
        line = shapely.line_merge(shape) if shapely.get_type_id(shape) == 5 else shape
        if shapely.get_type_id(line) == 5:
            return None, "many_parts"
        if shapely.get_type_id(line) != _LINE:
            return None, "not_a_line"
        return (line, "") if shapely.length(line) > 0 else (None, "no_length")
    if shapely.get_num_geometries(shape) == 1 and shapely.get_type_id(shape) == 4:
        shape = shapely.get_geometry(shape, 0)
    if shapely.get_type_id(shape) in (3, 6):
        shape = shapely.point_on_surface(shape)
    elif shapely.get_type_id(shape) == _LINE and kind.name == "bus_sections":
        shape = shapely.line_interpolate_point(shape, 0.5, normalized=True)
    return (shape, "") if shapely.get_type_id(shape) == _POINT and not shape.is_empty else (None, "not_a_point")


def _moved_m(was: Any, shape: Any) -> float:
    """Return how far the farthest corner moved, in metres; of a line with other corners, how far it lies from where it lay."""
    old, new = shapely.get_coordinates(was), shapely.get_coordinates(shape)
    if old.shape == new.shape:
        if np.array_equal(old, new):
            return 0.0
        return round(float(_GEOD.inv(old[:, 0], old[:, 1], new[:, 0], new[:, 1])[2].max()), 3)
    scale = np.array([np.cos(np.radians(old[0, 1])), 1.0]) * 111_320
    flat = [shapely.linestrings(places * scale) for places in (old, new)]
    return max(round(float(shapely.hausdorff_distance(*flat)), 3), SAME_M)


def _number(text: str, *, places: int | None) -> float | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 <= number < _MOST:
        return None
    return float(round(number, places)) if places is not None else float(number)


def _coordinate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
