"""What the walk must not find: four customers of another county, with names, numbers and people that occur nowhere else."""

import contextlib
import gzip
import http.client
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from customers import services
from customers.models import Account, AccountHolder
from spatial.models import Area, Place
from tests.cast import DIPOLI, MONDAY, member, new_customer, person, team
from tests.layers.live_server import session_of

# Foreign numbers are long and alike, so that they can be looked for in any bytes.
FIRST_FOREIGN_ID = 770_012_340
FOREIGN_KVA = "98765"
SPOTS = {"hospital": (24.9081, 60.1892), "command": (24.9316, 60.1751), "waterworks": (24.9772, 60.2201)}


@dataclass
class Scene:
    """Two people who may not see the foreign customers, one who may, and what the two may see."""

    staff: User
    neighbour: User
    customer: User
    own: list[Account]
    foreign: list[Account]
    secrets: dict[str, list[str]] = field(default_factory=dict)


def build(espoo: Area) -> Scene:
    """Open the customers: two own ones in Espoo, four foreign ones in Helsinki, one of these without a location."""
    staff = person("planner", "pekka")
    _next_account_id(1000)
    own = services.create_customers(
        [
            new_customer("Dipoli", "0011122233", enterprise="Aalto", contract_kva=400, at=DIPOLI),
            new_customer("Otahalli", "0011122244", enterprise="Aalto", contract_kva=300, at=(24.7330, 60.1857)),
        ],
        user=staff,
        at=MONDAY,
    )
    _next_account_id(FIRST_FOREIGN_ID)
    foreign = services.create_customers(
        [
            new_customer(
                f"Zyx{name}",
                f"66{number}5554433",
                name_en=f"Qwv{name} Hall",
                name_zh="密所" + "甲乙丙丁"[number],
                enterprise=f"Secretive {name} Ltd",
                address=f"Hiddenlane {number}77",
                grade="special",
                contract_kva=FOREIGN_KVA,
                contacts=[services.NewContact(name=f"Nobodyknows {name}", phone=f"+358 50 88{number}77 66", is_duty=True)],
                **({"at": where} if where else {}),
            )
            for number, (name, where) in enumerate({**SPOTS, "bunker": None}.items())
        ],
        user=staff,
        at=MONDAY,
    )
    neighbour = member("esko", team("planner:espoo", espoo))
    customer = person("customer", "kalle")
    AccountHolder.objects.create(user=customer, account=own[0])
    # One they held until yesterday: what is over is foreign.
    AccountHolder.objects.create(user=customer, account=foreign[0], valid_to_date="2026-01-01")
    Place.objects.create(kind="street", name="Mannerheimintie", origin="test", geom=foreign[0].point.geom)
    scene = Scene(staff, neighbour, customer, own, foreign)
    scene.secrets = {str(account.pk): secrets_of(account) for account in foreign}
    return scene


def _next_account_id(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select setval(pg_get_serial_sequence('customers_account', 'id'), %s, false)", [number])


def secrets_of(account: Account) -> list[str]:
    """Return the texts that would give the customer away."""
    contact = account.contacts.get()
    texts = [str(account.pk), account.account_no, account.name, account.name_en, account.name_zh, account.address, account.pinyin]
    return [*texts, account.enterprise.name, contact.name, contact.phone]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> bytes:
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body


class Walker:
    """One person's browser on one web process; it counts what it asked and keeps what came back that should not have."""

    def __init__(self, port: int, user: User, scene: Scene) -> None:
        self.port, self.user, self.scene = port, user, scene
        self.asked = 0
        self.leaks: list[str] = []
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._session = session_of(user)

    def ask(self, method: str, address: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        sent = None if body is None else json.dumps(body).encode()
        own = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={self._session}; csrftoken={'c' * 32}",
            "X-CSRFToken": "c" * 32,
            "Content-Type": "application/json",
            "Accept-Encoding": "gzip",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        try:
            answer = self._sent(method, address, sent, own | (headers or {}))
        except (http.client.RemoteDisconnected, ConnectionError):
            # The server ends a connection that was idle for some seconds.
            self._connection.close()
            answer = self._sent(method, address, sent, own | (headers or {}))
        self.asked += 1
        if f"{settings.SESSION_COOKIE_NAME}=" in answer.headers.get("set-cookie", ""):
            self._session = session_of(self.user)
        return answer

    def _sent(self, method: str, address: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        self._connection.request(method, address, body, headers)
        response = self._connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())

    def look(self, method: str, address: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Ask, and look for secrets in all that comes back. What the question itself named may be echoed, its object's other secrets not."""
        answer = self.ask(method, address, body, headers)
        question = unquote_plus(address) + json.dumps(body, ensure_ascii=False)
        for secret in found_secrets(readable(answer), self.scene, question):
            self.leaks.append(f"{self.user.username}: {method} {address} {json.dumps(body)[:80]} -> {answer.status} tells “{secret}”")
        return answer


def readable(answer: Answer) -> str:
    """Return the answer as text: unzipped, JSON without escapes, headers included."""
    text = answer.content.decode("utf-8", "replace")
    with contextlib.suppress(ValueError):
        text += json.dumps(json.loads(text), ensure_ascii=False)
    return text + " ".join(answer.headers.values())


def found_secrets(text: str, scene: Scene, question: str = "") -> list[str]:
    found = [secret for secrets in scene.secrets.values() for secret in secrets if secret and secret in text and secret not in question]
    if re.search(rf"\b{FOREIGN_KVA}\b", text) and FOREIGN_KVA not in question:
        found.append(FOREIGN_KVA)
    return found
