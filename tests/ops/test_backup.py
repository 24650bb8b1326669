import gzip
import io
import json
import re
import stat
import tarfile
from collections.abc import Callable
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


def _restore(cluster: Cluster, media: Path, file: Path) -> None:
    with backup.unpacked(cluster, file) as folder:
        backup.load(cluster, media, folder)


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

    _restore(site, media, file)

    assert _sql(site, "select name, st_x(geom) from site") == [("Harbour hospital", 24.94)]
    assert (media / "photos" / "substation.jpg").read_bytes() == b"a photo"
    assert _sql(site, "select tableowner from pg_tables where tablename = 'site'") == [("gridatlas_owner",)]


def test_a_basemap_being_made_is_left_out_and_a_file_that_vanishes_stops_no_backup(
    site: Cluster, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (media / "basemaps" / "work" / "one-1").mkdir(parents=True)
    (media / "basemaps" / "work" / "one-1" / "plain.tif").write_bytes(b"unfinished")
    (media / "basemaps" / "u1.tif").write_bytes(b"a picture")
    (media / "basemaps" / "u0.tif").write_bytes(b"removed while the backup is made")
    listed = Path.iterdir

    def listed_and_removed(folder: Path) -> list[Path]:
        found = list(listed(folder))
        (media / "basemaps" / "u0.tif").unlink()
        return found

    monkeypatch.setattr(backup.Path, "iterdir", lambda folder: listed_and_removed(folder) if folder.name == "basemaps" else listed(folder))

    backup.save(site, media, tmp_path / "monday.backup")

    with tarfile.open(tmp_path / "monday.backup") as tar:
        names = tar.getnames()
    assert [name for name in names if name.startswith("media/basemaps")] == ["media/basemaps", "media/basemaps/u1.tif"]
    assert "media/photos/substation.jpg" in names


def test_what_a_restore_replaces_is_kept_aside(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    backup.save(site, media, file)
    _sql(site, "update site set name = 'Renamed on Tuesday'")
    (media / "tuesday.txt").touch()

    _restore(site, media, file)

    assert _sql(site, "select name from site", database=backup.FORMER_DATABASE) == [("Renamed on Tuesday",)]
    assert (tmp_path / "media-before-restore" / "tuesday.txt").exists()


def test_after_a_restore_everybody_signs_in_again(site: Cluster, media: Path, tmp_path: Path) -> None:
    _sql(
        site, "drop table if exists layers_session; create table layers_session (session_key text); insert into layers_session values ('a')"
    )
    file = tmp_path / "monday.backup"
    backup.save(site, media, file)

    _restore(site, media, file)

    assert _sql(site, "select count(*) from layers_session") == [(0,)]


def test_only_the_owner_can_read_a_backup(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"

    backup.save(site, media, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_damaged_backup_changes_nothing(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    backup.save(site, media, file)
    file.write_bytes(file.read_bytes()[:4000] + b"\0" * 100)

    with pytest.raises(CannotGoOn):
        _restore(site, media, file)

    assert _sql(site, "select name from site") == [("Harbour hospital",)]
    assert (media / "photos" / "substation.jpg").exists()


def test_a_backup_overwrites_no_file_unless_told_to(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    file.write_text("the only copy of something")

    with pytest.raises(CannotGoOn, match="exists already"):
        backup.save(site, media, file)
    assert file.read_text() == "the only copy of something"

    backup.save(site, media, file, overwrite=True)
    _restore(site, media, file)


def _flip(file: Path, where: int) -> None:
    content = bytearray(file.read_bytes())
    content[where] ^= 0xFF
    file.write_bytes(content)


def _damage_the_dump(file: Path) -> None:
    """Past the table of contents, in the rows: only who unpacks them notices."""
    with tarfile.open(file) as tar:
        dump = tar.getmember("database.dump")
    rows = max(re.finditer(rb"\x78\x9c", file.read_bytes()[dump.offset_data : dump.offset_data + dump.size]), key=lambda m: m.start())
    _flip(file, dump.offset_data + rows.start() + 5)


def _cut_off_between_two_files(file: Path) -> None:
    with tarfile.open(file) as tar:
        last = tar.getmembers()[-1]
    file.write_bytes(file.read_bytes()[: last.offset])


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
        _cut_off_between_two_files,
        _damage_the_dump,
        lambda file: file.write_bytes(gzip.compress(file.read_bytes())[:-2000]),
    ],
    ids=["cut in half", "cut off between two files", "a bit flipped in the rows", "packed and cut off"],
)
def test_a_damaged_backup_is_refused_before_the_site_stops(
    damage: Callable[[Path], object], site: Cluster, media: Path, tmp_path: Path
) -> None:
    """`ops restore` stops the site inside `unpacked`, so what this refuses stops nothing."""
    file = tmp_path / "monday.backup"
    backup.save(site, media, file)
    with backup.unpacked(site, file):
        pass
    damage(file)

    with pytest.raises(CannotGoOn), backup.unpacked(site, file):
        pytest.fail("the site would have been stopped")


def test_a_file_that_is_no_backup_is_refused(site: Cluster, media: Path, tmp_path: Path) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_bytes(b"\xff\xd8 not a tar at all" * 100)

    with pytest.raises(CannotGoOn, match="cannot be read as a backup"):
        _restore(site, media, file)


@pytest.mark.parametrize("name", ["../escaped", "/etc/escaped"])
def test_a_forged_backup_cannot_write_outside(site: Cluster, media: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "forged.backup"
    with tarfile.open(file, "w") as tar:
        for member, content in (("gridatlas.json", json.dumps({"format": 1}).encode()), ("database.dump", b""), (name, b"evil")):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))

    with pytest.raises(CannotGoOn, match="which no backup of ours does"):
        _restore(site, media, file)
