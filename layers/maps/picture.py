"""One picture of several layers. A few are made at a time: each takes memory, and a source that hangs must not take all threads."""

import io
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
WAIT_S = 5.0
_places = BoundedSemaphore(AT_A_TIME)


class TooBusy(RuntimeError):
    """As many pictures as may be are being made."""


def make(question: MapQuestion, drawables: Sequence[Drawable], user: access.Person) -> bytes:
    """Return the layers of the question, the first at the bottom, in its format.

    Raises:
        TooBusy, imagery.SourceDown, MapRefused: a layer shows more here than can be drawn.
    """
    with _place():
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
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=WAIT_S):
        raise TooBusy("Too many pictures are being drawn at the moment; ask again.")
    try:
        yield
    finally:
        _places.release()
