"""One field of a customer has one name: on every screen, in an exported file, and in a file that comes back."""

import json
import re
from pathlib import Path

import pytest

from customers.importing import mapping
from customers.models import LAYER_ID
from layers import registry

FRONTEND = Path(__file__).resolve().parents[2] / "frontend" / "src"
# `enterprise: "enterprise",` of the table that all screens read.
FIELDS = dict(re.findall(r"^  (\w+): \"(\w+)\",$", (FRONTEND / "lib" / "ledger-words.ts").read_text().split("};")[0], re.MULTILINE))
UNITS = {"contract_kva": "kVA", "running_kva": "kVA", "accuracy_m": "m"}
# What the server sets by itself.
NOT_IMPORTED = {"area", "source", "updated_at"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_field_is_called_the_same_on_the_screens_and_in_a_file(language: str) -> None:
    words = json.loads((FRONTEND / "locales" / language / "domain.json").read_text())
    in_brackets = words["inBrackets"].replace("{{words}}", "{}").replace("{{more}}", "{}")
    titles = {field: title[language] for field, title in registry.layer(LAYER_ID).column_titles.items()}

    shown = {field: words["field"][FIELDS[field]] for field in titles}
    headings = {field: in_brackets.format(name, UNITS[field]) if field in UNITS else name for field, name in shown.items()}

    assert titles == headings


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_file_with_our_headings_is_read_without_a_question(language: str) -> None:
    titles = {field: title[language] for field, title in registry.layer(LAYER_ID).column_titles.items() if field not in NOT_IMPORTED}

    assert mapping.suggest(list(titles.values()), {}, has_geometry=True) == titles
