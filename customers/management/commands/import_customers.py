"""Take in customers from a file: CSV, XLSX, GeoPackage, zipped Shapefile, GeoJSON, KML or DXF. Safe twice: the second time changes nothing."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from customers.importing import selectors, services, working
from customers.models import Import, ImportState
from layers import access, audit
from layers.kept_files import TooLarge
from spatial.files.rows import BadFile


class Command(BaseCommand):
    """`import_customers FILE [--crs EPSG:4547] [--map account_no=户号 ...] [--dry-run] [--json]`."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--crs", default="", help="WGS84, CGCS2000, GCJ02, BD09 or EPSG:nnnn; left out, it is found out")
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="may be given several times")
        parser.add_argument("--encoding", default="", help="UTF-8, GB18030 ...; left out, it is found out")
        parser.add_argument("--layer", default="", help="sheet or layer; left out, the first")
        parser.add_argument("--swap-axes", action="store_true", help="the columns of the coordinates have changed places")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, store nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--yes-far", action="store_true", help="store moves beyond the guard distance too")

    def handle(self, *args: Any, **options: Any) -> None:
        user, path = access.everybody(), options["file"]
        wished = dict(part.split("=", 1) for part in options["map"] if "=" in part)
        if len(wished) < len(options["map"]):
            raise CommandError("--map is FIELD=COLUMN, such as --map account_no=户号.")
        with audit.machine_work("import_customers"):
            try:
                with path.open("rb") as file:
                    pieces = iter(lambda: file.read(1 << 20), b"")
                    batch = services.start_import(user=user, file_name=path.name, pieces=pieces, at=timezone.now(), queue=False)
                batch = self._checked(batch, wished, options)
                if not options["dry_run"] and "commit" in batch.can():
                    services.commit_import(batch.pk, user=user, at=timezone.now(), accept_far_moves=options["yes_far"], queue=False)
                    batch = self._worked(batch)
                elif "cancel" in batch.can():
                    services.cancel_import(batch.pk, user=user, at=timezone.now())
            except (OSError, BadFile, TooLarge, services.BadChoice, services.FarMoves) as error:
                raise CommandError(f"{path.name}: {error} Nothing is stored.") from error
        self._report(batch, options)

    def _checked(self, batch: Import, wished: dict[str, str], options: dict[str, Any]) -> Import:
        user = access.everybody()
        choices = {name: options[name] for name in ("crs", "encoding", "layer", "swap_axes") if options[name]}
        if choices:
            services.choose(batch.pk, choices, user=user, at=timezone.now(), queue=False)
        batch = self._worked(batch)
        if wished and batch.state in (ImportState.WAITING, ImportState.CHECKED, ImportState.NOTHING):
            meant = batch.reading.get("mapping", {}) | wished
            services.choose(batch.pk, {"mapping": meant}, user=user, at=timezone.now(), queue=False)
            batch = self._worked(batch)
        if batch.state == ImportState.FAILED:
            raise CommandError(f"{batch.file_name}: {(batch.problem or {}).get('text')} Nothing is stored.")
        if batch.state == ImportState.WAITING:
            asked = " ".join(question["text"] for question in selectors.import_out(batch, at=timezone.now())["questions"])
            services.cancel_import(batch.pk, user=user, at=timezone.now())
            raise CommandError(f"{batch.file_name}: {asked} Say it with --map, --crs or --swap-axes. Nothing is stored.")
        return batch

    def _worked(self, batch: Import) -> Import:
        while working.work(batch.pk, clock=timezone.now):
            if sys.stderr.isatty():
                batch.refresh_from_db()
                self.stderr.write(f"{batch.state}: {batch.done:,} rows")
        return Import.objects.get(pk=batch.pk)

    def _report(self, batch: Import, options: dict[str, Any]) -> None:
        told = selectors.import_out(batch, at=timezone.now())
        if options["json"]:
            report = {name: told[name] for name in ("id", "file_name", "state", "detected", "choices", "counts", "problem")}
            self.stdout.write(json.dumps(report | {"dry_run": options["dry_run"]}, ensure_ascii=False))
            return
        counts = ", ".join(f"{count:,} {name}" for name, count in told["counts"].items() if name != "far_moves")
        self.stdout.write(f"{batch.file_name}: {'would be: ' if options['dry_run'] else ''}{counts}.")
        if batch.state == ImportState.FAILED:
            raise CommandError((batch.problem or {}).get("text", "It could not be stored."))
