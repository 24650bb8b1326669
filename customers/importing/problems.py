"""Why a row was not taken, and why an import stopped: the codes that screens translate, and the English sentences."""

from typing import Any

ROW = {
    "no_account_no": "There is no account number.",
    "bad_account_no": "The account number has signs other than digits, letters and hyphens, or more than 16 of them.",
    "twice_in_file": "The account number stands further up in the file already; only its first row counts.",
    "no_name": "There is no customer of this number yet, and a new one needs a name.",
    "bad_grade": "The grade is none that is known here.",
    "bad_status": "The status is none that is known here.",
    "bad_classes": "One of the classes is none that is known here.",
    "bad_contract_kva": "The contract capacity is no number from 0 upward that can be read in one way only.",
    "bad_running_kva": "The running capacity is no number from 0 upward that can be read in one way only.",
    "half_position": "Only one of the two coordinates is given.",
    "bad_position": "The coordinates are no position in the coordinate system of the file.",
    "looks_swapped": "The two coordinates look swapped: so the customer would stand far outside, the other way round inside.",
    "not_a_point": "It is drawn as a line or an area; a customer stands at a point.",
    "too_many_cells": "The row has more cells than the file has columns.",
    "deleted": "The customer was deleted; restore it first.",
    "outside_area": "It lies outside the areas in which you may do this.",
    "changed_since": "Somebody changed the customer after the check; import the row again.",
    "taken_since": "Somebody opened a customer of this number after the check; import the row again.",
    "not_allowed_any_more": "You may not do this any more.",
    "too_long_name": "The name has more than 200 letters.",
    "too_long_name_en": "The English name has more than 200 letters.",
    "too_long_name_zh": "The Chinese name has more than 200 letters.",
    "too_long_enterprise": "The enterprise's name has more than 200 letters.",
    "too_long_address": "The address has more than 300 letters.",
    "too_long_voltage": "The voltage has more than 20 letters.",
}
QUESTIONS = {
    "no_account_no": "Which column holds the account number?",
    "crs_unknown": "In which coordinate system are the coordinates?",
    "axes_swapped": "Easting and northing, or longitude and latitude, look swapped. Are they?",
    "zone_straddles": "The coordinates lie in more than one zone. Is each row in the zone of its own prefix?",
}


def row_problem(code: str) -> dict[str, str] | None:
    """Return {code, text} of a row's problem; None for none."""
    return {"code": code, "text": ROW.get(code, code)} if code else None


def questions(codes: list[str]) -> list[dict[str, str]]:
    """Return {code, text} of what a person must answer."""
    return [{"code": code, "text": QUESTIONS[code]} for code in codes]


def problem(code: str, text: str) -> dict[str, Any]:
    """Return why an import stopped, as its row keeps it."""
    return {"code": code, "text": text}
