"""Leave the database after each test that commits as the migrations left it, whatever web processes still write beside.

Django would truncate every table, empty or not, and make its permissions anew: 150 ms a test, and an end without a second try when a
web process that still writes down a refusal holds what the truncation waits for.
"""

import io

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg2.errors import DeadlockDetected

# No test changes what Django and PostGIS keep here.
_UNTOUCHED = {"django_content_type", "django_migrations", "auth_permission", "spatial_ref_sys"}
# A row may never be deleted from these, which is what the application relies on; a truncation asks no row.
_APPEND_ONLY = {"layers_auditrow", "spatial_pointmove"}
_TRIES = 10


class Emptying:
    """What the migrations wrote, remembered before the first test, and the way back to it."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            names = connection.introspection.table_names(cursor)
            self._tables = sorted(set(names) - _UNTOUCHED)
            self._rows = {table: _rows_of(cursor, table) for table in self._filled(cursor)}

    def empty(self) -> None:
        """Bring back what the migrations wrote. The victim of a deadlock has changed nothing, so it simply begins again."""
        for tries_left in reversed(range(_TRIES)):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    self._empty(cursor)
            except OperationalError as error:
                if not (tries_left and isinstance(error.__cause__, DeadlockDetected)):
                    raise
            else:
                return

    def _empty(self, cursor: CursorWrapper) -> None:
        filled = self._filled(cursor)
        if truncated := _APPEND_ONLY.intersection(filled):
            cursor.execute(f"truncate {', '.join(sorted(truncated))}")
        # Foreign keys are checked at the end, so any order will do.
        for table in sorted(set(filled) - truncated):
            cursor.execute(f'delete from "{table}"')
        for table, rows in self._rows.items():
            cursor.copy_expert(f'copy "{table}" from stdin', io.StringIO(rows))

    def _filled(self, cursor: CursorWrapper) -> list[str]:
        cursor.execute(" union all ".join(f"select '{table}' where exists (select from \"{table}\")" for table in self._tables))
        return [table for (table,) in cursor.fetchall()]


def _rows_of(cursor: CursorWrapper, table: str) -> str:
    rows = io.StringIO()
    cursor.copy_expert(f'copy "{table}" to stdout', rows)
    return rows.getvalue()
