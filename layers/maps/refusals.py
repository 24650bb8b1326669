"""What the service refuses."""


class MapRefused(ValueError):
    """The request cannot be answered. `code` is the standard's word for why, "" where it has none; `parameter` is what is wrong."""

    def __init__(self, text: str, *, code: str = "", parameter: str = "", status: int = 400) -> None:
        super().__init__(text)
        self.code, self.parameter, self.status = code, parameter, status


def no_layer(name: str) -> MapRefused:
    """Return the refusal of a layer that is not there, or not for this person: the two cannot be told apart."""
    return MapRefused(f"There is no layer “{name[:80]}”.", code="LayerNotDefined", parameter="LAYER", status=404)
