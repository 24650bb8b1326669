"""Many customers at seeded places, written through the service, and moves of them at random."""

import random

from django.contrib.auth.models import User

from customers import services
from customers.models import Account
from customers.rules import GRADES
from layers import access
from spatial.services.points import PointCommand
from tests.cast import MONDAY, new_customer

CENTRE = (24.9384, 60.1699)


def build_town(user: User, count: int, *, spread: float = 0.02, seed: int = 7) -> list[Account]:
    """Open `count` customers within `spread` degrees around the centre of Helsinki, grades in turn."""
    chance = random.Random(seed)
    commands = [
        new_customer(
            f"Site {number}",
            f"{number:010}",
            grade=GRADES[number % 5],
            classes=["large"] if number % 3 == 0 else [],
            at=somewhere(chance, spread),
        )
        for number in range(count)
    ]
    return services.create_customers(commands, user=user, at=MONDAY)


def somewhere(chance: random.Random, spread: float = 0.02) -> tuple[float, float]:
    return CENTRE[0] + chance.uniform(-spread, spread), CENTRE[1] + chance.uniform(-spread / 2, spread / 2)


def move(user: User, account_id: int, where: tuple[float, float]) -> None:
    """Move one customer by the service, whatever its version is now."""
    account = Account.objects.select_related("point").get(pk=account_id)
    command = PointCommand(account.point_id, *where, base_version=account.point.version, reason="test")
    services.move_customers([command], user=user, at=MONDAY, confirmed=True)


def edit(account_id: int, **fields) -> None:
    version = Account.objects.values_list("version", flat=True).get(pk=account_id)
    services.edit_customers(
        [services.CustomerEdit(account_id=account_id, base_version=version, fields=fields)], user=access.everybody(), at=MONDAY
    )
