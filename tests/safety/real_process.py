"""The web process exactly as production starts it (`python -m ops.web`), on the test database, with its log in a file."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings

from tests.cast import PASSWORD
from tests.layers.live_server import until


@dataclass
class RealProcess:
    port: int
    log: Path

    def raw(self, request: bytes) -> bytes:
        """Send these very bytes; return what comes back until the server closes or says no more for a second."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as wire:
            wire.sendall(request)
            wire.settimeout(1)
            got = b""
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while more := wire.recv(65_536):
                    got += more
            return got

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.said.splitlines()]


@contextlib.contextmanager
def real_process(log: Path, **environment: str) -> Iterator[RealProcess]:
    database = connection.settings_dict
    address = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    own = {"DATABASE_URL": f"postgis://{address}", "SECRET_KEY": settings.SECRET_KEY, "WEB_THREADS": "2", "LOG_LEVEL": "INFO"}
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("ab") as output:
        command = [sys.executable, "-m", "ops.web"]
        process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=os.environ | own | environment, stdin=listening, stdout=output, stderr=output
        )
        try:
            server = RealProcess(listening.getsockname()[1], log)
            until(lambda: "startup complete" in server.said or process.poll() is not None, within_s=30, what="The web process starts")
            yield server
        finally:
            process.kill()
            process.wait()


@dataclass
class Visitor:
    """A browser without a page: cookies, the token of its forms, JSON."""

    server: RealProcess
    cookies: dict[str, str] = field(default_factory=dict)

    def sign_in(self, username: str, **headers: str) -> "Visitor":
        # Tests keep passwords in a form that is quick and that production does not take.
        with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"]):
            user = User.objects.get(username=username)
            user.set_password(PASSWORD)
            user.save()
        self.ask("GET", "/api/v1/me", **headers)
        status, _, _ = self.ask("POST", "/api/v1/session", {"username": username, "password": PASSWORD}, **headers)
        assert status == 200
        return self

    def ask(self, method: str, address: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        wire = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        own = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4()), "X-CSRFToken": self.cookies.get("csrftoken", "")}
        own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        wire.request(method, address, None if body is None else json.dumps(body), own | headers)
        answer = wire.getresponse()
        content = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, word = value.partition(";")[0].partition("=")
                self.cookies[key] = word
        wire.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content
