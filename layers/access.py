"""Who may do what, where: role x layer x action x area. One text per person, read in one query, is all that their rights hang on."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection
from django.db.models import Q

from spatial import shapes
from spatial.models import Area

Person = User | AnonymousUser

VIEW, ADD, MOVE, EDIT, DELETE, APPROVE, EXPORT = "view", "add", "move", "edit", "delete", "approve", "export"
ALL_ACTIONS = (VIEW, ADD, MOVE, EDIT, DELETE, APPROVE, EXPORT)
EVERY_LAYER = "*"
# What rights name beside the registry's layers: the imagery below them, all of it alike. It can only be seen.
IMAGERY = "imagery"

# What a role may do, everywhere, until an administrator says otherwise (`services.ensure_roles`).
ROLE_ACTIONS: dict[str, frozenset[str]] = {
    "dispatcher": frozenset({VIEW, EXPORT}),
    "planner": frozenset({VIEW, ADD, MOVE, EDIT, DELETE, EXPORT}),
    "inspector": frozenset({VIEW, MOVE}),
    "supervisor": frozenset({VIEW, ADD, MOVE, EDIT, DELETE, APPROVE, EXPORT}),
    "analyst": frozenset({VIEW, EXPORT}),
    "administrator": frozenset({VIEW, ADD, MOVE, EDIT, DELETE, APPROVE, EXPORT}),
    "customer": frozenset({VIEW}),
}
CUSTOMER, ADMINISTRATOR = "customer", "administrator"
EVERYTHING, NOTHING = "staff", ""

# Everything a person's rights hang on, as one text; `u` is their row of auth_user. Three readers share it: a request, the tiles'
# freshness query and the sockets' watch. An area comes with the version of its row (xmin and ctid: who wrote it, where it lies), so
# that a redrawn polygon is another right, whoever redrew it: no service has to remember to tell.
RIGHTS_TEXT = """jsonb_build_array(u.is_superuser,
    array(select g.name from auth_user_groups m join auth_group g on g.id = m.group_id where m.user_id = u.id order by g.name),
    array(select distinct concat_ws(' ', r.layer, r.action, r.area_id, a.xmin::text || a.ctid::text) from auth_user_groups m
        join layers_layergrant r on r.group_id = m.group_id left join spatial_area a on a.id = r.area_id where m.user_id = u.id order by 1)
)::text"""


class NotAllowed(PermissionError):
    """The person's roles lack the action."""


class OutsideArea(PermissionError):
    """The person may do this, but not at this place."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a right holds: everywhere (`whole`) or inside areas, given as (id, version of the polygon). Neither is nowhere."""

    whole: bool = False
    areas: frozenset[tuple[int, str]] = frozenset()

    def __bool__(self) -> bool:
        return self.whole or bool(self.areas)

    def __or__(self, other: "Reach") -> "Reach":
        # Where a right holds everywhere, its areas say nothing more.
        return Reach(whole=True) if self.whole or other.whole else Reach(areas=self.areas | other.areas)

    @property
    def area_ids(self) -> list[int]:
        return sorted(pk for pk, _ in self.areas)

    def holds(self, geom: str) -> Q:
        """Return the condition that the point in the field `geom` is covered by one of the areas.

        The polygons stand in the statement itself: only so does the planner know how many rows they hold. Read by key within the
        statement, a polygon around 400,000 customers made their list 4.5 times as slow. Before each of them stand a box and a simple
        polygon inside it: PostgreSQL asks from the left, most points lie in the box, and that costs a tenth of a thousand corners.
        """
        conditions = []
        for box, core, polygon in self._shapes():
            lookups = (("contained", box), ("coveredby", core), ("coveredby", polygon))
            conditions += [Q(**{f"{geom}__{lookup}": shape}) for lookup, shape in lookups if not shape.empty]
        return self._any(conditions)

    def touches(self, geom: str) -> Q:
        """Return the condition that the shape in the field `geom` reaches into one of the areas."""
        return self._any(Q(**{f"{geom}__intersects": polygon}) for polygon in self.polygons())

    def polygons(self) -> list[GEOSGeometry]:
        """Return the shapes of the areas (EPSG:4326); without any, nothing is inside."""
        return [polygon for *_, polygon in self._shapes()]

    def _any(self, conditions: Iterable[Q]) -> Q:
        return Q() if self.whole else reduce(or_, conditions, Q(pk__in=[]))

    def _shapes(self) -> Iterator[tuple[GEOSGeometry, ...]]:
        """Yield of each area the box and the simple polygon inside it, empty ones where there are none, and its polygon."""
        for area_id, version in sorted(self.areas):
            if found := _shapes(area_id, version):
                yield tuple(map(GEOSGeometry, found))


