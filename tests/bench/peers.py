"""tipg and django-vectortiles beside us, in an environment of their own: `python -m tests.bench.peers` installs it under var/bench/peers."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.bench import harness

FOLDER = harness.ROOT / "var" / "bench" / "peers"
PYTHON = FOLDER / "bin" / "python"
PACKAGES = ["tipg", "django-vectortiles", "Django<5.3", "psycopg2-binary", "uvicorn", "uvloop", "httptools", "granian"]
# The same rows with the same properties as the customers layer, as a view: a peer's query goes to the same tables and indexes.
_VIEW = """
create or replace view bench_customers as
select a.id, a.name, a.name_en, a.name_zh, a.grade, array_to_string(a.classes, ',') as classes, a.status, p.version as v, p.geom
from customers_account a join spatial_point p on a.point_id = p.id where a.deleted_at is null and p.geom is not null
"""


def install() -> None:
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    subprocess.run([str(FOLDER / "bin" / "pip"), "install", "--quiet", *PACKAGES], check=True)


def ratios(made: harness.Database, ours: dict[str, Any]) -> dict[tuple[int, str], tuple[float, str]]:
    """Measure each peer in turns; return (zoom, peer) -> (ratio, spread), nothing without the peers' environment."""
    if not PYTHON.exists():
        return {}
    made.rows(_VIEW)
    ratio: dict[tuple[int, str], tuple[float, str]] = {}
    with tipg(made) as tipg_address, vectortiles(made) as vectortiles_address, harness.web(made, TILE_CACHE_MB="0") as own_address:
        cookie = harness.session_cookie(made)
        for z in (14, 16):
            tiles = harness.tiles_around_points(made, z, 1000)
            own = [f"/tiles/customers/{z}/{x}/{y}.mvt" for x, y in tiles]
            tipg_paths = [f"/collections/public.bench_customers/tiles/WebMercatorQuad/{z}/{x}/{y}" for x, y in tiles]
            vectortiles_paths = [f"/tiles/{z}/{x}/{y}" for x, y in tiles]
            same_features(own_address + own[0], cookie, tipg_address + tipg_paths[0], vectortiles_address + vectortiles_paths[0])
            found = harness.alternating(
                {
                    "own": lambda own=own: harness.wrk(own_address, own, cookie=cookie),
                    "tipg": lambda paths=tipg_paths: harness.wrk(tipg_address, paths),
                    "django-vectortiles": lambda paths=vectortiles_paths: harness.wrk(vectortiles_address, paths),
                }
            )
            ours[f"peers_z{z}"] = found
            for peer in ("tipg", "django-vectortiles"):
                assert not any(load.bad for load in found[peer]), peer
                ratio[z, peer] = harness.median_ratio([load.per_second for load in found["own"]], [load.per_second for load in found[peer]])
    return ratio


def same_features(own: str, cookie: str, *peers: str) -> None:
    """All three serve the same customers; buffers differ, so only those inside the tile are compared."""
    import mapbox_vector_tile

    def inside(body: bytes) -> set[str]:
        [layer] = mapbox_vector_tile.decode(body).values()
        extent = layer["extent"]
        return {f["properties"]["name"] for f in layer["features"] if all(0 < edge < extent for edge in f["geometry"]["coordinates"])}

    wanted = inside(harness.get(own, cookie)[2])
    for peer in peers:
        status, _, body = harness.get(peer)
        assert status == 200, (peer, body[:300])
        assert inside(body) == wanted, peer


@contextmanager
def tipg(made: harness.Database) -> Iterator[str]:
    port = harness.free_port()
    command = [str(PYTHON), "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    env = made.env(
        DATABASE_URL=made.dsn,
        TIPG_MAX_FEATURES_PER_TILE="1000000",
        TIPG_DB_SCHEMAS='["public"]',
        TIPG_DB_TABLES='["public.bench_customers"]',
        TIPG_CATALOG_TTL="3600",
        DB_MIN_CONN_SIZE="8",
        DB_MAX_CONN_SIZE="8",
    )
    with harness.serving(command, port=port, env=_clean(env), log_name="tipg") as address:
        yield address


@contextmanager
def vectortiles(made: harness.Database) -> Iterator[str]:
    port = harness.free_port()
    server = [
        str(FOLDER / "bin" / "granian"),
        "--interface",
        "wsgi",
        "--blocking-threads",
        "8",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    with harness.serving(
        [*server, "tests.bench.peer_django:application"], port=port, env=_clean(made.env(PEER_DSN=made.dsn)), log_name="vectortiles"
    ) as address:
        yield address


def _clean(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name not in ("PYTHONPATH", "DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV")}


def main(arguments: Sequence[str]) -> None:
    install()


if __name__ == "__main__":
    main(sys.argv[1:])
