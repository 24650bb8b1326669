"""Personal access tokens: how scripts and desktop GIS sign in, for reads of some layers only (docs/decisions/0012-tokens.md).

Only a token's SHA-256 is stored. What it opens is judged with every request by its owner's rights of that moment, narrowed to its layers.
"""

import base64
import binascii
import hashlib
import re
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from layers import access, addresses, audit, registry
from layers.models import AccessToken, AuditRow

PREFIX = "ga_"
# Never "Basic", on which a browser would ask for a name and password of its own accord.
CHALLENGE = 'Bearer error="invalid_token"'
SHOWN_CHARACTERS = 9
MAX_TOKENS = 50
NOTE_USE_EVERY = timedelta(minutes=1)
WRONG_A_MINUTE = 20
_SHAPE = re.compile(rf"{PREFIX}[\w-]{{43}}", re.ASCII)
_REMEMBERED = 10_000


class UnknownToken(LookupError):
    """There is no such token, or it is another person's."""


class TooManyTokens(Exception):
    """The person has as many tokens as one may have."""


class WrongToken(Exception):
    """The token is not one of ours, has expired, was revoked, or its owner is locked out: from outside these are one."""

    def __init__(self) -> None:
        super().__init__("This access token is not valid, or not any more; make a new one.")


class TooManyWrongTokens(Exception):
    """Too many wrong tokens came from this address. `retry_after_s` are seconds."""

    retry_after_s = 60

    def __init__(self) -> None:
        super().__init__("Too many wrong access tokens came from this address; wait a minute.")


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who brought a token: its owner, whose rights are narrowed to what the token opens."""

    user: User
    token_id: int


@dataclass(slots=True)
class WrongTokens:
    """Counts wrong tokens per address (of IPv6 per /64) and minute, in this process. A token that was right before is always looked up: neighbours share addresses."""

    _minute: int = 0
    _wrong: Counter[str] = field(default_factory=Counter)
    _right: set[str] = field(default_factory=set)

    def check(self, ip: str, digest: str) -> None:
        """Raises TooManyWrongTokens: it is not even looked up."""
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute = minute
            self._wrong.clear()
        if self._wrong[addresses.network(ip)] >= WRONG_A_MINUTE and digest not in self._right:
            raise TooManyWrongTokens

    def was_wrong(self, ip: str) -> None:
        self._wrong[addresses.network(ip)] += 1

    def was_right(self, digest: str) -> None:
        if len(self._right) >= _REMEMBERED:
            self._right.clear()
        self._right.add(digest)


# One for the API's threads and the tiles' event loop: both are served by the same process.
wrong_tokens = WrongTokens()
_noted: dict[int, float] = {}


def make_token(*, user: User, name: str, layer_ids: Sequence[str], days: int, at: datetime) -> tuple[AccessToken, str]:
    """Make a token that reads these layers; return its row and the secret, which nobody can read again.

    Raises:
        registry.UnknownLayer: the person does not see one of the layers, or no imagery. TooManyTokens: the person has MAX_TOKENS.
    """
    for layer_id in layer_ids:
        if layer_id != access.IMAGERY:
            registry.layer_for(user, layer_id)
        elif not access.areas_of(user, access.IMAGERY, access.VIEW):
            raise registry.UnknownLayer("There is no imagery for you.")
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        # Locked, so that two at once cannot both be the last.
        User.objects.select_for_update().get(pk=user.pk)
        if AccessToken.objects.filter(user=user).count() >= MAX_TOKENS:
            raise TooManyTokens(f"You have {MAX_TOKENS} access tokens; revoke one that is not used any more.")
        token = AccessToken.objects.create(
            user=user,
            name=name,
            layers=sorted(set(layer_ids)),
            prefix=secret[:SHOWN_CHARACTERS],
            digest=digest_of(secret),
            created_at=at,
            expires_at=at + timedelta(days=days),
        )
        audit.record([_deed("make", token, {"layers": token.layers, "expires_at": token.expires_at.isoformat()})], user=user, at=at)
    return token, secret


def revoke_token(token_id: int, *, by: User, at: datetime, owner: User | None = None) -> None:
    """Take the token away: the next request with it is 401. With `owner`, only a token of theirs is known.

    Raises:
        UnknownToken: there is none, or it is another person's.
    """
    with transaction.atomic():
        tokens = AccessToken.objects.filter(user=owner) if owner else AccessToken.objects.all()
        token = tokens.select_for_update(of=("self",)).select_related("user").filter(pk=token_id).first()
        if token is None:
            raise UnknownToken("There is no such access token.")
        deed = _deed("revoke", token, {"owner": token.user.username})
        token.delete()
        audit.record([deed], user=by, at=at)


def given(authorization: str) -> str:
    """Return the token in an Authorization header: of Bearer, or the password of Basic; "" when it holds none of ours.

    >>> given("Bearer ga_x"), given("Basic " + base64.b64encode(b"me:ga_y").decode()), given("Basic bWU6c2VjcmV0"), given("Bearer")
    ('ga_x', 'ga_y', '', '')
    """
    scheme, _, text = authorization.partition(" ")
    text = text.strip()
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(text, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    elif scheme.lower() != "bearer":
        return ""
    return text if text.startswith(PREFIX) else ""


def in_address(parameters: Mapping[str, str]) -> str:
    """Return the token among an address's parameters, whose names may be in capitals; "" when there is none of ours.

    >>> in_address({"TOKEN": "ga_x"}), in_address({"token": "other"}), in_address({})
    ('ga_x', '', '')
    """
    text = next((parameters[name] for name in parameters if name.lower() == "token"), "")
    return text if text.startswith(PREFIX) else ""


def digest_of(secret: str) -> str:
    """Return what is stored of a token. A plain hash is right here: 256 random bits cannot be guessed, however fast the hash is."""
    return hashlib.sha256(secret.encode()).hexdigest() if _SHAPE.fullmatch(secret) else ""


def bearer(secret: str, *, ip: str, at: datetime) -> Bearer:
    """Return who brought the token, and note that it was used.

    Raises:
        WrongToken, TooManyWrongTokens.
    """
    digest = digest_of(secret)
    wrong_tokens.check(ip, digest)
    # What has not the shape of a token is not looked up.
    rows = AccessToken.objects.filter(digest=digest) if digest else AccessToken.objects.none()
    token = rows.select_related("user").filter(expires_at__gt=at, user__is_active=True).first()
    if token is None:
        wrong_tokens.was_wrong(ip)
        raise WrongToken
    wrong_tokens.was_right(digest)
    if is_use_due(token.pk):
        note_use(token.pk, at=at)
    access.narrow(token.user, token.layers)
    return Bearer(token.user, token.pk)


def is_use_due(token_id: int) -> bool:
    """Tell whether this process should note the token's use now; asking counts as doing it."""
    now = time.monotonic()
    if now - _noted.get(token_id, -1e9) < NOTE_USE_EVERY.total_seconds():
        return False
    if len(_noted) >= _REMEMBERED:
        _noted.clear()
    _noted[token_id] = now
    return True


def note_use(token_id: int, *, at: datetime) -> None:
    """Write when the token was used, at most once a minute; its first use of a day from an address also goes to the audit."""
    with transaction.atomic():
        due = Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - NOTE_USE_EVERY)
        if not AccessToken.objects.filter(due, pk=token_id).update(last_used_at=at):
            return
        token = AccessToken.objects.select_related("user").get(pk=token_id)
        today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
        before = AuditRow.objects.filter(layer="tokens", object_id=str(token_id), action="token.use", at__gte=today)
        if not before.filter(ip=audit.present_origin().ip).exists():
            audit.record([_deed("use", token, {"layers": token.layers})], user=token.user, at=at)


def _deed(verb: str, token: AccessToken, after: dict[str, object]) -> audit.Deed:
    label = f"{token.name} ({token.prefix}…)"
    return audit.Deed(f"token.{verb}", layer="tokens", object_id=token.pk, label=label, after=after)
