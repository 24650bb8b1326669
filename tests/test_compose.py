"""docker-compose.yml says what conventions promise, even where no container engine runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ops.postgres import EXTENSIONS

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[1]
LASTING = {"postgis", "redis", "web", "worker", "mapproxy", "proxy"}
ONE_SHOT = {"migrate", "demo"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


def test_it_follows_the_compose_schema(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests" / "data" / "compose_spec.json").read_text("utf-8"))

    jsonschema.Draft201909Validator(schema).validate(compose)


def test_it_has_the_same_parts_as_up(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == LASTING | ONE_SHOT


@pytest.mark.parametrize("service", sorted(LASTING))
def test_every_lasting_part_says_whether_it_is_well(compose: dict[str, Any], service: str) -> None:
    assert compose["services"][service]["healthcheck"]["test"]


@pytest.mark.parametrize("service", ["web", "worker", "mapproxy"])
def test_nothing_serves_before_the_database_is_migrated(compose: dict[str, Any], service: str) -> None:
    assert compose["services"][service]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert compose["services"]["migrate"]["depends_on"]["postgis"]["condition"] == "service_healthy"


def test_ports_are_open_to_this_machine_only(compose: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}

    assert list(ports) == ["proxy"]
    assert all(port.startswith("127.0.0.1:") for port in ports["proxy"])


@pytest.mark.parametrize("service", sorted(LASTING | ONE_SHOT))
def test_keys_of_imagery_reach_only_what_writes_the_configuration_for_it(compose: dict[str, Any], service: str) -> None:
    """Migrations, the demo, the admin and the worker that makes a basemap write it (`basemap_records.hand_to_mapproxy`)."""
    files = compose["services"][service].get("env_file", [])

    assert files == (["${BASEMAP_KEYS_FILE:-deploy/basemap-keys.env}"] if service in {"migrate", "demo", "web", "worker"} else [])
    assert all(line.startswith("#") for line in (ROOT / "deploy" / "basemap-keys.env").read_text("utf-8").splitlines()), "it is an example"


def test_imagery_is_fetched_without_secrets_and_without_the_database(compose: dict[str, Any], tmp_path: Path) -> None:
    part = compose["services"]["mapproxy"]
    # Nothing but what the container has. That MapProxy looks for its configuration means that all it needs has been imported.
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **part["environment"]}
    told = subprocess.run([sys.executable, "mapproxy/serve.py"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)

    assert set(part["environment"]) == {"MAPPROXY_URL"}
    assert part["networks"] == ["front"]
    assert told.stderr.strip() == f"{tmp_path}/mapproxy/mapproxy.yaml is missing: run `manage.py write_mapproxy_config` first."


def test_no_secret_has_a_value_or_a_default_in_the_file(compose: dict[str, Any]) -> None:
    secrets = [
        (name, value)
        for service in compose["services"].values()
        for name, value in service.get("environment", {}).items()
        if re.search(r"KEY|PASSWORD|SECRET|TOKEN|AUTH$|DATABASE_URL|REDIS_URL", name)
        # A name of rules is no secret; without an issuer there is no secret to share with it.
        and (name, value) not in (("PASSWORD_PROFILE", "${PASSWORD_PROFILE:-modern}"), ("OIDC_CLIENT_SECRET", "${OIDC_CLIENT_SECRET:-}"))
    ]

    assert secrets
    for name, value in secrets:
        assert re.search(r"\$\{\w+:\?[^}]+\}", value), f"{name} must come from the environment and say so when it is missing"


@pytest.mark.parametrize("service", sorted(LASTING | ONE_SHOT))
def test_no_part_can_gain_rights_or_write_to_its_image(compose: dict[str, Any], service: str) -> None:
    part = compose["services"][service]

    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert part["init"] is True


def test_the_image_runs_as_an_ordinary_user_from_the_lock_files() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")

    assert dockerfile.rindex("\nUSER gridatlas") > dockerfile.rindex("\nRUN ")
    assert "--require-hashes -r requirements/base.lock" in dockerfile
    assert "npm --prefix frontend ci" in dockerfile


def test_its_database_is_made_like_the_private_one() -> None:
    script = (ROOT / "deploy" / "create-database.sh").read_text("utf-8")

    assert set(re.findall(r"create extension if not exists (\w+)", script)) == set(EXTENSIONS)


def test_every_setting_that_up_knows_reaches_the_containers(compose: dict[str, Any]) -> None:
    """A setting of .env.example that compose forgets would be ignored there without a word."""
    example = (ROOT / ".env.example").read_text("utf-8")
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    # Folders and libraries are the image's own affair; the listening address is the proxy's; DEBUG is not for containers.
    # Which proxy is believed is written in deploy/nginx.conf.
    inside = {"TRUSTED_PROXIES", "VAR_DIR", "MEDIA_ROOT", "GDAL_LIBRARY_PATH", "GEOS_LIBRARY_PATH", "GRIDATLAS_HOST", "DEBUG"}

    forgotten = {name for name in named - inside if not re.search(rf"\b{name}\b", text)}

    assert forgotten == set()
