"""Administrators invite people, who choose a password by the link they are sent; who forgot it is sent another one."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from layers.models import AuditRow, Session
from portal import keys
from portal.lockout import FEW
from portal.models import SignInTry
from tests.cast import PASSWORD, Browser, member, person

pytestmark = [pytest.mark.db, pytest.mark.django_db]
NEW = {"username": "olga", "first_name": "Olga", "last_name": "Öst", "email": "olga@example.org", "groups": ["dispatcher"]}
CHOSEN = "a fine long sentence of hers"


@pytest.fixture
def aino(db: None) -> User:
    return person("administrator", "aino")


def run_jobs() -> None:
    """Do what the worker does: take each job from its table and run it."""
    for queued in OrmQ.objects.order_by("pk"):
        import_string(queued.func())(*queued.args(), **queued.kwargs())
        queued.delete()


def key_in(message: Any) -> str:
    return re.search(r"/set-password#key=(\S+)", message.body)[1]  # type: ignore[index]


def set_password(key: str, password: str = CHOSEN) -> Any:
    return Browser(None).post("/api/v1/account/set-password", {"key": key, "password": password})


def sign_in(username: str, password: str) -> int:
    return Browser(None).post("/api/v1/session", {"username": username, "password": password}).status_code


def invited(aino: User) -> tuple[User, str]:
    assert Browser(aino).post("/api/v1/admin/people", NEW).status_code == 201
    run_jobs()
    return User.objects.get(username="olga"), key_in(mail.outbox[-1])


def forgot(name: str) -> Any:
    return Browser(None).post("/api/v1/account/password-reset", {"username_or_email": name})


def test_an_invited_person_chooses_a_password_and_comes_in(aino: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://map.example.org/"

    answer = Browser(aino).post("/api/v1/admin/people", NEW)
    row = answer.json()
    run_jobs()

    assert answer.status_code == 201, answer.content
    assert (row["username"], row["name"], row["email"], row["role"], row["sessions"], row["has_totp"], row["last_login"]) == (
        ("olga", "Olga Öst", "olga@example.org", "dispatcher", 0, False, None)
    )
    assert row["invited_at"] is not None
    [message] = mail.outbox
    assert (message.to, message.subject) == (["olga@example.org"], "You are invited to GridAtlas")
    assert "https://map.example.org/set-password#key=" in message.body
    assert "72 hours" in message.body
    assert set_password(key_in(message)).status_code == 204
    assert sign_in("olga", CHOSEN) == 200
    assert sorted(AuditRow.objects.filter(layer="people", object_label="Olga Öst").values_list("action", flat=True)) == [
        "person.change",
        "person.invite",
        "person.password",
        "session.sign_in",
    ]


def test_the_link_works_once(aino: User) -> None:
    _, key = invited(aino)

    answers = [set_password(key), set_password(key, "another long sentence here")]

    assert [answer.status_code for answer in answers] == [204, 400]
    assert answers[1].json()["code"] == "bad_key"
    assert sign_in("olga", CHOSEN) == 200


def test_an_invitation_lasts_three_days_and_a_reset_an_hour(aino: User) -> None:
    _, key = invited(aino)
    planner = person("planner", "pekka")
    reset = keys.make_key(planner, "reset")

    with time_machine.travel(timezone.now() + timedelta(hours=71, minutes=59), tick=False):
        assert set_password(key).status_code == 204
        assert set_password(reset).json()["code"] == "bad_key"
    with time_machine.travel(timezone.now() + timedelta(minutes=59), tick=False):
        assert set_password(reset).status_code == 204


@pytest.mark.parametrize("change", ["forged", "locked out", "another address", "too late", "nothing"])
def test_a_key_that_is_not_good_any_more_says_only_that(aino: User, change: str) -> None:
    olga, key = invited(aino)
    later = timezone.now()
    if change == "forged":
        key = f"{key[:-3]}xyz"
    elif change == "locked out":
        Browser(aino).send("PATCH", f"/api/v1/admin/people/{olga.pk}", {"is_active": False})
    elif change == "another address":
        Browser(aino).send("PATCH", f"/api/v1/admin/people/{olga.pk}", {"email": "right@example.org"})
    elif change == "too late":
        later += timedelta(hours=72, seconds=1)
    else:
        key = "x"

    with time_machine.travel(later, tick=True):
        answer = set_password(key)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_key")
    olga.refresh_from_db()
    assert not olga.has_usable_password()


def test_a_weak_password_is_refused_by_its_field_and_the_key_stays_good(aino: User) -> None:
    _, key = invited(aino)

    answer = set_password(key, "short")

    assert answer.status_code == 400
    assert "password" in answer.json()["errors"]
    assert set_password(key).status_code == 204


def test_the_key_is_in_no_answer_log_or_audit(aino: User, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    answer = Browser(aino).post("/api/v1/admin/people", NEW)
    run_jobs()
    key = key_in(mail.outbox[-1])
    set_password(key)

    assert key not in answer.content.decode() + caplog.text + "".join(capsys.readouterr()) + str(list(AuditRow.objects.values()))


def test_mail_is_in_the_utilitys_language(aino: User, settings: Any) -> None:
    settings.LANGUAGE_CODE = "zh-hans"
    invited(aino)
    person("planner", "pekka")
    User.objects.filter(username="pekka").update(email="pekka@example.org")
    forgot("pekka")
    run_jobs()

    assert [message.subject for message in mail.outbox] == ["邀请您使用 GridAtlas", "重设 GridAtlas 的密码"]
    assert "Olga Öst，您好" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"username": "aino"}, 409, "username_taken"),
        ({"username": "AINO"}, 409, "username_taken"),
        ({"username": "a b"}, 400, "invalid"),
        ({"email": ""}, 400, "invalid"),
        ({"email": "nonsense"}, 400, "invalid"),
        ({"groups": ["gardeners"]}, 400, "unknown_group"),
        ({"is_superuser": True}, 400, "invalid"),
        ({"password": "x"}, 400, "invalid"),
    ],
)
def test_a_wrong_invitation_makes_nobody_and_sends_nothing(aino: User, change: dict[str, Any], status: int, code: str) -> None:
    answer = Browser(aino).post("/api/v1/admin/people", NEW | change)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert User.objects.count() == 1
    assert not OrmQ.objects.exists()


def test_an_invitation_sent_twice_makes_one_person(aino: User) -> None:
    key = str(uuid.uuid4())

    answers = [Browser(aino).post("/api/v1/admin/people", NEW, key=key) for _ in range(2)]
    run_jobs()

    assert answers[0].json() == answers[1].json()
    assert len(mail.outbox) == 1


def test_an_invitation_is_sent_again_until_it_was_followed(aino: User) -> None:
    olga, _ = invited(aino)
    again = f"/api/v1/admin/people/{olga.pk}/invitation"

    assert Browser(aino).post(again).status_code == 204
    run_jobs()
    assert len(mail.outbox) == 2
    set_password(key_in(mail.outbox[1]))
    assert Browser(aino).post(again).json()["code"] == "not_invitable"
    assert set_password(key_in(mail.outbox[0])).status_code == 400
    assert Browser(aino).post("/api/v1/admin/people/99999999/invitation").status_code == 404
    nobody = member("nobody")
    nobody.set_unusable_password()
    nobody.save()
    assert Browser(aino).post(f"/api/v1/admin/people/{nobody.pk}/invitation").status_code == 409


def test_who_signs_in_by_the_issuer_is_not_invited_to_a_password(aino: User) -> None:
    olga, _ = invited(aino)
    SocialAccount.objects.create(user=olga, provider="sso", uid="olga-1")

    answer = Browser(aino).post(f"/api/v1/admin/people/{olga.pk}/invitation")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_invitable")
    assert answer.json()["detail"] == "Olga Öst signs in by Single sign-on and needs no password here."


def test_names_and_address_are_changed_and_told_in_the_audit(aino: User) -> None:
    olga, _ = invited(aino)
    change = {"first_name": "Olga Maria", "last_name": "Öst", "email": "om@example.org"}

    answer = Browser(aino).send("PATCH", f"/api/v1/admin/people/{olga.pk}", change)

    assert answer.json() | change | {"name": "Olga Maria Öst"} == answer.json()
    row = AuditRow.objects.get(action="person.edit")
    assert (row.before, row.after) == (
        {"first_name": "Olga", "email": "olga@example.org"},
        {"first_name": "Olga Maria", "email": "om@example.org"},
    )


def test_who_forgot_the_password_is_sent_a_link_and_all_sessions_end(aino: User) -> None:
    User.objects.filter(pk=aino.pk).update(email="aino@example.org")
    open_before = Browser(aino)

    answers = [forgot(name) for name in ("aino", "AINO@example.org", "nobody", "nobody@example.org", "aino ")]
    assert OrmQ.objects.count() == 5
    run_jobs()

    assert {(answer.status_code, answer.content) for answer in answers} == {(204, b"")}
    assert [message.to for message in mail.outbox] == [["aino@example.org"]] * 3
    assert "1 hour." in mail.outbox[0].body
    assert set_password(key_in(mail.outbox[0])).status_code == 204
    assert [set_password(key_in(message)).status_code for message in mail.outbox] == [400, 400, 400]
    assert open_before.get("/api/v1/customers").status_code == 401
    assert not Session.objects.filter(user=aino).exists()
    assert sign_in("aino", PASSWORD) == 400
    assert sign_in("aino", CHOSEN) == 200
    assert AuditRow.objects.filter(action="person.reset", object_id=str(aino.pk), ip="127.0.0.1").count() == 3


def test_nobody_is_sent_a_link_who_has_no_password_to_forget(aino: User) -> None:
    olga, _ = invited(aino)
    locked_out = person("planner", "pekka")
    User.objects.filter(pk=locked_out.pk).update(email="pekka@example.org", is_active=False)

    for name in (olga.username, "pekka", "aino"):
        forgot(name)
    run_jobs()

    assert len(mail.outbox) == 1  # the invitation


def test_asking_too_often_is_refused_whoever_is_asked_for(aino: User) -> None:
    for name in ("aino", "nobody"):
        codes = [forgot(name).status_code for _ in range(FEW + 1)]
        assert codes == [204] * FEW + [429], name


def test_a_lost_second_factor_is_taken_away_and_its_sessions_end(aino: User) -> None:
    olga = person("planner", "olga")
    Authenticator.objects.create(user=olga, type=Authenticator.Type.TOTP, data={"secret": "x", "last_step": 0})
    Browser(olga)
    door = f"/api/v1/admin/people/{olga.pk}/second-factor"
    before = Browser(aino).get("/api/v1/admin/people", q="olga").json()[0]

    answers = [Browser(aino).send("DELETE", door).status_code for _ in range(2)]

    after = Browser(aino).get("/api/v1/admin/people", q="olga").json()[0]
    assert answers == [204, 204]
    assert [(row["has_totp"], row["sessions"]) for row in (before, after)] == [(True, 1), (False, 0)]
    assert list(AuditRow.objects.filter(object_id=str(olga.pk)).order_by("seq").values_list("action", "actor__username")) == [
        ("second_factor.remove", "aino"),
        ("session.revoke", "aino"),
    ]


def test_who_is_locked_out_by_wrong_passwords_is_let_try_again(aino: User) -> None:
    olga = person("planner", "olga")
    assert [sign_in("olga", "wrong") for _ in range(FEW + 1)][-1] == 429

    assert Browser(aino).post(f"/api/v1/admin/people/{olga.pk}/unlock").status_code == 204

    assert sign_in("olga", PASSWORD) == 200
    assert not SignInTry.objects.exists()
    assert AuditRow.objects.filter(action="person.unlock", actor=aino).count() == 1


def test_open_sessions_of_everybody_are_listed_and_ended(aino: User) -> None:
    olga = person("planner", "olga")
    hers, administrator = Browser(olga), Browser(aino)

    rows = administrator.get("/api/v1/admin/sessions").json()
    [row] = administrator.get("/api/v1/admin/sessions", user=olga.pk).json()

    assert {(entry["username"], entry["current"]) for entry in rows} == {("olga", False), ("aino", True)}
    assert (row["user_id"], row["name"]) == (olga.pk, "Olga")
    assert administrator.send("DELETE", f"/api/v1/admin/sessions/{row['id']}").status_code == 204
    assert hers.get("/api/v1/customers").status_code == 401
    assert administrator.send("DELETE", f"/api/v1/admin/sessions/{row['id']}").status_code == 404
    assert administrator.get("/api/v1/admin/sessions", user="x").status_code == 400


@pytest.mark.parametrize("role", ["dispatcher", "supervisor", "customer"])
def test_nobody_but_administrators_invites_or_helps(role: str) -> None:
    browser, aino = Browser(person(role)), person("administrator", "aino")
    doors = [
        ("POST", "/api/v1/admin/people"),
        ("POST", f"/api/v1/admin/people/{aino.pk}/invitation"),
        ("POST", f"/api/v1/admin/people/{aino.pk}/unlock"),
        ("DELETE", f"/api/v1/admin/people/{aino.pk}/second-factor"),
        ("GET", "/api/v1/admin/sessions"),
        ("DELETE", "/api/v1/admin/sessions/x"),
    ]

    assert {browser.send(method, door, NEW if door.endswith("people") else None).status_code for method, door in doors} == {403}


def test_the_list_costs_as_many_queries_for_many_as_for_one(aino: User, django_assert_num_queries: Any) -> None:
    browser = Browser(aino)
    with CaptureQueriesContext(connection) as one:
        browser.get("/api/v1/admin/people")
        queries = len(one)
    for number in range(5):
        Browser(person("planner", f"planner{number}"))

    with django_assert_num_queries(queries):
        assert len(browser.get("/api/v1/admin/people").json()) == 6
