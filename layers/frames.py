"""The text frames of /ws/map: built once per event, shared by every socket. The protocol is in docs/api.md, section Live."""

import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

# More than this in one frame would keep a phone's screen from drawing between two frames.
BATCH_EVENTS = 200
BATCH_CHARACTERS = 64_000


class CloseCode(IntEnum):
    """Why the server closes a socket (RFC 6455 section 7.4; from 4000 our own)."""

    BAD_TEXT = 1007
    TOO_MANY_MESSAGES = 1008
    TOO_BIG = 1009
    RESTART = 1012
    SIGNED_OUT = 4401
    RIGHTS_CHANGED = 4403
    SLOW_READER = 4408


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One row of the log with its finished text. `is_delete` because a deleted feature's rights are judged differently."""

    seq: int
    feature_id: int
    is_delete: bool
    text: str


def event_text(*, key: str, epoch: str, seq: int, kind: str, feature_id: int, at: datetime, body_json: str | None) -> str:
    """Return the event's frame. `body_json` goes in as the database wrote it: parsing it here would cost more than all the rest."""
    head = f'{{"type":"event","s":{json.dumps(key)},"e":"{epoch}","q":{seq},"p":{seq - 1},"at":"{at.isoformat()}"'
    return f'{head},"k":"{kind}","id":{feature_id},"b":{body_json or "null"}}}'


@dataclass(frozen=True, slots=True)
class Heard:
    """Which events, by seq, a person hears whole, and of which only that the feature is gone: it left what they may see."""

    whole: Set[int] = frozenset()
    gone: Set[int] = frozenset()


def texts_for(events: Sequence[LoggedEvent], *, key: str, epoch: str, heard: Heard | None) -> list[str]:
    """Return what a person gets of `events`, which follow each other without a gap: a run of hidden ones becomes a single skip.

    `heard` None means that they may see all.
    """
    if heard is None:
        return [event.text for event in events]
    return list(_with_skips(events, key, epoch, heard))


def _with_skips(events: Sequence[LoggedEvent], key: str, epoch: str, heard: Heard) -> Iterator[str]:
    told = events[0].seq - 1 if events else 0
    for event in events:
        if event.seq not in heard.whole and event.seq not in heard.gone:
            continue
        if told < event.seq - 1:
            yield skip_text(key=key, epoch=epoch, after=told, until=event.seq - 1)
        yield event.text if event.seq in heard.whole else _gone_text(event)
        told = event.seq
    if events and told < events[-1].seq:
        yield skip_text(key=key, epoch=epoch, after=told, until=events[-1].seq)


def _gone_text(event: LoggedEvent) -> str:
    """Return the event as a deletion without a body. What comes before "k" holds no word that a person wrote."""
    head = event.text.partition(',"k":')[0]
    return f'{head},"k":"delete","id":{event.feature_id},"b":null}}'


def skip_text(*, key: str, epoch: str, after: int, until: int) -> str:
    """Return the frame that moves a cursor from `after` to `until` and tells nothing else."""
    return f'{{"type":"skip","s":{json.dumps(key)},"e":"{epoch}","q":{until},"p":{after}}}'


def parts(events: Sequence[LoggedEvent]) -> Iterator[list[LoggedEvent]]:
    """Cut events into what fits one frame."""
    part: list[LoggedEvent] = []
    size = 0
    for event in events:
        if part and (len(part) == BATCH_EVENTS or size + len(event.text) > BATCH_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(event)
        size += len(event.text)
    if part:
        yield part


def packed(texts: Sequence[str]) -> str:
    """Return the frame that carries these events: one alone as it is, several as `batch`."""
    return texts[0] if len(texts) == 1 else f'{{"type":"batch","events":[{",".join(texts)}]}}'


def resumed(*, key: str, epoch: str, seq: int) -> str:
    """Return the promise that every event up to `seq` follows the cursor that the client named."""
    return json.dumps({"type": "resumed", "key": key, "epoch": epoch, "seq": seq})


def reset(*, key: str, epoch: str, seq: int) -> str:
    """Return the order to load a snapshot; events after `seq` follow."""
    return json.dumps({"type": "reset", "key": key, "epoch": epoch, "seq": seq, "snapshot_url": f"/api/v1/layers/{key}/snapshot"})


def error(code: str, detail: str, **more: Any) -> str:
    return json.dumps({"type": "error", "code": code, "detail": detail, **more})


def pong(at: datetime) -> str:
    return json.dumps({"type": "pong", "at": at.isoformat()})


def heartbeat(*, at: datetime, checked_at: datetime) -> str:
    """Return the sign of life. `checked_at` is when the log was last read: an old one means that news may be missing."""
    return json.dumps({"type": "heartbeat", "at": at.isoformat(), "checked_at": checked_at.isoformat()})
