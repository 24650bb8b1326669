"""Pictures of imagery in any system: MapProxy makes them from what it keeps, and the areas of who asks cut them."""

import io
from urllib.parse import urlencode

import shapely
import urllib3
from django.conf import settings
from PIL import Image

from layers import imagery_cut
from layers.access import Reach
from layers.maps.view import View

# A large picture may be made of hundreds of tiles that MapProxy has not fetched yet.
TIMEOUT_S = 20.0
_pool = urllib3.PoolManager(maxsize=8, block=False, retries=False)


class SourceDown(RuntimeError):
    """The imagery's source, or MapProxy, does not answer."""


def draw(key: str, view: View, reach: Reach) -> Image.Image | None:
    """Return the basemap's picture of the view (RGBA), empty outside of the areas; None where there is nothing to see.

    Raises:
        SourceDown: the source does not answer.
    """
    ground = None if reach.whole else _ground(reach, view)
    if ground is not None and not ground.area:
        return None
    picture = _fetched(key, view)
    if ground is None or shapely.covers(ground, shapely.box(*view.box)):
        return picture
    return imagery_cut.inside_of(picture, ground, view.box)


def _ground(reach: Reach, view: View) -> shapely.geometry.base.BaseGeometry:
    """Return the areas as far as the view shows them, in its system."""
    box = view.widened(1).degrees()
    if box is None:
        return shapely.Polygon()
    near = shapely.intersection(shapely.intersection(imagery_cut.in_degrees(reach), shapely.box(*box)), view.reach())
    return shapely.make_valid(shapely.transform(near, view.to_units))


def _fetched(key: str, view: View) -> Image.Image:
    query = {
        "SERVICE": "WMS", "VERSION": "1.1.1", "REQUEST": "GetMap", "LAYERS": key, "STYLES": "", "SRS": view.crs.datum,
        "BBOX": ",".join(map(repr, view.box)), "WIDTH": view.width, "HEIGHT": view.height, "FORMAT": "image/png", "TRANSPARENT": "TRUE",
    }  # fmt: skip
    try:
        answer = _pool.request("GET", f"{settings.MAPPROXY_URL}/service?{urlencode(query)}", timeout=TIMEOUT_S)
    except urllib3.exceptions.HTTPError as error:
        raise SourceDown("The imagery does not answer at the moment.") from error
    if answer.status != 200 or not answer.headers.get("Content-Type", "").startswith("image/"):
        raise SourceDown("The imagery's source does not answer at the moment.")
    return Image.open(io.BytesIO(answer.data)).convert("RGBA")
