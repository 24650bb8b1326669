import shlex

import pytest
from supervisor.options import ServerOptions

from ops import settings, supervision

pytestmark = pytest.mark.unit


@pytest.fixture
def chosen() -> dict[str, str]:
    return {**settings.with_defaults({}), "WEB_CONCURRENCY": "3"}


def _read_by_supervisord(config: str, folder, monkeypatch: pytest.MonkeyPatch) -> ServerOptions:
    (folder / "var" / "log").mkdir(parents=True)
    path = folder / "var" / "supervisord.conf"
    path.write_text(config)
    monkeypatch.chdir(folder)
    options = ServerOptions()
    options.realize(["-c", str(path)])
    return options


def test_supervisord_understands_the_configuration(chosen, tmp_path, monkeypatch) -> None:
    config = supervision.render(chosen, postgres=["postgres", "-D", "/srv/100 % ours/var/postgres"])

    groups = {group.name: group for group in _read_by_supervisord(config, tmp_path, monkeypatch).process_group_configs}

    assert set(groups) == {"postgres", "redis", "web", "worker", "mapproxy"}
    assert len(groups["web"].process_configs) == 3
    assert shlex.split(groups["postgres"].process_configs[0].command) == ["postgres", "-D", "/srv/100 % ours/var/postgres"]


def test_what_needs_a_migrated_database_waits_for_up(chosen, tmp_path, monkeypatch) -> None:
    config = supervision.render(chosen, postgres=["postgres"])

    groups = _read_by_supervisord(config, tmp_path, monkeypatch).process_group_configs
    at_once = {group.name for group in groups if group.process_configs[0].autostart}

    assert at_once == {"postgres", "redis"}


def test_the_database_stops_last(chosen, tmp_path, monkeypatch) -> None:
    config = supervision.render(chosen, postgres=["postgres"])

    groups = {group.name: group for group in _read_by_supervisord(config, tmp_path, monkeypatch).process_group_configs}

    # supervisord stops groups from the highest priority down
    assert max(groups["postgres"].priority, groups["redis"].priority) < min(groups[name].priority for name in supervision.SERVING)


def test_only_this_machine_can_steer_the_processes(chosen) -> None:
    config = supervision.render(chosen, postgres=["postgres"])

    assert "\n[inet_http_server]\nport=127.0.0.1:" in config
    assert "\npassword=" in config
