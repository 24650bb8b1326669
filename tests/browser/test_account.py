"""Signing in and one's own account, as a person at a browser does it. Everybody here has an account of their own: stage.ACCOUNTS."""

import re
import time

from playwright.sync_api import Page, expect

from tests.browser.screens import MUSEUM
from tests.browser.signing_in import code_of, enter, expect_map, fill_in, open_account, sign_out, status_with, with_second_step
from tests.browser.world import Person
from tests.cast import PASSWORD

NEW_PASSWORD = "seven grey herons wait"


def test_signing_in_leads_where_one_wanted_to_go(first_page, base_url):
    enter(first_page, base_url, "aino", panel="layers")

    expect_map(first_page)
    expect(first_page).to_have_url(re.compile(r"#map=15\.00/60\.1751\d*/24\.9316\d*&panel=layers"))
    expect(first_page.get_by_role("heading", name="Layers")).to_be_visible()


def test_what_is_wrong_is_said_and_the_keyboard_goes_there(first_page, base_url):
    first_page.goto(base_url)
    first_page.get_by_role("button", name="Sign in", exact=True).click()
    expect(first_page.get_by_label("User name")).to_be_focused()

    fill_in(first_page, "aino", "not the password")

    expect(first_page.get_by_role("alert")).to_contain_text("not right")
    expect(first_page.get_by_label("Password", exact=True)).to_be_focused()
    expect(first_page.get_by_label("User name")).to_have_value("aino")
    for name, token in (("username", "username"), ("password", "current-password")):
        assert first_page.locator(f"[name={name}]").get_attribute("autocomplete") == token


def test_caps_lock_is_told(first_page, base_url):
    first_page.goto(base_url)
    password = first_page.get_by_label("Password", exact=True)
    # No test browser has the key itself: the event says what the key would.
    password.evaluate("(input) => input.dispatchEvent(new KeyboardEvent('keydown', {key: 'A', modifierCapsLock: true, bubbles: true}))")

    expect(first_page.get_by_text("Caps Lock is on.")).to_be_visible()


def test_a_second_step_is_set_up_asked_for_and_replaced_by_a_recovery_code_once(first_page, base_url):
    page = first_page
    enter(page, base_url, "eino")
    open_account(page, "Password and second step")
    page.get_by_role("button", name="Set up the second step").click()
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    assert page.get_by_role("img", name=re.compile("QR code")).evaluate("(img) => img.complete && img.naturalWidth > 0")
    secret = page.locator("dialog code").first.inner_text().replace(" ", "")
    page.get_by_label("Code that the app shows now").fill("000000")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("This code is not right")).to_be_visible()
    page.get_by_label("Code that the app shows now").fill(code_of(secret, time.time()))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    recovery_code = page.locator("dialog ol code").first.inner_text()
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    sign_out(page)

    fill_in(page, "eino")
    code = page.get_by_label("Code of your authenticator app")
    expect(code).to_be_focused()
    assert code.get_attribute("autocomplete") == "one-time-code"
    # The code of now was used to switch it on: the next one is taken already.
    code.fill(code_of(secret, time.time() + 30))
    page.get_by_role("button", name="Go on").click()
    expect_map(page)
    sign_out(page)

    fill_in(page, "eino")
    give_recovery_code(page, recovery_code)
    expect_map(page)
    sign_out(page)

    fill_in(page, "eino")
    give_recovery_code(page, recovery_code)
    expect(page.get_by_role("alert")).to_contain_text("was used before. Each works once")
    expect(page.get_by_label("Recovery code")).to_be_focused()


def test_recovery_codes_are_renewed_and_the_second_step_is_switched_off(first_page, base_url, at_the_server):
    page, old = first_page, with_second_step(at_the_server, "toivo")
    enter(page, base_url, "toivo")
    give_recovery_code(page, old[0])
    open_account(page, "Password and second step")
    expect(page.get_by_text("9 recovery codes left")).to_be_visible()

    page.get_by_role("button", name="New recovery codes").click()
    page.get_by_label("Your password now").fill("not my password")
    page.get_by_role("button", name="New recovery codes").click()
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_role("button", name="New recovery codes").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    new = page.locator("dialog ol code").all_inner_texts()
    assert len(new) == 10
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    sign_out(page)
    fill_in(page, "toivo")
    give_recovery_code(page, old[1])
    expect(page.get_by_role("alert")).to_contain_text("is not right")
    page.get_by_label("Recovery code").fill(new[0])
    page.get_by_role("button", name="Go on").click()

    open_account(page, "Password and second step")
    page.get_by_role("button", name="Switch off").click()
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("The second step is off.")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    sign_out(page)
    fill_in(page, "toivo")
    expect_map(page)


