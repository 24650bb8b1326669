"""Networks, places and areas come in whole, and a second time changes nothing."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from layers import reference_data
from layers.models import Stream
from spatial.models import Area, Feeder, Line, Network, Place, Station, Substation
from spatial.services import areas, network, places
from spatial.services.in_step import Changes
from spatial.services.network import BadNetwork

pytestmark = [pytest.mark.db, pytest.mark.django_db]

SMALL: dict[str, Any] = {
    "network": {"code": "island", "name": "Island", "name_zh": "小岛", "made_up": True},
    "substations": [{"code": "S1", "name": "North", "voltage_kv": 110, "secondary_kv": 10, "rating_kva": 40_000, "lon": 24.94, "lat": 60.17}],
    "feeders": [{"code": "F1", "name": "One", "substation": "S1", "voltage_kv": 10}],
    "stations": [{"code": "T1", "name": "Quay", "feeder": "F1", "rating_kva": None, "lon": 24.941, "lat": 60.171}],
    "lines": [
        {"code": "L1", "feeder": "F1", "kind": "cable", "length_m": 125.5, "from_code": "S1", "to_code": "T1", "coordinates": [[24.94, 60.17], [24.941, 60.171]]}
    ],
}  # fmt: skip


def changed(**paths: Any) -> dict[str, Any]:
    """Return SMALL with values replaced, e.g. lines__0__feeder="F9"."""
    document = copy.deepcopy(SMALL)
    for path, value in paths.items():
        *way, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        place: Any = document
        for step in way:
            place = place[step]
        place[last] = value
    return document


def test_the_upper_rhine_comes_in_whole() -> None:
    call_command("import_network", "--upper-rhine", verbosity=0)

    grid = Network.objects.get(code="upper-rhine")
    assert not grid.made_up
    assert (grid.substations.count(), grid.feeders.count(), grid.stations.count(), grid.lines.count()) == (2, 4, 141, 181)
    assert set(grid.substations.values_list("rating_kva", flat=True)) == {25_000}
    assert all(line.feeder_id for line in grid.lines.all())
    west, south, east, north = Line.objects.get(network=grid, code="UR-L000").geom.extent
    assert 7.7 < west <= east < 8.0
    assert 48.3 < south <= north < 48.5


def test_a_second_import_changes_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_network", "--helsinki")
    epoch = Stream.objects.get(key="network").epoch
    call_command("import_network", "--helsinki", "--json")

    first, second = capsys.readouterr().out.splitlines()
    assert "created, 0 updated" in first
    assert json.loads(second) == {"network": "helsinki-demo", "dry_run": False, "created": 0, "updated": 0, "deleted": 0, "unchanged": 170}
    assert Stream.objects.get(key="network").epoch == epoch  # nobody reloads for nothing


def test_the_made_up_grid_says_that_it_is() -> None:
    call_command("import_network", "--helsinki", verbosity=0)

    assert Network.objects.get(code="helsinki-demo").made_up


def test_every_map_loads_afresh_after_a_change() -> None:
    reference_data.import_network(SMALL)
    epoch = Stream.objects.get(key="network").epoch

    changes = reference_data.import_network(changed(lines__0__length_m=130.0))

    assert changes == Changes(updated=1, unchanged=4)
    assert Stream.objects.get(key="network").epoch != epoch
    assert Line.objects.get(code="L1").length_m == 130.0


def test_what_the_document_no_longer_has_goes_and_other_networks_stay() -> None:
    network.import_network(changed(network__code="other"))
    network.import_network(SMALL)

    changes = network.import_network(changed(lines=[], stations=[]))

    assert (changes.deleted, changes.updated) == (2, 1)  # the feeder lost its course
    assert list(Line.objects.values_list("network__code", flat=True)) == ["other"]
    assert Feeder.objects.get(network__code="island").geom is None


def test_a_dry_run_tells_and_stores_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "island.json"
    file.write_text(json.dumps(SMALL))

    call_command("import_network", str(file), "--dry-run")

    assert "would be: 5 created" in capsys.readouterr().out
    assert not Network.objects.exists()


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (changed(lines__0__feeder="F9"), "L1 refers to feeder F9"),
        (changed(feeders__0__substation="S9"), "F1 refers to substation S9"),
        (changed(stations=SMALL["stations"] * 2), "T1 is twice"),
        (changed(substations__0__lon=None), "lacks lon"),
        (changed(substations__0__lat=160.17), "not a longitude and latitude"),
        (changed(lines__0__kind="wire"), "must be a cable or overhead"),
        ({key: value for key, value in SMALL.items() if key != "lines"}, "has no “lines”"),
    ],
)
def test_a_faulty_document_is_refused_and_nothing_is_stored(document: dict[str, Any], says: str, tmp_path: Path) -> None:
    file = tmp_path / "faulty.json"
    file.write_text(json.dumps(document))

    with pytest.raises(CommandError, match=says):
        call_command("import_network", str(file))
    with pytest.raises(BadNetwork):
        network.import_network(document)
    assert not any(model.objects.exists() for model in (Network, Substation, Feeder, Station, Line))


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "grid.json"
    file.write_text("<xml/>")

    with pytest.raises(CommandError, match="is no network document"):
        call_command("import_network", str(file))


def test_places_come_in_once_and_replace_only_their_own_kind(capsys: pytest.CaptureFixture[str]) -> None:
    places.import_places([{"kind": "poi", "name": "Kiosk", "lon": 24.9, "lat": 60.1}], origin="by-hand")

    call_command("import_places")
    call_command("import_places")

    first, second = capsys.readouterr().out.splitlines()
    assert "2213 created" in first
    assert "nothing to change" in second
    assert Place.objects.filter(origin="by-hand").count() == 1
    assert Place.objects.filter(kind="street", name="Aleksanterinkatu", other_names="Alexandersgatan").count() == 1
    assert Place.objects.filter(kind="address", name="Aleksanterinkatu 11").count() == 1


def test_areas_of_one_kind_share_borders_without_gaps() -> None:
    rows = reference_data.read_document(reference_data.AREAS)

    assert areas.import_areas(rows).created == 9
    assert areas.import_areas(rows) == Changes(unchanged=9)

    parts = [area.geom for area in Area.objects.filter(kind="county", code__startswith="HK-")]
    whole = Area.objects.get(code="HK-SA1").geom
    assert sum(part.area for part in parts) == pytest.approx(whole.area, rel=1e-9)
    assert all(one.intersection(other).area < 1e-15 for i, one in enumerate(parts) for other in parts[:i])
