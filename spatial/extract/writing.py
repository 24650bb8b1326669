"""Write extracts so that the same input gives the same bytes."""

import gzip
import json
import pathlib
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "spatial" / "data"


def write_json_gz(path: pathlib.Path, document: Any) -> None:
    """Write compact UTF-8 JSON; the gzip header carries no time, so a rerun makes no difference in git."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(body, compresslevel=9, mtime=0))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
