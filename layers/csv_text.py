"""CSV that spreadsheets open as it is meant: UTF-8 with a mark, numbers as numbers, and no text that they would run as a formula."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

# Excel takes a file without it for the local code page and garbles Chinese.
BOM = "\ufeff"
# OWASP's list, and the full-width signs that Chinese input methods make of it.
_FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")


def line(cells: Iterable[Any]) -> str:
    """Return one line with its line end."""
    text = io.StringIO()
    csv.writer(text).writerow([cell(value) for value in cells])
    return text.getvalue()


def cell(value: Any) -> str:
    """Return the value as a cell: text that begins like a formula gets a ' before it, negative numbers stay numbers.

    So does text that looks as if it had got one: a reader can then take exactly one away (`plain`) and has what was meant.

    >>> [cell(value) for value in ("=1+1", "-2", -2, "＝1", None, "Opera", "'=1", "'t Hooft")]
    ["'=1+1", "'-2", '-2', "'＝1", '', 'Opera', "''=1", "'t Hooft"]
    """
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def plain(text: str) -> str:
    """Return the text that `cell` wrote.

    >>> [plain(cell(value)) for value in ("=1+1", "'=1", "'t Hooft", "'")]
    ['=1+1', "'=1", "'t Hooft", "'"]
    """
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS) else text
