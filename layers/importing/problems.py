"""Why an asset was not taken, and what a person must answer: a code that stays, and an English sentence. No screen shows or translates them yet."""

ROW = {
    "no_code": "There is no code.",
    "too_long": "One of the texts is longer than its field.",
    "twice_in_file": "The code stands further up in the file already; only its first row counts.",
    "no_place": "It is not in the network yet, and a new one needs a place.",
    "bad_number": "One of the values is no number from 0 upward.",
    "bad_kind": "The kind of line is neither cable nor overhead.",
    "bad_yes_no": "Whether it is normally open is neither yes nor no.",
    "unknown_substation": "The substation that it names is neither in the file nor in the network.",
    "unknown_bus_section": "The bus section that it names is neither in the file nor in the network.",
    "unknown_feeder": "The feeder that it names is neither in the file nor in the network.",
    "unknown_station": "The station that it names is neither in the file nor in the network.",
    "not_a_point": "It is drawn as a line; it stands at a point.",
    "not_a_line": "It is drawn as a point or an area; a segment is a line.",
    "many_parts": "It is drawn in several parts that do not meet; a segment is one line.",
    "no_length": "It begins and ends at one place and has no length.",
    "bad_shape": "What is drawn cannot be read.",
    "too_many_corners": "It has more than 20,000 corners.",
    "bad_position": "The coordinates are no position in the coordinate system of the file.",
    "too_many_cells": "The row has more cells than the layer has columns.",
    "outside_area": "It lies outside the areas in which you may do this.",
    "changed_since": "Somebody changed it after the check; import the file again.",
    "taken_since": "Somebody stored one of this code after the check; import the file again.",
    "not_allowed_any_more": "You may not do this any more.",
    "in_use": "Something else hangs on it by now.",
}
QUESTIONS = {
    "no_kind": "What does each layer hold?",
    "no_code": "Which column holds the code?",
    "crs_unknown": "In which coordinate system are the coordinates?",
    "axes_swapped": "Easting and northing, or longitude and latitude, look swapped. Are they?",
}


def row_problem(code: str) -> dict[str, str] | None:
    """Return {code, text} of a row's problem; None for none."""
    return {"code": code, "text": ROW.get(code, code)} if code else None


def questions(codes: list[str]) -> list[dict[str, str]]:
    """Return {code, text} of what a person must answer."""
    return [{"code": code, "text": QUESTIONS[code]} for code in codes]
