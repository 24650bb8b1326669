"""Take in streets, addresses and named places. Safe twice: the second time changes nothing."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from layers import reference_data


class Command(BaseCommand):
    """`import_places` takes the bundled places of central Helsinki; `import_places FILE --origin NAME` any others."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, default=reference_data.HELSINKI_PLACES, help="JSON list of places, may be gzip-compressed"
        )
        parser.add_argument("--origin", default=reference_data.PLACES_ORIGIN, help="name of the data set; only its own rows are replaced")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, store nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            rows = reference_data.read_document(path)
            changes = reference_data.import_places(rows, origin=options["origin"], dry_run=options["dry_run"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path.name} is no list of places: {error}") from error

        report = {"origin": options["origin"], "dry_run": options["dry_run"]} | {
            name: getattr(changes, name) for name in ("created", "updated", "deleted", "unchanged")
        }
        would = "would be: " if options["dry_run"] else ""
        self.stdout.write(json.dumps(report) if options["json"] else f"{report['origin']}: {would}{changes}")
