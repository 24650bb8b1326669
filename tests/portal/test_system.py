"""What an administrator needs without a shell: health, versions, storage, jobs and streams; a failed job gets another try."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from customers.models import Account
from layers.models import AuditRow
from tests.cast import MONDAY, Browser, person

pytestmark = [pytest.mark.db, pytest.mark.django_db]
CRASH = "Traceback (most recent call last):\n  File somewhere\nValueError: The list is not sorted."


@pytest.fixture
def aino(db: None) -> User:
    return person("administrator", "aino")


def failed_job(**more: Any) -> Task:
    fields = {"id": uuid.uuid4().hex, "name": "nightly", "func": "layers.jobs.forget_old_answers", "args": (), "kwargs": {}}
    return Task.objects.create(**fields | {"success": False, "result": CRASH, "started": MONDAY, "stopped": MONDAY} | more)


def test_the_report_names_every_part(aino: User, museum: Account) -> None:
    report = Browser(aino).get("/api/v1/admin/system").json()

    assert set(report["health"]) == {"database", "redis", "migrations", "worker", "mapproxy"}
    assert report["health"]["database"] == {"ok": True, "detail": "", "ms": report["health"]["database"]["ms"]}
    assert report["health"]["migrations"]["ok"]
    # No worker runs beside the tests, and none answers for the map proxy: each says so in words.
    assert (report["health"]["worker"]["ok"], "jobs are not done" in report["health"]["worker"]["detail"]) == (False, True)
    assert all(report["versions"].values()), report["versions"]
    assert report["versions"]["django"].startswith("5.2")
    assert report["storage"]["database_bytes"] > 1_000_000
    assert report["storage"]["disk_free_bytes"] > 0
    assert {"name", "bytes", "rows"} == set(report["storage"]["tables"][0])
    tables = {table["name"] for table in report["storage"]["tables"]}
    assert "customers_account" in tables
    assert "spatial_ref_sys" not in tables, "PostGIS brought it along"
    [stream] = report["streams"]
    assert (stream["key"], stream["seq"], stream["events"], stream["oldest_at"]) == ("customers", 1, 1, "2026-03-02T08:00:00Z")


def test_the_files_are_counted_once_in_a_while_not_at_every_question(aino: User, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    cache.delete("files_bytes")
    (tmp_path / "one").write_bytes(b"x" * 100)

    def told() -> int:
        return Browser(aino).get("/api/v1/admin/system").json()["storage"]["files_bytes"]

    first = told()
    (tmp_path / "two").write_bytes(b"x" * 11)
    soon = told()
    cache.delete("files_bytes")

    assert (first, soon, told()) == (100, 100, 111)
    cache.delete("files_bytes")


def test_jobs_are_told_with_their_last_run_and_the_error_in_one_line(aino: User) -> None:
    failed = failed_job()
    Schedule.objects.create(name="nightly", func=failed.func, schedule_type="D", next_run=MONDAY, task=failed.pk)
    Schedule.objects.create(name="never ran", func=failed.func, schedule_type="D", next_run=timezone.now())
    async_task("layers.jobs.check_audit")

    jobs = Browser(aino).get("/api/v1/admin/system").json()["jobs"]

    assert (jobs["queued"], jobs["running"], jobs["failed"]) == (1, 0, 1)
    assert jobs["failures"] == [
        {
            "id": failed.pk,
            "name": "layers.jobs.forget_old_answers",
            "at": "2026-03-02T08:00:00Z",
            "error": "ValueError: The list is not sorted.",
        }
    ]
    assert [(row["name"], row["last_run"], row["last_ok"]) for row in jobs["schedules"]] == [
        ("nightly", "2026-03-02T08:00:00Z", False),
        ("never ran", None, None),
    ]


def test_a_failed_job_gets_another_try_once(aino: User) -> None:
    failed = failed_job(args=(7,), kwargs={"x": 1})
    browser = Browser(aino)

    answers = [browser.post(f"/api/v1/admin/jobs/{failed.pk}/retry") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 404]
    [queued] = OrmQ.objects.all()
    assert (queued.func(), queued.args(), queued.kwargs()) == ("layers.jobs.forget_old_answers", (7,), {"x": 1})
    row = AuditRow.objects.get(action="job.retry")
    assert (row.actor, row.object_id, row.after) == (aino, failed.pk, {"function": "layers.jobs.forget_old_answers"})


def test_a_job_that_the_worker_will_try_again_runs_now_and_not_twice(aino: User) -> None:
    job_id = async_task("layers.jobs.check_audit")
    in_an_hour = timezone.now() + timedelta(hours=1)
    OrmQ.objects.update(lock=in_an_hour)
    failed_job(id=job_id)

    assert Browser(aino).post(f"/api/v1/admin/jobs/{job_id}/retry").status_code == 204

    [queued] = OrmQ.objects.all()
    assert queued.lock <= timezone.now()


def test_a_job_that_did_not_fail_is_not_found(aino: User) -> None:
    done = failed_job(success=True, result="fine")

    answers = [Browser(aino).post(f"/api/v1/admin/jobs/{job_id}/retry") for job_id in (done.pk, "x" * 300, "%00")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert not OrmQ.objects.exists()


def test_the_report_costs_the_same_however_much_there_is(aino: User, django_assert_num_queries: Any) -> None:
    browser = Browser(aino)
    failed = failed_job()
    Schedule.objects.create(name=failed.name, func=failed.func, schedule_type="D", next_run=MONDAY, task=failed.pk)
    with CaptureQueriesContext(connection) as few:
        browser.get("/api/v1/admin/system")
        queries = len(few)
    for number in range(5):
        failed = failed_job(name=f"job {number}")
        Schedule.objects.create(name=failed.name, func=failed.func, schedule_type="D", next_run=MONDAY, task=failed.pk)

    with django_assert_num_queries(queries):
        assert browser.get("/api/v1/admin/system").json()["jobs"]["failed"] == 6
