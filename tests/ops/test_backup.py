import io
import json
import stat
import tarfile
from pathlib import Path

import psycopg2
import pytest

from ops import backup
from ops.console import CannotGoOn
from ops.postgres import Cluster
from tests.ops.test_postgres import cluster

pytestmark = pytest.mark.db
__all__ = ["cluster"]


@pytest.fixture
def media(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    (folder / "photos").mkdir(parents=True)
    (folder / "photos" / "substation.jpg").write_bytes(b"a photo")
    return folder


def _sql(cluster: Cluster, statement: str, *, database: str = "gridatlas") -> list[tuple]:
    connection = psycopg2.connect(cluster.owner_url.replace("postgis", "postgresql", 1), dbname=database)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture
def site(cluster: Cluster) -> Cluster:
    cluster.create_database()
    _sql(cluster, "drop table if exists site; create table site (name text, geom geometry(Point, 4326))")
    _sql(cluster, "insert into site values ('Harbour hospital', st_setsrid(st_point(24.94, 60.17), 4326))")
    return cluster


def test_a_backup_brings_database_and_files_back(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    backup.save(site, media, file)
    _sql(site, "delete from site")
    (media / "photos" / "substation.jpg").unlink()

    backup.load(site, media, file)

    assert _sql(site, "select name, st_x(geom) from site") == [("Harbour hospital", 24.94)]
    assert (media / "photos" / "substation.jpg").read_bytes() == b"a photo"
    assert _sql(site, "select tableowner from pg_tables where tablename = 'site'") == [("gridatlas_owner",)]


def test_what_a_restore_replaces_is_kept_aside(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    backup.save(site, media, file)
    _sql(site, "update site set name = 'Renamed on Tuesday'")
    (media / "tuesday.txt").touch()

    backup.load(site, media, file)

    assert _sql(site, "select name from site", database=backup.FORMER_DATABASE) == [("Renamed on Tuesday",)]
    assert (tmp_path / "media-before-restore" / "tuesday.txt").exists()


def test_only_the_owner_can_read_a_backup(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"

    backup.save(site, media, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_damaged_backup_changes_nothing(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    backup.save(site, media, file)
    file.write_bytes(file.read_bytes()[:4000] + b"\0" * 100)

    with pytest.raises(CannotGoOn):
        backup.load(site, media, file)

    assert _sql(site, "select name from site") == [("Harbour hospital",)]
    assert (media / "photos" / "substation.jpg").exists()


def test_a_file_that_is_no_backup_is_refused(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_bytes(b"\xff\xd8 not a tar at all" * 100)

    with pytest.raises(CannotGoOn, match="cannot be read as a backup"):
        backup.load(site, media, file)


@pytest.mark.parametrize("name", ["../escaped", "/etc/escaped"])
def test_a_forged_backup_cannot_write_outside(site: Cluster, media: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "forged.backup"
    with tarfile.open(file, "w") as tar:
        for member, content in (("gridatlas.json", json.dumps({"format": 1}).encode()), ("database.dump", b""), (name, b"evil")):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))

    with pytest.raises(CannotGoOn, match="which no backup of ours does"):
        backup.load(site, media, file)
