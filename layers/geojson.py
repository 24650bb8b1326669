"""GeoJSON (RFC 7946) of a layer, built by the database in one statement: a list inside a box, or the snapshot that events continue."""

from typing import Any

from django.db import connection

from layers import event_log
from layers.registry import LayerPart, MapLayer
from layers.tile_sql import Filters, Rows, visible_rows
from spatial.tiles import Bbox

# Digits that give every double back unchanged: a feature reads the same here as in a live event.
DIGITS = 15


def feature_collection(layer: MapLayer, *, user: Any, bbox: Bbox | None, limit: int, filters: Filters) -> str:
    """Return the visible features that touch the box as FeatureCollection text, with numberMatched and numberReturned.

    A box with west > east crosses the antimeridian. Parts come in the order of declaration, features by id.
    """
    fences, counts, lists = [], [], []
    for part in layer.parts:
        rows = visible_rows(layer, part, user, filters)
        fences.append(
            f'"{part.id}" as materialized (select * from ({rows.sql}) as r({", ".join(rows.columns)}) where {inside(part, bbox)})'
        )
        counts.append(f'(select count(*) from "{part.id}")')
        lists.append(f'(select {_feature(layer, part, rows)} as feature from "{part.id}" r order by id limit {int(limit)})')
    return _text(
        f"with {', '.join(fences)}, features as (select * from ({' union all '.join(lists)}) f limit {int(limit)})"
        f" select json_build_object('type', 'FeatureCollection', 'numberMatched', {' + '.join(counts)},"
        " 'numberReturned', (select count(*) from features), 'features', coalesce((select json_agg(feature) from features), '[]'))::text"
    )


def snapshot(layer: MapLayer, *, user: Any) -> str:
    """Return {epoch, seq, features} as text: what the person sees, and the point of the stream from which events go on.

    One statement is one snapshot of the database, so position and features agree.
    """
    event_log.position(layer.id)
    lists = []
    for part in layer.parts:
        rows = visible_rows(layer, part, user, ())
        lists.append(f"(select {_feature(layer, part, rows)} as feature from ({rows.sql}) as r({', '.join(rows.columns)}) order by id)")
    return _text(
        "select json_build_object('epoch', s.epoch, 'seq', s.seq, 'features',"
        f" coalesce((select json_agg(feature) from ({' union all '.join(lists)}) f), '[]'))::text from layers_stream s where s.key = '{layer.id}'"
    )


def right_handed(part: LayerPart) -> str:
    """Return the expression of a row's geometry, EPSG:4326, whose polygons keep to the right-hand rule."""
    return "ST_ForcePolygonCCW(r.geom)" if part.geometry == "polygon" else "r.geom"


def feature(rows: Rows, geom: str, *, digits: int = DIGITS, more: str = "") -> str:
    """Return the expression of a row as a Feature; `geom` is its geometry's expression, `more` are further properties."""
    names = [f"'{name}', {f'''array_to_string(r.{name}, ',')''' if name in rows.lists else f'r.{name}'}" for name in rows.columns[1:]]
    properties = f"json_build_object({', '.join(names)}{more})"
    return f"json_build_object('type', 'Feature', 'id', r.id, 'geometry', ST_AsGeoJSON({geom}, {digits})::json, 'properties', {properties})"


def inside(part: LayerPart, bbox: Bbox | None) -> str:
    """Return the condition that a row touches the box."""
    if bbox is None:
        return "true"
    envelopes = [f"ST_MakeEnvelope({', '.join(repr(float(edge)) for edge in box)}, 4326)" for box in bbox.halves()]
    # && alone compares boxes, which is exact for points only; the index serves both.
    return "(" + " or ".join(f"r.geom && {e}" if part.geometry == "point" else f"ST_Intersects(r.geom, {e})" for e in envelopes) + ")"


def _feature(layer: MapLayer, part: LayerPart, rows: Rows) -> str:
    # Layers of several parts say which one, because ids repeat between parts.
    return feature(rows, right_handed(part), more=f", 'part', '{part.id}'" if len(layer.parts) > 1 else "")


def _text(sql: str) -> str:
    with connection.cursor() as cursor:
        # The rows' SQL has its parameters bound already, so nothing is left to fill in.
        cursor.execute(sql)
        return cursor.fetchone()[0]
