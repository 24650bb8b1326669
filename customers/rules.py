"""Rules about customers in plain Python: names as people search for them, grades in their order."""

import re
import unicodedata
from collections.abc import Iterable

from pypinyin import lazy_pinyin

GRADES = ("special", "first", "second", "temporary", "none")
_CJK = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[0-9a-z]+")


def grade_rank(grade: str) -> int:
    """Return 0 for the gravest grade up to 4 for none; the bucket of the cluster pyramid.

    >>> grade_rank("special"), grade_rank("none")
    (0, 4)
    """
    return GRADES.index(grade)


def fold(text: str) -> str:
    """Return the text as it is compared: full-width forms narrowed, accents dropped, lower case.

    >>> fold("Hôtel Ｋämp")
    'hotel kamp'
    """
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).lower().strip()


def pinyin_of(names: Iterable[str]) -> tuple[str, str]:
    """Return (pinyin, initials) of the first Chinese name, else of the first name's Latin words.

    >>> pinyin_of(["国家博物馆"])
    ('guojiabowuguan', 'gjbwg')
    >>> pinyin_of(["Hotel Kämp"])
    ('hotelkamp', 'hk')
    """
    names = [name for name in names if name]
    chinese = next((name for name in names if _CJK.search(name)), None)
    syllables = [fold(part) for part in lazy_pinyin(chinese)] if chinese else [fold(names[0])] if names else []
    words = [word for syllable in syllables for word in _LATIN_WORD.findall(syllable)]
    return "".join(words)[:600], "".join(word[0] for word in words)[:120]


def digits(text: str) -> str:
    """Return the ASCII digits of a phone or account number, full-width ones narrowed.

    >>> digits("＋358 (0)9-1２3")
    '35809123'
    """
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign.isascii() and sign.isdigit())
