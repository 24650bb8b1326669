"""Writes of rights: who is in which group, what a group may do where, who may come in at all. They count from the next request on."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q

from layers import access, audit, registry
from layers.models import LayerGrant
from spatial.models import Area

log = structlog.get_logger()
What = Literal["granted", "revoked", "joined", "left", "activated", "deactivated"]


class UnknownGroup(LookupError):
    """There is no group of that name, and none can be called so."""


class UnknownArea(LookupError):
    """There is no area of that code."""


class UnknownPerson(LookupError):
    """There is no such person."""


class UnknownAction(ValueError):
    """No right is called so."""


class LastAdministrator(Exception):
    """Nobody would be left who can give rights."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One right of a group on a layer. `area` is an area's code; "" means everywhere."""

    action: str
    area: str = ""


class RightsChanged(Exception):
    """Somebody else changed the rights of `group` on `layer` since they were looked at; `stored` is what they are now."""

    def __init__(self, group: str, layer: str, stored: Sequence[Grant]) -> None:
        super().__init__("Somebody changed these rights meanwhile; look at them again.")
        self.group, self.layer, self.stored = group, layer, stored


@dataclass(frozen=True, slots=True)
class RightsChange:
    """One change of somebody's rights, in words. `subject` is a group's or a person's name; of a person `person` is who."""

    what: What
    subject: str
    layer: str = ""
    grant: Grant | None = None
    group: str = ""
    person: User | None = None


def ensure_roles(roles: Iterable[str] = access.ROLE_ACTIONS) -> list[Group]:
    """Return the roles' groups; one that does not exist yet is made, with the rights its role starts with.

    A group that exists stays as it is: what an administrator took away must not come back with the next start.
    """
    groups = []
    with transaction.atomic():
        for role in roles:
            group, created = Group.objects.get_or_create(name=role)
            if created:
                LayerGrant.objects.bulk_create(
                    LayerGrant(group=group, layer=access.EVERY_LAYER, action=action) for action in sorted(access.ROLE_ACTIONS[role])
                )
            groups.append(group)
    return groups


def ensure_team(name: str) -> Group:
    """Return the group of that name; a team (role:team) that does not exist yet is made, without any right.

    Raises:
        UnknownGroup: it does not exist, and its name begins with no role.
    """
    group = Group.objects.filter(name=name).first()
    if group is None:
        if not access.role_named(name):
            raise UnknownGroup(f"There is no group “{name[:60]}”; a new team is called role:team, such as planner:north.")
        group = ensure_roles([name])[0] if name in access.ROLE_ACTIONS else Group.objects.get_or_create(name=name)[0]
    return group


def set_grants(
    name: str, layer_id: str, grants: Collection[Grant], *, base: Collection[Grant] | None = None, by: User | None, at: datetime
) -> list[RightsChange]:
    """Make the rights of the group of that name on the layer exactly these; return what changed. For a new team see `ensure_team`.

    `base` are the rights that the wish started from; without it they are not compared.

    Raises:
        UnknownGroup, registry.UnknownLayer, UnknownAction, UnknownArea, RightsChanged: nothing is stored.
    """
    if layer_id not in (access.EVERY_LAYER, access.IMAGERY):
        registry.layer(layer_id)
    actions = {grant.action for grant in grants}
    if layer_id == access.IMAGERY and actions - {access.VIEW}:
        raise UnknownAction("Imagery can be viewed, nothing else.")
    unknown = actions - set(access.ALL_ACTIONS)
    if unknown:
        raise UnknownAction(f"“{min(unknown)[:40]}” is no action; known are {', '.join(access.ALL_ACTIONS)}.")
    areas = _areas({grant.area for grant in grants if grant.area})
    with transaction.atomic():
        # Locked, so that two administrators at once leave one's wish or the other's, not a mixture.
        group = Group.objects.select_for_update().get(pk=ensure_team(name).pk)
        stored = {
            Grant(row.action, row.area.code if row.area else ""): row
            for row in LayerGrant.objects.filter(group=group, layer=layer_id).select_related("area")
        }
        if base is not None and stored.keys() != set(base):
            raise RightsChanged(name, layer_id, sorted(stored))
        gone, new = sorted(stored.keys() - set(grants)), sorted(set(grants) - stored.keys())
        LayerGrant.objects.filter(pk__in=[stored[grant].pk for grant in gone]).delete()
        LayerGrant.objects.bulk_create(
            LayerGrant(group=group, layer=layer_id, action=grant.action, area=areas.get(grant.area)) for grant in new
        )
        changes = [
            *(RightsChange("revoked", name, layer_id, grant) for grant in gone),
            *(RightsChange("granted", name, layer_id, grant) for grant in new),
        ]
        _note(changes, by=by, at=at)
    return changes


