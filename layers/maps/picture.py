"""One picture of several layers. A few are made at a time, a large one alone: each takes memory, and a source that hangs must not take
all threads."""

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import BoundedSemaphore

from PIL import Image

from layers import access
from layers.maps import imagery, overlays
from layers.maps.catalogue import Drawable
from layers.maps.questions import JPEG, MapQuestion
from layers.models import Basemap

AT_A_TIME = 4
# A picture of 4096 px a side takes all places, some hundred MB with its layers.
_PLACE_PX = 4_000_000
WAIT_S = 5.0
_places = BoundedSemaphore(AT_A_TIME)


class TooBusy(RuntimeError):
    """As many pictures as may be are being made."""


def make(question: MapQuestion, drawables: Sequence[Drawable], user: access.Person) -> bytes:
    """Return the layers of the question, the first at the bottom, in its format.

    Raises:
        TooBusy, imagery.SourceDown, MapRefused: a layer shows more here than can be drawn.
    """
    with _places_for(question.view.width * question.view.height):
        is_clear = question.transparent and question.format != JPEG
        picture = Image.new("RGBA", (question.view.width, question.view.height), (0, 0, 0, 0) if is_clear else (*question.background, 255))
        for drawable in drawables:
            if layer := _drawn(drawable, question, user):
                picture.alpha_composite(layer)
        out = io.BytesIO()
        if question.format == JPEG:
            picture.convert("RGB").save(out, "JPEG", quality=88)
        else:
            picture.save(out, "PNG")
        return out.getvalue()


def _drawn(drawable: Drawable, question: MapQuestion, user: access.Person) -> Image.Image | None:
    if isinstance(drawable.source, Basemap):
        return imagery.draw(drawable.source.key, question.view, access.areas_of(user, access.IMAGERY, access.VIEW))
    return overlays.draw(drawable.source, question.view, user)


@contextmanager
def _places_for(pixels: int) -> Iterator[None]:
    wanted = min(AT_A_TIME, 1 + pixels // _PLACE_PX)
    until = time.monotonic() + WAIT_S
    taken = 0
    try:
        while taken < wanted:
            if not _places.acquire(timeout=max(0.0, until - time.monotonic())):
                raise TooBusy("Too many pictures are being drawn at the moment; ask again.")
            taken += 1
        yield
    finally:
        for _ in range(taken):
            _places.release()
