"""docs/features.md keeps its word: every row names a test that exists."""

import ast
import pathlib
import re

import pytest

pytestmark = pytest.mark.unit

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| (?P<feature>[^|]+) \| (?P<where>[^|]+) \| (?P<tests>[^|]+) \|$")
TEST = re.compile(r"`(?P<path>(?:tests|frontend)/[\w./-]+)::(?P<name>[^`]+)`")


def rows() -> list[re.Match[str]]:
    lines = (ROOT / "docs" / "features.md").read_text().splitlines()
    return [row for line in lines if (row := ROW.match(line)) and not set(row["feature"]) <= set("- ") and row["feature"] != "feature"]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["feature"][:60])
def test_a_feature_has_a_test_that_exists(row):
    tests = TEST.findall(row["tests"])
    assert tests, "a row without a test is not a feature"
    for path, name in tests:
        text = (ROOT / path).read_text()
        if path.endswith(".py"):
            assert name in {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}, (
                name
            )
        else:
            assert name in text, name


def test_no_feature_is_listed_twice():
    features = [row["feature"].strip() for row in rows()]

    assert len(features) == len(set(features)) > 50
