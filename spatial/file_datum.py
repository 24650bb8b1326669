"""Find out in which datum a file's positions are: what the file declares, else what the numbers and headings tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spatial import datum_guess, datums
from spatial.datum_guess import Extent
from spatial.datums import Floats


@dataclass(frozen=True, slots=True)
class Found:
    """`datum` is None when nothing tells; `source` says whether the file declares it. `candidates` come most likely first."""

    datum: str | None = None
    source: Literal["file", "guess"] | None = None
    is_certain: bool = False
    candidates: Sequence[str] = ()
    is_swapped: bool = False
    straddles: bool = False


def find_datum(
    x: Floats, y: Floats, *, declared: str, words: Sequence[str], extent: Extent | None, offered: Sequence[str] | None = None
) -> Found:
    """Return what the positions of the first batch are, as far as can be told. What a file declares is believed if it may be named here.

    `offered`: the datums made for the utility's place; left out, for that extent.
    """
    if not np.isfinite(x).any():
        return Found()
    if declared and declared in datums.allowed():
        straddles = datums.is_metres(declared) and datum_guess.straddles_zones(x)
        swapped = datum_guess.looks_swapped(x, y, declared, extent=extent)
        name = datums.known_name(declared)
        return Found(name, "file", is_certain=True, candidates=[name], is_swapped=swapped, straddles=straddles)
    guess = datum_guess.guess_datum(x, y, words, extent=extent, offered=offered)
    source: Literal["guess"] | None = "guess" if guess.datum else None
    # A file that declares what is not known here declares at least that it is not what it looks like.
    certain = guess.certain and not declared
    return Found(guess.datum, source, certain, guess.candidates, guess.swapped, guess.straddles)
