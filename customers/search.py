"""One box finds customers, places of the basemap and coordinates; best answer first."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower, Reverse

from customers.models import Account, AccountQuerySet, Contact
from customers.rules import digits, fold
from layers import access
from spatial import notation
from spatial import selectors as places
from spatial.models import Place

# pg_trgm's own 0.6 first: few rows, quickly scored. It misses two letters that changed places in a short word; below 0.4 noise begins.
TYPO_THRESHOLDS = ("0.6", "0.42")
MIN_TAIL = 3
TOLD_TAIL = 4


def search(*, user: access.Person, text: str, limit: int = 12) -> list[dict[str, Any]]:
    """Return the answers for one box: coordinates first when the text is a position, then customers, then places."""
    text = text.replace("\x00", "").strip()[:200]
    if not text:
        return []
    answers = [*_coordinates(text)]
    customers = _customers(user, text, limit)
    return (answers + customers + found_places(text=text, limit=max(3, limit - len(customers))))[: limit + len(answers)]


def found_places(*, text: str, limit: int) -> list[dict[str, Any]]:
    """Return streets, addresses and named places whose name is near the text."""
    text = text.replace("\x00", "").strip()
    if not text:
        return []
    key = fold(text)
    names = Place.objects.annotate(key=Lower("name"))
    contained = names.filter(Q(key__contains=text.strip().lower()) | Q(address__icontains=text.strip())).order_by("name")[:limit]
    rows = list(contained)
    if len(rows) < limit and len(key) >= MIN_TAIL:
        with _typo_threshold(TYPO_THRESHOLDS[-1]):
            near = names.filter(key__trigram_word_similar=text.strip().lower()).annotate(
                score=TrigramWordSimilarity(text.strip().lower(), "key")
            )
            rows += [row for row in near.order_by("-score", "name")[:limit] if row not in rows]
    order = {"street": 0, "address": 1, "building": 2, "poi": 3}
    exact = sorted(rows, key=lambda row: (not fold(row.name).startswith(key), order.get(row.kind, 9)))
    return [
        {
            "kind": "place",
            "id": row.pk,
            "title": row.name,
            "subtitle": row.address if row.address != row.name else "",
            # A word of OpenStreetMap for shops and houses; the screens say it in the person's language.
            "category": row.category if row.kind in ("building", "poi") else row.kind,
            "match": "address" if row.kind in ("street", "address") else "name",
            "lon": row.geom.x,
            "lat": row.geom.y,
            "zoom": 17,
        }
        for row in exact[:limit]
    ]


def _coordinates(text: str) -> Iterator[dict[str, Any]]:
    extent = places.utility_extent()
    found = notation.readings(text)
    if extent and len(found) > 1:
        west, south, east, north = extent
        # Without letters the order is a guess: the reading inside the utility's areas comes first.
        found.sort(key=lambda reading: not (west <= reading.lon <= east and south <= reading.lat <= north))
    for reading in found:
        yield {
            "kind": "coordinate",
            "id": f"{reading.lon},{reading.lat}",
            "title": f"{reading.lon:.6f}, {reading.lat:.6f}",
            "subtitle": "WGS84",
            "match": "coordinate",
            "lon": reading.lon,
            "lat": reading.lat,
            "zoom": 17,
        }


def _customers(user: access.Person, text: str, limit: int) -> list[dict[str, Any]]:
    rows = Account.objects.visible_to(user).present()
    found: dict[int, str] = {}
    for match, branch in _branches(rows, text):
        # Numbers only: joining what is shown to candidates that fall out again is what would cost.
        for pk in branch.values_list("pk", flat=True)[: limit * 2]:
            found.setdefault(pk, match)
        # Enough sure answers leave no room for guesses; neither do good guesses for vaguer ones.
        if len(found) >= limit or (found and match == "similar"):
            break
    ranked = sorted(found, key=lambda pk: _BRANCH_ORDER[found[pk]])[:limit]
    accounts = rows.select_related("point").in_bulk(ranked)
    contacts = _called({pk for pk in ranked if found[pk] == "phone"}, digits(text))
    return [_answer(accounts[pk], found[pk]) | contacts.get(pk, {}) for pk in ranked]


_BRANCH_ORDER = {"account": 0, "name": 1, "initials": 2, "pinyin": 3, "address": 4, "phone": 5, "similar": 6}


def _branches(rows: AccountQuerySet, text: str) -> Iterator[tuple[str, QuerySet]]:
    """Yield (what matched, rows) from the surest to the vaguest; each uses its own index of customers.models."""
    key, number = fold(text), digits(text)
    by_grade = ("grade_order", "name")
    rows = rows.with_grade_order()
    if len(number) >= MIN_TAIL and not any(sign.isalpha() for sign in text):
        yield "account", rows.annotate(tail=Reverse("account_no")).filter(tail__startswith=number[::-1]).order_by(*by_grade)
        phones = rows.filter(contacts__in=_contacts_with_tail(number)).distinct()
        yield "phone", phones.order_by(*by_grade)
    if not key:
        return
    yield "name", rows.filter(Q(search_text__startswith=key) | Q(search_text__contains=f"| {key}")).order_by(*by_grade)
    if key.isascii() and key.isalnum():
        yield "initials", rows.filter(initials__startswith=key).order_by(*by_grade)
    yield "name", rows.filter(search_text__contains=key).order_by(*by_grade)
    if key.isascii() and " " in key:
        yield "pinyin", rows.filter(pinyin__contains=key.replace(" ", "")).order_by(*by_grade)
    if len(key) >= MIN_TAIL:
        near = rows.filter(search_text__trigram_word_similar=key).annotate(score=TrigramWordSimilarity(key, "search_text"))
        for threshold in TYPO_THRESHOLDS:
            with _typo_threshold(threshold):
                yield "similar", near.order_by("-score", *by_grade)


def _called(accounts: set[int], number: str) -> dict[int, dict[str, Any]]:
    """Return, for customers found by a telephone number, whose it is and how it ends."""
    matched = _contacts_with_tail(number).filter(account__in=accounts).order_by("is_duty", "-id") if accounts else []
    ends = max(len(number), TOLD_TAIL)
    return {contact.account_id: {"contact": {"name": contact.name, "phone_ends": contact.phone_digits[-ends:]}} for contact in matched}


def _contacts_with_tail(number: str) -> QuerySet:
    return Contact.objects.annotate(tail=Reverse("phone_digits")).filter(tail__startswith=number[::-1])


@contextmanager
def _typo_threshold(threshold: str) -> Iterator[None]:
    """Lower pg_trgm's threshold for the statements inside; local to the transaction, so no pooled connection keeps it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select set_config('pg_trgm.word_similarity_threshold', %s, true)", [threshold])
        yield


def _answer(account: Account, match: str) -> dict[str, Any]:
    geom = account.point.geom
    return {
        "kind": "customer",
        "id": account.pk,
        "title": account.name,
        "title_en": account.name_en,
        "title_zh": account.name_zh,
        "subtitle": " · ".join(part for part in (account.account_no, account.address) if part),
        "match": match,
        "grade": account.grade,
        "status": account.status,
        "lon": geom.x if geom else None,
        "lat": geom.y if geom else None,
        "zoom": 17,
    }
