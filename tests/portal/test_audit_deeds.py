"""S69: each thing that people do through a door leaves the row that says so: who, when, from where, on what, before and after."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from customers.models import Account
from layers import tokens
from layers.models import AuditHead, AuditRow, Session
from portal import keys
from spatial.models import Area
from tests.cast import PASSWORD, THEATRE, Browser, person
from tests.layers.test_prints import SHEET
from tests.portal.test_areas import AROUND_DIPOLI, AROUND_MUSEUM, drawing
from tests.portal.test_people import NEW, run_jobs
from tests.portal.test_second_factor import code_of, with_phone
from tests.portal.test_system import failed_job

pytestmark = [pytest.mark.db, pytest.mark.django_db]
HERE = {"HTTP_USER_AGENT": "Field tablet 7", "REMOTE_ADDR": "10.20.30.40"}
CHOSEN = "a fine long sentence of his"


@dataclass
class Scene:
    """A planner, an administrator and a supervisor, each at a device of their own, a customer, and what went before the deed."""

    museum: Account
    pekka: User
    aino: User
    sulo: User
    kept: dict[str, Any] = field(default_factory=dict)

    def by(self, user: User | None) -> Browser:
        browser = Browser(user)
        browser.client.defaults |= HERE
        return browser


def post(browser: Browser, path: str, body: dict[str, Any], method: str = "POST") -> Any:
    return browser.send(method, f"/api/v1/{path}", body)


def sign_in(scene: Scene) -> Any:
    return post(scene.by(None), "session", {"username": "pekka", "password": PASSWORD})


def wrong_password(scene: Scene) -> Any:
    post(scene.by(None), "session", {"username": "pekka", "password": "wrong"})


def second_step(scene: Scene) -> Any:
    browser = scene.by(None)
    post(browser, "session", {"username": "pekka", "password": PASSWORD})
    return post(browser, "session/second-factor", {"code": code_of(scene.kept["secret"], timezone.now())})


def wrong_code(scene: Scene) -> Any:
    browser = scene.by(None)
    post(browser, "session", {"username": "pekka", "password": PASSWORD})
    post(browser, "session/second-factor", {"code": "00000"})


def recovery(scene: Scene) -> Any:
    browser = scene.by(None)
    post(browser, "session", {"username": "pekka", "password": PASSWORD})
    return post(browser, "session/second-factor", {"code": scene.kept["codes"][0]})


def set_up_phone(scene: Scene) -> Any:
    browser = scene.by(scene.pekka)
    secret = post(browser, "account/totp", {"password": PASSWORD}).json()["secret"]
    return post(browser, "account/totp", {"code": code_of(secret, timezone.now())}, "PUT")


def phone(scene: Scene) -> None:
    scene.kept["secret"], scene.kept["codes"] = with_phone(scene.pekka)


def session(scene: Scene) -> None:
    Client(**HERE).force_login(scene.pekka)
    scene.kept["sid"] = Session.objects.get(user=scene.pekka).sid


def token(scene: Scene) -> None:
    tokens._noted.clear()
    scene.kept["token"], scene.kept["secret"] = tokens.make_token(
        user=scene.pekka, name="QGIS", layer_ids=["customers"], days=9, at=timezone.now()
    )


def use_token(scene: Scene) -> Any:
    return Client(**HERE).get("/api/v1/customers", headers={"Authorization": f"Bearer {scene.kept['secret']}"})


def ask_for_link(scene: Scene) -> None:
    post(scene.by(None), "account/password-reset", {"username_or_email": "pekka"})
    run_jobs()


def address(scene: Scene) -> None:
    User.objects.filter(pk=scene.pekka.pk).update(email="pekka@example.org")
    scene.pekka.refresh_from_db()


def area(scene: Scene) -> None:
    post(scene.by(scene.aino), "admin/areas/OTA", drawing(AROUND_DIPOLI), "PUT")


def job(scene: Scene) -> None:
    scene.kept["job"] = failed_job().pk


def invited(scene: Scene) -> None:
    scene.kept["olga"] = post(scene.by(scene.aino), "admin/people", NEW).json()["id"]


@dataclass(frozen=True)
class Deed:
    action: str
    do: Callable[[Scene], Any]
    who: str = "pekka"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    given: Callable[[Scene], None] = lambda scene: None


BOX = ("corners", "box")
MOVED = {"lon": THEATRE[0], "lat": THEATRE[1], "base_version": 1, "confirm_distance": True, "reason": "wrong gate"}
GRANTS = {"group": "planner", "layer": "customers", "grants": [{"action": "view", "area": None}], "base": []}
PERSON = "admin/people/{0.pekka.pk}"
DEEDS = {
    "signing in": Deed("session.sign_in", sign_in, after=("how",)),
    "signing in with a second factor": Deed("session.sign_in", second_step, after=("how",), given=phone),
    "signing in with a recovery code": Deed("second_factor.recover", recovery, after=("codes_left",), given=phone),
    "a wrong password": Deed("session.refused", wrong_password, who="", after=("why",)),
    "a wrong code": Deed("session.refused", wrong_code, who="", after=("why",), given=phone),
    "signing out": Deed("session.sign_out", lambda s: post(s.by(s.pekka), "session", {}, "DELETE")),
    "a second factor set up": Deed("second_factor.set", set_up_phone),
    "a second factor taken away": Deed(
        "second_factor.remove", lambda s: post(s.by(s.pekka), "account/totp", {"password": PASSWORD}, "DELETE"), given=phone
    ),
    "a lost second factor": Deed(
        "second_factor.remove", lambda s: post(s.by(s.aino), f"{PERSON.format(s)}/second-factor", {}, "DELETE"), who="aino", given=phone
    ),
    "new recovery codes": Deed(
        "second_factor.recovery_codes", lambda s: post(s.by(s.pekka), "account/recovery-codes", {"password": PASSWORD}), given=phone
    ),
    "a password changed": Deed("person.password", lambda s: post(s.by(s.pekka), "account/password", {"old": PASSWORD, "new": CHOSEN})),
    "a password set by a link": Deed(
        "person.password",
        lambda s: post(s.by(None), "account/set-password", {"key": keys.make_key(s.pekka, "reset"), "password": CHOSEN}),
    ),
    "a link for a password": Deed("person.reset", ask_for_link, who="", given=address),
    "a session ended by its person": Deed(
        "session.revoke",
        lambda s: post(s.by(s.pekka), f"sessions/{s.kept['sid']}", {}, "DELETE"),
        before=("ip", "device"),
        given=session,
    ),
    "a session ended by an administrator": Deed(
        "session.revoke",
        lambda s: post(s.by(s.aino), f"admin/sessions/{s.kept['sid']}", {}, "DELETE"),
        who="aino",
        before=("ip", "device"),
        given=session,
    ),
    "a token made": Deed(
        "token.make",
        lambda s: post(s.by(s.pekka), "tokens", {"name": "QGIS", "layers": ["customers"], "days": 9}),
        after=("layers", "expires_at"),
    ),
    "a token's first use": Deed("token.use", use_token, after=("layers",), given=token),
    "a token revoked": Deed(
        "token.revoke", lambda s: post(s.by(s.pekka), f"tokens/{s.kept['token'].pk}", {}, "DELETE"), after=("owner",), given=token
    ),
    "a token revoked by an administrator": Deed(
        "token.revoke",
        lambda s: post(s.by(s.aino), f"admin/tokens/{s.kept['token'].pk}", {}, "DELETE"),
        who="aino",
        after=("owner",),
        given=token,
    ),
    "a refusal": Deed("refusal", lambda s: s.by(s.pekka).get("/api/v1/customers/999999"), after=("code", "wanted")),
    "the audit taken as a file": Deed(
        "audit.export", lambda s: s.by(s.sulo).get("/api/v1/audit/export", action="customer"), who="sulo", after=("action",)
    ),
    "a list taken as a file": Deed(
        "customers.export",
        lambda s: post(s.by(s.pekka), "exports", {"what": "customers", "format": "csv"}),
        after=("format", "crs", "rows", "file", "filter"),
    ),
    "the map printed": Deed(
        "map.print",
        lambda s: post(s.by(s.pekka), "prints", SHEET),
        after=("layers", "box", "paper", "orientation", "scale", "dpi"),
    ),
    "a right changed": Deed(
        "grant.change", lambda s: post(s.by(s.aino), "admin/grants", GRANTS, "PUT"), who="aino", after=("what", "layer", "action")
    ),
    "a role given": Deed(
        "person.change",
        lambda s: post(s.by(s.aino), PERSON.format(s), {"groups": ["planner", "dispatcher"]}, "PATCH"),
        who="aino",
        after=("what", "group"),
    ),
    "somebody locked out": Deed(
        "person.change", lambda s: post(s.by(s.aino), PERSON.format(s), {"is_active": False}, "PATCH"), who="aino", after=("what",)
    ),
    "somebody unlocked": Deed("person.unlock", lambda s: post(s.by(s.aino), f"{PERSON.format(s)}/unlock", {}), who="aino"),
    "somebody renamed": Deed(
        "person.edit",
        lambda s: post(s.by(s.aino), PERSON.format(s), {"last_name": "Öst"}, "PATCH"),
        who="aino",
        before=("last_name",),
        after=("last_name",),
    ),
    "an invitation": Deed("person.invite", lambda s: post(s.by(s.aino), "admin/people", NEW), who="aino", after=("username", "email")),
    "an invitation again": Deed(
        "person.invite",
        lambda s: post(s.by(s.aino), f"admin/people/{s.kept['olga']}/invitation", {}),
        who="aino",
        after=("username", "email"),
        given=invited,
    ),
    "an area drawn": Deed(
        "area.add", area, who="aino", before=("kind", "name", "name_zh"), after=("kind", "name", "name_zh", "customers_resettled", *BOX)
    ),
    "an area redrawn": Deed(
        "area.change",
        lambda s: post(s.by(s.aino), "admin/areas/OTA", drawing(AROUND_MUSEUM), "PUT"),
        who="aino",
        before=BOX,
        after=("customers_resettled", *BOX),
        given=area,
    ),
    "an area deleted": Deed(
        "area.delete",
        lambda s: post(s.by(s.aino), "admin/areas/OTA", {}, "DELETE"),
        who="aino",
        before=("kind", "name", "name_zh", *BOX),
        given=area,
    ),
    "a job run again": Deed(
        "job.retry", lambda s: post(s.by(s.aino), f"admin/jobs/{s.kept['job']}/retry", {}), who="aino", after=("function",), given=job
    ),
    "a customer moved": Deed(
        "customer.move",
        lambda s: post(s.by(s.pekka), f"customers/{s.museum.pk}/move", MOVED),
        before=("lon", "lat"),
        after=("lon", "lat", "distance_m", "source", "datum"),
    ),
    "a customer edited": Deed(
        "customer.edit",
        lambda s: post(s.by(s.pekka), f"customers/{s.museum.pk}", {"base_version": 1, "address": "New street 1"}, "PATCH"),
        before=("address",),
        after=("address",),
    ),
}


@pytest.fixture
def scene(museum: Account, planner: User, espoo: Area) -> Scene:
    return Scene(museum, planner, person("administrator", "aino"), person("supervisor", "sulo"))


@pytest.mark.parametrize("name", DEEDS)
def test_s69_a_deed_through_its_door_tells_who_when_from_where_and_what(name: str, scene: Scene) -> None:
    deed = DEEDS[name]
    deed.given(scene)
    began, seq = timezone.now(), AuditHead.objects.get().seq

    answer = deed.do(scene)

    assert answer is None or answer.status_code < 300 or name == "a refusal", answer.content
    [row] = AuditRow.objects.filter(seq__gt=seq, action=deed.action)[:1]
    assert (row.actor.username if row.actor else "") == deed.who
    assert began <= row.at <= timezone.now()
    assert (row.ip, row.device) == ("10.20.30.40", "Field tablet 7")
    assert row.request_id
    assert row.object_id or deed.action.endswith(".export")
    assert row.layer
    assert set(row.before or {}) == set(deed.before)
    assert set(row.after or {}) == set(deed.after)
    assert row.before is None or row.before != row.after
