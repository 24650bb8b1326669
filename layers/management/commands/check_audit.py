"""Verify the audit: every row is what was written, none is missing. Ends with 1 and names the first broken row otherwise."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from layers import audit


class Command(BaseCommand):
    """`check_audit [--json]`. Keep the last number and hash somewhere else: who owns the database can write a whole new chain."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.check()
        if options["json"]:
            self.stdout.write(json.dumps(asdict(verdict)))
        elif not verdict.problem:
            self.stdout.write(
                f"{verdict.rows} rows verify, {verdict.first_seq} to {verdict.last_seq}; the last hash is {verdict.hash or 'none'}."
            )
        if verdict.problem:
            raise CommandError(verdict.problem)
