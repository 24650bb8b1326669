"""The regular jobs: scheduled once, and each does what its name says."""

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.utils.module_loading import import_string
from django_q.models import Schedule

from customers import services
from customers.jobs import refresh_classification
from customers.models import ClassMembership, GradePeriod
from layers.jobs import forget_old_answers, forget_old_sessions
from layers.models import Event, IdempotencyKey, Session
from portal.management.commands.schedule_jobs import EVERY_MINUTES, TIMETABLE
from tests.cast import MONDAY, Browser

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_scheduling_twice_is_scheduling_once_and_every_job_exists():
    call_command("schedule_jobs", verbosity=0)
    call_command("schedule_jobs", verbosity=0)

    functions = list(Schedule.objects.values_list("func", flat=True))
    assert len(functions) == len(set(functions)) == len(TIMETABLE) + len(EVERY_MINUTES)
    assert all(callable(import_string(name)) for name in functions)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_regular_job_has_words_on_the_system_page(language):
    words = json.loads((settings.BASE_DIR / "frontend/src/locales" / language / "administration.json").read_text())["system"]["job"]

    assert set(words) == {name.split(".")[-1] for name in (*TIMETABLE, *EVERY_MINUTES)}


def test_a_grade_that_begins_tomorrow_takes_effect_tomorrow_on_every_map(museum):
    services._close(museum.grade_periods, date(2026, 3, 3))
    GradePeriod.objects.create(account=museum, grade="special", valid_from_date=date(2026, 3, 3))
    ClassMembership.objects.create(account=museum, business_class="top100", valid_from_date=date(2026, 3, 3))
    before = Event.objects.count()

    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        assert refresh_classification().startswith("0 ")
    with time_machine.travel(MONDAY + timedelta(days=1), tick=False):
        assert refresh_classification().startswith("1 ")
        assert refresh_classification().startswith("0 ")

    museum.refresh_from_db()
    assert (museum.grade, museum.classes) == ("special", ["large", "top100"])
    assert Event.objects.count() == before + 1


def test_answers_of_two_weeks_ago_are_forgotten(museum, planner):
    Browser(planner).send("PATCH", f"/api/v1/customers/{museum.pk}", {"base_version": 1, "address": "New street 1"})
    IdempotencyKey.objects.update(at=MONDAY)

    assert forget_old_answers() == "1 stored answers forgotten."


def test_expired_sessions_are_forgotten_and_others_stay(planner):
    Browser(planner)
    Browser(planner)
    Session.objects.filter(pk=Session.objects.first().pk).update(expire_date=MONDAY)

    assert forget_old_sessions() == "1 expired sessions forgotten."
    assert Session.objects.count() == 1
