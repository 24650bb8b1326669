"""The second factor: a code of an authenticator app (TOTP, RFC 6238), or a recovery code. The rows are django-allauth's.

Its own check remembers used codes in a per-process cache for 30 seconds, while a code with tolerance is good for 90. Here the row
keeps the last step that was accepted: neither the same code nor an older one is ever taken again, by any process.
"""

import hmac
from datetime import datetime

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.models import User
from django.db import transaction

from layers import audit

STEP_S, TOLERANCE = 30, 1
_TOTP, _RECOVERY = Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES


class BadCode(ValueError):
    """The code is not right, or was taken before."""

    def __init__(self) -> None:
        super().__init__("The code is not right.")


def new_secret() -> str:
    """Return a fresh shared secret, in base 32."""
    return generate_totp_secret()


def has_totp(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=_TOTP).exists()


def recovery_codes_left(user: User) -> int:
    row = Authenticator.objects.filter(user=user, type=_RECOVERY).first()
    return len(RecoveryCodes(row).get_unused_codes()) if row else 0


def matching_step(secret: str, code: str, *, at: datetime) -> int | None:
    """Return the 30-second step whose code this is: the one of `at`, the one before or the one after; None for any other code."""
    now = int(at.timestamp()) // STEP_S
    steps = range(now - TOLERANCE, now + TOLERANCE + 1)
    # Every step is compared, in constant time.
    found = [step for step in steps if hmac.compare_digest(format_hotp_value(hotp_value(secret, step)).encode(), code.encode())]
    return max(found, default=None)


def take_code(user: User, code: str, *, at: datetime) -> str:
    """Use up a code of the app (six digits) or a recovery code (eight); return which: "totp" or "recovery_code".

    Raises:
        BadCode.
    """
    code = code.replace(" ", "").replace("-", "")
    with transaction.atomic():
        if len(code) == 6 and _take_totp(user, code, at):
            return "totp"
        row = Authenticator.objects.filter(user=user, type=_RECOVERY).first()
        if len(code) == 8 and row and RecoveryCodes(row).validate_code(code):
            audit.record([audit.about(user, "second_factor.recover", after={"codes_left": recovery_codes_left(user)})], user=user, at=at)
            return "recovery_code"
    raise BadCode


def set_totp(user: User, secret: str, code: str, *, at: datetime) -> list[str]:
    """Make the app that shows this code the person's second factor, instead of any other; return fresh recovery codes.

    Raises:
        BadCode: the app and the server do not agree; nothing has changed.
    """
    step = matching_step(secret, code.replace(" ", ""), at=at)
    if step is None:
        raise BadCode
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        Authenticator.objects.create(
            user=user, type=_TOTP, data={"secret": get_adapter().encrypt(secret), "last_step": step}, created_at=at
        )
        codes = RecoveryCodes.activate(user).generate_codes()
        audit.record([audit.about(user, "second_factor.set")], user=user, at=at)
    return codes


def renew_recovery_codes(user: User, *, at: datetime) -> list[str]:
    """Return fresh recovery codes; the old ones are void."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=_RECOVERY).delete()
        codes = RecoveryCodes.activate(user).generate_codes()
        audit.record([audit.about(user, "second_factor.recovery_codes")], user=user, at=at)
    return codes


def remove(user: User, *, by: User, at: datetime) -> None:
    """Take the second factor away, e.g. because the telephone is lost. Ending the person's sessions is the caller's decision."""
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(user=user).delete()
        if removed:
            audit.record([audit.about(user, "second_factor.remove")], user=by, at=at)


def _take_totp(user: User, code: str, at: datetime) -> bool:
    row = Authenticator.objects.select_for_update().filter(user=user, type=_TOTP).first()
    if row is None:
        return False
    step = matching_step(get_adapter().decrypt(row.data["secret"]), code, at=at)
    if step is None or step <= row.data["last_step"]:
        return False
    row.data["last_step"], row.last_used_at = step, at
    row.save(update_fields=["data", "last_used_at"])
    return True