def give_recovery_code(page: Page, code: str) -> None:
    page.get_by_role("button", name="Use a recovery code instead").click()
    page.get_by_label("Recovery code").fill(code)
    page.get_by_role("button", name="Go on").click()


def test_who_guesses_is_locked_out_and_sees_how_long(first_page, base_url):
    first_page.goto(base_url)
    for attempt in range(1, 7):
        with first_page.expect_response("**/api/v1/session"):
            fill_in(first_page, "helmi", f"guess number {attempt}")

    expect(first_page.get_by_role("alert")).to_contain_text("Too many tries")
    expect(first_page.get_by_role("timer")).to_contain_text(re.compile(r"^1[45]:\d\d$"))
    expect(first_page.get_by_role("button", name="Sign in", exact=True)).to_be_disabled()


def test_a_session_ended_elsewhere_is_signed_out_here(first_page, another_context, base_url):
    lost_tablet = another_context(has_touch=True).new_page()
    enter(lost_tablet, base_url, "aino")
    expect_map(lost_tablet)
    enter(first_page, base_url, "aino")
    open_account(first_page, "Signed in on")
    expect(first_page.get_by_text("This device")).to_be_visible()

    first_page.get_by_role("button", name="Sign out everywhere else").click()

    expect(first_page.get_by_text("You are signed in nowhere else.")).to_be_visible()
    expect(lost_tablet.get_by_text("Your session was ended.")).to_be_visible(timeout=20_000)
    expect(lost_tablet.locator("#map")).to_have_count(0)
    expect(first_page.locator("#map")).to_have_count(1)


def test_one_session_is_ended_and_the_others_stay(first_page, base_url):
    elsewhere = [Person(base_url, "urho"), Person(base_url, "urho")]
    enter(first_page, base_url, "urho")
    open_account(first_page, "Signed in on")
    ends = first_page.get_by_role("button", name="Sign out: Python")
    expect(ends).to_have_count(2)

    ends.first.click()

    expect(ends).to_have_count(1)
    assert sorted(person.is_signed_in() for person in elsewhere) == [False, True]


def test_a_token_is_made_reads_its_layer_and_is_taken_back(first_page, base_url, world):
    world.customer("Kansallismuseo", MUSEUM, grade="first")
    enter(first_page, base_url, "aino")
    open_account(first_page, "Access tokens")
    first_page.get_by_role("button", name="New token").click()
    first_page.get_by_label("What it is for").fill("QGIS on my desk")
    first_page.get_by_role("button", name="Customers", exact=True).last.click()
    first_page.locator("dialog").get_by_role("button", name="Imagery", exact=True).click()
    first_page.get_by_role("button", name="Make the token").click()
    expect(first_page.get_by_text("it is shown this one time")).to_be_visible()
    token = first_page.locator("dialog code").first.inner_text()
    expect(first_page.get_by_text(f"{base_url}/tiles/customers/{{z}}/{{x}}/{{y}}.mvt")).to_be_visible()
    expect(first_page.get_by_text(f"{base_url}/ogc/features/", exact=True)).to_be_visible()
    pictures = first_page.get_by_text(f"{base_url}/maps/wms", exact=True)
    pictures.scroll_into_view_if_needed()
    expect(pictures).to_be_visible()

    # Shown once: neither Esc, nor another part, nor Back takes it away before it is stored.
    first_page.keyboard.press("Escape")
    first_page.keyboard.press("Escape")
    expect(first_page.get_by_role("button", name="Close")).to_have_count(0)
    expect(first_page.get_by_role("tab", name="Signed in on")).to_be_disabled()
    first_page.go_back()
    expect(first_page.get_by_text(token, exact=True)).to_be_visible()

    features = f"{base_url}/api/v1/layers/customers/features?bbox=24.9,60.1,25.0,60.2"
    assert status_with(token, features) == 200
    assert status_with(token, f"{base_url}/maps/wms?SERVICE=WMS&REQUEST=GetCapabilities") == 200
    first_page.get_by_role("button", name="I have stored it").click()
    expect(first_page.get_by_role("button", name="Close")).to_be_visible()
    first_page.get_by_role("button", name="Take back the token QGIS on my desk").click()
    first_page.get_by_role("button", name="Take back", exact=True).click()
    expect(first_page.get_by_text("You have no access tokens")).to_be_visible()

    assert status_with(token, features) == 401


