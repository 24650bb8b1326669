"""S64: no text that leaves becomes a formula in somebody's spreadsheet, and none is changed by the way back."""

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User

from customers import services
from layers import csv_text
from tests.cast import MONDAY, MUSEUM, new_customer
from tests.layers.test_exports import saved, taken

pytestmark = [pytest.mark.db, pytest.mark.django_db]
EVIL = ["=cmd|'/c calc'!A1", "+1", "-2", "@x", "＝1+1", "'=1+1", "''=1", '="a"&"b"', "#REF!", "'t Hooft", "<script>alert(1)</script>"]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "exports"


@pytest.fixture
def evil(planner: User, helsinki: Any) -> list[str]:
    commands = [
        new_customer(name, f"{number:010}", address=name, contract_kva=number, at=(-MUSEUM[0] if number == 0 else MUSEUM[0], MUSEUM[1]))
        for number, name in enumerate(EVIL)
    ]
    services.create_customers(commands, user=planner, at=MONDAY)
    return EVIL


def test_s64_no_cell_of_a_csv_is_a_formula_and_negative_numbers_stay_numbers(planner: User, evil: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(taken(planner, "csv").decode("utf-8-sig"))))

    for row, name in zip(rows, evil, strict=True):
        assert row["Name"][0] not in "=+-@\t\r＝＋－＠"
        assert csv_text.plain(row["Name"]) == csv_text.plain(row["Address"]) == name
    assert rows[0]["Name"] == "'=cmd|'/c calc'!A1"
    assert float(rows[0]["Longitude (WGS 84)"]) == pytest.approx(-MUSEUM[0])
    assert rows[0]["Longitude (WGS 84)"].startswith("-")


def test_s64_every_text_of_an_xlsx_is_a_string_as_it_was(planner: User, evil: list[str], folder: Path) -> None:
    sheet = openpyxl.load_workbook(saved(folder, "list.xlsx", taken(planner, "xlsx"))).active
    head = [cell.value for cell in sheet[1]]
    column = head.index("Name") + 1

    for number, name in enumerate(evil, start=2):
        cell = sheet.cell(number, column)
        assert (cell.value, cell.data_type) == (name, "s")
        assert sheet.cell(number, head.index("Contracted capacity (kVA)") + 1).data_type == "n"
    assert sheet.cell(2, head.index("Longitude (WGS 84)") + 1).value == pytest.approx(-MUSEUM[0])
