"""What a person does to come in and to reach their own account, on the page and with the app in their telephone."""

import base64
import hashlib
import hmac
import re
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.on_the_map import LonLat
from tests.browser.screens import MUSEUM
from tests.cast import PASSWORD

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def code_of(secret: str, at: float) -> str:
    """The app in the telephone, written from RFC 6238 without the server's code."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    return f"{(struct.unpack('>I', mac[mac[-1] & 15 :][:4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def fill_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def enter(page: Page, base_url: str, username: str, password: str = PASSWORD, *, at: LonLat = MUSEUM, **address: str) -> None:
    """Sign in by the page, at an address that is kept."""
    lon, lat = at
    page.goto(f"{base_url}/#map=15.00/{lat:.5f}/{lon:.5f}" + "".join(f"&{name}={value}" for name, value in address.items()))
    fill_in(page, username, password)


def expect_map(page: Page) -> None:
    expect(page.get_by_role("button", name=re.compile("menu of"))).to_be_visible(timeout=30_000)


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("menu of")).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("User name")).to_be_visible()


def open_account(page: Page, part: str) -> None:
    expect_map(page)
    page.get_by_role("button", name=re.compile("menu of")).click()
    page.get_by_role("button", name="My account").click()
    page.get_by_role("tab", name=part).click()


def with_second_step(at_the_server: Callable[[str], str], username: str) -> list[str]:
    """Switch the second step on for that person, with SECRET; return their recovery codes."""
    return at_the_server(
        "from django.contrib.auth.models import User\n"
        "from django.utils import timezone\n"
        "from portal import second_factor\n"
        f"user = User.objects.get(username={username!r})\n"
        f"print(*second_factor.set_totp(user, {SECRET!r}, {code_of(SECRET, time.time())!r}, at=timezone.now()))"
    ).split()


def status_with(token: str, address: str) -> int:
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
