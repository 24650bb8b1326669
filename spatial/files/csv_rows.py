"""Read CSV and TSV: any usual separator, any of the encodings of `text`."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from spatial.files import text
from spatial.files.kinds import CSV
from spatial.files.rows import MAX_CELL, BadFile, Header, Source, TableBuilder, Wanted, column_names

_SEPARATORS = (",", ";", "\t", "|")


def open_rows(path: Path, wanted: Wanted) -> Source:
    """Open the table; its first row that has two filled cells (or the first row of all) names the columns.

    Raises:
        BadFile: while opening or while reading on.
    """
    encoding = wanted.encoding or text.encoding_of(path)
    codec = text.codec_named(encoding)
    rows = _rows(path, codec, _separator(path, codec), encoding)
    skipped, first = _header(rows)
    header = Header(CSV, column_names(first), encoding=encoding, rows=_estimate(path, codec, skipped))
    return Source(header, _batches(header, rows, skipped + 1))


def _header(rows: Iterable[list[str]]) -> tuple[int, list[str]]:
    alone: list[str] = []
    for number, cells in enumerate(rows, start=1):
        if sum(bool(cell.strip()) for cell in cells) >= 2:
            return number, cells
        alone = alone or [cell for cell in cells if cell.strip()]
        if number > 20:
            break
    if alone:
        raise BadFile("one_column", "The file has one column only: separate the columns by commas, semicolons or tabs.")
    raise BadFile("empty", "The file has no rows.")


def _rows(path: Path, codec: str, separator: str, encoding: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_CELL)
    try:
        with path.open(encoding=codec, newline="") as lines:
            yield from csv.reader((line.replace("\0", "") for line in lines), delimiter=separator)
    except UnicodeError as error:
        raise BadFile("bad_encoding", f"The file cannot be read as {encoding}; choose another encoding.") from error
    except csv.Error as error:
        raise BadFile("bad_csv", f"The file cannot be read as a table: {error}.") from error


def _separator(path: Path, codec: str) -> str:
    with path.open(encoding=codec, newline="", errors="replace") as lines:
        sample = [line for line, _ in zip(lines, range(20), strict=False)]
    counts = {separator: [line.count(separator) for line in sample if line.strip()] for separator in _SEPARATORS}
    # The separator is there in most lines; among several, the one there most often.
    return max(counts, key=lambda name: (sum(count > 0 for count in counts[name]) * 2 > len(counts[name]), sum(counts[name])))


def _estimate(path: Path, codec: str, skipped: int) -> int:
    # A line break inside a quoted cell counts too much: it is for the progress only.
    mark = "\n".encode(codec.replace("-sig", "").replace("utf-16", "utf-16-le") if codec == "utf-16" else codec.replace("-sig", ""))
    breaks, last = 0, b""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            breaks += piece.count(mark)
            last = piece
    return max(breaks + (not last.endswith(mark)) - skipped, 0)


def _batches(header: Header, rows: Iterable[list[str]], first_row_no: int) -> Iterator[pa.RecordBatch]:
    builder = TableBuilder(header)
    for row_no, cells in enumerate(rows, start=first_row_no):
        if any(cells) and builder.add(row_no, cells):
            yield builder.take()
    yield builder.take()
