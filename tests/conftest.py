"""What every test stands on: the named cast, and Debian's Chromium for the browser tests."""

from typing import Any

import pytest

pytest_plugins = ["tests.cast"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium: no download, no GPU (the map's canvas needs none), and no calls home that a closed network would hang."""
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-default-browser-check",
    ]
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu", *quiet]}
