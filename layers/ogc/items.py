"""The features of a collection: what was asked for, and a page of it in one statement."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DataError, InternalError, connection, transaction
from django.utils.dateparse import parse_date, parse_datetime

from layers import geojson, registry
from layers.ogc import crs as systems
from layers.ogc.collections import PARAMETERS, Collection
from layers.ogc.crs import Crs
from layers.ogc.refusals import BadQuery
from layers.tile_sql import Rows
from spatial import datums
from spatial.tiles import Bbox

DEFAULT_LIMIT, MAX_LIMIT = 100, 10_000
# A tenth of a millimetre.
_METRE_DIGITS = 4
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """What items are narrowed to: a condition on a row `r` with everything bound, how many, after which id, in which system."""

    condition: str
    limit: int
    after: int
    crs: Crs


@dataclass(frozen=True, slots=True)
class Page:
    """Features as JSON text, how many match in all, and the id to go on after (None: this was the last page).

    `matched` is None but on the first page: counting costs more than a page, and the first has told it.
    """

    features: str
    matched: int | None
    returned: int
    next_after: int | None


def parse(collection: Collection, rows: Rows, told: Mapping[str, str]) -> ItemsQuery:
    """Read the parameters of an address.

    Raises:
        BadQuery: one is unknown, or its value is none that it can have; with a sentence that names it.
    """
    filters = collection.filters(rows)
    _known(told, (*PARAMETERS, *filters))
    conditions = [_equal(rows, name, text, is_number=filters[name]) for name, text in told.items() if name in filters]
    box_crs = systems.find(told["bbox-crs"], parameter="bbox-crs") if "bbox-crs" in told else systems.CRS84
    if "bbox" in told:
        conditions.append(_touching(collection, told["bbox"], box_crs))
    if "datetime" in told:
        # No layer has a time of its own, and what has none matches every time (OGC 17-069r4, /req/core/fc-time-response).
        _check_time(told["datetime"])
    return ItemsQuery(
        " and ".join(conditions) or "true",
        min(_whole(told, "limit", DEFAULT_LIMIT, smallest=1), MAX_LIMIT),
        _whole(told, "cursor", -1, smallest=0),
        crs_of(told),
    )


def parse_one(told: Mapping[str, str]) -> Crs:
    """Read the parameters of a single feature's address.

    Raises:
        BadQuery: as `parse`.
    """
    _known(told, ("crs", "f"))
    return crs_of(told)


def crs_of(told: Mapping[str, str]) -> Crs:
    return systems.find(told["crs"], parameter="crs") if "crs" in told else systems.CRS84


def check_form_only(told: Mapping[str, str]) -> None:
    """Refuse every parameter but `f`.

    Raises:
        BadQuery: there is another one.
    """
    _known(told, ("f",))


def page(collection: Collection, rows: Rows, query: ItemsQuery) -> Page:
    """Return a page of the features, by id: the primary key serves what follows the id, the box its index.

    Raises:
        BadQuery: a feature cannot be expressed in the system asked for.
    """
    named = f"({rows.sql}) as r({', '.join(rows.columns)})"
    feature = _feature(collection, rows, query.crs)
    matches = f"(select count(*) from {named} where {query.condition})" if query.after < 0 else "null::bigint"
    matched, returned, last, more, features = _row(
        # One more than asked for tells whether there is another page.
        f"with page as materialized (select r.id, {feature} as feature from {named}"
        f" where {query.condition} and r.id > {query.after} order by r.id limit {query.limit + 1}),"
        f" kept as (select * from page order by id limit {query.limit})"
        f" select {matches}, count(*), max(id), (select count(*) from page) > {query.limit},"
        " coalesce(json_agg(feature order by id), '[]')::text from kept",
        query.crs,
    )
    return Page(features, matched, returned, last if more else None)


def one(collection: Collection, rows: Rows, feature_id: int, crs: Crs) -> str:
    """Return one feature as JSON text.

    Raises:
        UnknownFeature: there is none, or it is not for this person. BadQuery: see `page`.
    """
    sql = f"select ({_feature(collection, rows, crs)})::text from ({rows.sql}) as r({', '.join(rows.columns)}) where r.id = {feature_id}"
    found = _row(sql, crs)
    if found is None:
        raise registry.UnknownFeature(f"There is no such feature in the collection “{collection.id}”, or not for you.")
    return str(found[0])


def _feature(collection: Collection, rows: Rows, crs: Crs) -> str:
    geom = geojson.right_handed(collection.part)
    if not crs.is_stored:
        geom = f"ST_Transform({geom}, {crs.srid})"
    if crs.northing_first:
        geom = f"ST_FlipCoordinates({geom})"
    return geojson.feature(rows, geom, digits=_METRE_DIGITS if crs.is_metres else geojson.DIGITS)


def _row(sql: str, crs: Crs) -> Any:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()
    except (DataError, InternalError) as error:
        if crs.is_stored:
            raise
        raise BadQuery(f"Some of these features cannot be expressed in {crs.uri}; narrow the box or ask for another crs.") from error


def _known(told: Mapping[str, str], known: tuple[str, ...]) -> None:
    unknown = sorted(told.keys() - set(known))
    if unknown:
        raise BadQuery(f"The parameter “{unknown[0][:40]}” is not known here; known are {', '.join(sorted(known))}.")


def _equal(rows: Rows, name: str, text: str, *, is_number: bool) -> str:
    if is_number:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise BadQuery(f"“{text[:40]}” is no number, as {name} is.")
        return f"r.{name} = {number!r}::numeric"
    if not text.isprintable():
        raise BadQuery(f"The value of “{name}” cannot be read.")
    with connection.cursor() as cursor:
        literal = cursor.mogrify("%s", [text]).decode()
    return f"{literal} = any(r.{name})" if name in rows.lists else f"r.{name}::text = {literal}"


def _touching(collection: Collection, text: str, crs: Crs) -> str:
    box = _box(text, crs)
    if crs.is_stored:
        if not (-180 <= box.west <= 180 and -180 <= box.east <= 180 and -90 <= box.south <= box.north <= 90):
            order = "south,west,north,east" if crs.northing_first else "west,south,east,north"
            raise BadQuery(f"A bbox in {crs.uri} is {order} in degrees: longitudes in -180 to 180, latitudes in -90 to 90.")
        return geojson.inside(collection.part, box)
    if box.west > box.east or box.south > box.north:
        raise BadQuery("The first corner of a bbox has the smaller numbers.")
    try:
        ring = datums.ring_in_wgs84(box, crs.datum)
    except datums.UnknownDatum as error:
        raise BadQuery(str(error)) from error
    corners = ", ".join(f"{lon!r} {lat!r}" for lon, lat in ring)
    return f"ST_Intersects(r.geom, ST_GeomFromText('POLYGON(({corners}))', 4326))" if ring else "false"


def _box(text: str, crs: Crs) -> Bbox:
    """Return the box as west, south, east, north of its own system; heights, where they are given, say nothing of features without one."""
    try:
        edges = [float(edge) for edge in text.split(",")]
    except ValueError:
        edges = []
    if len(edges) not in (4, 6) or not all(math.isfinite(edge) for edge in edges):
        raise BadQuery("A bbox is four numbers, or six with heights: both corners, each in the order of axes of its crs.")
    half = len(edges) // 2
    (a, b), (c, d) = edges[:2], edges[half : half + 2]
    return Bbox(b, a, d, c) if crs.northing_first else Bbox(a, b, c, d)


def _whole(told: Mapping[str, str], name: str, default: int, *, smallest: int) -> int:
    text = told.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) >= smallest):
        raise BadQuery(f"“{text[:40]}” is no {name}: a whole number from {smallest} on.")
    return int(text)


def _check_time(text: str) -> None:
    """Refuse what is neither a moment, a day, nor an interval of them with at most both ends open."""
    ends = text.split("/")
    open_ends = ("", "..") if len(ends) == 2 else ()
    if len(ends) > 2 or not all(end in open_ends or _is_moment(end) for end in ends):
        raise BadQuery(
            f"“{text[:60]}” is no datetime: 2026-03-02T08:00:00Z, a day, or two of them as start/end, where .. leaves an end open."
        )


def _is_moment(text: str) -> bool:
    try:
        return bool(_MOMENT.fullmatch(text)) and (parse_datetime(text.upper()) or parse_date(text)) is not None
    except ValueError:
        return False
