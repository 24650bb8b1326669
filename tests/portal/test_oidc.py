"""Signing in by the organisation's own issuer, against a real one: HTTP, PKCE, signed tokens."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User, UserManager
from django.db import connection
from django.test import Client

from layers import refusals
from layers.models import AuditRow, Session
from portal import oidc
from tests.cast import MONDAY, member, person
from tests.portal.oidc_issuer import CLIENT_ID, CLIENT_SECRET, Issuer, running_issuer

pytestmark = [pytest.mark.db, pytest.mark.django_db]
OLGA = {"sub": "olga-1", "preferred_username": "olga", "given_name": "Olga", "family_name": "Ohm", "email": "olga@utility.test"}


@pytest.fixture
def issuer(settings) -> Iterator[Issuer]:
    with running_issuer() as issuer:
        settings.OIDC_SERVER_URL = issuer.url
        settings.OIDC_GROUP_MAP = {"grid-planners": "planner", "grid-bosses": "supervisor"}
        app = {"provider_id": "sso", "name": "Utility", "client_id": CLIENT_ID, "secret": CLIENT_SECRET}
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {
                "OAUTH_PKCE_ENABLED": True,
                "APPS": [app | {"settings": {"server_url": issuer.url, "fetch_userinfo": False}}],
            }
        }
        yield issuer


def come_in(issuer: Issuer, client: Client | None = None, **claims) -> tuple[Client, str]:
    """Sign in at the issuer as the person of these claims; return the browser, and where it ends."""
    client = client or Client()
    issuer.person = OLGA | claims
    start = client.post("/oidc/sso/login/")
    assert start.status_code == 302, start.content
    assert start.headers["Location"].startswith(f"{issuer.url}/authorize?")
    return client, client.get(issuer.sent_back(start.headers["Location"])).headers["Location"]


def test_the_page_is_told_where_to_send_people(issuer):
    [provider] = Client().get("/api/v1/sign-in").json()["providers"]

    assert provider == {"id": "sso", "name": "Single sign-on", "url": "/oidc/sso/login/"}


def test_a_person_unknown_here_does_not_get_in(issuer):
    client, where = come_in(issuer)

    assert where == "/sign-in?problem=not_admitted"
    assert client.get("/api/v1/me").status_code == 401
    assert not User.objects.filter(username="olga").exists()
    assert AuditRow.objects.filter(action="session.refused", after={"why": "oidc_not_admitted"}).exists()


def test_the_group_map_gives_a_role_and_the_audit_tells_how_they_came(issuer):
    person("planner")
    client, where = come_in(issuer, groups=["grid-planners", "cyclists"])

    assert where == "/"
    assert client.get("/api/v1/me").json()["role"] == "planner"
    assert issuer.asked[0]["code_verifier"], "PKCE"
    assert AuditRow.objects.get(action="session.sign_in").after == {"how": "oidc"}
    assert Session.objects.get(user__username="olga").how == "oidc"
    assert not User.objects.get(username="olga").has_usable_password()


def test_the_map_governs_at_every_sign_in_whom_it_brought_in(issuer):
    person("planner"), person("supervisor")
    come_in(issuer, groups=["grid-planners"])

    client, _ = come_in(issuer, groups=["grid-bosses"])
    assert client.get("/api/v1/me").json()["role"] == "supervisor"

    _, where = come_in(issuer, groups=[])
    assert where == "/sign-in?problem=not_admitted"
    assert client.get("/api/v1/me").status_code == 401, "and what is open ends"


def test_somebody_an_administrator_made_is_known_by_their_verified_address_and_keeps_their_role(issuer):
    olga = member("olga.o", "dispatcher")
    User.objects.filter(pk=olga.pk).update(email="Olga@Utility.test")

    client, where = come_in(issuer, groups=["grid-bosses"], email_verified=True)

    assert (where, client.get("/api/v1/me").json()["username"], client.get("/api/v1/me").json()["role"]) == ("/", "olga.o", "dispatcher")


def test_who_was_made_by_the_issuer_and_who_was_linked_is_in_the_audit_once(issuer):
    olga = member("olga.o", "planner")
    User.objects.filter(pk=olga.pk).update(email="Olga@Utility.test")
    for _ in range(2):
        come_in(issuer, email_verified=True)
        come_in(issuer, sub="otto-1", preferred_username="otto", email="otto@utility.test", groups=["grid-planners"])

    told = [
        (row.action, row.object_id, row.actor, row.after) for row in AuditRow.objects.filter(action__in=["person.add", "person.linked"])
    ]
    otto = User.objects.get(username="otto")
    assert sorted(told, key=str) == [
        ("person.add", str(otto.pk), None, {"username": "otto", "email": "otto@utility.test", "issuer": "Single sign-on"}),
        ("person.linked", str(olga.pk), None, {"username": "olga.o", "email": "Olga@Utility.test", "issuer": "Single sign-on"}),
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("subs", "outcomes"), [(("olga-1", "olga-1"), ["in", "in"]), (("olga-1", "olga-2"), ["in", "name_taken"])])
def test_two_first_sign_ins_at_once_are_one_person_or_one_name_taken(settings, monkeypatch, subs, outcomes):
    person("planner")
    settings.OIDC_GROUP_MAP = {"grid-planners": "planner"}
    both_looked = Barrier(2)
    make = User.objects.create_user

    def make_when_both_have_looked(*args, **fields):
        # Whoever is alone here was the second and found what the first made.
        with suppress(BrokenBarrierError):
            both_looked.wait(timeout=1)
        return make(*args, **fields)

    def first_sign_in(sub: str) -> str:
        try:
            oidc._person(OLGA | {"sub": sub, "groups": ["grid-planners"]}, None, MONDAY)
        except oidc.NotAdmitted as refused:
            return refused.code
        finally:
            connection.close()
        return "in"

    monkeypatch.setattr(UserManager, "create_user", lambda self, *args, **fields: make_when_both_have_looked(*args, **fields))
    with ThreadPoolExecutor(2) as threads:
        told = sorted(threads.map(first_sign_in, subs))

    assert told == outcomes
    assert User.objects.filter(username="olga").count() == SocialAccount.objects.count() == 1
    assert AuditRow.objects.filter(action="person.add").count() == 1


def test_an_address_that_the_issuer_has_not_verified_is_nobodys(issuer):
    olga = member("olga.o", "dispatcher")
    User.objects.filter(pk=olga.pk).update(email="Olga@Utility.test")

    _, where = come_in(issuer, email_verified=False)

    assert where == "/sign-in?problem=not_admitted"
    assert not SocialAccount.objects.exists()


def test_a_name_alone_takes_over_nobody(issuer):
    person("administrator", "aino")

    _, where = come_in(issuer, preferred_username="Aino", groups=["grid-planners"])

    assert where == "/sign-in?problem=name_taken"


def test_somebody_locked_out_here_stays_out(issuer):
    person("planner")
    come_in(issuer, groups=["grid-planners"])
    User.objects.filter(username="olga").update(is_active=False)

    assert come_in(issuer, groups=["grid-planners"])[1] == "/sign-in?problem=not_admitted"


@pytest.mark.parametrize("changes", [{"aud": "another client"}, {"iss": "https://evil.example"}, {"exp": 1}])
def test_a_token_for_others_of_others_or_of_yesterday_is_refused(issuer, changes):
    person("planner")
    issuer.token_changes = changes

    client, where = come_in(issuer, groups=["grid-planners"])

    assert where == "/sign-in?problem=oidc_failed"
    assert client.get("/api/v1/me").status_code == 401


def test_an_answer_nobody_asked_for_is_refused(issuer):
    person("planner")
    start = Client().post("/oidc/sso/login/")

    stranger = Client().get(issuer.sent_back(start.headers["Location"]))

    assert stranger.headers["Location"] == "/sign-in?problem=oidc_failed"


def test_nobody_fills_the_audit_by_calling_the_return_address(issuer, monkeypatch):
    monkeypatch.setattr(refusals, "_limit", refusals.Limit(refusals.ROWS_A_MINUTE))

    assert Client().get("/oidc/sso/login/callback/").headers["Location"] == "/sign-in?problem=oidc_failed"
    assert AuditRow.objects.get(action="refusal").after["code"] == "oidc_unknown"
    for _ in range(5):
        oidc.failed(at=MONDAY, why="oidc_denied")

    assert AuditRow.objects.filter(action="refusal", after__code="oidc_denied").count() == 1


def test_an_issuer_that_is_down_is_said_to_be_down(issuer, settings):
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"

    assert Client().post("/oidc/sso/login/").headers["Location"] == "/sign-in?problem=oidc_unreachable"


def test_another_site_cannot_start_a_sign_in(issuer):
    assert Client().get("/oidc/sso/login/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/oidc/sso/login/").status_code == 403


def test_staff_who_come_by_the_issuer_are_not_asked_for_a_second_factor_again(issuer, settings):
    settings.SECOND_FACTOR = "staff"
    person("planner")

    client, _ = come_in(issuer, groups=["grid-planners"])

    assert client.get("/api/v1/me").json()["must_set_up"] == []
    assert client.get("/api/v1/customers").status_code == 200


def test_nothing_of_the_librarys_own_pages_is_served(issuer, settings):
    for address in ("/accounts/login/", "/accounts/signup/", "/2fa/", "/3rdparty/", "/oidc/other/login/"):
        answer = Client().post(address)
        assert answer.status_code in (404, 405), address


def test_the_content_policy_lets_the_form_go_on_to_the_issuer(issuer):
    policy = Client().get("/sign-in").headers["Content-Security-Policy"]

    assert f"form-action 'self' {issuer.url};" in policy
