"""Ends within the tolerance are one node; what hangs on no substation is listed."""

from collections import Counter

import numpy as np
import pytest

from layers import reference_data
from spatial import topology
from spatial.models import Line, Network, Node, Station, Substation
from spatial.services import nodes
from spatial.topology import SUBSTATION, Segment, Site

# At 48 degrees north a degree of longitude is 74,626 m long: 0.00001 are 0.75 m.
WEST, MIDDLE, EAST = (8.00, 48.0), (8.01, 48.0), (8.02, 48.0)


def built(segments, sites=None, tolerance_m=0.5):
    return topology.build(topology.grid_of(segments, sites or {}), tolerance_m=tolerance_m)


def a_segment(start, end, feeder=""):
    return Segment(*start, *end, 746.0, feeder)


@pytest.mark.unit
@pytest.mark.parametrize(("gap_deg", "tolerance_m", "parts"), [(0, 0.5, 1), (0.00001, 0.5, 2), (0.00001, 1.0, 1), (0, 0, 1)])
def test_ends_nearer_than_the_tolerance_are_one_node(gap_deg, tolerance_m, parts):
    found = built({"L1": a_segment(WEST, MIDDLE), "L2": a_segment((MIDDLE[0] + gap_deg, MIDDLE[1]), EAST)}, tolerance_m=tolerance_m)

    assert len(found.parts) == parts
    assert (found.to_node[0] == found.from_node[1]) == (parts == 1)


@pytest.mark.unit
def test_the_tolerance_is_metres_in_both_directions_far_north_too():
    north = 0.00001  # 1.1 m, wherever; to the east at 70 degrees only 0.38 m
    for lon, lat, is_one in ((0, north, False), (north, 0, True)):
        found = built({"L1": a_segment((25.0, 69.9), (25.0, 70.0)), "L2": a_segment((25.0 + lon, 70.0 + lat), (25.1, 70.0))})
        assert (len(found.parts) == 1) == is_one


@pytest.mark.unit
def test_ends_on_both_sides_of_the_antimeridian_meet():
    assert len(built({"L1": a_segment((179.9, -17), (180.0, -17)), "L2": a_segment((-180.0, -17), (-179.9, -17))}).parts) == 1


@pytest.mark.unit
def test_parts_without_a_substation_are_listed_the_largest_first():
    segments = {
        "L1": a_segment(WEST, MIDDLE, "F1"),
        "L2": a_segment((9.0, 48.0), (9.01, 48.0)),
        "L3": a_segment((9.01, 48.0), (9.02, 48.0)),
    }
    sites = {(SUBSTATION, "S1"): Site(*WEST), ("stations", "T9"): Site(10.0, 48.0)}

    found = built(segments, sites)

    assert [(part.number, part.is_fed, part.segments, part.sites) for part in found.parts] == [
        (1, False, 2, 0),
        (2, True, 1, 1),
        (3, False, 0, 1),
    ]
    assert [list(part.codes) for part in found.unconnected] == [["L2", "L3"], ["T9"]]
    assert (found.parts[1].feeders, found.parts[1].substations) == (["F1"], ["S1"])


@pytest.mark.unit
def test_a_bus_section_hangs_on_its_substation_wherever_it_is_drawn():
    sites = {(SUBSTATION, "S1"): Site(8.0, 48.001), ("bus_sections", "B1"): Site(*WEST, "S1")}

    assert [part.is_fed for part in built({"L1": a_segment(WEST, MIDDLE)}, sites).parts] == [True]


@pytest.mark.unit
def test_the_order_of_the_rows_does_not_matter():
    segments = {f"L{n}": a_segment((8 + n / 100, 48.0), (8 + (n + 1) / 100, 48.0)) for n in range(20)}
    backwards = dict(reversed(list(segments.items())))

    one, other = built(segments), built(backwards)

    assert one.from_node.tolist() == other.from_node.tolist()[::-1]
    assert np.array_equal(one.node_spots, other.node_spots)


@pytest.mark.unit
def test_a_segment_shorter_than_the_tolerance_is_told():
    assert built({"L1": a_segment(WEST, (WEST[0] + 0.000001, WEST[1]))}).loops == 1


@pytest.mark.unit
def test_a_tolerance_that_makes_everything_one_is_refused():
    rng = np.random.default_rng(1)
    crowd = {f"L{n}": a_segment(*rng.uniform(48, 48.00001, (2, 2)).tolist()) for n in range(2000)}

    with pytest.raises(topology.TooDense, match="choose a smaller tolerance"):
        built(crowd, tolerance_m=5)


@pytest.mark.unit
def test_an_empty_network_has_no_parts():
    assert built({}).parts == []


@pytest.mark.db
@pytest.mark.django_db
def test_the_upper_rhine_meets_where_its_source_says():
    """The nodes found by the ends alone are those that the source names at the ends of its lines; one it draws at two places, 72 m apart."""
    reference_data.import_network(reference_data.read_document(reference_data.UPPER_RHINE))

    grid = Network.objects.get(code="upper-rhine")
    ends = [pair for line in grid.lines.all() for pair in ((line.from_code, line.from_node), (line.to_code, line.to_node))]
    places_of = Counter(code for code, _ in set(ends))
    assert (len(places_of), {code for code, places in places_of.items() if places > 1}) == (177, {"UR-S1"})
    assert len({node for _, node in ends}) == grid.nodes.count() == 178
    assert all((site.code, site.node) in ends for model in (Station, Substation) for site in model.objects.all())
    assert Line.objects.filter(normally_open=True).count() == 6
    assert [(part.segments, part.sites, part.is_fed) for part in nodes.settle(grid).parts] == [(181, 143, True)]


@pytest.mark.db
@pytest.mark.django_db
def test_settling_twice_writes_nothing():
    reference_data.import_network(reference_data.read_document(reference_data.UPPER_RHINE))
    before = list(Node.objects.order_by("number").values_list("number", "part", "geom")), list(Line.objects.values_list("id", "from_node"))

    nodes.settle(Network.objects.get())

    assert before == (
        list(Node.objects.order_by("number").values_list("number", "part", "geom")),
        list(Line.objects.values_list("id", "from_node")),
    )
