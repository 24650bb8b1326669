"""Let work on one thing be done one after the other, where there is no row yet to lock."""

from enum import IntEnum

from django.db import connection


class What(IntEnum):
    """What is done one at a time; the numbers are PostgreSQL's, which knows such locks by two numbers."""

    TRIES_OF_A_NAME = 1
    TRIES_FROM_AN_ADDRESS = 2
    SIGN_IN_BY_ISSUER = 3
    AREA_OF_A_CODE = 4
    MAP_PROXYS_CONFIGURATION = 5


def hold(what: What, name: str) -> None:
    """Wait for whoever holds the same, and hold it until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [what.value, name])
