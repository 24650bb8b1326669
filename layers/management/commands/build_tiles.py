"""Rebuild or check the cluster pyramids that the low zooms are drawn from."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from layers import pyramid, registry


class Command(BaseCommand):
    help = "Rebuild the cluster pyramid of one layer or of all; with --check only compare it with the rows (exit code 1 when it differs)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--layer", help="Layer id; without it every layer with clusters.")
        parser.add_argument("--check", action="store_true", help="Change nothing; say how many cells are wrong.")
        parser.add_argument("--json", action="store_true", help="One JSON object on standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = [options["layer"]] if options["layer"] else [layer.id for layer in registry.layers() if layer.clusters]
        try:
            done = [pyramid.check(layer_id) if options["check"] else pyramid.rebuild(layer_id) for layer_id in wanted]
        except registry.UnknownLayer as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps({"layers": [asdict(one) for one in done]}))
        else:
            for one in done:
                state = "right already" if not one.wrong else f"{one.wrong} wrong, {'rebuilt' if one.written else 'left as they are'}"
                self.stdout.write(f"{one.layer}: {one.cells} cells, {state}")
        if options["check"] and any(one.wrong for one in done):
            raise CommandError("The pyramid differs from the rows; run build_tiles without --check.", returncode=1)
