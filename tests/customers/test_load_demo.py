"""The demo: central Helsinki with key customers. Loading it twice is loading it once."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.gis.db.models import Extent
from django.core.management import call_command
from django.db.models import Count, Q

from customers import demo, services
from customers.models import Account, BusinessClass, Contact, Grade
from layers import access
from layers.models import Basemap, Event
from spatial.models import PointMove

pytestmark = [pytest.mark.db, pytest.mark.django_db]

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
EXTRACT = (24.9351, 60.1641, 24.9535, 60.1792)


@pytest.fixture(autouse=True)
def without_painting(monkeypatch: pytest.MonkeyPatch, settings, tmp_path: Path) -> None:
    """The picture itself is tested in tests/layers/test_imagery.py; painting it takes ten seconds."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(demo, "_paint", lambda picture: "not painted in this test")


def test_loading_twice_is_loading_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_demo", "--json")
    before = everything()
    call_command("load_demo", "--json")

    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["customers"] == "173 created"
    assert second["customers"] == "0 created"
    assert all("nothing to change" in second[part] for part in ("areas", "places", "network_helsinki", "network_upper_rhine", "basemaps"))
    assert everything() == before


def test_a_full_installation_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    services.create_customers([services.NewCustomer(name="Kansallismuseo", account_no="0012345678")], user=access.everybody(), at=MONDAY)

    call_command("load_demo", "--if-empty")

    assert "customers already" in capsys.readouterr().out
    assert Account.objects.count() == 1


def test_what_people_changed_stays() -> None:
    demo.load_demo(at=MONDAY)
    hotel, bank = Account.objects.get(name="Hotel Kämp"), Account.objects.get(name="Ålandsbanken")
    services.move_customer(user=access.everybody(), account=hotel, at=MONDAY, lon=24.9470, lat=60.1680, base_version=1)
    services.delete_customers([services.CustomerEdit(bank.pk, bank.version)], user=access.everybody(), at=MONDAY, reason="moved away")

    demo.load_demo(at=MONDAY)

    hotel.refresh_from_db()
    assert hotel.point.geom.coords == (24.9470, 60.1680)
    assert Account.objects.get(name="Ålandsbanken").deleted_at == MONDAY


def test_the_demo_is_as_rich_as_a_real_ledger() -> None:
    demo.load_demo(at=MONDAY)
    helsinki = Account.objects.exclude(voltage="20 kV")

    assert helsinki.count() == 161
    assert Account.objects.filter(point__geom__isnull=True).count() == 12
    assert {row["grade"] for row in helsinki.values("grade")} == set(Grade.values)
    assert {name for account in helsinki for name in account.classes} == set(BusinessClass.values)
    assert helsinki.filter(account_no__startswith="0").count() > 40
    spots = helsinki.filter(point__geom__isnull=False).values("point__geom").annotate(n=Count("id"))
    assert max(spot["n"] for spot in spots) == 3
    assert max(row["n"] for row in Account.objects.values("enterprise").annotate(n=Count("id"))) >= 10


def test_everybody_stands_in_a_county_and_on_the_extract() -> None:
    demo.load_demo(at=MONDAY)
    located = Account.objects.filter(point__geom__isnull=False)

    assert not located.filter(area=None).exists()
    west, south, east, north = located.exclude(voltage="20 kV").aggregate(box=Extent("point__geom"))["box"]
    assert EXTRACT[0] <= west <= east <= EXTRACT[2]
    assert EXTRACT[1] <= south <= north <= EXTRACT[3]
    assert set(PointMove.objects.values_list("kind", "reason", "version")) == {("place", demo.REASON, 1)}


def test_people_find_them_by_pinyin_and_initials() -> None:
    demo.load_demo(at=MONDAY)

    museum = Account.objects.get(name="Kansalliskirjasto")
    assert "fenlanguojiatushuguan" in museum.pinyin
    assert "flgjtsg" in museum.initials


def test_what_is_made_up_says_so_and_rings_nobody() -> None:
    demo.load_demo(at=MONDAY)

    assert not Account.objects.filter(made_up=False).exists()
    assert not Contact.objects.exclude(phone__startswith="+999 ").exists()  # no country has that calling code
    for name in demo.CUSTOMER_FILES:
        assert json.loads((Path(demo.__file__).with_name("data") / name).read_text())["made_up"]


def test_the_basemaps_are_offered_with_their_attribution() -> None:
    demo.load_demo(at=MONDAY)

    assert list(Basemap.objects.values_list("key", "kind", "datum")) == [("osm", "vector", "WGS84"), ("demo", "imagery", "WGS84")]
    assert not Basemap.objects.filter(Q(attribution="") | Q(licence="")).exists()
    assert "rendered" in Basemap.objects.get(key="demo").title_en


def everything() -> dict[str, object]:
    accounts = list(Account.objects.order_by("pk").values_list("pk", "account_no", "version", "updated_at", "area__code"))
    return {
        "accounts": accounts,
        "moves": PointMove.objects.count(),
        "events": Event.objects.count(),
        "basemaps": list(Basemap.objects.values()),
    }
