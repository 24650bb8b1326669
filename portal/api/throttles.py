"""How often a door may be tried."""

import hashlib
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class SignInThrottle(SimpleRateThrottle):
    """Twenty tries a minute for one name from one address, per web process: enough for a person, too few for guessing.

    A try beyond that is answered 429 and is not written to the audit, which nobody may fill from outside.
    """

    scope = "sign_in"
    rate = "20/min"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if request.method != "POST":
            return None
        name = request.data.get("username", "") if isinstance(request.data, dict) else ""
        return "sign-in:" + hashlib.sha256(f"{request.META.get('REMOTE_ADDR')} {name}".encode()).hexdigest()
