"""Read the cells of a workbook: values only, formulas by their stored results; no macros, no links, no document type definitions."""

import datetime as dt
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
from openpyxl import DEFUSEDXML
from openpyxl.utils.exceptions import InvalidFileException

from spatial.files import zips
from spatial.files.kinds import XLSX
from spatial.files.rows import MAX_CELL, BadFile, Header, Source, TableBuilder, Wanted, column_names


def open_rows(path: Path, wanted: Wanted) -> Source:
    """Open one sheet, the first that has cells unless one is wanted; its first row with two filled cells names the columns.

    Raises:
        BadFile: while opening or while reading on.
    """
    if not DEFUSEDXML:
        raise BadFile("not_installed", "Workbooks cannot be read on this server: defusedxml is missing.")
    try:
        with zipfile.ZipFile(path) as archive:
            zips.refuse_bombs(archive)
        # As an open file: of a path it would look at the name.
        book = openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True, keep_links=False)
        layers = [sheet.title for sheet in book.worksheets]
        if wanted.layer and wanted.layer not in layers:
            raise BadFile("no_layer", f"The workbook has no sheet “{wanted.layer[:60]}”.")
        for name in [wanted.layer] if wanted.layer else layers:
            sheet = book[name]
            # What a sheet says of its size is not believed: it may claim a million empty rows.
            sheet.reset_dimensions()
            rows = sheet.iter_rows(values_only=True)
            found = _header(rows)
            if found:
                row_no, cells = found
                header = Header(XLSX, column_names(cells), layers=layers, layer=name, rows=None)
                return Source(header, _batches(header, rows, row_no + 1))
    except BadFile:
        raise
    except MemoryError:
        raise
    except Exception as error:
        raise _broken(error) from error
    raise BadFile("empty", "The workbook has no rows.")


def _header(rows: Iterator[tuple[Any, ...]]) -> tuple[int, list[str]] | None:
    for row_no, values in zip(range(1, 21), rows, strict=False):
        cells = [_text(value) for value in values]
        if sum(bool(cell.strip()) for cell in cells) >= 2:
            return row_no, cells
    return None


def _batches(header: Header, rows: Iterator[tuple[Any, ...]], first_row_no: int) -> Iterator[pa.RecordBatch]:
    builder = TableBuilder(header)
    try:
        for row_no, values in enumerate(rows, start=first_row_no):
            cells = [_text(value) for value in values]
            if any(cells) and builder.add(row_no, cells):
                yield builder.take()
    except (BadFile, MemoryError):
        raise
    except Exception as error:
        raise _broken(error) from error
    yield builder.take()


def _broken(error: Exception) -> BadFile:
    if type(error).__name__ in ("EntitiesForbidden", "DTDForbidden", "ExternalReferenceForbidden"):
        return BadFile("unsupported", "The workbook holds a document type definition; no spreadsheet program writes one.")
    if isinstance(error, InvalidFileException | zipfile.BadZipFile | KeyError | ValueError | TypeError):
        return BadFile("bad_workbook", "The workbook is damaged; open it and save it again.")
    return BadFile("bad_workbook", f"The workbook cannot be read ({type(error).__name__}).")


def _text(value: Any) -> str:
    """Return the cell as a person wrote it: whole numbers without a point, dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value == value and abs(value) < 1e15 and value == int(value) else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    text = str(value).replace("\0", "")
    if len(text) > MAX_CELL:
        raise BadFile("too_large", f"A cell holds more than {MAX_CELL:,} signs.")
    return text
