"""Fetch imagery tiles from MapProxy. Whatever happens upstream, a tile comes back: at worst one that says what is wrong."""

import io
import time
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import structlog
import urllib3
from django.conf import settings
from PIL import Image

log = structlog.get_logger()
# MapProxy gives an upstream three seconds; a little more reaches its answer that there was none.
TIMEOUT_S = 4.0
# After a failure only what is cached is worth waiting for, until the next try.
RESTING_TIMEOUT_S = 0.6
REST_S = 15.0
# A success status that browsers draw and that is not "the picture you asked for": callers must not let it be kept.
NOTICE = 203
_NOTICES = Path(__file__).with_name("data")
_pool = urllib3.PoolManager(maxsize=32, block=False, retries=False)


class ImageryTile(NamedTuple):
    """Status 200: the tile, or the word that there is no imagery at this place. 203: a notice that the source is down."""

    status: int
    content_type: str
    body: bytes


def imagery_tile(basemap_key: str, z: int, x: int, y: int) -> ImageryTile:
    """Return one 256 px tile of an imagery basemap (XYZ, Web Mercator). Never raises for trouble upstream.

    Where the source has no picture the hatched "no imagery here" shows through, so that nothing looks like empty land.
    """
    resting = status_of(basemap_key) == "down"
    address = f"{settings.MAPPROXY_URL}/wmts/{basemap_key}/webmercator/{z}/{x}/{y}.png"
    try:
        answer = _pool.request("GET", address, timeout=RESTING_TIMEOUT_S if resting else TIMEOUT_S)
    except urllib3.exceptions.HTTPError as error:
        return _down(basemap_key, resting, type(error).__name__)
    content_type = answer.headers.get("Content-Type", "")
    if answer.status == 200 and content_type.startswith("image/"):
        _marker(basemap_key).unlink(missing_ok=True)
        return _over_notice(content_type, answer.data)
    return _down(basemap_key, resting, f"{answer.status} {content_type}")


def status_of(basemap_key: str) -> Literal["ok", "down"]:
    """Return whether the last tile that was asked for came. Shared by all processes: it is a file's age."""
    try:
        return "down" if time.time() - _marker(basemap_key).stat().st_mtime < REST_S else "ok"
    except OSError:
        return "ok"


@cache
def notice(name: Literal["no-imagery", "imagery-down"]) -> bytes:
    """Return a notice tile, PNG 256 x 256 (drawn by `mapproxy/draw_notices.py`)."""
    return (_NOTICES / f"{name}.png").read_bytes()


def _down(basemap_key: str, resting: bool, why: str) -> ImageryTile:
    if not resting:
        log.warning("imagery_source_down", basemap=basemap_key, why=why)
        marker = _marker(basemap_key)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
    return ImageryTile(NOTICE, "image/png", notice("imagery-down"))


def _marker(basemap_key: str) -> Path:
    return Path(settings.VAR_DIR) / "mapproxy" / "down" / basemap_key


def _over_notice(content_type: str, body: bytes) -> ImageryTile:
    """Lay a tile with holes over the notice. Full pictures pass as they came."""
    if content_type != "image/png":
        return ImageryTile(200, content_type, body)
    picture = Image.open(io.BytesIO(body))
    if not picture.has_transparency_data:
        return ImageryTile(200, content_type, body)
    tile = picture.convert("RGBA")
    lightest, fullest = tile.getchannel("A").getextrema()
    if fullest == 0:
        return ImageryTile(200, "image/png", notice("no-imagery"))
    if lightest == 255:
        return ImageryTile(200, content_type, body)
    ground = Image.open(io.BytesIO(notice("no-imagery"))).convert("RGBA").resize(tile.size)
    ground.alpha_composite(tile)
    out = io.BytesIO()
    ground.save(out, "PNG")
    return ImageryTile(200, "image/png", out.getvalue())
