"""Make the demonstration's people and write their passwords to a file that only its owner can read."""

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.accounts import ensure_demo_accounts


class Command(BaseCommand):
    help = "Create one demonstration person per role and write {name: {password, role}} to a file. Safe to run again: passwords in the file stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", type=Path, required=True, metavar="FILE")

    def handle(self, *args: Any, write: Path, **options: Any) -> None:
        known = json.loads(write.read_text()) if write.exists() else {}
        people = ensure_demo_accounts({name: person["password"] for name, person in known.items()})
        write.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(write, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(people, file, indent=2)
        self.stdout.write(f"{len(people)} demonstration people are in {write}.")
