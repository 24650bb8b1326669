"""The reference client of /ws/map: what any client must do with the frames (docs/api.md, section Live), in plain Python."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Feature = dict[str, Any]
# What the client must do next: nothing, load the snapshot, or say hello again because it missed something.
Next = Literal["", "snapshot", "hello"]


@dataclass
class ReferenceMap:
    """One stream as a map holds it. `cursor` is the seq of the last event applied; None until a snapshot is in."""

    key: str = "customers"
    epoch: str | None = None
    cursor: int | None = None
    features: dict[int, Feature] = field(default_factory=dict)
    applied: list[int] = field(default_factory=list)
    held_back: list[dict[str, Any]] = field(default_factory=list)
    is_loading: bool = False

    def hello(self) -> str:
        return json.dumps({"type": "hello", "streams": [{"key": self.key, "epoch": self.epoch, "cursor": self.cursor}]})

    def take(self, frame: dict[str, Any]) -> Next:
        """Apply one frame from the server; frames of other streams and signs of life change nothing."""
        match frame["type"]:
            case "batch":
                return self._first_need(self.take(event) for event in frame["events"])
            case "reset" if frame["key"] == self.key:
                self.epoch, self.cursor, self.held_back, self.is_loading = frame["epoch"], None, [], True
                return "snapshot"
            case "event" | "skip" if frame["s"] == self.key:
                return self._take_event(frame)
        return ""

    def load(self, snapshot: dict[str, Any]) -> Next:
        """Take a snapshot, then what came in the meantime. When history was cut between the reset and the snapshot, go on from the latter."""
        was_cut = self.epoch not in (None, snapshot["epoch"])
        self.epoch, self.cursor = snapshot["epoch"], snapshot["seq"]
        self.features = {feature["id"]: feature for feature in snapshot["features"]}
        held_back, self.held_back, self.is_loading = self.held_back, [], False
        return "hello" if was_cut else self._first_need(self.take(event) for event in held_back)

    def drawn(self) -> dict[int, Feature]:
        """Return what the map shows: features with a location."""
        return {pk: feature for pk, feature in self.features.items() if feature["geometry"]}

    def _take_event(self, event: dict[str, Any]) -> Next:
        if self.is_loading:
            self.held_back.append(event)
            return ""
        if event["e"] != self.epoch:
            return "hello"
        if self.cursor is None or event["q"] <= self.cursor:
            return ""
        if event["p"] != self.cursor:
            return "hello"
        if event["type"] == "event":
            self._apply(event)
        self.cursor = event["q"]
        return ""

    def _apply(self, event: dict[str, Any]) -> None:
        self.applied.append(event["q"])
        if event["k"] == "delete":
            self.features.pop(event["id"], None)
        else:
            self.features[event["id"]] = event["b"]

    @staticmethod
    def _first_need(needs: Iterable[Next]) -> Next:
        return next((need for need in list(needs) if need), "")
