"""Frames that no honest browser sends: a clear close code or sentence, and the others never notice."""

import contextlib
import json
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from customers.models import Account
from layers import live
from tests.cast import MONDAY
from tests.layers.live_server import LiveBrowser, Redis, WebProcess, hints_through, until, web_process

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    redis = Redis()
    redis.start()
    with web_process(redis.url, tmp_path_factory.mktemp("web") / "log") as process, hints_through(redis):
        yield process
    redis.kill()


@pytest.fixture
def attacker(server: WebProcess, dispatcher: User, museum: Account) -> LiveBrowser:
    return LiveBrowser(server, dispatcher).open()


@pytest.fixture
def bystander(server: WebProcess, planner: User, museum: Account) -> Iterator[LiveBrowser]:
    browser = LiveBrowser(server, planner).open().follow()
    yield browser
    LiveBrowser.close_all()


def publish(count: int, *, size: int = 10) -> None:
    body = {"type": "Feature", "id": 1, "geometry": None, "properties": {"name": "x" * size}}
    with transaction.atomic():
        live.publish("customers", [live.FeatureChange(1, body)] * count, at=MONDAY)


def is_served(browser: LiveBrowser) -> None:
    """The bystander gets the next change as if nothing had happened."""
    head = browser.map.cursor
    publish(1)
    assert browser.until(lambda: browser.map.cursor > head) < 2


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"type":"ping","x":"' + "x" * 70_000 + '"}', 1009),
        ("{", 1007),
        ("", 1007),
        ("[" * 10_000, 1007),
        ('{"type":"hello","streams":' + "[" * 10_000 + "]" * 10_000 + "}", 1007),
        (b'{"type":"ping"}', 1007),
        (b"\x00\xff", 1007),
    ],
    ids=["70 kB", "half of JSON", "empty", "deep", "deep and closed", "binary", "binary rubbish"],
)
def test_s42_a_bad_frame_closes_its_own_socket_only(attacker: LiveBrowser, bystander: LiveBrowser, frame: str | bytes, code: int) -> None:
    # The server need not wait for the whole of it.
    with contextlib.suppress(ConnectionClosed):
        attacker.say(frame)

    assert attacker.close_code() == code
    is_served(bystander)


def test_s42_ten_megabytes_are_refused_when_they_are_announced(attacker: LiveBrowser, bystander: LiveBrowser) -> None:
    assert attacker.socket
    attacker.socket.socket.sendall(Frame(Opcode.TEXT, b"x" * 10_000_000).serialize(mask=True)[:14])

    assert attacker.close_code() == 1009
    is_served(bystander)


def test_s42_ten_megabytes_sent_regardless_change_nothing_for_others(attacker: LiveBrowser, bystander: LiveBrowser) -> None:
    with contextlib.suppress(ConnectionClosed):
        attacker.say("x" * 10_000_000)

    # Who is still sending when the server hangs up may lose the close frame to the reset of the line.
    assert attacker.close_code() in (1009, 1006)
    is_served(bystander)


def test_s42_text_that_is_no_utf8_closes_with_1007(attacker: LiveBrowser, bystander: LiveBrowser) -> None:
    assert attacker.socket
    attacker.socket.socket.sendall(Frame(Opcode.TEXT, b'{"type":"\xff\xfe"}').serialize(mask=True))

    assert attacker.close_code() == 1007
    is_served(bystander)


