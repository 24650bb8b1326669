"""Where the utility asks for more than a password, what is missing is set up first; then the map opens where one wanted to go."""

import re
import time

from playwright.sync_api import expect

from tests.browser.signing_in import code_of, enter, expect_map, fill_in, open_account, sign_out
from tests.cast import PASSWORD

NEW_PASSWORD = "Seven grey herons wait 7"
AGED = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from portal.models import PasswordUsed
PasswordUsed.objects.filter(user__username="saara").delete()
User.objects.filter(username="saara").update(date_joined=timezone.now() - timedelta(days=91))
"""


def test_a_second_step_and_a_password_that_is_too_old_come_before_the_map(first_page, strict_url, at_the_server):
    page = first_page
    enter(page, strict_url, "saara", panel="layers")
    expect(page.get_by_role("heading", name="Set up the second step")).to_be_visible()
    assert page.evaluate("fetch('/api/v1/customers').then((answer) => answer.status)") == 403
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_role("button", name="Next").click()
    secret = page.locator("code").first.inner_text().replace(" ", "")
    page.get_by_label("Code that the app shows now").fill(code_of(secret, time.time()))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    expect(page.locator("#map")).to_have_count(0)
    recovery_code = page.locator("ol code").first.inner_text()
    page.get_by_role("button", name="I have kept them").click()
    expect_map(page)
    expect(page).to_have_url(re.compile("panel=layers"))
    open_account(page, "Password and second step")
    expect(page.get_by_role("button", name="New recovery codes")).to_be_visible()
    expect(page.get_by_role("button", name="Switch off")).to_have_count(0)
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    sign_out(page)

    at_the_server(AGED)
    fill_in(page, "saara")
    page.get_by_role("button", name="Use a recovery code instead").click()
    page.get_by_label("Recovery code").fill(recovery_code)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    expect(page.locator("#map")).to_have_count(0)
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("does not follow all rules yet")).to_be_visible()
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change the password").click()

    expect_map(page)
