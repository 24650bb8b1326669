"""Make a basemap of a GeoTIFF, PMTiles or MBTiles file on this machine; it is on the map when the command ends."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from layers import audit, basemap_uploads
from layers.models import Basemap
from spatial import datums


class Command(BaseCommand):
    """The file itself stays as it is: a copy is made of it."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--title", required=True, help="what people read in the list of basemaps")
        parser.add_argument("--title-zh", default="", help="the same in Chinese; without it the title above")
        parser.add_argument("--crs", default="", metavar="EPSG:3067", help="of a GeoTIFF that names no coordinate system")
        parser.add_argument(
            "--datum", default="WGS84", choices=["WGS84", "CGCS2000", "GCJ02", "BD09"], help="GCJ02 and BD09 maps are moved"
        )
        parser.add_argument(
            "--taken", type=date.fromisoformat, default=None, metavar="2025-05-14", help="the day, when the file does not say it"
        )
        parser.add_argument("--licence", default="")
        parser.add_argument("--attribution", default="")
        parser.add_argument("--json", action="store_true", help="print what was made as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        wishes = {
            "title_en": options["title"],
            "title_zh": options["title_zh"] or options["title"],
            "crs": options["crs"],
            "datum": options["datum"],
            "taken_date": options["taken"].isoformat() if options["taken"] else "",
            "licence": options["licence"],
            "attribution": options["attribution"],
        }
        with audit.machine_work("command import_imagery"):
            try:
                upload = basemap_uploads.keep_file(path, wishes=wishes, at=timezone.now())
            except datums.UnknownDatum as error:
                raise CommandError(str(error)) from error
            basemap_uploads.work(upload.pk, clock=timezone.now)
        upload.refresh_from_db()
        if upload.basemap is None:
            basemap_uploads.give_up(upload.pk, user=None, at=timezone.now())
            raise CommandError((upload.problem or {}).get("text", "It could not be made."))
        self._say(upload.basemap, upload.made or {}, as_json=options["json"])

    def _say(self, basemap: Basemap, made: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"key": basemap.key, "made": made}, ensure_ascii=False))
            return
        west, south, east, north = basemap.bounds or (-180, -90, 180, 90)
        where = f"{west:.5f} {south:.5f} to {east:.5f} {north:.5f}, zoom {basemap.min_zoom} to {basemap.max_zoom}"
        self.stdout.write(f"{basemap.key}: “{basemap.title_en}” is on the map, {where}.")
