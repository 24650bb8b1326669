"""What a reader hands over: what the file says of itself, then its rows in Arrow batches of text."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BATCH_ROWS = 20_000
MAX_COLUMNS = 200
MAX_NAME = 120
# No cell of an honest ledger is longer; a longer one is an attempt on the memory.
MAX_CELL = 20_000
HEADER_KEY = b"gridatlas"


class BadFile(Exception):
    """The file cannot be read. `code` is one of the words of docs/decisions/0014-import.md, the message is a sentence for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself. `crs` is EPSG:nnnn or "" when it does not say; `rows` may be an estimate, None when not known."""

    format: str
    columns: Sequence[str]
    encoding: str = ""
    crs: str = ""
    layers: Sequence[str] = ()
    layer: str = ""
    rows: int | None = None
    has_geometry: bool = False
    # Shapes stand in a last column, `shape`: two-dimensional WKB, null where there is none.
    has_shapes: bool = False

    def as_metadata(self) -> dict[bytes, bytes]:
        return {HEADER_KEY: json.dumps(asdict(self)).encode()}

    @classmethod
    def from_metadata(cls, metadata: dict[bytes, bytes]) -> "Header":
        return cls(**json.loads(metadata[HEADER_KEY]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a person wants the file read; "" leaves it to what is found in it."""

    encoding: str = ""
    layer: str = ""
    # Lines and areas too, as they are drawn. Only files that hold shapes can give them.
    shapes: bool = False
    # All layers, one after the other, up to so many: `reading.read_layers`.
    most_layers: int = 1


@dataclass(slots=True)
class Source:
    """An open file."""

    header: Header
    batches: Iterator[pa.RecordBatch]


@dataclass(slots=True)
class TableBuilder:
    """Collects rows of text cells and gives them as batches; cells beyond the header are a problem of their row."""

    header: Header
    row_nos: list[int] = field(default_factory=list)
    rows: list[Sequence[str]] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    problems: list[str | None] = field(default_factory=list)

    def add(self, row_no: int, cells: Sequence[str], problem: str | None = None, x: float = np.nan, y: float = np.nan) -> bool:
        """Take a row; return whether a batch is full."""
        width = len(self.header.columns)
        if len(cells) != width:
            if len(cells) > width and any(cells[width:]):
                problem = problem or "too_many_cells"
            cells = [*cells[:width], *[""] * (width - len(cells))]
        self.row_nos.append(row_no)
        self.rows.append(cells)
        self.problems.append(problem)
        self.x.append(x)
        self.y.append(y)
        return len(self.rows) >= BATCH_ROWS

    def take(self) -> pa.RecordBatch:
        """Return what was collected, and begin anew."""
        columns = [pa.array(column, pa.string()) for column in zip(*self.rows, strict=True)] or [
            pa.array([], pa.string()) for _ in self.header.columns
        ]
        batch = batch_of(self.header, np.array(self.row_nos), columns, x=np.array(self.x), y=np.array(self.y), problems=self.problems)
        self.row_nos, self.rows, self.x, self.y, self.problems = [], [], [], [], []
        return batch


def batch_of(
    header: Header,
    row_nos: npt.NDArray[Any],
    columns: Sequence[pa.Array],
    *,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    problems: Sequence[str | None] | pa.Array,
    shapes: pa.Array | None = None,
) -> pa.RecordBatch:
    """Return one batch: row_no, x, y as the file gives them (NaN where missing), problem (null where none), then the columns as text."""
    arrays = [
        pa.array(row_nos, pa.int32()),
        pa.array(x, pa.float64()),
        pa.array(y, pa.float64()),
        problems if isinstance(problems, pa.Array) else pa.array(problems, pa.string()),
        *columns,
    ]
    if header.has_shapes:
        arrays.append(pa.nulls(len(row_nos), pa.binary()) if shapes is None else shapes)
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(header))


def schema_of(header: Header) -> pa.Schema:
    own = [("row_no", pa.int32()), ("x", pa.float64()), ("y", pa.float64()), ("problem", pa.string())]
    shapes = [("shape", pa.binary())] if header.has_shapes else []
    return pa.schema([*own, *((f"c{n}", pa.string()) for n in range(len(header.columns))), *shapes], metadata=header.as_metadata())


def column_names(cells: Sequence[str]) -> list[str]:
    """Return names for the columns: none empty, none twice.

    Raises:
        BadFile: there are none, or too many.
    """
    names: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        wanted = " ".join(cell.replace("\0", "").split())[:MAX_NAME] or f"column {number}"
        name = next(name for name in (wanted, *(f"{wanted} ({n})" for n in range(2, len(cells) + 2))) if name not in taken)
        taken.add(name)
        names.append(name)
    while names and not cells[len(names) - 1].strip():
        names.pop()
    if not names:
        raise BadFile("empty", "The file has no columns: nothing can be read from it.")
    if len(names) > MAX_COLUMNS:
        raise BadFile("too_many_columns", f"The file has {len(names)} columns; at most {MAX_COLUMNS} can be read.")
    return names
