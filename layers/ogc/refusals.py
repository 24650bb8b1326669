"""What the service refuses."""


class BadQuery(ValueError):
    """A parameter is unknown, or its value is none that it can have."""
