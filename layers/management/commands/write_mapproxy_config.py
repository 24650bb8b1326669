"""Write VAR_DIR/mapproxy/mapproxy.yaml from the basemap records; a running MapProxy reads it again by itself."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from layers import basemap_records


class Command(BaseCommand):
    """Also takes the operator's basemaps from GRIDATLAS_BASEMAPS into the records first."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what was written as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        changed = basemap_records.save_basemaps(basemap_records.from_setting(settings.GRIDATLAS_BASEMAPS))
        report = {**basemap_records.hand_to_mapproxy(), "from_setting": str(changed)}
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
            return
        self.stdout.write(f"{report['path']}: {'written' if report['written'] else 'unchanged'}, layers {', '.join(report['layers'])}")
        for key, reason in report["refused"].items():
            self.stderr.write(f"Basemap {key} is left out: {reason}")
