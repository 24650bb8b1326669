"""For every service of the portal and of tokens that writes: something that makes it write. Read by tests/layers/test_audit.py."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.http import HttpRequest
from django_q.models import Failure

from customers.models import Account
from layers import audit, exports, prints, tokens
from portal import keys, lockout, mail, oidc, passwords, second_factor, sessions
from portal.services import areas, jobs, people
from spatial.tiles import Bbox
from tests.cast import MONDAY, Browser
from tests.portal.test_second_factor import code_of, with_phone

LAKE = areas.AreaDrawing("LAKE", "service_area", "Lake", "湖区", MultiPolygon(Polygon.from_bbox((25.5, 61.0, 25.6, 61.1))))
NOBODY_YET = {"username": "olga", "first_name": "Olga", "last_name": "", "email": "olga@example.org", "groups": ["dispatcher"]}
CHOSEN = "a fine long sentence of hers"


def _invite(by: User) -> User:
    return people.invite_person(**NOBODY_YET, by=by, at=MONDAY)


def _with_address(user: User) -> User:
    user.email = "pekka@example.org"
    user.save()
    return user


def _token(user: User) -> tuple[tokens.AccessToken, str]:
    tokens._noted.clear()
    return tokens.make_token(user=user, name="QGIS", layer_ids=["customers"], days=30, at=MONDAY)


def _by_oidc(user: User) -> None:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    oidc.sign_in(request, {"sub": "7"}, known=user, at=MONDAY)


def _failed_job() -> Failure:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    return Failure.objects.create(
        id="f" * 32, name="nightly", func="layers.jobs.forget_old_answers", started=now, stopped=now, success=False
    )


def _ended(user: User) -> Any:
    Browser(user)
    return sessions.open_sessions(at=MONDAY).filter(user=user)


def _new_phone(user: User) -> None:
    secret = second_factor.new_secret()
    second_factor.set_totp(user, secret, code_of(secret, MONDAY), at=MONDAY)


def _export(user: User) -> exports.Export:
    return exports.request_export(exports.Wish("customers", "csv"), user=user, at=MONDAY)


def _late_export(user: User) -> None:
    export = _export(user)
    exports.Export.objects.update(state="working")
    exports.finish_export(export.pk, at=MONDAY)


SHEET = prints.Sheet(["customers"], [], Bbox(24.9, 60.1, 25.0, 60.2), "A4", "landscape", 5000, 300, 0, {})

CASES: dict[str, Callable[[Account, Account, User], Any]] = {
    "layers.audit.exported": lambda m, t, user: audit.exported(user=user, at=MONDAY, what="customers"),
    "layers.audit.refused": lambda m, t, user: audit.refused(
        user=user, at=MONDAY, code="c", layer="customers", object_id=1, wanted="GET /"
    ),
    "layers.audit.sign_in_refused": lambda *_: audit.sign_in_refused(username="pekka", at=MONDAY, why="bad_credentials"),
    "layers.audit.signed_in": lambda m, t, user: audit.signed_in(user=user, at=MONDAY),
    "layers.audit.signed_out": lambda m, t, user: audit.signed_out(user=user, at=MONDAY),
    "layers.exports.finish_export": lambda m, t, user: _late_export(user),
    "layers.exports.request_export": lambda m, t, user: _export(user),
    "layers.exports.take_file": lambda m, t, user: exports.take_file(user, _export(user).pk, at=MONDAY),
    "layers.prints.record_print": lambda m, t, user: prints.record_print(SHEET, user=user, at=MONDAY),
    "layers.tokens.bearer": lambda m, t, user: tokens.bearer(_token(user)[1], ip="192.0.2.7", at=MONDAY),
    "layers.tokens.make_token": lambda m, t, user: _token(user),
    "layers.tokens.note_use": lambda m, t, user: tokens.note_use(_token(user)[0].pk, at=MONDAY),
    "layers.tokens.revoke_token": lambda m, t, user: tokens.revoke_token(_token(user)[0].pk, by=user, at=MONDAY),
    "portal.lockout.unlock": lambda m, t, user: lockout.unlock([user], by=user, at=MONDAY),
    "portal.mail.send_password_resets": lambda m, t, user: mail.send_password_resets([_with_address(user).pk], "192.0.2.7", "Firefox"),
    "portal.oidc.sign_in": lambda m, t, user: _by_oidc(user),
    "portal.passwords.change": lambda m, t, user: passwords.change(user, CHOSEN, at=MONDAY),
    "portal.second_factor.remove": lambda m, t, user: (with_phone(user), second_factor.remove(user, by=user, at=MONDAY)),
    "portal.second_factor.renew_recovery_codes": lambda m, t, user: second_factor.renew_recovery_codes(user, at=MONDAY),
    "portal.second_factor.set_totp": lambda m, t, user: _new_phone(user),
    "portal.second_factor.take_code": lambda m, t, user: second_factor.take_code(user, with_phone(user)[1][0], at=MONDAY),
    "portal.services.areas.delete_area": lambda m, t, user: (
        areas.draw_area(LAKE, by=user, at=MONDAY),
        areas.delete_area("LAKE", by=user, at=MONDAY),
    ),
    "portal.services.areas.draw_area": lambda m, t, user: areas.draw_area(LAKE, by=user, at=MONDAY),
    "portal.services.jobs.retry_job": lambda m, t, user: jobs.retry_job(_failed_job().pk, by=user, at=MONDAY),
    "portal.services.people.edit_person": lambda m, t, user: people.edit_person(user.pk, {"last_name": "Öst"}, by=user, at=MONDAY),
    "portal.services.people.invite_again": lambda m, t, user: people.invite_again(_invite(user).pk, by=user, at=MONDAY),
    "portal.services.people.invite_person": lambda m, t, user: _invite(user),
    "portal.services.people.remove_second_factor": lambda m, t, user: (
        with_phone(user),
        people.remove_second_factor(user.pk, by=user, at=MONDAY),
    ),
    "portal.services.people.set_password": lambda m, t, user: people.set_password(keys.make_key(user, "reset"), CHOSEN, at=MONDAY),
    "portal.services.people.unlock": lambda m, t, user: people.unlock(user.pk, by=user, at=MONDAY),
    "portal.sessions.end": lambda m, t, user: sessions.end(_ended(user), by=user, at=MONDAY),
    "portal.sessions.end_one": lambda m, t, user: sessions.end_one(_ended(user), _ended(user)[0].sid, by=user, at=MONDAY),
}
