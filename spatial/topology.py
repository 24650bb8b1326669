"""Build a network's topology from where its segments end: which ends are one node, which nodes hang together, what hangs on nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DEFAULT_TOLERANCE_M = 0.5
MAX_TOLERANCE_M = 50.0
SUBSTATION, BUS_SECTION, STATION = "substations", "bus_sections", "stations"
# So many codes are told of a part.
_NAMED = 5
# No degree of latitude is shorter: scaled by it, two ends never look farther apart than they are.
_DEGREE_M = 110_500.0
# Of pairs of ends within the tolerance, for each end. Above it the tolerance says nothing any more, and the pairs fill the memory.
_MOST_PAIRS = 60
_GEOD = Geod(ellps="WGS84")


class TooDense(ValueError):
    """So many ends lie within the tolerance of each other that they would all become one node."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A network as the rules see it: WGS 84 degrees, one array a property, one entry a segment or a site.

    `ends` is (n, 4): lon, lat where a segment begins and ends. A site is a substation, bus section or station, at `spots` (n, 2).
    `links` are pairs of sites that hang together wherever they are drawn: a bus section and its substation.
    """

    codes: Sequence[str]
    ends: Floats
    lengths_m: Floats
    feeders: Sequence[str]
    site_codes: Sequence[str] = ()
    site_kinds: Sequence[str] = ()
    spots: Floats = field(default_factory=lambda: np.empty((0, 2)))
    links: Sequence[tuple[int, int]] = ()


class Segment(NamedTuple):
    """Where a segment begins and ends (WGS 84 degrees), how long it is, the code of its feeder or ""."""

    lon: float
    lat: float
    to_lon: float
    to_lat: float
    length_m: float
    feeder: str


class Site(NamedTuple):
    """Where a site stands. A bus section names its substation, others ""."""

    lon: float
    lat: float
    substation: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What hangs together, open switches counted as closed. Fed when a substation hangs on it; `codes` are the first few of its segments and sites."""

    number: int
    is_fed: bool
    segments: int
    sites: int
    length_m: float
    feeders: Sequence[str]
    substations: Sequence[str]
    codes: Sequence[str]
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Topology:
    """Nodes are numbered from 1 by their lon, then lat, so that equal networks give equal numbers; parts from 1, the largest first.

    `from_node`, `to_node` and `site_node` belong to the grid's segments and sites; `node_spots` and `node_parts` to the nodes.
    """

    from_node: Ints
    to_node: Ints
    site_node: Ints
    node_spots: Floats
    node_parts: Ints
    parts: Sequence[Part]
    # Segments of which both ends are one node: shorter than the tolerance, or closed in themselves.
    loops: int

    @property
    def unconnected(self) -> list[Part]:
        """Return the parts on which no substation hangs."""
        return [part for part in self.parts if not part.is_fed]


def build(grid: Grid, *, tolerance_m: float = DEFAULT_TOLERANCE_M) -> Topology:
    """Return the grid's nodes and parts. Ends nearer than the tolerance are one node, and so are those that others lie between.

    Raises:
        TooDense: see there.
    """
    segments = len(grid.codes)
    spots = np.vstack([grid.ends[:, :2], grid.ends[:, 2:], grid.spots]).reshape(-1, 2)
    places, place_of = np.unique(spots, axis=0, return_inverse=True)
    # The node of a place is named by its smallest place, and places are sorted.
    roots, node_of_place = np.unique(_components(len(places), *_near(places, tolerance_m)), return_inverse=True)
    nodes = node_of_place[place_of.reshape(-1)]
    from_node, to_node, site_node = nodes[:segments], nodes[segments : 2 * segments], nodes[2 * segments :]
    links = np.array(grid.links, dtype=np.int64).reshape(-1, 2)
    a, b = np.concatenate([from_node, site_node[links[:, 0]]]), np.concatenate([to_node, site_node[links[:, 1]]])
    _, part_of = np.unique(_components(len(roots), a, b), return_inverse=True)
    part_of = _largest_first(part_of, from_node)
    parts = _parts(grid, from_node, site_node, part_of, places[roots])
    return Topology(from_node + 1, to_node + 1, site_node + 1, places[roots], part_of + 1, parts, int((from_node == to_node).sum()))


