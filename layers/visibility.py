"""Who hears about an event. Staff hear everything; a customer only what they hold; the rest reaches them as a skip."""

from collections.abc import Sequence
from typing import Any

from layers import access, registry
from layers.frames import LoggedEvent


def visible_seqs(user: Any, key: str, events: Sequence[LoggedEvent]) -> set[int]:
    """Return the seqs of the events that this person may see: one query for the whole batch (per part of the layer)."""
    layer = registry.layer(key)
    ids = sorted({event.feature_id for event in events})
    if layer.visible_ids:
        visible = layer.visible_ids(user, ids)
        return {event.seq for event in events if event.feature_id in visible}
    visible = _ids_in_rows(user, layer, ids)
    return {event.seq for event in events if event.is_delete or event.feature_id in visible}


def _ids_in_rows(user: Any, layer: registry.MapLayer, ids: Sequence[int]) -> set[int]:
    return {pk for part in layer.parts for pk in part.rows(user).filter(pk__in=ids).values_list("pk", flat=True)}


def may_subscribe(user: Any, key: str) -> bool:
    """Tell whether the person may follow layers at all.

    Raises:
        UnknownLayer: there is no such layer, or not for this person.
    """
    if access.VIEW not in access.actions_of(user):
        return False
    registry.layer_for(user, key)
    return True
