"""What goes wrong is told as JSON with a request id, whoever is at fault: no page, no stack, no SQL, and never 500 for bad input."""

import contextlib
import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance

from customers.models import Account
from tests.cast import THEATRE, person
from tests.layers.live_server import session_of, until
from tests.safety.real_process import RealProcess, Visitor, real_process

pytestmark = [pytest.mark.db, pytest.mark.long]
EXAMPLES = 2
PHASES = [hypothesis.Phase.generate]
UNHURRIED = list(hypothesis.HealthCheck)
SECRETS = (b"select ", b"SELECT ", b"Traceback", b"psycopg", b"layers_", b"customers_", b"postgis://", b".py")


@pytest.mark.django_db(transaction=True)
def test_s70_a_database_that_dies_in_the_middle_is_told_as_json_and_the_next_request_works(
    museum: Account, planner: User, tmp_path: Path
) -> None:
    with real_process(tmp_path / "log", ALLOWED_HOSTS="127.0.0.1") as server:
        visitor = Visitor(server).sign_in("pekka")
        status, headers, content = killed_while_it_writes(museum, visitor)
        answer = visitor.ask("GET", f"/api/v1/customers/{museum.pk}")

    body = json.loads(content)
    assert (status, headers["content-type"], body["code"]) == (503, "application/problem+json", "try_again")
    assert body["request_id"] == headers["x-request-id"]
    assert [secret for secret in SECRETS if secret in content] == []
    assert (answer[0], json.loads(answer[2])["point_version"]) == (200, 1)


def killed_while_it_writes(museum: Account, visitor: Visitor) -> tuple[int, dict[str, str], bytes]:
    """Hold the row that a move needs, and end the connection that waits for it."""
    move = {"lon": THEATRE[0], "lat": THEATRE[1], "base_version": 1, "confirm_distance": True}
    answers: list[Any] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select 1 from spatial_point where id = %s for update", [museum.point_id])
        asking = threading.Thread(target=lambda: answers.append(visitor.ask("POST", f"/api/v1/customers/{museum.pk}/move", move)))
        asking.start()
        waiting = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()"

        def somebody_waits() -> bool:
            cursor.execute("select pg_stat_clear_snapshot()")
            cursor.execute(f"select count(*) {waiting}")
            return bool(cursor.fetchone()[0])

        until(somebody_waits, within_s=20, what="The move waits for the row")
        cursor.execute(f"select pg_terminate_backend(pid) {waiting}")
        asking.join(30)
    return answers[0]


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProcess]:
    with real_process(tmp_path_factory.mktemp("errors") / "log", ALLOWED_HOSTS="127.0.0.1") as process:
        yield process


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["planner", "customer", "nobody", "administrator"])
def test_s70_no_question_that_the_schema_can_form_is_answered_500(server: RealProcess, museum: Account, planner: User, who: str) -> None:
    user = {"planner": planner, "nobody": None}.get(who) or (person(who, "somebody") if who != "nobody" else None)
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/api/schema?format=json")
    operations = [result.ok() for result in schema.get_all_operations()]
    found: list[str] = []
    asked: Counter[str] = Counter()

    for operation in operations:
        # One of the operations signs out.
        cookies = {settings.SESSION_COOKIE_NAME: session_of(user)} if user else {}
        cookies |= {"csrftoken": "c" * 32}
        asking(operation, GenerationMode.POSITIVE, cookies, asked, found)()
        # Where nothing can be sent, nothing wrong can.
        with contextlib.suppress(hypothesis.errors.Unsatisfiable):
            asking(operation, GenerationMode.NEGATIVE, cookies, asked, found)()
    print(f"{len(operations)} operations asked {asked.total()} times as {who}")
    assert not found, "\n".join(found)
    assert set(asked) == {operation.label for operation in operations}


def asking(operation: Any, mode: GenerationMode, cookies: dict[str, str], asked: Counter[str], found: list[str]) -> Callable[[], None]:
    """Return a run of made-up requests to one operation, as its schema wants them or not, the same ones every time."""

    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=PHASES, suppress_health_check=UNHURRIED
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        headers = {"X-CSRFToken": "c" * 32, "Idempotency-Key": str(uuid.uuid4())}
        answer = case.call(cookies=cookies, headers=headers, timeout=20)
        asked[operation.label] += 1
        found.extend(faults(case, answer))

    return ask


def faults(case: schemathesis.Case, answer: Any) -> Iterator[str]:
    """Name what must never be: a fault of ours, something that is not JSON, an answer outside the schema, SQL or a stack."""
    asked = f"{case.method} {case.path} -> {answer.status_code}"
    problem = answer.headers.get("content-type", [""])[0] == "application/problem+json"
    if answer.status_code >= 500:
        yield f"{asked} {case.as_curl_command()[:600]}"
    if answer.status_code >= 400 and not (problem and answer.json()["request_id"] == answer.headers["x-request-id"][0]):
        yield f"{asked} is no problem+json: {answer.content[:200]!r}"
    if answer.status_code < 300:
        try:
            case.validate_response(answer, checks=[response_schema_conformance])
        except BaseExceptionGroup as group:
            yield f"{asked} {[str(error)[:300] for error in group.exceptions]}"
    yield from (f"{asked} tells {secret!r}" for secret in SECRETS if secret in answer.content and answer.status_code >= 400)
