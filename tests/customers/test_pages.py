"""The ledger by pages: together they are the one big list, whatever comes and goes between two of them."""

import base64
import json
import random
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from customers import pages, services
from customers.models import Account
from tests.cast import MONDAY, Browser, new_customer

pytestmark = [pytest.mark.db, pytest.mark.django_db]
GRADES = ["special", "first", "second", "temporary", "none"]


@pytest.fixture
def ledger(planner: User) -> list[Account]:
    """Thirty customers with names, kVA and times that repeat; of every fifth nobody knows the kVA, and some have none."""
    dice = random.Random(7)
    commands = [
        new_customer(
            dice.choice(["Äiti", "aiti", "Aiti", "博物馆", 'O\'Hara, "x" (y)', "Zoo"]),
            f"{dice.randrange(10**9):010}",
            grade=dice.choice(GRADES),
            contract_kva=None if n % 5 == 0 else dice.choice([0, "0.000001", 100, "1250.5", "1250.500001"]),
        )
        for n in range(30)
    ]
    accounts = services.create_customers(commands, user=planner, at=MONDAY)
    for account in accounts[::2]:
        Account.objects.filter(pk=account.pk).update(updated_at=MONDAY + timedelta(microseconds=dice.randrange(3)))
    return accounts


def page(user: User, **query) -> dict:
    answer = Browser(user).get("/api/v1/customers", **query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def ids(found: dict) -> list[int]:
    return [row["id"] for row in found["results"]]


def rest_of(user: User, found: dict, **query) -> list[int]:
    """Turn the pages to the end; return the ids on those after this one."""
    more = []
    while found["next"]:
        found = page(user, cursor=found["next"], **query)
        more += ids(found)
    return more


@pytest.mark.parametrize("ordering", pages.ORDERINGS)
@pytest.mark.parametrize("limit", [1, 7, 30])
def test_the_pages_of_every_ordering_are_the_one_big_list(ledger, planner, ordering, limit):
    whole = page(planner, ordering=ordering, limit=500)

    first = page(planner, ordering=ordering, limit=limit)

    assert ids(first) + rest_of(planner, first, ordering=ordering, limit=limit) == ids(whole)
    assert sorted(ids(whole)) == sorted(account.pk for account in ledger)
    assert first["count"] == whole["count"] == 30
    assert whole["next"] is None


def test_the_orderings_are_what_they_say(ledger, planner):
    rows = {ordering: page(planner, ordering=ordering, limit=500)["results"] for ordering in pages.ORDERINGS}

    assert [GRADES.index(row["grade"]) for row in rows["grade"]] == sorted(GRADES.index(row["grade"]) for row in rows["grade"])
    assert [row["account_no"] for row in rows["account_no"]] == sorted(account.account_no for account in ledger)
    assert [row["id"] for row in rows["-name"]] == [row["id"] for row in reversed(rows["name"])]
    changed = [datetime.fromisoformat(row["updated_at"]) for row in rows["-updated_at"]]
    assert changed == sorted(changed, reverse=True) and len(set(changed)) > 1
    kva = [row["contract_kva"] for row in rows["-contract_kva"]]
    assert kva == sorted((known for known in kva if known is not None), reverse=True) + [None] * 6


@pytest.mark.parametrize("ordering", pages.ORDERINGS)
def test_whoever_comes_or_goes_between_two_pages_neither_doubles_nor_hides_another(ledger, planner, ordering):
    whole = ids(page(planner, ordering=ordering, limit=500))
    first = page(planner, ordering=ordering, limit=10)
    gone = [*ids(first)[-2:], whole[20]]
    services.delete_customers([services.CustomerEdit(pk, 1) for pk in gone], user=planner, at=MONDAY, reason="closed")
    new = [
        new_customer(name, f"{n:016}", grade=grade) for n, (name, grade) in enumerate([("!", "special"), ("Aiti", "none"), ("黑", "none")])
    ]
    services.create_customers(new, user=planner, at=MONDAY)

    after = rest_of(planner, first, ordering=ordering, limit=10)

    assert [pk for pk in after if pk in whole] == [pk for pk in whole[10:] if pk not in gone]
    assert len(after) == len(set(after)) and not set(after) & set(ids(first))


def test_a_scrollbar_jumps_to_any_row(ledger, planner):
    whole = page(planner, ordering="name", limit=500)

    found = page(planner, ordering="name", limit=7, skip=20)

    assert ids(found) == ids(whole)[20:27]
    assert ids(found) + rest_of(planner, found, ordering="name", limit=7) == ids(whole)[20:]


@pytest.mark.parametrize("broken", ["x", "20", "-1", "äö", "eyJ4IjoxfQ:1:2", "x" * 3000, "x" * 5000, "\x00"])
def test_a_broken_cursor_is_refused(ledger, planner, broken):
    answer = Browser(planner).get("/api/v1/customers", cursor=broken)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["cursor"])


def test_a_cursor_that_was_changed_or_belongs_to_another_ordering_is_refused(ledger, planner):
    cursor = page(planner, ordering="name", limit=5)["next"]

    for query in ({"cursor": cursor, "ordering": "-name"}, {"cursor": "a" + cursor, "ordering": "name"}):
        answer = Browser(planner).get("/api/v1/customers", **query)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["cursor"])


def test_a_cursor_shows_nobody_the_name_it_stands_behind(ledger, planner):
    found = page(planner, ordering="name", limit=5)

    parts = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in found["next"].rstrip("=").lstrip(".").split(":")]
    name = found["results"][-1]["name"]
    assert not [part for part in parts if name.encode() in part or json.dumps(name)[1:-1].encode() in part]


def test_a_cursor_opens_nothing_that_its_bearer_may_not_see(ledger, planner, museum, holder):
    cursor = page(planner, ordering="name", limit=1)["next"]

    assert ids(page(holder, ordering="name", cursor=cursor)) in ([], [museum.pk])
