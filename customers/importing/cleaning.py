"""The rules of a row, on whole columns at once: what a cell may hold, what it means, where it says that the customer stands."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from customers.importing.mapping import BY_NAME, LAT, LON, folded
from spatial import datums, notation

Extent = tuple[float, float, float, float]
# What a spreadsheet would run, our files and many others put a ' before (layers.csv_text): exactly one is taken off again.
_GUARDED = r"^'('*[=+\-@\t\r＝＋－＠])"
_ACCOUNT_NO = r"^[0-9A-Za-z\-]{1,16}$"
_CAPACITY = r"^[0-9]{1,10}(\.[0-9]+)?$"
_COORDINATE = r"^[+-]?[0-9]{1,9}(\.[0-9]+)?$"
# 1,250 is a thousand and a quarter or one and a quarter: nobody can tell.
_THOUSANDS = r"^[0-9]{1,3}(,[0-9]{3})+$"

WORDS: dict[str, dict[str, str]] = {
    "grade": {
        "special": "special", "特级": "special", "first": "first", "firstgrade": "first", "一级": "first", "second": "second",
        "secondgrade": "second", "二级": "second", "temporary": "temporary", "临时": "temporary", "临时性": "temporary",
        "none": "none", "nograde": "none", "未定级": "none", "无": "none", "普通": "none",
    },
    "status": {
        "normal": "normal", "active": "normal", "正常": "normal", "正常用电": "normal", "commissioning": "commissioning",
        "beingconnected": "commissioning", "新装": "commissioning", "新装在途": "commissioning", "changing": "changing",
        "beingchanged": "changing", "变更": "changing", "变更在途": "changing", "closed": "closed", "销户": "closed", "已销户": "closed",
    },
    "classes": {
        "large": "large", "largecustomer": "large", "大客户": "large", "top100": "top100", "top100byenergy": "top100", "用电量百强": "top100",
        "百强": "top100", "key100": "key100", "百户重点企业": "key100", "growth100": "growth100", "百户高成长企业": "growth100",
        "owntransformer": "own_transformer", "专变": "own_transformer", "dedicatedfeeder": "dedicated_feeder", "专线": "dedicated_feeder",
    },
}  # fmt: skip
_BETWEEN = re.compile(r"[,;/|、，；]+")


@dataclass(frozen=True, slots=True)
class Placing:
    """How the file's positions are meant, and where this person may put a customer (None: anywhere)."""

    datum: str
    swap_axes: bool
    extent: Extent | None
    add_inside: Sequence[Any] | None = None
    move_inside: Sequence[Any] | None = None


# The columns of the temporary table into which a cleaned batch is copied, in this order.
ARRIVING = (
    ("row_no", "int"), ("problem", "text"), ("account_no", "text"), ("x", "float8"), ("y", "float8"), ("lon", "float8"), ("lat", "float8"),
    ("may_add", "bool"), ("may_move", "bool"), ("name", "text"), ("name_en", "text"), ("name_zh", "text"), ("enterprise", "text"),
    ("address", "text"), ("status", "text"), ("grade", "text"), ("classes", "text"), ("contract_kva", "numeric(16,6)"),
    ("running_kva", "numeric(16,6)"), ("voltage", "text"), ("given", "jsonb"),
)  # fmt: skip


