"""What a service may count on when it publishes, and what the log keeps."""

import time

import pytest
import redis
from django.db import transaction
from django.test import override_settings

from layers import event_log, hints, live
from layers.models import Event, Stream
from tests.cast import MONDAY

pytestmark = pytest.mark.db
LAYER = "customers"


def change(feature_id: int = 1, *, gone: bool = False) -> live.FeatureChange:
    body = None if gone else {"type": "Feature", "id": feature_id, "geometry": None, "properties": {}}
    return live.FeatureChange(feature_id, body)


def publish(*changes: live.FeatureChange) -> int:
    with transaction.atomic():
        return live.publish(LAYER, changes, at=MONDAY)


def test_numbers_follow_each_other_without_a_gap(db: None) -> None:
    first = publish(change(1), change(2))
    second = publish(change(3, gone=True))

    assert (first, second) == (2, 3)
    assert list(Event.objects.order_by("seq").values_list("seq", "kind", "feature_id")) == [
        (1, "upsert", 1),
        (2, "upsert", 2),
        (3, "delete", 3),
    ]


def test_a_transaction_that_fails_leaves_no_number_behind(db: None) -> None:
    publish(change())

    with pytest.raises(RuntimeError), transaction.atomic():
        live.publish(LAYER, [change()], at=MONDAY)
        raise RuntimeError("the business failed")

    assert publish(change()) == 2


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        live.publish(LAYER, [change()], at=MONDAY)


def test_publishing_nothing_tells_where_the_stream_stands(db: None) -> None:
    publish(change(), change())

    assert publish() == 2
    assert Event.objects.count() == 2


@override_settings(EVENT_RETENTION_ROWS=50)
def test_old_events_are_forgotten_in_steps(db: None) -> None:
    for _ in range(11):
        publish(*[change()] * 100)

    kept = Event.objects.order_by("seq").values_list("seq", flat=True)
    assert (kept[0], len(kept)) == (951, 150)


def test_a_position_is_given_before_anything_was_published(db: None) -> None:
    epoch, seq = event_log.position(LAYER)

    assert seq == 0
    assert event_log.position(LAYER) == (epoch, 0)
    assert publish(change()) == 1
    assert event_log.position(LAYER) == (epoch, 1)


def test_voided_cursors_have_another_epoch_and_the_same_numbers(db: None) -> None:
    publish(change())
    epoch, seq = event_log.position(LAYER)

    assert live.void_cursors() == Stream.objects.count()
    assert event_log.position(LAYER)[0] != epoch
    assert event_log.position(LAYER)[1] == seq


def test_the_news_of_many_streams_come_in_one_read(db: None, django_assert_num_queries) -> None:
    publish(change(), change())
    with transaction.atomic():
        live.publish("areas", [change(7)], at=MONDAY)

    with django_assert_num_queries(1):
        news = event_log.read_after({LAYER: 1, "areas": 0, "network": 5}, 100)

    assert {key: [event.seq for event in found.events] for key, found in news.items()} == {LAYER: [2], "areas": [1]}


class Silent:
    """A Redis that does not answer until the cap."""

    def __init__(self) -> None:
        self.asked = 0

    def publish(self, channel: str, text: str) -> None:
        self.asked += 1
        time.sleep(0.02)
        raise redis.TimeoutError("no answer")


def test_a_redis_that_hangs_costs_one_request_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Silent()
    monkeypatch.setattr(hints, "_client", silent)
    monkeypatch.setattr(hints, "_resting_until", 0.0)

    for number in range(50):
        hints.send(LAYER, number)

    assert silent.asked == 1
