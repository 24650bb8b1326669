"""Find out how a text file is encoded, and read it strictly: a sign that cannot be read is said, never replaced."""

import codecs
import re
import unicodedata
from pathlib import Path

from spatial.files.rows import BadFile

UTF_8, UTF_16, GB18030, LATIN = "UTF-8", "UTF-16", "GB18030", "windows-1252"
# What a person may name -> Python's codec.
CODECS = {UTF_8: "utf-8-sig", UTF_16: "utf-16", GB18030: "gb18030", LATIN: "cp1252", "UTF-16LE": "utf-16-le", "UTF-16BE": "utf-16-be"}
_PIECE = 1 << 20
_HIGH_PAIR = re.compile(rb"[\x81-\xfe]([\x40-\x7e\x80-\xfe])")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f/\\<>:\"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def plain_name(name: str) -> str:
    """Return the last part of a file's name as it may be shown: one line, no signs that turn text round.

    >>> plain_name("../../a<b>.csv"), plain_name("")
    ('a b .csv', 'file')
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    return " ".join(_UNPRINTABLE.sub(" ", last).split())[:200] or "file"


def looks_like_text(head: bytes) -> bool:
    """Tell whether bytes may be a table in text; a UTF-16 one is full of zeros, any other has none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _utf_16_order(head):
        return True
    controls = sum(byte < 32 and byte not in (9, 10, 12, 13) for byte in head)
    return controls == 0


def codec_named(encoding: str) -> str:
    """Return Python's codec of an encoding that a person named.

    Raises:
        BadFile: it is not among those offered.
    """
    try:
        return CODECS[encoding]
    except KeyError:
        raise BadFile("bad_encoding", f"The encoding “{encoding[:40]}” is not known here; use one of {', '.join(CODECS)}.") from None


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: by its mark, else UTF-8 when all of it is, else GB18030 or windows-1252 by how its letters pair."""
    with path.open("rb") as file:
        head = file.read(65_536)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return UTF_16
    if order := _utf_16_order(head):
        return order
    if _decodes(path, "utf-8"):
        return UTF_8
    return guess_of_bytes(_high_bytes(path))


def guess_of_bytes(sample: bytes) -> str:
    """Return UTF-8, GB18030 or windows-1252 for bytes of which some are not ASCII.

    Nearly every pair of bytes is something in GB18030. But in Chinese text the second byte is a high one too, in Western text it is a letter.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        pairs = [pair[1][0] for pair in _HIGH_PAIR.finditer(sample)]
        high = sum(byte >= 0x80 for byte in pairs)
        return GB18030 if high * 2 > len(pairs) else LATIN
    return UTF_8


def _utf_16_order(head: bytes) -> str:
    if len(head) < 4:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd * 5 > len(head) and even == 0:
        return "UTF-16LE"
    return "UTF-16BE" if even * 5 > len(head) and odd == 0 else ""


def _decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _high_bytes(path: Path) -> bytes:
    """Return the first piece that is not plain ASCII."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if not piece.isascii():
                return piece
    return b""
