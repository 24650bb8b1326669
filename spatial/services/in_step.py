"""Bring a table in step with a document, set by set, and say what that changed. Doing it twice changes nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Changes:
    """How many rows an import created, updated, deleted and found as they should be."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def any(self) -> bool:
        return bool(self.created or self.updated or self.deleted)

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            self.created + other.created, self.updated + other.updated, self.deleted + other.deleted, self.unchanged + other.unchanged
        )

    def __str__(self) -> str:
        if not self.any:
            return f"nothing to change, {self.unchanged} rows as they should be"
        return f"{self.created} created, {self.updated} updated, {self.deleted} deleted, {self.unchanged} unchanged"


Row = TypeVar("Row", bound=Model)


def bring_in_step(
    rows: QuerySet[Row], wanted: Iterable[Row], *, key: Callable[[Row], Any], fields: Sequence[str], keep_others: bool = False
) -> tuple[Changes, dict[Any, Row]]:
    """Make `rows` hold exactly the wanted rows; return the changes and every wanted row by its key, as stored.

    Rows are matched by `key` and compared by `fields` (attribute names, foreign keys as `x_id`). Rows that nobody wants
    are deleted, unless `keep_others`. Call it inside a transaction.
    """
    stored = {key(row): row for row in rows}
    create, update, unchanged = [], [], 0
    result: dict[Any, Row] = {}
    for row in wanted:
        before = stored.pop(key(row), None)
        if before is None:
            create.append(row)
            result[key(row)] = row
            continue
        result[key(row)] = before
        if all(_same(getattr(before, name), getattr(row, name)) for name in fields):
            unchanged += 1
            continue
        for name in fields:
            setattr(before, name, getattr(row, name))
        update.append(before)

    gone = [] if keep_others else [row.pk for row in stored.values()]
    model = rows.model
    model._base_manager.filter(pk__in=gone).delete()
    model._base_manager.bulk_create(create, batch_size=BATCH)
    model._base_manager.bulk_update(update, fields, batch_size=BATCH)
    return Changes(len(create), len(update), len(gone), unchanged), result


def _same(stored: Any, wanted: Any) -> bool:
    """Compare values; geometries by their coordinates, which come back from PostGIS as they went in."""
    if hasattr(stored, "equals_exact") and hasattr(wanted, "equals_exact"):
        return stored.geom_type == wanted.geom_type and stored.equals_exact(wanted, 0)
    return bool(stored == wanted)