def cleaned(batch: pa.RecordBatch, columns: Sequence[str], mapping: Mapping[str, str], placing: Placing) -> pa.Table:
    """Return the batch with the columns of ARRIVING; `problem` is the first thing wrong with a row, null when nothing is."""
    rows = len(batch)
    given = {target: _trimmed(batch.column(4 + columns.index(column))) for target, column in mapping.items() if column in columns}
    judge = _Judge(batch.column(3))
    nothing = pa.nulls(rows, pa.string())
    out: dict[str, pa.Array] = {"row_no": batch.column(0)}

    number = _narrow(given.get("account_no", nothing))
    judge.refuse("no_account_no", pc.is_null(number))
    judge.refuse("bad_account_no", pc.invert(pc.match_substring_regex(number, _ACCOUNT_NO)))
    out["account_no"] = pc.utf8_slice_codeunits(number, 0, 80)
    for name in ("name", "name_en", "name_zh", "enterprise", "address", "voltage"):
        out[name] = given.get(name, nothing)
        judge.refuse(f"too_long_{name}", pc.greater(pc.utf8_length(out[name]), BY_NAME[name].max_length))
    for name in ("grade", "status"):
        out[name] = _words(given.get(name, nothing), lambda text, name=name: WORDS[name].get(folded(text)))  # type: ignore[misc]
        judge.refuse(f"bad_{name}", pc.and_(pc.is_valid(given.get(name, nothing)), pc.is_null(out[name])))
    out["classes"] = _words(given.get("classes", nothing), _classes)
    judge.refuse("bad_classes", pc.and_(pc.is_valid(given.get("classes", nothing)), pc.is_null(out["classes"])))
    for name in ("contract_kva", "running_kva"):
        out[name] = _number(given.get(name, nothing), _CAPACITY)
        judge.refuse(f"bad_{name}", pc.and_(pc.is_valid(given.get(name, nothing)), pc.is_null(out[name])))
    out["accuracy_m"] = _number(given.get("accuracy_m", nothing), _CAPACITY).cast(pa.float64())
    out["accuracy_m"] = pc.if_else(pc.greater(out["accuracy_m"], 0), out["accuracy_m"], None)

    x, y = _given_positions(batch, given, judge)
    lon, lat = _placed(x, y, placing, judge)
    has_place = np.isfinite(lon)
    out |= {"x": _floats(x), "y": _floats(y), "lon": _floats(lon), "lat": _floats(lat)}
    for name, shapes in (("may_add", placing.add_inside), ("may_move", placing.move_inside)):
        out[name] = pa.array(np.ones(rows, bool) if shapes is None else has_place & _inside(lon, lat, shapes))
    out["given"] = _as_json(out)
    out["problem"] = judge.problems
    return pa.table([out[name] for name, _ in ARRIVING], names=[name for name, _ in ARRIVING])


