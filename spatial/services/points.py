"""Place, move and take back points. Each change is a journal row; nothing is ever overwritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.gis.geos import Point as Geos
from django.db import connection, transaction
from django.db.models import F, OuterRef, Subquery

from spatial import datums, geometry
from spatial.models import SRID, Point, PointMove


class VersionConflict(Exception):
    """Somebody else changed the point since the person looked at it. `latest` is the newest journal row."""

    def __init__(self, point: Point, latest: PointMove | None, base_version: int) -> None:
        super().__init__(f"The point is at version {point.version}, not {base_version}: somebody moved it in between.")
        self.point, self.latest, self.base_version = point, latest, base_version


class GuardDistance(Exception):
    """The move is farther than the guard distance and was not confirmed."""

    def __init__(self, distance_m: float, guard_m: float) -> None:
        super().__init__(
            f"That is a move of {distance_m:,.0f} m, more than the {guard_m:,.0f} m that pass unasked. Confirm it if it is meant."
        )
        self.distance_m, self.guard_m = distance_m, guard_m


class NothingToUndo(Exception):
    """The journal row cannot be taken back."""


@dataclass(frozen=True, slots=True)
class PointCommand:
    """One wish to place or move a point. Position in `datum` (for a projected EPSG code: easting, northing in metres)."""

    point_id: int
    lon: float
    lat: float
    base_version: int
    reason: str = ""
    device: str = ""
    datum: str = datums.WGS84
    source: str = ""
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class MoveUndoing:
    """One wish to take a journal row of a point back."""

    point_id: int
    move_id: int
    base_version: int


def move_points(
    commands: Sequence[PointCommand],
    *,
    user: User | None,
    at: datetime,
    guard_m: float | None = None,
    extent: tuple[float, float, float, float] | None = None,
) -> list[PointMove]:
    """Move each point and write its journal row; return the rows in the order of the commands.

    The points are locked in id order until the transaction ends. A point without a position is placed.
    `guard_m` None means that distances were confirmed; `extent` (west, south, east, north) lets swapped coordinates be noticed.

    Raises:
        VersionConflict, GuardDistance, geometry.BadCoordinates, datums.UnknownDatum: for the first command refused; nothing is stored.
    """
    if not commands:
        return []
    targets = _targets(commands, extent)
    with transaction.atomic():
        points = _locked([command.point_id for command in commands])
        moves = []
        for command, target in zip(commands, targets, strict=True):
            point = points[command.point_id]
            _refuse_stale(point, command.base_version)
            kind = PointMove.Kind.MOVE if point.geom else PointMove.Kind.PLACE
            moves.append(_journal_row(point, target, kind=kind, command=command, user=user, at=at))
        _measure(moves)
        too_far = next((move for move in moves if guard_m is not None and (move.distance_m or 0) > guard_m), None)
        if too_far:
            raise GuardDistance(too_far.distance_m or 0, guard_m or 0)
        return _write(moves, points)


def undo_moves(undoings: Sequence[MoveUndoing], *, user: User | None, at: datetime, reason: str = "", device: str = "") -> list[PointMove]:
    """Take each point back to where it stood before that journal row, as a new row, on any day; before its placing it had no position.

    Raises:
        VersionConflict: a point changed since the person looked at it.
        NothingToUndo: a row is not of its point, or moved nothing (a removal, a restoring), or the point stands there already.
    """
    with transaction.atomic():
        points = _locked([undoing.point_id for undoing in undoings])
        earlier = PointMove.objects.filter(point=OuterRef("point"), version__lt=OuterRef("version"), to_geom__isnull=False)
        found = PointMove.objects.annotate(before_id=Subquery(earlier.order_by("-version").values("pk")[:1]))
        undone = found.in_bulk([undoing.move_id for undoing in undoings])
        # Where each stood before, it was brought by an earlier row: its datum and source count again.
        before = PointMove.objects.in_bulk([move.before_id for move in undone.values() if move.from_geom and move.before_id])
        rows = []
        for undoing in undoings:
            point, move = points[undoing.point_id], undone.get(undoing.move_id)
            _refuse_stale(point, undoing.base_version)
            if move is None or move.point_id != point.pk:
                raise NothingToUndo("That move is not in this point's history.")
            if not can_be_undone(move, now=point.geom):
                raise NothingToUndo("That moved nothing, or the point already stands where it stood before.")
            brought_by = before.get(move.before_id) if move.from_geom else None
            rows.append(_undoing_row(point, move, brought_by, reason=reason, device=device, user=user, at=at))
        _measure(rows)
        return _write(rows, points)


def can_be_undone(move: PointMove, *, now: Geos | None) -> bool:
    """Whether taking that journal row back would bring the point, which stands at `now`, somewhere else."""
    if move.kind in (PointMove.Kind.REMOVE, PointMove.Kind.RESTORE):
        return False
    if now is None or move.from_geom is None:
        return now is not move.from_geom
    return not now.equals_exact(move.from_geom)


def note_removal(
    point_ids: Sequence[int], *, removed: bool, user: User | None, at: datetime, reason: str, device: str = ""
) -> list[PointMove]:
    """Journal that the points' owners left the map or came back; positions stay, so that restoring shows them where they were."""
    with transaction.atomic():
        points = _locked(point_ids)
        rows = []
        for point in points.values():
            row = PointMove(
                point=point,
                kind=PointMove.Kind.REMOVE if removed else PointMove.Kind.RESTORE,
                from_geom=point.geom if removed else None,
                to_geom=None if removed else point.geom,
                reason=reason,
                device=device,
                datum=point.datum,
                source=point.source,
                accuracy_m=point.accuracy_m,
                base_version=point.version,
                version=point.version + 1,
                actor=user,
                at=at,
            )
            rows.append(row)
        Point.objects.filter(pk__in=points).update(version=F("version") + 1)
        return PointMove.objects.bulk_create(rows)


