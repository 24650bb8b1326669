"""Take in a network: a GeoPackage, zipped Shapefile, GeoJSON, CSV or XLSX, a network document in JSON, or one of the two that are bundled.

Safe twice: the second time changes nothing.
"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from layers import access, audit, reference_data
from layers.importing import selectors, services, working
from layers.kept_files import TooLarge
from layers.models import BatchState, NetworkImport
from spatial.files.kinds import kind_of
from spatial.files.rows import BadFile
from spatial.services.network import BadNetwork


class Command(BaseCommand):
    """`import_network FILE [--crs EPSG:25832] [--tolerance 0.5] [--dry-run] [--json]`, `import_network --upper-rhine` or `--helsinki`."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            "file", nargs="?", type=Path, help="what a GIS gives, or a network document in JSON, which may be gzip-compressed"
        )
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
        parser.add_argument("--crs", default="", help="WGS84, CGCS2000, GCJ02, BD09 or EPSG:nnnn; left out, it is found out")
        parser.add_argument("--tolerance", type=float, help="metres within which ends of segments are one node; left out, 0.5")
        parser.add_argument(
            "--network", default="", help="code of the network it belongs to; left out, the one that has these codes, or the file's name"
        )
        parser.add_argument(
            "--layer",
            action="append",
            default=[],
            metavar="LAYER=KIND",
            help="what a layer holds: lines, stations ...; may be given several times",
        )
        parser.add_argument("--encoding", default="", help="UTF-8, GB18030 ...; left out, it is found out")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, store nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--yes-far", action="store_true", help="store moves beyond the guard distance too")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"] or options["bundled"]
        if options["bundled"] or _is_document(path):
            self._document(path, options)
        else:
            with audit.machine_work("import_network"):
                self._file(path, options)

    def _document(self, path: Path, options: dict[str, Any]) -> None:
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

    def _file(self, path: Path, options: dict[str, Any]) -> None:
        user = access.everybody()
        choices = {name: options[name] for name in ("crs", "encoding", "network") if options[name]}
        if options["tolerance"] is not None:
            choices["tolerance_m"] = options["tolerance"]
        layers = dict(part.split("=", 1) for part in options["layer"] if "=" in part)
        if len(layers) < len(options["layer"]):
            raise CommandError("--layer is LAYER=KIND, such as --layer netz=lines.")
        if layers:
            choices["layers"] = {name: {"kind": kind or None} for name, kind in layers.items()}
        try:
            with path.open("rb") as file:
                pieces = iter(lambda: file.read(1 << 20), b"")
                batch = services.start_import(user=user, file_name=path.name, pieces=pieces, at=timezone.now(), queue=False)
            if choices:
                services.choose(batch.pk, choices, user=user, at=timezone.now(), queue=False)
            batch = self._checked(batch)
            if options["dry_run"]:
                told = selectors.import_out(batch, at=timezone.now())
                services.cancel_import(batch.pk, user=user, at=timezone.now(), queue=False)
            else:
                if "commit" in batch.can():
                    services.commit_import(batch.pk, user=user, at=timezone.now(), accept_far_moves=options["yes_far"], queue=False)
                    batch = self._worked(batch)
                told = selectors.import_out(batch, at=timezone.now())
        except services.FarMoves as error:
            raise CommandError(f"{path.name}: {error} Say so with --yes-far. Nothing is stored.") from error
        except (OSError, BadFile, TooLarge, services.BadChoice) as error:
            raise CommandError(f"{path.name}: {error} Nothing is stored.") from error
        self._report(told, options)
        if batch.state == BatchState.FAILED:
            raise CommandError((batch.problem or {}).get("text", "It could not be stored."))

    def _checked(self, batch: NetworkImport) -> NetworkImport:
        batch = self._worked(batch)
        if batch.state == BatchState.FAILED:
            raise CommandError(f"{batch.file_name}: {(batch.problem or {}).get('text')} Nothing is stored.")
        if batch.state == BatchState.WAITING:
            asked = " ".join(question["text"] for question in selectors.import_out(batch, at=timezone.now())["questions"])
            services.cancel_import(batch.pk, user=access.everybody(), at=timezone.now(), queue=False)
            raise CommandError(f"{batch.file_name}: {asked} Say it with --layer or --crs. Nothing is stored.")
        return batch

    def _worked(self, batch: NetworkImport) -> NetworkImport:
        while working.work(batch.pk, clock=timezone.now):
            if sys.stderr.isatty():
                batch.refresh_from_db()
                self.stderr.write(f"{batch.state}: {batch.done:,} rows")
        return NetworkImport.objects.get(pk=batch.pk)

    def _report(self, told: dict[str, Any], options: dict[str, Any]) -> None:
        total = {
            name: sum(counts[name] for counts in told["counts"].values()) for name in ("new", "moved", "changed", "unchanged", "rejected")
        }
        network, parts = told["choices"]["network"], told["parts"]
        if options["json"]:
            report = {name: told[name] for name in ("id", "file_name", "state", "detected", "choices", "counts", "parts", "problem")}
            self.stdout.write(json.dumps({"network": network, "dry_run": options["dry_run"], **report, "total": total}, ensure_ascii=False))
            return
        counts = ", ".join(f"{count:,} {name}" for name, count in total.items())
        self.stdout.write(f"{network}: {'would be: ' if options['dry_run'] else ''}{counts}.")
        tolerance = told["choices"]["tolerance_m"]
        self.stdout.write(
            f"{parts['nodes']:,} nodes within {tolerance:g} m, {parts['parts']:,} parts, {parts['unconnected']:,} on no substation."
        )
        for part in parts["listed"][:20]:
            where = f"{part['lon']:.6f}, {part['lat']:.6f}"
            self.stdout.write(
                f"  part {part['number']} at {where}: {part['segments']} segments, {part['sites']} sites: {', '.join(part['codes'])}"
            )


def _is_document(path: Path) -> bool:
    """Tell whether it is, or should be, a network document: whatever is no file of a GIS."""
    try:
        kind_of(path)
    except BadFile as error:
        return error.code in ("unsupported", "empty")
    except OSError:
        return True
    return False