def grid_of(segments: Mapping[str, Segment], sites: Mapping[tuple[str, str], Site]) -> Grid:
    """Return the grid of segments by code and sites by (kind, code); a bus section is linked to its substation."""
    keys = list(sites)
    number_of = {key: number for number, key in enumerate(keys)}
    links = [
        (number, number_of[SUBSTATION, site.substation])
        for number, site in enumerate(sites.values())
        if (SUBSTATION, site.substation) in number_of
    ]
    return Grid(
        codes=list(segments),
        ends=np.array([segment[:4] for segment in segments.values()], dtype=float).reshape(-1, 4),
        lengths_m=np.array([segment.length_m for segment in segments.values()], dtype=float),
        feeders=[segment.feeder for segment in segments.values()],
        site_codes=[code for _, code in keys],
        site_kinds=[kind for kind, _ in keys],
        spots=np.array([site[:2] for site in sites.values()], dtype=float).reshape(-1, 2),
        links=links,
    )


def _near(places: Floats, tolerance_m: float) -> tuple[Ints, Ints]:
    """Return the pairs of places within the tolerance of each other, in metres on the ellipsoid."""
    if not len(places) or tolerance_m <= 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    lon, lat = places[:, 0], places[:, 1]
    if np.ptp(lon) > 180:  # it lies across the antimeridian
        lon = np.where(lon < 0, lon + 360, lon)
    flat = np.column_stack([lon * np.cos(np.radians(np.abs(lat).max())), lat]) * _DEGREE_M
    _refuse_dense(flat, tolerance_m)
    points = shapely.points(flat)
    a, b = shapely.STRtree(points).query(points, predicate="dwithin", distance=tolerance_m)
    a, b = a[a < b], b[a < b]
    _, _, metres = _GEOD.inv(lon[a], lat[a], lon[b], lat[b])
    return a[metres <= tolerance_m], b[metres <= tolerance_m]


def _refuse_dense(flat: Floats, tolerance_m: float) -> None:
    """Count the ends per square of the tolerance before anybody asks for their pairs."""
    _, counts = np.unique(np.floor(flat / tolerance_m).astype(np.int64), axis=0, return_counts=True)
    if int((counts.astype(np.int64) ** 2).sum()) > _MOST_PAIRS * len(flat):
        raise TooDense(f"Within {tolerance_m:g} m of each other lie so many ends that they would all be one; choose a smaller tolerance.")


def _components(count: int, a: Ints, b: Ints) -> Ints:
    """Return for each of `count` members the smallest one that it hangs together with, by the pairs (a, b).

    >>> _components(5, np.array([3, 1]), np.array([4, 3])).tolist()
    [0, 1, 2, 1, 1]
    """
    label = np.arange(count)
    while True:
        low = np.minimum(label[a], label[b])
        hooked = label.copy()
        np.minimum.at(hooked, label[a], low)
        np.minimum.at(hooked, label[b], low)
        while (further := hooked[hooked]).tobytes() != hooked.tobytes():
            hooked = further
        if np.array_equal(hooked, label):
            return label
        label = hooked


def _largest_first(part_of: Ints, from_node: Ints) -> Ints:
    """Return the parts numbered anew by how many segments they have; equal ones keep their order."""
    count = int(part_of.max(initial=-1)) + 1
    order = np.argsort(-np.bincount(part_of[from_node], minlength=count), kind="stable")
    new = np.empty(count, np.int64)
    new[order] = np.arange(count)
    return new[part_of]


def _parts(grid: Grid, from_node: Ints, site_node: Ints, part_of: Ints, node_spots: Floats) -> list[Part]:
    count = int(part_of.max(initial=-1)) + 1
    of_segment, of_site = part_of[from_node], part_of[site_node]
    segments, sites = (np.bincount(of, minlength=count) for of in (of_segment, of_site))
    lengths = np.bincount(of_segment, weights=grid.lengths_m, minlength=count)
    feeders: list[dict[str, None]] = [{} for _ in range(count)]
    substations: list[list[str]] = [[] for _ in range(count)]
    codes: list[list[str]] = [[] for _ in range(count)]
    for part, code, feeder in zip(of_segment.tolist(), grid.codes, grid.feeders, strict=True):
        if feeder:
            feeders[part][feeder] = None
        if len(codes[part]) < _NAMED:
            codes[part].append(code)
    for part, code, kind in zip(of_site.tolist(), grid.site_codes, grid.site_kinds, strict=True):
        if kind == SUBSTATION:
            substations[part].append(code)
        if len(codes[part]) < _NAMED:
            codes[part].append(code)
    first_node = np.full(count, -1)
    first_node[part_of[::-1]] = np.arange(len(part_of))[::-1]
    return [
        Part(
            number + 1, bool(substations[number]), int(segments[number]), int(sites[number]), round(float(lengths[number]), 1),
            list(feeders[number])[:_NAMED], substations[number][:_NAMED], codes[number], *node_spots[first_node[number]].tolist(),
        )
        for number in range(count)
    ]  # fmt: skip
