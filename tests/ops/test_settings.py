import os
import re
import socket
import stat
from pathlib import Path

import pytest

from ops import settings
from ops.console import CannotGoOn

pytestmark = pytest.mark.unit


def test_ports_and_secrets_are_chosen_once(tmp_path: Path) -> None:
    path = tmp_path / "env"
    settings.write(path, settings.with_defaults({}))

    first = settings.read(path)
    settings.write(path, settings.with_defaults(first))

    assert settings.read(path) == first


def test_only_the_owner_can_read_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "env"

    settings.write(path, settings.with_defaults({}))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_key_is_long_enough_for_the_settings_to_accept_it() -> None:
    assert len(settings.with_defaults({})["SECRET_KEY"]) >= 50


def test_no_two_services_share_a_port_or_a_password() -> None:
    chosen = settings.with_defaults({})

    urls = [value for name, value in chosen.items() if name.endswith("_URL")]
    ports = {settings.port_of(url) for url in urls}
    passwords = {url.rpartition("@")[0].rpartition(":")[2] for url in urls if "@" in url}

    assert len(urls) == len(ports) == 4
    assert len(passwords) == 3


def test_a_person_s_own_lines_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("# ours since 2026\nUTILITY_NAME=Northern Grid\n\nGRIDATLAS_PORT=8000\n")

    settings.write(path, {**settings.read(path), "GRIDATLAS_PORT": "8010", "LOG_LEVEL": "DEBUG"})

    assert path.read_text() == "# ours since 2026\nUTILITY_NAME=Northern Grid\n\nGRIDATLAS_PORT=8010\nLOG_LEVEL=DEBUG\n"


def test_a_line_that_is_no_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("LOG_LEVEL=INFO\nexport everything\n")

    with pytest.raises(CannotGoOn, match=r"line 2 of .* must read NAME=value"):
        settings.read(path)


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        assert not settings.is_free(port)

    assert settings.is_free(port)


def test_moving_a_port_leaves_a_password_with_the_same_digits_alone() -> None:
    url = "postgis://gridatlas:25432abc@127.0.0.1:25432/gridatlas"

    assert settings.with_port(url, 26000) == "postgis://gridatlas:25432abc@127.0.0.1:26000/gridatlas"


def test_another_project_s_database_in_the_shell_does_not_become_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgis://somebody@elsewhere/else")
    monkeypatch.setenv("SECRET_KEY_FILE", "/run/secrets/of-somebody-else")
    monkeypatch.setenv("VAR_DIR", "/elsewhere")
    monkeypatch.setenv("DEBUG", "1")
    chosen = settings.with_defaults({})

    env = settings.environment(chosen, tmp_path)

    assert env["DATABASE_URL"] == chosen["DATABASE_URL"]
    assert "SECRET_KEY_FILE" not in env
    assert "DEBUG" not in env
    assert env["VAR_DIR"] == str(tmp_path)
    assert env["PATH"] == os.environ["PATH"]


def test_example_file_names_every_setting_that_the_code_reads() -> None:
    root = Path(__file__).parents[2]
    read = {
        name
        for app in ("analytics", "config", "customers", "incidents", "layers", "portal", "spatial")
        for path in (root / app).rglob("*.py")
        for name in re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', path.read_text("utf-8"))
    }

    assert read
    assert read - settings.known_names(root / ".env.example") == set()


def test_the_running_programs_never_learn_the_passwords_that_could_change_the_audit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", "of another project")
    chosen = settings.with_defaults({})

    env = settings.environment(chosen, tmp_path)

    assert chosen.keys() >= settings.WITHHELD
    assert not settings.WITHHELD & env.keys()
    assert chosen["DATABASE_OWNER_PASSWORD"] not in " ".join(env.values())


def test_the_owner_reaches_the_same_database_by_another_name_and_password() -> None:
    chosen = settings.with_defaults({"DATABASE_URL": "postgis://gridatlas:secret@127.0.0.1:5555/gridatlas"})

    assert settings.owner_url(chosen) == f"postgis://gridatlas_owner:{chosen['DATABASE_OWNER_PASSWORD']}@127.0.0.1:5555/gridatlas"
