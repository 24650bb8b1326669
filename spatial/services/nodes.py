"""Derive what follows from a network's rows: its nodes, what hangs together, the courses of its feeders. Equal rows give equal results."""

from collections.abc import Collection
from typing import Any

from django.db import connection, transaction

from spatial import topology
from spatial.models import BusSection, Network, Station, Substation
from spatial.topology import BUS_SECTION, STATION, SUBSTATION, Segment, Site, Topology

_SITES = {SUBSTATION: Substation, BUS_SECTION: BusSection, STATION: Station}


def stored_segments(network: Network) -> dict[str, Segment]:
    """Return the network's segments by code, in the order of their codes."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select l.code, ST_X(ST_StartPoint(l.geom)), ST_Y(ST_StartPoint(l.geom)), ST_X(ST_EndPoint(l.geom)), ST_Y(ST_EndPoint(l.geom)),
                l.length_m, coalesce(f.code, '')
            from spatial_line l left join spatial_feeder f on f.id = l.feeder_id where l.network_id = %s order by l.code
            """,
            [network.pk],
        )
        return {code: Segment(*rest) for code, *rest in cursor.fetchall()}


def stored_sites(network: Network) -> dict[tuple[str, str], Site]:
    """Return the network's sites by (kind, code); a bus section without a place stands where its substation does."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select kind, code, ST_X(geom), ST_Y(geom), substation from (
                select 'substations' as kind, code, geom, '' as substation from spatial_substation where network_id = %(network)s
                union all
                select 'bus_sections', b.code, coalesce(b.geom, s.geom), coalesce(s.code, '')
                from spatial_bussection b left join spatial_substation s on s.id = b.substation_id where b.network_id = %(network)s
                union all
                select 'stations', code, geom, '' from spatial_station where network_id = %(network)s
            ) as site where geom is not null order by kind, code
            """,
            {"network": network.pk},
        )
        return {(kind, code): Site(*rest) for kind, code, *rest in cursor.fetchall()}


def settle(network: Network) -> Topology:
    """Number the network's nodes anew, write what changed of them, and return the topology. Call it inside the transaction that changed rows.

    Raises:
        spatial.topology.TooDense: nothing is written.
    """
    segments, sites = stored_segments(network), stored_sites(network)
    grid = topology.grid_of(segments, sites)
    found = topology.build(grid, tolerance_m=network.tolerance_m)
    with transaction.atomic(), connection.cursor() as cursor:
        _write_nodes(cursor, network, found)
        cursor.execute(
            """
            update spatial_line l set from_node = t.from_node, to_node = t.to_node
            from unnest(%s::text[], %s::int[], %s::int[]) as t (code, from_node, to_node)
            where l.network_id = %s and l.code = t.code and (l.from_node, l.to_node) is distinct from (t.from_node, t.to_node)
            """,
            [list(grid.codes), found.from_node.tolist(), found.to_node.tolist(), network.pk],
        )
        for kind, model in _SITES.items():
            mine = [(code, node) for (of, code), node in zip(sites, found.site_node.tolist(), strict=True) if of == kind]
            cursor.execute(
                f"""
                update {model._meta.db_table} s set node = t.node from unnest(%s::text[], %s::int[]) as t (code, node)
                where s.network_id = %s and s.code = t.code and s.node is distinct from t.node
                """,
                [[code for code, _ in mine], [node for _, node in mine], network.pk],
            )
    return found


def lay_courses(network: Network, feeder_ids: Collection[int]) -> None:
    """Make the course of these feeders the sum of their segments, in the order in which those were stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update spatial_feeder f set geom = c.geom from (
                select f.id, (select ST_Multi(ST_Collect(l.geom order by l.id)) from spatial_line l where l.feeder_id = f.id) as geom
                from spatial_feeder f where f.network_id = %s and f.id = any(%s)
            ) c where c.id = f.id and c.geom::bytea is distinct from f.geom::bytea
            """,
            [network.pk, list(feeder_ids)],
        )


def _write_nodes(cursor: Any, network: Network, found: Topology) -> None:
    """Store the nodes unless they are stored already."""
    numbers = list(range(1, len(found.node_spots) + 1))
    wanted = [numbers, found.node_parts.tolist(), found.node_spots[:, 0].tolist(), found.node_spots[:, 1].tolist()]
    cursor.execute("select number, part, ST_X(geom), ST_Y(geom) from spatial_node where network_id = %s order by number", [network.pk])
    stored = cursor.fetchall()
    if stored == list(zip(*wanted, strict=True)):
        return
    network.nodes.all().delete()
    cursor.execute(
        """
        insert into spatial_node (network_id, number, part, geom)
        select %s, number, part, ST_SetSRID(ST_MakePoint(lon, lat), 4326)
        from unnest(%s::int[], %s::int[], %s::float8[], %s::float8[]) as t (number, part, lon, lat)
        """,
        [network.pk, *wanted],
    )
