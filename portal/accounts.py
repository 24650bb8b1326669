"""People of the demonstration: one of each role, with passwords made anew for every installation."""

import secrets

from django.contrib.auth.models import User
from django.db import transaction

from customers.models import Account, AccountHolder
from layers import audit
from layers import services as rights
from layers.access import CUSTOMER, ROLE_ACTIONS

_NAMES = {
    "dispatcher": ("Dina", "Dispatcher"),
    "planner": ("Pekka", "Planner"),
    "inspector": ("Ines", "Inspector"),
    "supervisor": ("Sulo", "Supervisor"),
    "analyst": ("Anna", "Analyst"),
    "administrator": ("Aino", "Administrator"),
    "customer": ("Kalle", "Customer"),
}


def ensure_demo_accounts(known: dict[str, str]) -> dict[str, dict[str, str]]:
    """Make sure one person of each role exists; return {username: {password, role}}.

    `known` holds passwords given out before: they stay. A person whose password is not known gets a new one.
    """
    people, renewed = {}, []
    with transaction.atomic():
        for role in ROLE_ACTIONS:
            [group] = rights.ensure_roles([role])
            first_name, last_name = _NAMES[role]
            # With an address, so that a forgotten password can be tried out; example.org is nobody's.
            told = {"first_name": first_name, "last_name": last_name, "email": f"{role}@example.org"}
            user, _ = User.objects.get_or_create(username=role, defaults=told)
            password = known.get(role, "")
            if not (password and user.check_password(password)):
                password = f"{secrets.token_urlsafe(4)}-{secrets.token_urlsafe(8)}"
                user.set_password(password)
                renewed.append(user)
            user.is_staff = user.is_superuser = role == "administrator"
            user.save()
            user.groups.set([group])
            people[role] = {"password": password, "role": role}
        _hold_something(User.objects.get(username=CUSTOMER))
        deeds = [audit.about(user, "person.change", after={"role": user.username, "password": "renewed"}) for user in renewed]
        audit.record(deeds, user=None, at=audit.transaction_time())
    return people


def _hold_something(user: User) -> None:
    """Give the demonstration customer the accounts of one enterprise."""
    if AccountHolder.objects.filter(user=user).exists():
        return
    account = Account.objects.present().located().order_by("account_no").first()
    if account:
        AccountHolder.objects.bulk_create(
            AccountHolder(user=user, account=held) for held in Account.objects.filter(enterprise=account.enterprise)
        )