@pytest.mark.parametrize(
    "message",
    [
        "[]",
        "7",
        '{"type":"subscribe"}',
        '{"type":["hello"]}',
        '{"type":"hello"}',
        '{"type":"hello","streams":{"key":"customers"}}',
        '{"type":"hello","streams":[7]}',
        '{"type":"hello","streams":[{"key":null}]}',
        '{"type":"hello","streams":[{"key":"customers","cursor":"7"}]}',
        '{"type":"hello","streams":[{"key":"customers","cursor":true}]}',
        '{"type":"hello","streams":[{"key":"customers","cursor":NaN}]}',
        '{"type":"hello","streams":[{"key":"customers","epoch":{},"cursor":1}]}',
        json.dumps({"type": "hello", "streams": [{"key": "customers", "epoch": None, "cursor": None}] * 201}),
    ],
)
def test_a_message_outside_the_protocol_is_answered_with_a_sentence(attacker: LiveBrowser, message: str) -> None:
    attacker.say(message)

    answer = attacker.hear()
    assert (answer["type"], answer["code"]) == ("error", "bad_message")
    assert answer["detail"].endswith(".")
    attacker.say('{"type":"ping"}')
    assert attacker.hear()["type"] == "pong"


def test_strange_keys_are_unknown_streams(attacker: LiveBrowser, bystander: LiveBrowser) -> None:
    keys = ["", "CUSTOMERS", "customers' or 1=1", "x" * 5000, "\u0000", "客户"]
    attacker.say(json.dumps({"type": "hello", "streams": [{"key": key} for key in keys]}))

    assert {attacker.hear()["code"] for _ in keys} == {"unknown_stream"}
    is_served(bystander)


def test_s42_two_hundred_subscriptions_are_answered_one_by_one(attacker: LiveBrowser, bystander: LiveBrowser) -> None:
    attacker.say(json.dumps({"type": "hello", "streams": [{"key": f"layer{number}"} for number in range(200)]}))

    assert [attacker.hear()["code"] for _ in range(200)] == ["unknown_stream"] * 200
    is_served(bystander)


def test_s42_a_thousand_messages_a_second_close_with_1008(attacker: LiveBrowser, bystander: LiveBrowser) -> None:
    with contextlib.suppress(ConnectionClosed):
        for _ in range(1000):
            attacker.say('{"type":"ping"}')

    assert attacker.close_code() == 1008
    is_served(bystander)


def test_fifty_messages_in_a_second_are_fine(attacker: LiveBrowser) -> None:
    for _ in range(50):
        attacker.say('{"type":"ping"}')

    assert [attacker.hear()["type"] for _ in range(50)] == ["pong"] * 50


def test_s42_a_slow_reader_reads_4408_and_resumes(server: WebProcess, bystander: LiveBrowser, dispatcher: User) -> None:
    sleeper = LiveBrowser(server, dispatcher, receive_buffer=4096).open().follow()
    took = flood_until_slow(server, bystander)

    assert sleeper.close_code() == 4408
    assert max(took) < 2
    sleeper.receive_buffer = 0
    sleeper.open().say(sleeper.map.hello())
    sleeper.until(lambda: sleeper.map.cursor == bystander.map.cursor)


def test_s42_a_reader_that_never_reads_is_cut(server: WebProcess, bystander: LiveBrowser, dispatcher: User) -> None:
    """Not even the goodbye goes out to it, so the server drops the line instead of keeping its buffers for ever."""
    sleeper = LiveBrowser(server, dispatcher, receive_buffer=4096).open()
    sleeper.say(sleeper.map.hello())
    took = flood_until_slow(server, bystander)

    until(lambda: server.said("stuck_socket_cut"), within_s=10, what="The line is cut")
    assert max(took) < 2
    is_served(bystander)


def flood_until_slow(server: WebProcess, bystander: LiveBrowser) -> list[float]:
    """Publish until the server gives up on the slow reader; return the seconds that each change took to the bystander."""
    closed = server.log.read_text().count("slow_reader_closed")
    took: list[float] = []
    while server.log.read_text().count("slow_reader_closed") == closed:
        # The kernel of a machine holds some megabytes before the first byte waits in our queue.
        assert len(took) < 200
        head = bystander.map.cursor
        publish(20, size=10_000)
        took.append(bystander.until(lambda head=head: bystander.map.cursor == head + 20))
    return took