def test_a_password_is_changed_with_its_rules_in_sight(first_page, base_url):
    page = first_page
    enter(page, base_url, "onni")
    open_account(page, "Password and second step")
    page.get_by_role("button", name="Change the password").click()
    page.get_by_label("Your password now").fill("not my password")
    new = page.get_by_label("New password", exact=True)
    long_enough = page.get_by_role("listitem").filter(has_text="At least 12 characters")
    new.fill("short")
    expect(long_enough).to_contain_text("not yet")
    new.fill(NEW_PASSWORD)
    expect(long_enough).to_contain_text("done")

    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    expect(page.get_by_label("Your password now")).to_be_focused()
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    sign_out(page)
    fill_in(page, "onni", NEW_PASSWORD)

    expect_map(page)


def test_a_password_is_chosen_by_the_link_of_an_e_mail_once(first_page, base_url, at_the_server):
    page = first_page
    key = at_the_server(
        "from django.contrib.auth.models import User\n"
        "from portal import keys\n"
        "print(keys.make_key(User.objects.get(username='ilona'), 'invitation'))"
    )
    page.goto(f"{base_url}/set-password#key={key}")
    new = page.get_by_label("New password", exact=True)
    expect(page).to_have_url(f"{base_url}/set-password")
    new.fill("short")
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_text("does not follow all rules yet")).to_be_visible()
    expect(new).to_be_focused()
    # Long enough, but in everybody's list: only the server knows.
    new.fill("qwerty123456")
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_text("too common")).to_be_visible()
    new.fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("heading", name="Your password is saved")).to_be_visible()
    page.get_by_role("link", name="To the sign-in").click()
    fill_in(page, "ilona", NEW_PASSWORD)
    expect_map(page)

    page.goto(f"{base_url}/healthz")
    page.goto(f"{base_url}/set-password#key={key}")
    new.fill("another good password")
    page.get_by_role("button", name="Save the password").click()

    expect(page.get_by_role("alert")).to_contain_text("not valid any more")


def test_who_forgot_the_password_is_told_the_same_whoever_they_are(first_page, base_url):
    first_page.goto(base_url)
    for name in ("onni", "nobody@example.org"):
        first_page.get_by_role("button", name="Forgotten your password?").click()
        first_page.get_by_label("User name or e-mail address").fill(name)
        first_page.get_by_role("button", name="Send the link").click()
        expect(first_page.get_by_text("If there is such an account, a link is on its way.")).to_be_visible()
        first_page.get_by_role("button", name="Back to sign-in").click()


def test_after_idle_time_the_map_waits_behind_the_sign_in_form_with_all_that_was_typed(first_page, base_url, at_the_server):
    page = first_page
    page.clock.install()
    enter(page, base_url, "aino", panel="add")
    expect_map(page)
    name = page.get_by_label("Name", exact=True).first
    name.fill("Half typed")

    at_the_server(
        "from datetime import timedelta\n"
        "from django.utils import timezone\n"
        "from layers.models import Session\n"
        "Session.objects.filter(user__username='aino').update(expire_date=timezone.now() + timedelta(seconds=8))"
    )
    # The page asks two minutes before the hour is over, and hears that the time is shorter.
    page.clock.fast_forward("58:30")
    expect(page.get_by_role("dialog", name="Are you still there?")).to_be_visible()
    expect(page.get_by_role("dialog", name="Sign in to go on")).to_be_visible(timeout=30_000)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(name).to_have_value("Half typed")
    expect(page).to_have_url(re.compile("panel=add"))
