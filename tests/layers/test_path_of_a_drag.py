"""docs/path-of-a-drag.md names real places in the code."""

import re

import pytest
from django.conf import settings

pytestmark = pytest.mark.unit
TEXT = (settings.BASE_DIR / "docs" / "path-of-a-drag.md").read_text()
PLACE = re.compile(r"`((?:[\w-]+/)+[\w.-]+\.(?:py|ts|tsx))(?:: ([A-Za-z_]\w*))?`")
LONE_NAME = re.compile(r"`(_?[A-Za-z]\w*(?:\.\w+)?)`")


def test_every_file_and_name_of_the_path_exists() -> None:
    missing = [
        (path, name)
        for path, name in PLACE.findall(TEXT)
        if not (settings.BASE_DIR / path).exists() or not re.search(rf"\b{name}\b", (settings.BASE_DIR / path).read_text())
    ]
    assert missing == []


def test_every_lone_name_is_in_one_of_the_files_of_the_path() -> None:
    code = (
        "\n".join((settings.BASE_DIR / path).read_text() for path, _ in PLACE.findall(TEXT))
        + (settings.BASE_DIR / "layers/registry.py").read_text()
    )

    missing = [name for name in LONE_NAME.findall(TEXT) if not re.search(rf"\b{name.rpartition('.')[2]}\b", code)]

    assert missing == []
