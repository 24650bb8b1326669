"""Take in a network: a JSON document, or one of the two that are bundled. Safe twice: the second time changes nothing."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from layers import reference_data
from spatial.services.network import BadNetwork


class Command(BaseCommand):
    """`import_network FILE`, `import_network --upper-rhine` or `import_network --helsinki`."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("file", nargs="?", type=Path, help="network document, JSON, may be gzip-compressed")
        source.add_argument(
            "--upper-rhine",
            dest="bundled",
            action="store_const",
            const=reference_data.UPPER_RHINE,
            help="the real 20 kV grid of pandapower",
        )
        source.add_argument(
            "--helsinki", dest="bundled", action="store_const", const=reference_data.HELSINKI_NETWORK, help="the made-up grid of the demo"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would change, store nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"] or options["bundled"]
        try:
            document = reference_data.read_document(path)
            changes = reference_data.import_network(document, dry_run=options["dry_run"])
        except BadNetwork as error:
            raise CommandError(f"{path.name}: {error} Nothing is stored.") from error
        except (OSError, ValueError) as error:
            raise CommandError(f"{path.name} is no network document: {error}") from error

        report = {"network": document["network"]["code"], "dry_run": options["dry_run"]} | {
            name: getattr(changes, name) for name in ("created", "updated", "deleted", "unchanged")
        }
        would = "would be: " if options["dry_run"] else ""
        self.stdout.write(json.dumps(report) if options["json"] else f"{report['network']}: {would}{changes}")
