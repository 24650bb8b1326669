"""Texts that leave the server and come back, unread and unchanged by anybody on the way: sealed by the installation's secret key."""

import base64
import hashlib
import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class NotSealedHere(ValueError):
    """The text was not sealed here for that purpose, or was changed since."""


def seal(told: Sequence[str], *, purpose: str) -> str:
    """Return the texts as one that fits into an address and shows nothing of them."""
    return fernet(purpose).encrypt(json.dumps(list(told), ensure_ascii=False).encode()).decode()


def unseal(text: str, *, purpose: str) -> list[str]:
    """Return the texts that were sealed.

    Raises:
        NotSealedHere.
    """
    try:
        return list(json.loads(fernet(purpose).decrypt(text.encode())))
    except InvalidToken as error:
        raise NotSealedHere("This text was not sealed here.") from error


def fernet(purpose: str) -> MultiFernet:
    """Return what seals for one purpose; older secret keys still open."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"gridatlas.{purpose}{key}".encode()).digest())) for key in keys])
