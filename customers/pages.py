"""The ledger by pages. A page begins after the last row of the one before: a row that comes or goes meanwhile neither doubles nor hides another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, F, Func, Value

from customers.models import LAYER_ID, AccountQuerySet, known_kva
from customers.selectors import CustomerFilter, customer_rows, customers_found
from layers import access, counting, sealing

_PURPOSE = "customers.pages"


class BadCursor(ValueError):
    """The text is no cursor that a page of this ordering gave."""


@dataclass(frozen=True, slots=True)
class _Ordering:
    """Columns that are never null, all in one direction, the primary key last: so one comparison of rows says what comes after."""

    columns: tuple[str, ...]
    is_descending: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return (*self.columns, "pk")

    def sorted(self, rows: AccountQuerySet) -> AccountQuerySet:
        # Whose kVA nobody knows comes after whoever has some, even none.
        known = rows.annotate(known_kva=known_kva())
        return known.order_by(*(f"-{key}" if self.is_descending else key for key in self.keys))

    def after(self, rows: AccountQuerySet, last: Sequence[str]) -> AccountQuerySet:
        sides = (_row(*map(F, self.keys)), _row(*map(Value, last)))
        return rows.filter(
            Func(*sides, template="(%(expressions)s)", arg_joiner=" < " if self.is_descending else " > ", output_field=BooleanField())
        )


_ORDERINGS = {
    "name": _Ordering(("name",)),
    "-name": _Ordering(("name",), is_descending=True),
    "account_no": _Ordering(("account_no",)),
    "-contract_kva": _Ordering(("known_kva",), is_descending=True),
    "grade": _Ordering(("grade_order", "name")),
    "-updated_at": _Ordering(("updated_at",), is_descending=True),
}
ORDERINGS = tuple(_ORDERINGS)


def read_cursor(text: str, ordering: str) -> list[str]:
    """Return the keys of the row that the cursor stands behind.

    Raises:
        BadCursor.
    """
    try:
        given, *last = sealing.unseal(text, purpose=_PURPOSE)
    except sealing.NotSealedHere as error:
        raise BadCursor("This is not a cursor that a page of the list gave.") from error
    if given != ordering:
        raise BadCursor(f"This cursor belongs to the ordering “{given}”.")
    return last


def customer_page(
    *, user: access.Person, wanted: CustomerFilter, ordering: str, limit: int, after: Sequence[str] = (), skip: int = 0
) -> dict[str, Any]:
    """Return {count, next, results}: how many there are in all, the cursor of the page that follows or null, the rows.

    `after` comes from `read_cursor`. `skip` leaves out rows, for a scrollbar that jumps; it costs what it leaves out.
    """
    rows = customers_found(user=user, wanted=wanted)
    order = _ORDERINGS[ordering]
    page = order.sorted(rows)
    if after:
        page = order.after(page, after)
    # The keys first: sorting whole rows would cost more, and whoever changed since is looked up as they are now.
    keys = list(page.values_list(*order.keys)[skip : skip + limit + 1])
    shown = keys[:limit]
    by_id = {row["id"]: row for row in customer_rows(rows.filter(pk__in=[pk for *_, pk in shown]))}
    return {
        "count": _count(rows, user, wanted),
        # Sealed, because it holds what the page is sorted by, a name for one: addresses are logged on their way.
        "next": sealing.seal([ordering, *map(str, shown[-1])], purpose=_PURPOSE) if len(keys) > limit else None,
        "results": [by_id[pk] for *_, pk in shown if pk in by_id],
    }


def _count(rows: AccountQuerySet, user: access.Person, wanted: CustomerFilter) -> int:
    """Count what the person may see. Inside areas and narrowed to nothing the pyramid knows most of it: point by point, a large area
    with a thousand corners made its lists five times as slow as everybody's."""
    reach = access.areas_of(user, LAYER_ID, access.VIEW)
    if reach.whole or not reach or not access.is_staff_role(user) or wanted != CustomerFilter():
        return rows.count()
    counted = counting.count(LAYER_ID, reach.polygons())
    at_the_edge = rows.filter(point_id__in=counted.points_at_the_edge()).count() if len(counted.edge) else 0
    return counted.inside + at_the_edge + rows.filter(point__geom__isnull=True).count()


def _row(*values: Any) -> Func:
    # Only to be compared: a row of values has no type of its own in Django.
    return Func(*values, function="row", output_field=BooleanField())