@lru_cache(maxsize=1000)
def _shapes(area_id: int, version: str) -> tuple[memoryview, ...] | None:
    """Return the three shapes of `Reach._shapes` as EWKB, kept per version; None when the area was deleted since.

    A version never comes back with another shape.
    """
    area = Area.objects.filter(pk=area_id).first()
    return tuple(shape.ewkb for shape in (*shapes.inside(area.geom), area.geom)) if area else None


@dataclass(frozen=True, slots=True)
class Rights:
    """One person's rights: `reaches` by (layer or "*", action) is the union over all their groups."""

    role: str
    reaches: Mapping[tuple[str, str], Reach]

    def reach(self, layer_id: str, action: str) -> Reach:
        nowhere = Reach()
        return self.reaches.get((EVERY_LAYER, action), nowhere) | self.reaches.get((layer_id, action), nowhere)

    def actions(self, layer_id: str | None) -> frozenset[str]:
        return frozenset(action for layer, action in self.reaches if layer_id is None or layer in (EVERY_LAYER, layer_id))


NO_RIGHTS = Rights("", {})
_ALL = {(EVERY_LAYER, action): Reach(whole=True) for action in ALL_ACTIONS}


@lru_cache(maxsize=10_000)
def parse_rights(text: str) -> Rights:
    """Read what RIGHTS_TEXT wrote. A superuser has every right, so that an installation can always be repaired."""
    is_superuser, groups, grants = json.loads(text)
    reaches: dict[tuple[str, str], Reach] = dict(_ALL) if is_superuser else {}
    for layer, action, *area in (grant.split(" ") for grant in grants):
        reach = Reach(areas=frozenset({(int(area[0]), area[1])})) if area else Reach(whole=True)
        reaches[(layer, action)] = reaches.get((layer, action), Reach()) | reach
    return Rights(role_among(groups, is_superuser=is_superuser), reaches)


def rights_of(user: Person) -> Rights:
    """Return the person's rights: one query per request at most, since a user object lives as long as its request.

    Somebody who is locked out has none.
    """
    if not user.is_authenticated or not user.is_active:
        return NO_RIGHTS
    if "_gridatlas_rights" not in user.__dict__:
        with connection.cursor() as cursor:
            cursor.execute(f"select {RIGHTS_TEXT} from auth_user u where u.id = %s", [user.pk])
            found = cursor.fetchone()
        user.__dict__["_gridatlas_rights"] = parse_rights(found[0]) if found else NO_RIGHTS
    rights: Rights = user.__dict__["_gridatlas_rights"]
    return rights


def narrowed(rights: Rights, layer_ids: Iterable[str]) -> Rights:
    """Return what an access token for these layers leaves of its owner's rights: to see them and to take them away, nothing else."""
    wanted = ((layer_id, action) for layer_id in layer_ids for action in (VIEW, EXPORT))
    return Rights(rights.role, {right: reach for right in wanted if (reach := rights.reach(*right))})


def narrow(user: User, layer_ids: Iterable[str]) -> None:
    """Leave this user object only what `narrowed` leaves."""
    user.__dict__["_gridatlas_rights"] = narrowed(rights_of(user), layer_ids)


def exporting(user: User, layer_id: str) -> User:
    """Return the person to hand to the predicates as if they saw of this layer only what they may take away as a file."""
    rights = rights_of(user)
    return person(user.pk, Rights(rights.role, {(layer_id, VIEW): rights.reach(layer_id, EXPORT)}))