def set_groups(user_ids: Sequence[int], names: Collection[str], *, by: User | None, at: datetime) -> list[RightsChange]:
    """Put each person into exactly these groups; return what changed.

    Raises:
        UnknownPerson, UnknownGroup, LastAdministrator: nothing is stored.
    """
    with transaction.atomic(), _somebody_administrates():
        groups = {name: ensure_team(name) for name in names}
        changes = []
        for user in _people(user_ids):
            before = {group.name for group in user.groups.all()}
            user.groups.set(groups.values())
            changes += [RightsChange("left", user.username, group=name, person=user) for name in sorted(before - set(names))]
            changes += [RightsChange("joined", user.username, group=name, person=user) for name in sorted(set(names) - before)]
        _note(changes, by=by, at=at)
    return changes


def set_active(user_ids: Sequence[int], *, is_active: bool, by: User | None, at: datetime) -> list[RightsChange]:
    """Let people in, or lock them out; their sessions end with the next request. Return what changed.

    Raises:
        UnknownPerson, LastAdministrator: nothing is stored.
    """
    with transaction.atomic(), _somebody_administrates():
        changed = [user for user in _people(user_ids) if user.is_active != is_active]
        User.objects.filter(pk__in=[user.pk for user in changed]).update(is_active=is_active)
        changes = [RightsChange("activated" if is_active else "deactivated", user.username, person=user) for user in changed]
        _note(changes, by=by, at=at)
    return changes


def _note(changes: Sequence[RightsChange], *, by: User | None, at: datetime) -> None:
    """Note every change of rights, inside its transaction: the one place where the audit takes hold."""
    if changes:
        log.info("rights_changed", changes=len(changes), by=by.pk if by else None, at=at.isoformat())
        audit.record([_deed(change) for change in changes], user=by, at=at)


def _deed(change: RightsChange) -> audit.Deed:
    told = {"what": change.what, "layer": change.layer, "action": change.grant.action if change.grant else "", "group": change.group}
    after = {name: value for name, value in told.items() if value}
    if change.person:
        return audit.about(change.person, "person.change", after=after)
    area_code = change.grant.area if change.grant else ""
    return audit.Deed("grant.change", layer="groups", object_id=change.subject, label=change.subject, area_code=area_code, after=after)


def _areas(codes: set[str]) -> dict[str, Area]:
    areas = {area.code: area for area in Area.objects.filter(code__in=codes).defer("geom")}
    if missing := codes - areas.keys():
        raise UnknownArea(f"There is no area “{min(missing)[:40]}”.")
    return areas


def _people(user_ids: Sequence[int]) -> list[User]:
    people = list(User.objects.select_for_update().filter(pk__in=user_ids).order_by("pk"))
    if len(people) < len(set(user_ids)):
        raise UnknownPerson("There is no such person.")
    return people


@contextmanager
def _somebody_administrates() -> Iterator[None]:
    """Refuse the change inside if it takes the last one who can give rights. One at a time: two must not remove each other at once."""
    administrators = User.objects.filter(is_active=True).filter(
        Q(is_superuser=True) | Q(groups__name=access.ADMINISTRATOR) | Q(groups__name__startswith=f"{access.ADMINISTRATOR}:")
    )
    list(Group.objects.select_for_update().filter(name=access.ADMINISTRATOR))
    had_one = administrators.exists()
    yield
    if had_one and not administrators.exists():
        raise LastAdministrator("Somebody must stay who can give rights: this would leave no administrator.")
