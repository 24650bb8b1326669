"""AUDIT: what the audit's row and its chain add to a move. The same service call, in turns with and without `audit.record`, one and four writers."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from tests.bench.harness import ROUNDS, Result, database, median_ratio

GOAL = 1.3
MOVES = int(os.environ.get("AUDIT_MOVES", "150"))
WRITERS = (1, 4)


def move_some(customer_ids: list[int], moves: int) -> float:
    """Move these customers to and fro; return moves per second. Runs inside the child process, where Django is set up."""
    from django.contrib.auth.models import User
    from django.db import connection

    from customers import services
    from customers.models import Account

    user = User.objects.get(username="bench")
    accounts = list(Account.objects.located().select_related("point").filter(pk__in=customer_ids))
    versions = {account.pk: account.point.version for account in accounts}
    started = time.perf_counter()
    for number in range(moves):
        account = accounts[number % len(accounts)]
        geom = account.point.geom
        services.move_customer(
            user=user,
            account=account,
            at=datetime.now(UTC),
            confirmed=True,
            lon=geom.x + (1e-5 if versions[account.pk] % 2 else 0),
            lat=geom.y,
            base_version=versions[account.pk],
        )
        versions[account.pk] += 1
    took = time.perf_counter() - started
    connection.close()
    return moves / took


def measure(rounds: int) -> dict[str, Any]:
    """Return moves per second by side and number of writers, in turns; `rows` and `moves`: of the moves with a row, how many left one."""
    from customers import services
    from layers.models import AuditRow

    record = services.audit.record
    rows_before = AuditRow.objects.count()
    found: dict[str, Any] = {f"{side} {writers}": [] for writers in WRITERS for side in ("with", "without")}
    for number in range(rounds):
        for writers in WRITERS:
            for side in ("with", "without") if number % 2 else ("without", "with"):
                shares = [list(range(1 + writer * 10, 11 + writer * 10)) for writer in range(writers)]
                services.audit.record = record if side == "with" else _nothing
                with ThreadPoolExecutor(writers) as pool:
                    jobs = [pool.submit(move_some, share, MOVES // writers) for share in shares]
                    found[f"{side} {writers}"].append(sum(job.result() for job in jobs))
    found["rows"] = AuditRow.objects.count() - rows_before
    found["moves"] = rounds * sum(MOVES // writers * writers for writers in WRITERS)
    return found


def _nothing(*_: object, **__: object) -> None: ...


def run() -> Result:
    made = database(10_000)
    made.manage("migrate", "-v", "0")
    made.manage(
        "shell",
        "-v",
        "0",
        "-c",
        "from django.contrib.auth.models import User; User.objects.update_or_create(username='bench', defaults={'is_superuser': True})",
    )
    done = subprocess.run([sys.executable, __file__], env=made.env(PYTHONPATH="."), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    ratios = {writers: median_ratio(found[f"without {writers}"], found[f"with {writers}"]) for writers in WRITERS}
    words = "; ".join(f"{writers} writer{'s' * (writers > 1)}: {ratio:.2f} ({spread})" for writers, (ratio, spread) in ratios.items())
    return Result(
        "AUDIT", f"time of a move with the audit / without: {words}", met=all(ratio <= GOAL for ratio, _ in ratios.values()), details=found
    )


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(ROUNDS)))
