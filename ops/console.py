"""Tell the person at the terminal what is being done, since when, and what to do when it fails."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
LOGS = VAR / "log"
SETUP_LOG = LOGS / "setup.log"

_STARTED = float(os.environ.get("GRIDATLAS_STARTED", time.time()))


class CannotGoOn(Exception):
    """Carries the one sentence that tells a person what to do."""


def say(step: str) -> None:
    print(f"[{time.time() - _STARTED:7.1f} s] {step}", flush=True)


def run(command: Sequence[str], *, env: Mapping[str, str], advice: str, stdin: str | None = None) -> None:
    """Run a command with its output in the set-up log.

    Raises:
        CannotGoOn: the command failed; the end of its output is shown first.
    """
    with SETUP_LOG.open("a", encoding="utf-8") as log:
        log.write(f"\n--- {' '.join(command)}\n")
        log.flush()
        done = subprocess.run(command, cwd=ROOT, env=dict(env), text=True, input=stdin or "", stdout=log, stderr=log, check=False)
    if done.returncode:
        show_end(SETUP_LOG)
        raise CannotGoOn(f"{advice} The log is {SETUP_LOG}.")


def show_end(log: Path) -> None:
    lines = log.read_text("utf-8", errors="replace").splitlines() if log.exists() else []
    for line in lines[-12:]:
        print(f"    | {line}", flush=True)
