"""Who may do what: the seven roles and their actions. The fine grain (layer, area) joins here later."""

from collections.abc import Iterable, Set

from django.contrib.auth.models import AnonymousUser, User

Person = User | AnonymousUser

VIEW, ADD, MOVE, EDIT, DELETE, APPROVE, EXPORT = "view", "add", "move", "edit", "delete", "approve", "export"
ALL_ACTIONS = (VIEW, ADD, MOVE, EDIT, DELETE, APPROVE, EXPORT)

ROLE_ACTIONS: dict[str, frozenset[str]] = {
    "dispatcher": frozenset({VIEW, EXPORT}),
    "planner": frozenset({VIEW, ADD, MOVE, EDIT, DELETE, EXPORT}),
    "inspector": frozenset({VIEW, MOVE}),
    "supervisor": frozenset({VIEW, ADD, MOVE, EDIT, DELETE, APPROVE, EXPORT}),
    "analyst": frozenset({VIEW, EXPORT}),
    "administrator": frozenset({VIEW, ADD, MOVE, EDIT, DELETE, APPROVE, EXPORT}),
    "customer": frozenset({VIEW}),
}
CUSTOMER = "customer"
EVERYTHING = "staff"


class NotAllowed(PermissionError):
    """The person's role lacks the action."""


def role_of(user: Person) -> str:
    """Return the person's role, or "" for somebody without one. Roles are groups; the first in the table's order counts."""
    if not user.is_authenticated:
        return ""
    # One query per request at most: a user object lives as long as its request.
    if "_gridatlas_role" not in user.__dict__:
        user.__dict__["_gridatlas_role"] = _role_among(user.groups.values_list("name", flat=True), is_superuser=user.is_superuser)
    return str(user.__dict__["_gridatlas_role"])


def person(user_id: int, groups: Iterable[str], *, is_superuser: bool = False) -> User:
    """Return a user to hand to the predicates, made of what a query of the caller's own just read."""
    user = User(pk=user_id, is_superuser=is_superuser)
    user.__dict__["_gridatlas_role"] = _role_among(groups, is_superuser=is_superuser)
    return user


def everybody() -> User:
    """Return a user who sees every row, for work that no person asked for: rebuilding the pyramid, following a stream."""
    return person(0, ["administrator"])


def _role_among(groups: Iterable[str], *, is_superuser: bool) -> str:
    names = set(groups)
    return next((role for role in ROLE_ACTIONS if role in names), "administrator" if is_superuser else "")


def actions_of(user: Person) -> Set[str]:
    """Return the actions of the person's role."""
    return ROLE_ACTIONS.get(role_of(user), frozenset())


def is_staff_role(user: Person) -> bool:
    """Return whether the person works for the utility, and so sees every customer."""
    return role_of(user) not in ("", CUSTOMER)


def scope_of(user: Person) -> str:
    """Return the key under which tiles for this person may be cached: people with equal keys see equal bytes."""
    return EVERYTHING if is_staff_role(user) else f"user-{user.pk}"


def require(user: Person, action: str) -> User:
    """Return the person, now known to be somebody; refuse one whose role lacks the action.

    Raises:
        NotAllowed: with a sentence that names the action.
    """
    if not isinstance(user, User) or action not in actions_of(user):
        raise NotAllowed(f"Your role may not {action} here; ask your administrator.")
    return user
