"""Tell what kind of file it is by its bytes, never by its name."""

import re
import zipfile
from pathlib import Path

from spatial.files import text, zips
from spatial.files.rows import BadFile

CSV, XLSX, GEOJSON, GPKG, SHP, KML, DXF = "CSV", "XLSX", "GeoJSON", "GPKG", "SHP", "KML", "DXF"
TITLES = "CSV, XLSX, GeoPackage, zipped Shapefile, GeoJSON, KML or DXF"

_HEAD = 65_536
_KML = re.compile(rb"<(\w+:)?kml[\s>]")
_GEOJSON = re.compile(rb'"type"\s*:\s*"(FeatureCollection|Feature|GeometryCollection|Point|MultiPoint)"')
_DXF = re.compile(rb"\s*(999\r?\n[^\n]*\n\s*)*0\r?\n\s*SECTION\r?\n")


def kind_of(path: Path) -> str:
    """Return the kind of the file.

    Raises:
        BadFile: empty, or none of the kinds known here; a list of what a zip holds is checked on the way.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise BadFile("empty", "The file is empty.")
    if head.startswith(b"SQLite format 3\0"):
        if head[68:72] in (b"GPKG", b"GP10", b"GP11"):
            return GPKG
    elif head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    elif head.startswith(b"AutoCAD Binary DXF") or _DXF.match(head):
        return DXF
    else:
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith(b"{") and (_GEOJSON.search(head) or b'"features"' in head):
            return GEOJSON
        if start.startswith(b"<") and _KML.search(head):
            return KML
        if not start.startswith((b"<", b"{", b"[", b"%PDF", b"MZ", b"\x7fELF")) and text.looks_like_text(head):
            return CSV
    raise BadFile("unsupported", f"This is not a file that can be read here: use {TITLES}.")


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.lower() for name in zips.checked_names(archive)]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise BadFile("bad_zip", "The archive is damaged.") from error
    if "xl/workbook.xml" in names:
        return XLSX
    if any(name.endswith(".shp") for name in names):
        return SHP
    raise BadFile("unsupported", f"The archive holds no Shapefile (.shp, .shx, .dbf) and is no workbook: use {TITLES}.")
