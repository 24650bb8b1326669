"""G4's check: keep thousands of tiles, make k random changes by the services, ask for all of them again, compare every byte.

Runs in its own process, because its Django talks to the benchmark's database.
"""

import json
import random
import sys

import django

django.setup()

from django.contrib.auth.models import Group, User

from customers import services
from customers.models import Account
from spatial.services.points import PointCommand
from spatial.tiles import tile_at
from tests.bench.harness import SEED
from tests.cast import MONDAY
from tests.layers.tile_client import TileClient

TILES_PER_ZOOM = 400


def main(changes: int) -> None:
    chance = random.Random(SEED)
    user, _ = User.objects.get_or_create(username="bench")
    user.groups.add(Group.objects.get_or_create(name="planner")[0])
    accounts = list(Account.objects.select_related("point").order_by("pk"))
    wanted = sorted({path(z, chance.choice(accounts)) for z in range(17) for _ in range(TILES_PER_ZOOM)})
    tiles = TileClient()
    before = {one: tiles.get(one, user).content for one in wanted}
    renders = tiles.server.renders

    for account in chance.sample(accounts, changes):
        change(user, account, chance)
    after = {one: tiles.get(one, user).content for one in wanted}

    again = tiles.server.renders - renders
    other = TileClient()
    truth = {one: other.get(one, user).content for one in wanted}
    differ = sum(before[one] != after[one] for one in wanted)
    stale = sum(after[one] != truth[one] for one in wanted)
    other.close()
    tiles.close()
    print(json.dumps({"tiles": len(wanted), "changes": changes, "again": again, "differ": differ, "stale": stale}))


def path(z: int, account: Account) -> str:
    x, y = tile_at(account.point.geom.x, account.point.geom.y, z)
    return f"/tiles/customers/{z}/{x}/{y}.mvt"


def change(user: User, account: Account, chance: random.Random) -> None:
    """Mostly moves of some hundred metres, as planners make them; sometimes another name or grade."""
    if chance.random() < 0.8:
        where = account.point.geom.x + chance.gauss(0, 0.004), account.point.geom.y + chance.gauss(0, 0.002)
        services.move_customers(
            [PointCommand(account.point_id, *where, base_version=account.point.version)], user=user, at=MONDAY, confirmed=True
        )
        return
    fields = {"name": f"Renamed {account.pk}"} if chance.random() < 0.5 else {"grade": "special" if account.grade != "special" else "first"}
    services.edit_customers(
        [services.CustomerEdit(account_id=account.pk, base_version=account.version, fields=fields)], user=user, at=MONDAY
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
