"""Find out in which datum a file's positions are: what the file declares, else what the numbers and headings tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from spatial import datums
from spatial.geometry import MAX_LAT

Extent = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Guess:
    """`datum` is None when only a person can tell; `source` says whether the file declares it."""

    datum: str | None
    source: Literal["file", "guess"] | None
    candidates: Sequence[str] = ()
    is_swapped: bool = False
    straddles: bool = False


def guess(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], *, declared: str, words: Sequence[str], extent: Extent | None) -> Guess:
    """Return what the positions of the first batch are, as far as can be told."""
    del words
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if declared:
        return Guess(declared, "file")
    if not len(x):
        return Guess(None, None)
    if np.all(np.abs(x) <= 180) and np.all(np.abs(y) <= 180):
        swapped = bool(np.any(np.abs(y) > MAX_LAT))
        if extent:
            west, south, east, north = extent
            ours = ((west <= x) & (x <= east) & (south <= y) & (y <= north)).sum()
            theirs = ((west <= y) & (y <= east) & (south <= x) & (x <= north)).sum()
            swapped = bool(theirs > ours)
        return Guess(datums.WGS84, "guess", [datums.WGS84, datums.CGCS2000, datums.GCJ02, datums.BD09], swapped)
    return Guess(None, None)