def _targets(commands: Sequence[PointCommand], extent: tuple[float, float, float, float] | None) -> list[Geos]:
    """Return where each is to stand. Converted by datum, all at once: one by one, projections take most of the time of many moves."""
    good: dict[int, tuple[float, float]] = {}
    for datum in {command.datum for command in commands}:
        rows = [row for row, command in enumerate(commands) if command.datum == datum]
        lon, lat, ok = datums.to_wgs84_many([commands[row].lon for row in rows], [commands[row].lat for row in rows], datum)
        good |= {row: (float(lon[n]), float(lat[n])) for n, row in enumerate(rows) if ok[n]}
    targets = []
    for row, command in enumerate(commands):
        if row not in good:
            # Says what is wrong with it.
            targets.append(_target(command, extent))
            continue
        geometry.refuse_swapped(*good[row], extent)
        targets.append(Geos(*good[row], srid=SRID))
    return targets


def _target(command: PointCommand, extent: tuple[float, float, float, float] | None) -> Geos:
    if command.datum in datums.SAME_AS_WGS84 or command.datum in (datums.GCJ02, datums.BD09):
        geometry.position(command.lon, command.lat)
    lon, lat = datums.to_wgs84(command.lon, command.lat, command.datum)
    where = geometry.position(lon, lat)
    geometry.refuse_swapped(where.lon, where.lat, extent)
    return Geos(where.lon, where.lat, srid=SRID)


def _locked(point_ids: Sequence[int]) -> dict[int, Point]:
    # One order for everybody, so that two bulk moves cannot wait for each other.
    return {point.pk: point for point in Point.objects.select_for_update().filter(pk__in=point_ids).order_by("pk")}


def _refuse_stale(point: Point, base_version: int) -> None:
    if point.version != base_version:
        raise VersionConflict(point, point.moves.select_related("actor").first(), base_version)


def _journal_row(point: Point, target: Geos, *, kind: str, command: PointCommand, user: User | None, at: datetime) -> PointMove:
    return PointMove(
        point=point,
        kind=kind,
        from_geom=point.geom,
        to_geom=target,
        reason=command.reason,
        device=command.device,
        datum=command.datum,
        source=command.source,
        accuracy_m=command.accuracy_m,
        base_version=point.version,
        version=point.version + 1,
        actor=user,
        at=at,
    )


def _undoing_row(
    point: Point, undone: PointMove, before: PointMove | None, *, reason: str, device: str, user: User | None, at: datetime
) -> PointMove:
    return PointMove(
        point=point,
        kind=PointMove.Kind.UNDO,
        from_geom=point.geom,
        to_geom=undone.from_geom,
        reason=reason,
        device=device,
        datum=before.datum if before else datums.WGS84,
        source=before.source if before else "",
        accuracy_m=before.accuracy_m if before else None,
        base_version=point.version,
        version=point.version + 1,
        undoes=undone,
        actor=user,
        at=at,
    )


def _measure(moves: Sequence[PointMove]) -> None:
    """Fill distance_m with metres on the ellipsoid; null where there was no position before."""
    pairs = [(n, move.from_geom.coords, move.to_geom.coords) for n, move in enumerate(moves) if move.from_geom and move.to_geom]
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select n, st_distance(st_makepoint(a, b)::geography, st_makepoint(c, d)::geography)
            from unnest(%s::int[], %s::float8[], %s::float8[], %s::float8[], %s::float8[]) as t (n, a, b, c, d)
            """,
            list(map(list, zip(*((n, *before, *after) for n, before, after in pairs), strict=True))),
        )
        for number, distance_m in cursor.fetchall():
            moves[number].distance_m = distance_m


def _write(moves: list[PointMove], points: dict[int, Point]) -> list[PointMove]:
    """Store the points' new state in one statement and append the journal rows."""
    for move in moves:
        point = points[move.point_id]
        point.geom, point.version = move.to_geom, move.version
        point.datum, point.source, point.accuracy_m = move.datum, move.source, move.accuracy_m
        point.converted_by = "" if move.datum in datums.SAME_AS_WGS84 else datums.CONVERTER
        point.moved_at, point.moved_by = move.at, move.actor
    changed = [points[move.point_id] for move in moves]
    with connection.cursor() as cursor:
        # Not bulk_update: its CASE per row makes the statement grow with rows x columns.
        cursor.execute(
            """
            update spatial_point p
            set geom = st_setsrid(st_makepoint(t.lon, t.lat), 4326), version = t.version, datum = t.datum, source = t.source,
                accuracy_m = t.accuracy_m, converted_by = t.converted_by, moved_at = %s, moved_by_id = %s
            from unnest(%s::bigint[], %s::float8[], %s::float8[], %s::int[], %s::text[], %s::text[], %s::float8[], %s::text[])
                as t (id, lon, lat, version, datum, source, accuracy_m, converted_by)
            where p.id = t.id
            """,
            [
                moves[0].at,
                moves[0].actor.pk if moves[0].actor else None,
                [point.pk for point in changed],
                [move.to_geom and move.to_geom.x for move in moves],
                [move.to_geom and move.to_geom.y for move in moves],
                *([getattr(point, name) for point in changed] for name in ("version", "datum", "source", "accuracy_m", "converted_by")),
            ],
        )
    return PointMove.objects.bulk_create(moves, batch_size=5000)
