"""Write VAR_DIR/mapproxy/mapproxy.yaml from the basemap records; a running MapProxy reads it again by itself."""

import json
import os
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from layers import basemap_records
from layers.mapproxy_config import mapproxy_config
from layers.models import Basemap


class Command(BaseCommand):
    """Also takes the operator's basemaps from GRIDATLAS_BASEMAPS into the records first."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what was written as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        changed = basemap_records.save_basemaps(basemap_records.from_setting(settings.GRIDATLAS_BASEMAPS))
        config, refused = mapproxy_config(Basemap.objects.filter(enabled=True), var_dir=Path(settings.VAR_DIR), environ=os.environ)
        path = Path(settings.VAR_DIR) / "mapproxy" / "mapproxy.yaml"
        written = _write_if_changed(path, yaml.safe_dump(config, allow_unicode=True, sort_keys=False))

        report: dict[str, Any] = {
            "path": str(path),
            "written": written,
            "layers": [layer["name"] for layer in config["layers"]],
            "refused": refused,
            "from_setting": str(changed),
        }
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
            return
        self.stdout.write(f"{path}: {'written' if written else 'unchanged'}, layers {', '.join(report['layers'])}")
        for key, reason in refused.items():
            self.stderr.write(f"Basemap {key} is left out: {reason}")


def _write_if_changed(path: Path, text: str) -> bool:
    """Write beside and rename. The file can hold an upstream's key, so only the owner may read it."""
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(path)
    return True
