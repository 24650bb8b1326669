"""Who hears about an event: the same predicate as everywhere. What a person may not see reaches them as a skip, what left their sight as a deletion."""

from collections.abc import Sequence
from typing import Any

from layers import access, basemaps, event_log, registry, row_security
from layers.frames import Heard, LoggedEvent


def heard(user: Any, key: str, events: Sequence[LoggedEvent]) -> Heard:
    """Return what this person hears of the events: one query for the whole batch (per part of the layer), one more about those hidden.

    Judged by what is true now. That converges: the last event of a feature is judged when or after it was committed, and says what a
    fresh load would show. A feature that stood inside the person's areas before an event and is not theirs now must leave their map.
    """
    layer = registry.layer(key)
    ids = sorted({event.feature_id for event in events})
    with row_security.reading_as(user):
        visible = layer.visible_ids(user, ids) if layer.visible_ids else _ids_in_rows(user, layer, ids)
    if layer.visible_ids:
        whole = {event.seq for event in events if event.feature_id in visible}
    else:
        # Of a deleted row only its place is known, so it is judged as something that left.
        whole = {event.seq for event in events if not event.is_delete and event.feature_id in visible}
    return Heard(whole, _gone(user, layer, [event for event in events if event.seq not in whole]))


def _gone(user: Any, layer: registry.MapLayer, hidden: Sequence[LoggedEvent]) -> set[int]:
    reach = access.areas_of(user, layer.id, access.VIEW)
    if not hidden or not reach:
        return set()
    if reach.whole or not access.is_staff_role(user):
        # What a customer holds changes without an event; then their sockets are closed (`MapLayer.holdings`).
        return {event.seq for event in hidden if event.is_delete and not layer.visible_ids}
    return event_log.touched_inside(layer.id, [event.seq for event in hidden], reach.area_ids)


def _ids_in_rows(user: Any, layer: registry.MapLayer, ids: Sequence[int]) -> set[int]:
    return {pk for part in layer.parts for pk in part.rows(user).filter(pk__in=ids).values_list("pk", flat=True)}


def may_subscribe(user: Any, key: str) -> bool:
    """Tell whether the person may follow layers at all.

    Raises:
        UnknownLayer: there is no such layer, or not for this person.
    """
    if access.VIEW not in access.actions_of(user):
        return False
    if key != basemaps.STREAM:
        registry.layer_for(user, key)
    return True
