"""SIGNIN: what signing in costs beyond the password's hasher, and whether an unknown name can be told from a wrong password by the clock."""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from typing import Any

from tests.bench.harness import ROUNDS, SEED, Result, database, median_ratio

TRIES = int(os.environ.get("SIGNIN_TRIES", "8"))
PASSWORD = "correct horse battery staple"
# Median difference that a clock on the wire may show (S60), and the door's cost in runs of the hasher.
SAME_MS, GOAL = 20.0, 1.3


def measure(rounds: int) -> dict[str, list[float]]:
    """Return seconds per bare hash and per sign-in by round, and milliseconds of refused sign-ins by kind. Runs inside the child process."""
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.test import Client

    from layers import services as rights
    from portal.models import SignInTry

    user, _ = User.objects.get_or_create(username="signs-in", defaults={"password": make_password(PASSWORD)})
    user.groups.add(*rights.ensure_roles(["planner"]))
    found: dict[str, list[float]] = {"hash": [], "sign-in": [], "known": [], "unknown": []}

    def ask(username: str, password: str) -> tuple[int, float]:
        body = {"username": username, "password": password, "remember_device": False}
        started = time.perf_counter()
        answer = Client(SERVER_NAME="localhost").post("/api/v1/session", body, content_type="application/json")
        return answer.status_code, time.perf_counter() - started

    ask("signs-in", PASSWORD)
    chance = random.Random(SEED)
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(TRIES):
            user.check_password(PASSWORD)
        found["hash"].append((time.perf_counter() - started) / TRIES)
        answers = [ask("signs-in", PASSWORD) for _ in range(TRIES)]
        assert {status for status, _ in answers} == {200}, answers
        found["sign-in"].append(sum(took for _, took in answers) / TRIES)
        # In random order: what the machine does beside us falls on both alike.
        names = ["signs-in", f"nobody-{chance.random()}"] * TRIES
        chance.shuffle(names)
        for name in names:
            SignInTry.objects.all().delete()
            status, took = ask(name, "guess")
            assert status == 400, status
            found["known" if name == "signs-in" else "unknown"].append(took * 1000)
    return found


def run() -> Result:
    made = database(1_000)
    done = subprocess.run([sys.executable, __file__], env=made.env(PYTHONPATH="."), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    ratio, spread = median_ratio(found["sign-in"], found["hash"])
    apart_ms = abs(statistics.median(found["known"]) - statistics.median(found["unknown"]))
    per_second = 1 / statistics.median(found["sign-in"])
    words = (
        f"{per_second:.1f} sign-ins/s in one thread; time of a sign-in / one run of the hasher = {ratio:.2f} ({spread}); "
        f"unknown name against wrong password: medians of {len(found['known'])} tries each {apart_ms:.1f} ms apart"
    )
    return Result("SIGNIN", words, met=ratio <= GOAL and apart_ms <= SAME_MS, details=found)


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(ROUNDS)))