def person(user_id: int, rights: Rights) -> User:
    """Return a user to hand to the predicates, whose rights a query of the caller's own just read."""
    user = User(pk=user_id, is_active=True)
    user.__dict__["_gridatlas_rights"] = rights
    return user


def everybody() -> User:
    """Return a user who may do everything everywhere, for work that no person asked for: rebuilding the pyramid, the demo, a job."""
    return person(0, Rights(ADMINISTRATOR, _ALL))


def author(user: User) -> User | None:
    """Return whom to write down as the one who did it: None for `everybody`, the system itself, which has no account."""
    return user if user.pk else None


def role_named(group: str) -> str:
    """Return the role of a group: a team is a group called role:team, such as planner:north. "" for any other group.

    >>> [role_named(name) for name in ("planner", "planner:north", "planners", "")]
    ['planner', 'planner', '', '']
    """
    role = group.partition(":")[0]
    return role if role in ROLE_ACTIONS else ""


def role_among(groups: Iterable[str], *, is_superuser: bool) -> str:
    """Return the role of somebody in these groups: administrator before all, else the first in ROLE_ACTIONS' order.

    Whoever administers keeps doing so when they join a team, and a superuser always does: an installation can be repaired.
    """
    roles = {role_named(name) for name in groups}
    if is_superuser or ADMINISTRATOR in roles:
        return ADMINISTRATOR
    return next((role for role in ROLE_ACTIONS if role in roles), "")


def role_of(user: Person) -> str:
    """Return the person's role, or "" for somebody without one. In several groups, see `role_among`."""
    return rights_of(user).role


def is_staff_role(user: Person) -> bool:
    """Return whether the person works for the utility; everybody else sees only what they hold."""
    return role_of(user) not in ("", CUSTOMER)


def actions_of(user: Person, layer_id: str | None = None) -> Set[str]:
    """Return what the person may do somewhere on this layer, or on any layer."""
    rights = rights_of(user)
    return rights.actions(layer_id) if rights.role else frozenset()


def areas_of(user: Person, layer_id: str, action: str) -> Reach:
    """Return where the person may do this: everywhere, in some areas, or nowhere. Of a customer's reach only what they hold counts."""
    rights = rights_of(user)
    return rights.reach(layer_id, action) if rights.role else Reach()


def scope_of(user: Person, layer_id: str) -> str:
    """Return the key under which what this person sees of the layer may be shared: equal keys mean equal bytes.

    A polygon's version is part of it: once an area is redrawn, nothing that was rendered for the old one is found again.
    """
    reach = areas_of(user, layer_id, VIEW)
    if not reach:
        return NOTHING
    if not is_staff_role(user):
        return f"user-{user.pk}"
    if reach.whole:
        return EVERYTHING
    text = ",".join(f"{pk}.{version}" for pk, version in sorted(reach.areas))
    return f"areas-{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"


def is_private(scope: str) -> bool:
    """Return whether the scope is one person's own: what they hold is told by no stream, so nothing of theirs is kept or shared."""
    return scope.startswith("user-")


def somebody(user: Person) -> User:
    """Return the person, known to have a role here.

    Raises:
        NotAllowed: they have none, so there is nothing for them.
    """
    if not isinstance(user, User) or not role_of(user):
        raise NotAllowed("You have no role here; ask your administrator.")
    return user


def require(user: Person, action: str, layer_id: str) -> User:
    """Return the person, now known to be somebody; refuse one who may do this nowhere on the layer.

    Raises:
        NotAllowed: with a sentence that names the action.
    """
    if not isinstance(user, User) or action not in actions_of(user, layer_id):
        raise NotAllowed(f"Your role may not {action} here; ask your administrator.")
    return user


def require_administrator(user: Person) -> User:
    """Return the person, known to administer this installation.

    Raises:
        NotAllowed: they do not.
    """
    if not isinstance(user, User) or role_of(user) != ADMINISTRATOR:
        raise NotAllowed("Only administrators may do this.")
    return user
