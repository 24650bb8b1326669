"""How an error looks in the log: what it was and where, never its words."""

import traceback
from types import TracebackType


def without_words(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """Return the types and places of an error and of those behind it, innermost first.

    The words are left out: they quote what a person typed, a row of the database, SQL with its values or a password in an address.
    """
    told: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        places = "".join(traceback.format_tb(error.__traceback__))
        told.append(f"{places}{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\n".join(reversed(told))
