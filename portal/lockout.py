"""How often a password or a code may be tried. The truth is in the database, so every web process counts the same tries.

Whoever signed in on a device before has a budget of their own there: an attacker elsewhere can never lock a duty operator out of it.
Every number here is of docs/decisions/0011-sign-in.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string, salted_hmac

from layers import addresses, audit, one_at_a_time
from portal.models import SignInTry

Kind = Literal["password", "code", "reset"]
# For one name from one address, or on one known device.
FEW, WINDOW = 5, timedelta(minutes=15)
# For one name from all addresses: from MANY on a pause that doubles, up to LONGEST_PAUSE.
MANY, DAY, FIRST_PAUSE, LONGEST_PAUSE = 10, timedelta(hours=24), timedelta(seconds=30), timedelta(minutes=15)
# For one address and all names: an office behind one address mistypes too, so this only slows.
CROWD, HOUR, FIRST_WAIT, LONGEST_WAIT = 30, timedelta(hours=1), timedelta(seconds=1), timedelta(minutes=5)
DEVICE_COOKIE, DEVICE_DAYS, PEOPLE_PER_DEVICE = "device", 180, 20
_SALT = "gridatlas.device"


class LockedOut(Exception):
    """Too many tries were wrong. `retry_after_s` are the whole seconds until the next one is judged."""

    def __init__(self, retry_after: timedelta) -> None:
        self.retry_after_s = int(retry_after.total_seconds()) + 1
        super().__init__("Too many tries were wrong; wait a moment and try again.")


@dataclass(frozen=True, slots=True)
class Try:
    """A try that may be judged now. It counts as wrong until `succeeded` says otherwise. `is_last`: one more would be too many."""

    subject: str
    ip: str
    device: str
    is_last: bool


def reserve(request: HttpRequest, *, username: str, kind: Kind, at: datetime) -> Try:
    """Count one try before it is judged, so that many at once are not more than few in turn.

    Raises:
        LockedOut: the try may not even be judged. It does not count, so hammering makes nobody wait longer.
    """
    subject, ip = _subject(username, kind), addresses.network(request.META.get("REMOTE_ADDR", ""))
    device = _device_of(request, username)
    with transaction.atomic():
        # Counted one after the other; judged they are outside of this transaction.
        one_at_a_time.hold(one_at_a_time.What.TRIES_OF_A_NAME, subject)
        one_at_a_time.hold(one_at_a_time.What.TRIES_FROM_AN_ADDRESS, ip)
        same_name = SignInTry.objects.filter(subject=subject, at__gt=at - DAY)
        here = _times(same_name.filter(device=device) if device else same_name.filter(device="", ip=ip))
        pause = pause_after_few(here, at=at)
        if not device:
            everywhere = _times(same_name.filter(device=""))
            from_here = _times(SignInTry.objects.filter(ip=ip, device="", at__gt=at - HOUR))
            pause = max(
                pause,
                doubling_pause(everywhere, at=at, free=MANY, first=FIRST_PAUSE, longest=LONGEST_PAUSE),
                doubling_pause(from_here, at=at, free=CROWD, first=FIRST_WAIT, longest=LONGEST_WAIT),
            )
        if pause > timedelta(0):
            raise LockedOut(pause)
        SignInTry.objects.create(subject=subject, ip=ip, device=device, at=at)
        is_last = pause_after_few([*here, at], at=at) > timedelta(0)
    return Try(subject, ip, device, is_last)


def succeeded(judged: Try) -> None:
    """Forget the wrong tries of this name from here. Those from elsewhere stay: they were somebody else."""
    tries = SignInTry.objects.filter(subject=judged.subject, device=judged.device)
    (tries if judged.device else tries.filter(ip=judged.ip)).delete()


def unlock(people: Iterable[User], *, by: User, at: datetime) -> None:
    """Let these people try again at once, from everywhere; the administrator who helps on the telephone calls it.

    What they tried by their e-mail address is forgotten as well as what they tried by their user name.
    """
    people = list(people)
    with transaction.atomic():
        names = [name for user in people for name in (user.username, user.email) if name]
        subjects = [_subject(name, kind) for name in names for kind in get_args(Kind)]
        SignInTry.objects.filter(subject__in=subjects).delete()
        audit.record([audit.about(user, "person.unlock") for user in people], user=by, at=at)


def remember_device(request: HttpRequest, response: HttpResponse, *, username: str) -> None:
    """Give the browser a signed cookie by which this person's tries on it are told from a stranger's. Several people may share a desk."""
    device, people = _device_cookie(request)
    me = _subject(username, "password")
    people = [*(known for known in people if known != me), me][-PEOPLE_PER_DEVICE:]
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps([device or get_random_string(32), people], salt=_SALT),
        max_age=timedelta(days=DEVICE_DAYS),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def pause_after_few(times: Sequence[datetime], *, at: datetime) -> timedelta:
    """Return how long to wait when FEW of these tries (oldest first) lie within WINDOW.

    >>> noon = datetime(2026, 3, 2, 12)
    >>> pause_after_few([noon] * 4, at=noon).total_seconds(), pause_after_few([noon] * 5, at=noon).total_seconds()
    (0.0, 900.0)
    """
    return max(times[-FEW] + WINDOW - at, timedelta(0)) if len(times) >= FEW else timedelta(0)


def doubling_pause(times: Sequence[datetime], *, at: datetime, free: int, first: timedelta, longest: timedelta) -> timedelta:
    """Return how long to wait since the newest of these tries: nothing below `free` of them, then twice as long with every one.

    >>> noon, s = datetime(2026, 3, 2, 12), timedelta(seconds=1)
    >>> [doubling_pause([noon] * n, at=noon, free=3, first=s, longest=9 * s).seconds for n in (2, 3, 4, 6, 7, 400)]
    [0, 1, 2, 8, 9, 9]
    """
    if len(times) < free:
        return timedelta(0)
    doublings = min(len(times) - free, 30)
    return max(times[-1] + min(first * 2**doublings, longest) - at, timedelta(0))


def _subject(username: str, kind: Kind) -> str:
    return salted_hmac(f"gridatlas.tries.{kind}", username.casefold()).hexdigest()


def _device_of(request: HttpRequest, username: str) -> str:
    device, people = _device_cookie(request)
    return device if _subject(username, "password") in people else ""


def _device_cookie(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        device, people = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=_SALT, max_age=timedelta(days=DEVICE_DAYS))
    except signing.BadSignature:
        return "", []
    return device, people


def _times(tries: QuerySet[SignInTry]) -> list[datetime]:
    return list(tries.order_by("at").values_list("at", flat=True))
