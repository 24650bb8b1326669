"""A small OpenID Connect issuer: a real HTTP server on a port of its own that signs real tokens. It believes whoever asks."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "gridatlas", "a secret shared with the issuer"


@dataclass
class Issuer:
    """`person` are the claims of whoever signs in there next; `token_changes` spoils the token."""

    person: dict[str, Any] = field(default_factory=dict)
    token_changes: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key())) | {"kid": "one", "alg": "RS256"}]}

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET) or not form.get("code_verifier"):
            return 401, {"error": "invalid_client"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, **self.person, **self.token_changes}
        signed = jwt.encode(claims, self.key, "RS256", headers={"kid": "one"})
        return 200, {"access_token": secrets.token_hex(8), "token_type": "Bearer", "expires_in": 60, "id_token": signed}

    def sent_back(self, authorize_url: str) -> str:
        """Return where the browser goes after somebody signed in at `authorize_url`: our callback."""
        asked = parse_qs(urlsplit(authorize_url).query)
        return f"{asked['redirect_uri'][0]}?{urlencode({'code': 'once', 'state': asked['state'][0]})}"

    def page(self, authorize_url: str) -> str:
        """Return the page on which a person signs in: one press."""
        return (
            f'<!doctype html><title>Utility</title><h1>Utility sign-in</h1><a href="{escape(self.sent_back(authorize_url))}">Continue</a>'
        )


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    issuer = Issuer()

    class Doors(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if urlsplit(self.path).path == "/authorize":
                self._answer(200, issuer.page(self.path).encode(), "text/html; charset=utf-8")
                return
            documents = {"/.well-known/openid-configuration": issuer.configuration, "/keys": issuer.keys}
            found = documents.get(self.path)
            self._answer_json(200 if found else 404, found() if found else {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer_json(*issuer.token({name: values[0] for name, values in parse_qs(body).items()}))

        def _answer_json(self, status: int, content: dict[str, Any]) -> None:
            self._answer(status, json.dumps(content).encode(), "application/json")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Doors)
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
