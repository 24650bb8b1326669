"""Read the placemarks of a KML file: name, description, extended data, point. Streams; no document type definitions, no links followed."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import pyarrow as pa
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from spatial.files.kinds import KML
from spatial.files.rows import MAX_CELL, BadFile, Header, Source, TableBuilder, Wanted, column_names

# Names of the extended data are collected from so many placemarks; what first appears later is not read.
_LOOK_AHEAD = 2000
_TAGS = re.compile(r"<[^>]*>")
Placemark = tuple[dict[str, str], float, float, str | None]


def open_rows(path: Path, wanted: Wanted) -> Source:
    """Open the file. KML is always WGS 84, longitude first.

    Raises:
        BadFile: while opening or while reading on.
    """
    del wanted
    marks = _placemarks(path)
    ahead = [mark for mark, _ in zip(marks, range(_LOOK_AHEAD), strict=False)]
    names = list(dict.fromkeys(name for fields, *_ in ahead for name in fields))
    header = Header(KML, column_names(names or ["name"]), encoding="UTF-8", crs="EPSG:4326", has_geometry=True)
    return Source(header, _batches(header, names, _again(path)))


def _again(path: Path) -> Iterator[Placemark]:
    # Read from the start once more rather than keep what was read ahead.
    return _placemarks(path)


def _batches(header: Header, names: list[str], marks: Iterator[Placemark]) -> Iterator[pa.RecordBatch]:
    builder = TableBuilder(header)
    for row_no, (fields, x, y, problem) in enumerate(marks, start=1):
        if builder.add(row_no, [fields.get(name, "") for name in names], problem, x, y):
            yield builder.take()
    yield builder.take()


def _placemarks(path: Path) -> Iterator[Placemark]:
    try:
        depth = 0
        for event, element in iterparse(path, events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > 100:
                raise BadFile("unsupported", "The file is nested too deeply.")
            if event == "end" and _tag(element) == "Placemark":
                yield _placemark(element)
                element.clear()
            elif event == "end" and _tag(element) in ("Style", "StyleMap", "Folder", "Document", "Schema"):
                element.clear()
    except DefusedXmlException as error:
        raise BadFile("unsupported", "The file holds a document type definition or entities; no map program writes them.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise BadFile("bad_kml", f"The file is no whole KML: {error}.") from error


def _placemark(mark: Element) -> Placemark:
    fields: dict[str, str] = {}
    x = y = np.nan
    problem: str | None = None
    for element in mark.iter():
        match _tag(element):
            case "name" | "description" | "address" | "phoneNumber" if element.text:
                fields.setdefault(_tag(element), _clean(element.text))
            case "Data":
                fields[element.get("name", "")] = _clean("".join(child.text or "" for child in element if _tag(child) == "value"))
            case "SimpleData":
                fields[element.get("name", "")] = _clean(element.text or "")
            case "Point":
                x, y = _coordinates(element)
            case "LineString" | "Polygon" | "MultiGeometry" | "Track" | "Model":
                problem = "not_a_point"
    fields.pop("", None)
    return fields, x, y, problem


def _coordinates(point: Element) -> tuple[float, float]:
    text = next((child.text or "" for child in point if _tag(child) == "coordinates"), "")
    try:
        x, y = (float(part) for part in text.strip().split(",")[:2])
    except ValueError:
        return np.nan, np.nan
    return x, y


def _clean(text: str) -> str:
    return _TAGS.sub(" ", text).strip()[:MAX_CELL]


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]
