"""What browser tests do behind the page's back, through the same API: open customers, move them, read the truth."""

import contextlib
import http.cookiejar
import itertools
import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.cast import PASSWORD

_numbers = itertools.count(7_000_000_001)


class Refused(Exception):
    """The API answered with a problem."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body.get('code')}: {body.get('detail')} {body.get('errors', '')}")
        self.status, self.body = status, body


@dataclass
class Person:
    """Somebody signed in, speaking JSON; `sessionid` can be handed to a browser."""

    base_url: str
    username: str
    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        with contextlib.suppress(Refused):
            self.get("/api/v1/me")  # 401, and the CSRF cookie
        self.post("/api/v1/session", {"username": self.username, "password": PASSWORD})

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._ask("POST", path, body or {})

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        return self._ask(method, path, body)

    def is_signed_in(self) -> bool:
        try:
            self.get("/api/v1/me")
        except Refused:
            return False
        return True

    def cookie(self, name: str) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == name), "")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(self.base_url + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            for name, value in {
                "Content-Type": "application/json",
                "X-CSRFToken": self.cookie("csrftoken"),
                "Idempotency-Key": str(uuid.uuid4()),
            }.items():
                request.add_header(name, value)
        try:
            with self._opener.open(request, timeout=20) as response:
                answer = response.read()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, _json(error.read())) from None
        return _json(answer)


class World:
    """The customers of one test. They are deleted when it ends, so that the next one starts on an empty map."""

    def __init__(self, supervisor: Person) -> None:
        self.supervisor = supervisor

    def customer(self, name: str, at: tuple[float, float] | None = None, **fields: Any) -> dict[str, Any]:
        """Open a customer and return its card; without `at` (lon, lat) it waits in the tray."""
        body = {"name": name, "account_no": str(next(_numbers)), "grade": "first", **fields}
        if at:
            body |= {"lon": at[0], "lat": at[1], "source": "survey"}
        return self.supervisor.post("/api/v1/customers", body)

    def move(self, customer_id: int, to: tuple[float, float], *, reason: str = "", by: Person | None = None) -> dict[str, Any]:
        """Move a customer as somebody else would, whatever the distance."""
        body = {
            "lon": to[0],
            "lat": to[1],
            "base_version": self.card(customer_id)["point_version"],
            "reason": reason,
            "confirm_distance": True,
        }
        return (by or self.supervisor).post(f"/api/v1/customers/{customer_id}/move", body)

    def card(self, customer_id: int) -> dict[str, Any]:
        return self.supervisor.get(f"/api/v1/customers/{customer_id}")

    def history(self, customer_id: int) -> list[dict[str, Any]]:
        return self.supervisor.get(f"/api/v1/customers/{customer_id}/history")

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the customers of exactly this name that are not deleted."""
        query = urllib.parse.urlencode({"q": name, "limit": 50})
        rows = self.supervisor.get(f"/api/v1/customers?{query}")["results"]
        return [row for row in rows if row["name"] == name]

    def clear(self) -> None:
        for row in self.supervisor.get("/api/v1/customers?limit=500")["results"]:
            body = {"base_version": row["version"], "reason": "end of the test"}
            self.supervisor.send("DELETE", f"/api/v1/customers/{row['id']}", body)


def _json(answer: bytes) -> Any:
    try:
        return json.loads(answer) if answer else {}
    except ValueError:
        return {"detail": answer[:300].decode(errors="replace")}
