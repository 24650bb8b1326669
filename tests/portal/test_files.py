"""No file leaves by its address alone (S10)."""

import pytest
from django.contrib.auth.models import User

from customers.models import Account
from tests.cast import Browser

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_s10_uploaded_files_have_no_address(planner: User) -> None:
    for path in ("/media/", "/media/plan.pdf", "/media/../var/env", "/media/%2e%2e/env"):
        assert Browser(planner).get(path).status_code == 404, path
        assert Browser(None).get(path).status_code == 404, path


def test_s10_an_export_is_not_a_customers_to_ask_for_whatever_its_filter(holder: User, dipoli: Account) -> None:
    for query in ({}, {"object": str(dipoli.pk)}, {"customer__in": str(dipoli.pk)}, {"q": "Dipoli"}):
        asked = Browser(holder).post("/api/v1/exports", {"what": "customers", "format": "csv", "filter": query})
        for answer in (asked, Browser(holder).get("/api/v1/audit/export", **query)):
            assert answer.status_code in (403, 404)
            assert "Dipoli" not in answer.content.decode()