def positions(
    batch: pa.RecordBatch, columns: Sequence[str], mapping: Mapping[str, str]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return x and y as the file gives them, NaN where it gives none: for guessing what they are."""
    given = {name: _trimmed(batch.column(4 + columns.index(mapping[name]))) for name in (LON, LAT) if mapping.get(name) in columns}
    return _given_positions(batch, given, _Judge(batch.column(3)))


class _Judge:
    """Keeps the first problem of every row."""

    def __init__(self, problems: pa.Array) -> None:
        self.problems = problems

    def refuse(self, code: str, where: pa.Array) -> None:
        where = pc.and_(pc.fill_null(where, False), pc.is_null(self.problems))
        if pc.any(where).as_py():
            self.problems = pc.if_else(where, code, self.problems)


def _trimmed(column: pa.Array) -> pa.Array:
    text = pc.replace_substring_regex(column, _GUARDED, r"\1")
    text = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"[\x00-\x1f\x7f]+", " "))
    return pc.if_else(pc.equal(text, ""), None, text)


def _narrow(column: pa.Array) -> pa.Array:
    """Return full-width forms narrowed, without any space: for numbers."""
    return pc.replace_substring_regex(pc.utf8_normalize(column, "NFKC"), r"\s+", "")


def _number(column: pa.Array, pattern: str) -> pa.Array:
    """Return the numbers as text with a decimal point, null for what is none; a comma is a decimal one when it can be nothing else."""
    text = pc.replace_substring_regex(_narrow(column), r"(?i)(kva|m)$", "")
    text = pc.if_else(pc.match_substring_regex(text, _THOUSANDS), None, text)
    text = pc.replace_substring(text, ",", ".")
    return pc.if_else(pc.match_substring_regex(text, pattern), text, None)


def _words(column: pa.Array, meaning: Callable[[str], str | None]) -> pa.Array:
    """Return what each cell means; a column of a million cells has a handful of different ones."""
    encoded = column.dictionary_encode()
    meant = pa.array([meaning(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return meant.take(encoded.indices)


def _as_json(out: Mapping[str, pa.Array]) -> pa.Array:
    """Return each row's values as a JSON object of those that are given: built here by the column, for the database is slow at it."""
    members = [pa.array(["{"] * len(out["row_no"]), pa.string())]
    for name in ("name", "name_en", "name_zh", "enterprise", "address", "status", "grade", "voltage"):
        escaped = pc.replace_substring(pc.replace_substring(out[name], "\\", "\\\\"), '"', '\\"')
        members.append(_around(f'"{name}":"', escaped, '",'))
    members.append(_around('"classes":["', pc.replace_substring(out["classes"], ",", '","'), '"],'))
    for name in ("contract_kva", "running_kva"):
        members.append(_around(f'"{name}":', pc.replace_substring_regex(out[name], r"^0+([0-9])", r"\1"), ","))
    members.append(_around('"accuracy_m":', out["accuracy_m"].cast(pa.string()), ","))
    joined = pc.binary_join_element_wise(*members, "", null_handling="skip")
    return pc.replace_substring_regex(joined, r",?$", "}", max_replacements=1)


def _around(before: str, column: pa.Array, after: str) -> pa.Array:
    """Return the text of the column between the two; null stays null."""
    return pc.binary_join_element_wise(before, column, after, "")


def _classes(text: str) -> str | None:
    found = [WORDS["classes"].get(folded(part)) for part in _BETWEEN.split(text) if part.strip()]
    return ",".join(sorted({word for word in found if word})) if found and None not in found else None


def _given_positions(
    batch: pa.RecordBatch, given: Mapping[str, pa.Array], judge: _Judge
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if LON not in given or LAT not in given:
        return _array(batch.column(1)), _array(batch.column(2))
    texts = [pc.replace_substring(_narrow(given[name]), ",", ".") for name in (LON, LAT)]
    are_numbers = [pc.match_substring_regex(text, _COORDINATE) for text in texts]
    x, y = (_array(pc.if_else(are, text, None).cast(pa.float64())) for are, text in zip(are_numbers, texts, strict=True))
    filled = [pc.is_valid(given[name]) for name in (LON, LAT)]
    judge.refuse("half_position", pc.xor(*filled))
    other = np.asarray(pc.and_(pc.and_(*filled), pc.invert(pc.fill_null(pc.and_(*are_numbers), False))))
    for row in np.flatnonzero(other):
        # Degrees, minutes and seconds, as people type them.
        read = notation.readings(f"{given[LON][int(row)]}, {given[LAT][int(row)]}")
        x[row], y[row] = (read[0].lon, read[0].lat) if read else (np.nan, np.nan)
    judge.refuse("bad_position", pa.array(other & ~np.isfinite(x)))
    return x, y


def _placed(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], placing: Placing, judge: _Judge
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return longitude and latitude, WGS 84; NaN without a position. Swaps x and y in place where the person said so."""
    if placing.swap_axes:
        x[:], y[:] = y.copy(), x.copy()
    is_given = ~(np.isnan(x) & np.isnan(y))
    lon, lat, is_good = datums.to_wgs84_many(x, y, placing.datum) if placing.datum else (np.full_like(x, np.nan),) * 2 + (~is_given,)
    judge.refuse("bad_position", pa.array(is_given & ~is_good))
    if placing.extent:
        swapped = is_good & ~_within(lon, lat, placing.extent) & _within(lat, lon, placing.extent)
        judge.refuse("looks_swapped", pa.array(swapped))
    return np.where(is_good & is_given, lon, np.nan), np.where(is_good & is_given, lat, np.nan)


def _within(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], extent: Extent) -> npt.NDArray[np.bool_]:
    west, south, east, north = extent
    return (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)


def _inside(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], shapes: Sequence[Any]) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(lon), bool)
    points = shapely.points(lon, lat)
    for shape in shapes:
        inside |= shapely.covers(shape, points)
    return inside


def _array(column: pa.Array) -> npt.NDArray[np.float64]:
    return np.array(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _floats(values: npt.NDArray[np.float64]) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))
