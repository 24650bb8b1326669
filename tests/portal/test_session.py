"""Sign in, sign out, who am I."""

import pytest
from django.test import Client

from layers.models import AuditRow
from tests.cast import PASSWORD, Browser, person

pytestmark = [pytest.mark.db, pytest.mark.django_db]
OTHER = "a fine long sentence of hers"


def sign_in(client: Client, username: str, password: str, token: str | None = None):
    headers = {"X-CSRFToken": token} if token else {}
    return client.post("/api/v1/session", {"username": username, "password": password}, content_type="application/json", headers=headers)


@pytest.mark.parametrize("role", ["dispatcher", "planner", "inspector", "supervisor", "analyst", "administrator", "customer"])
def test_each_of_the_seven_roles_signs_in_and_is_told_what_it_may_do(role, helsinki):
    person(role, f"{role}-1")
    client = Client()

    answer = sign_in(client, f"{role}-1", PASSWORD)

    assert (answer.status_code, answer.json()["role"]) == (200, role)
    assert "view" in answer.json()["actions"]
    assert ("move" in answer.json()["actions"]) == (role in ("planner", "inspector", "supervisor", "administrator"))
    assert client.get("/api/v1/me").json()["username"] == f"{role}-1"


@pytest.mark.parametrize(("username", "password"), [("planner-1", "wrong"), ("nobody", PASSWORD), ("planner-1", ""), ("x" * 5000, "y")])
def test_a_wrong_name_or_password_is_refused_in_one_sentence(db, username, password):
    person("planner", "planner-1")

    answer = sign_in(Client(), username, password)

    assert answer.status_code == 400
    assert PASSWORD not in answer.content.decode()


def test_signing_in_from_another_site_is_refused(db):
    person("planner", "planner-1")
    client = Client(enforce_csrf_checks=True)

    assert sign_in(client, "planner-1", PASSWORD).status_code == 403
    client.get("/api/v1/me")
    assert sign_in(client, "planner-1", PASSWORD, client.cookies["csrftoken"].value).status_code == 200


def test_a_write_without_the_csrf_token_is_refused(museum, planner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(planner)

    answer = client.post(f"/api/v1/customers/{museum.pk}/move", {}, content_type="application/json")

    assert answer.status_code == 403


def test_after_signing_out_the_next_request_is_401(planner):
    browser = Browser(planner)

    assert browser.send("DELETE", "/api/v1/session").status_code == 204
    assert browser.get("/api/v1/me").status_code == 401


def test_somebody_without_a_role_cannot_come_in(db):
    user = person("planner", "ghost")
    user.groups.clear()

    assert sign_in(Client(), "ghost", PASSWORD).status_code == 400


def test_home_is_where_the_persons_customers_are(museum, planner, holder):
    west, south, east, north = Browser(holder).get("/api/v1/me").json()["utility"]["home"]

    assert (west, south) == (east, north) == museum.point.geom.coords


def test_guessing_is_slowed_down_and_others_can_still_sign_in(db):
    person("planner", "target")
    person("planner", "another")
    client = Client(REMOTE_ADDR="203.0.113.9")

    answers = [sign_in(client, "target", f"guess {number}").status_code for number in range(7)]

    assert answers == [400] * 5 + [429] * 2
    assert sign_in(client, "another", PASSWORD).status_code == 200
    assert sign_in(Client(REMOTE_ADDR="203.0.113.10"), "target", PASSWORD).status_code == 200


def test_the_administration_has_no_sign_in_of_its_own_and_runs_no_code(db):
    user = person("administrator", "aino")
    user.is_staff = user.is_superuser = True
    user.save()

    assert Client().get("/admin/login/").headers["Location"] == "/sign-in"
    assert Browser(user).get("/admin/django_q/schedule/").status_code == 404


def test_at_the_tables_nobody_changes_a_password_past_the_audit_and_signing_out_leaves_a_row(db):
    user = person("administrator", "aino")
    user.is_staff = user.is_superuser = True
    user.save()
    client = Browser(user).client

    answer = client.post("/admin/password_change/", {"old_password": PASSWORD, "new_password1": OTHER, "new_password2": OTHER})
    assert answer.headers["Location"] == "/#account=security"
    user.refresh_from_db()
    assert user.check_password(PASSWORD)

    client.post("/admin/logout/")
    assert AuditRow.objects.filter(action="session.sign_out", actor=user).count() == 1
    assert client.get("/api/v1/me").status_code == 401


def test_an_administrator_gives_a_customer_their_account_and_it_is_in_the_audit(museum):
    admin = person("administrator", "aino")
    admin.is_staff = admin.is_superuser = True
    admin.save()
    kalle = person("customer", "kalle")
    assert Browser(kalle).get(f"/api/v1/customers/{museum.pk}").status_code == 404

    answer = Browser(admin).client.post("/admin/customers/accountholder/add/", {"user": kalle.pk, "account": museum.pk})

    assert answer.status_code == 302, answer.content.decode()[:500]
    assert Browser(kalle).get(f"/api/v1/customers/{museum.pk}").status_code == 200
    row = AuditRow.objects.get(action="holding.add")
    assert (row.actor_name, row.object_id) == ("Aino", str(museum.pk))
