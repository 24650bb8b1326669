"""The basemaps of this installation: the bundled ones, the demo's imagery, and what the operator names in GRIDATLAS_BASEMAPS."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from layers import audit
from layers.mapproxy_config import mapproxy_config
from layers.models import Basemap
from layers.one_at_a_time import What, hold
from spatial.services.in_step import Changes, bring_in_step

VECTOR_KEY, DEMO_KEY = "osm", "demo"
_FIELDS = [field.name for field in Basemap._meta.concrete_fields if field.name not in ("id", "key")]
# The extract's bounds; beyond them the vector map has land, sea and borders only.
_HELSINKI_BOUNDS = [24.9352, 60.1642, 24.9534, 60.1791]

VECTOR: dict[str, Any] = {
    "key": VECTOR_KEY,
    "kind": "vector",
    "title_en": "Map",
    "title_zh": "地图",
    "source_type": "bundled",
    "min_zoom": 0,
    "max_zoom": 16,
    "licence": "ODbL 1.0; Natural Earth: public domain",
    "attribution": "© OpenStreetMap contributors, made with Natural Earth",
    "note_en": "Streets and buildings in central Helsinki; land, sea and borders elsewhere.",
    "note_zh": "街道与建筑仅限赫尔辛基市中心，其他地区只有陆地、海洋和边界。",
    "ordering": 0,
}


class BadBasemap(ValueError):
    """A basemap of the setting cannot be understood; the message names it."""


def demo_imagery(path: Path) -> dict[str, Any]:
    """Return the record of the rendered picture."""
    return {
        "key": DEMO_KEY,
        "kind": "imagery",
        "title_en": "Demo imagery (rendered)",
        "title_zh": "演示影像（渲染）",
        "source_type": "geotiff",
        "source": str(path),
        "min_zoom": 10,
        "max_zoom": 19,
        "bounds": _HELSINKI_BOUNDS,
        "licence": "ODbL 1.0",
        "attribution": "Rendered from © OpenStreetMap contributors",
        "note_en": "Painted by a script from map outlines: not a photograph.",
        "note_zh": "由程序根据地图轮廓绘制，并非航拍照片。",
        "ordering": 10,
    }


def save_basemaps(records: Iterable[Mapping[str, Any]]) -> Changes:
    """Create or change the records of these keys and return what changed; other records stay as they are.

    Raises:
        BadBasemap: a record lacks a field or has a value that no basemap can have; nothing is stored.
    """
    wanted = [new_basemap(record) for record in records]
    with transaction.atomic():
        changes, _ = bring_in_step(
            Basemap.objects.filter(key__in=[basemap.key for basemap in wanted]),
            wanted,
            key=lambda basemap: basemap.key,
            fields=_FIELDS,
            keep_others=True,
        )
        if changes.any:
            deed = audit.Deed("basemap.change", layer="basemaps", after={"keys": [row.key for row in wanted], **asdict(changes)})
            audit.record([deed], user=None, at=audit.transaction_time())
    return changes


def new_basemap(record: Mapping[str, Any]) -> Basemap:
    """Return a record of these fields, not stored.

    Raises:
        BadBasemap: a field is unknown, or has a value that no basemap can have.
    """
    values = dict(record)
    if isinstance(values.get("taken_date"), str):
        values["taken_date"] = date.fromisoformat(values["taken_date"])
    values.setdefault("kind", "imagery")
    values.setdefault("title_zh", values.get("title_en", ""))
    unknown = set(values) - {"key", *_FIELDS}
    if unknown:
        raise BadBasemap(f"Basemap {values.get('key')} has unknown fields: {', '.join(sorted(unknown))}.")
    basemap = Basemap(**values)
    try:
        basemap.clean_fields()
    except ValidationError as error:
        faults = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
        raise BadBasemap(f"Basemap {basemap.key or '(without a key)'}: {faults}") from error
    return basemap


def from_setting(text: str) -> list[dict[str, Any]]:
    """Return the records of GRIDATLAS_BASEMAPS: a JSON list, or the path of a file that holds one; empty means none.

    Raises:
        BadBasemap: it is neither.
    """
    text = text.strip()
    if not text:
        return []
    try:
        records = json.loads(text if text.startswith("[") else Path(text).read_text())
    except (OSError, ValueError) as error:
        raise BadBasemap(f"GRIDATLAS_BASEMAPS is neither a JSON list nor a file with one: {error}") from error
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise BadBasemap("GRIDATLAS_BASEMAPS must be a list of objects.")
    return records


def hand_to_mapproxy() -> dict[str, Any]:
    """Write MapProxy's configuration from the enabled records; a running MapProxy reads it again by itself.

    Returns path, written (whether it changed), layers, and refused: why a record was left out, by key.
    """
    path = Path(settings.VAR_DIR) / "mapproxy" / "mapproxy.yaml"
    with transaction.atomic():
        # Two at once: else the one who read the records first could write last.
        hold(What.MAP_PROXYS_CONFIGURATION, "")
        config, refused = mapproxy_config(Basemap.objects.filter(enabled=True), var_dir=Path(settings.VAR_DIR), environ=os.environ)
        written = _write_if_changed(path, yaml.safe_dump(config, allow_unicode=True, sort_keys=False))
    return {"path": str(path), "written": written, "layers": [layer["name"] for layer in config["layers"]], "refused": refused}


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
