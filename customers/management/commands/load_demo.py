"""Load the demo: Helsinki with key customers, the Upper Rhine grid, basemaps. Safe twice: only what is missing is loaded."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from customers import demo
from customers.models import Account


class Command(BaseCommand):
    """The demo's people are made by `demo_accounts`."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is a customer already")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and Account.objects.exists():
            report = {"skipped": "there are customers already"}
        else:
            try:
                report = demo.load_demo(at=timezone.now())
            except demo.CannotRender as error:
                raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(report))
            return
        for part, what in report.items():
            self.stdout.write(f"{part}: {what}")
