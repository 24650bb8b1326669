"""A real server on its own database, a real Chromium, people signed in: what every browser test stands on.

`base_url`, `world`, `sign_in(page, "planner")` and `open_map(page, at=(lon, lat))` are what a test needs.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.on_the_map import LonLat, OpenMap, wait_until_complete
from tests.browser.world import Person, World
from tests.portal.oidc_issuer import CLIENT_ID, CLIENT_SECRET, Issuer, running_issuer

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
# Two cores may be shared with all other checks; what has its own limit (live within 2 s) says so.
expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here `browser`."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def server_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of the web process: its own database, folder and secret."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    folder = tmp_path_factory.mktemp("server")
    return {
        **os.environ,
        "DATABASE_URL": _fresh_database(f"gridatlas_browser{worker and '_' + worker}"),
        "SECRET_KEY": "only-for-browser-tests-" * 3,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "PUBLIC_URL": "",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEBUG": "0",
        "VAR_DIR": str(folder),
        "MEDIA_ROOT": str(folder / "media"),
    }


@pytest.fixture(scope="session")
def base_url(server_env: dict[str, str]) -> Iterator[str]:
    """Start the web process as it runs in production, on a database of its own; yield its address."""
    if not (ROOT / "frontend" / "dist" / "index.html").is_file():
        pytest.fail("The front end is not built: run `npm --prefix frontend run build` first (./gridatlas test does it).")
    _run(["manage.py", "migrate", "--verbosity", "0"], server_env)
    _run(["-m", "tests.browser.stage"], server_env)
    with _web_process(server_env) as address:
        yield address


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="session")
def strict_url(base_url: str, server_env: dict[str, str], issuer: Issuer) -> Iterator[str]:
    """Start a second web process beside the first, as a stricter utility sets it up: second factor, graded passwords, its own issuer."""
    strict = {"SECOND_FACTOR": "staff", "PASSWORD_PROFILE": "graded", "OIDC_GROUP_MAP": "grid-planners=planner"}
    sso = {"OIDC_SERVER_URL": issuer.url, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET, "OIDC_NAME": "Utility"}
    with _web_process(server_env | strict | sso) as address:
        yield address


@pytest.fixture
def at_the_server(base_url: str, server_env: dict[str, str]) -> Callable[[str], str]:
    """Run lines of Python beside the web process, as its worker would; return what they print."""
    return lambda lines: _run(["-c", f"import django\ndjango.setup()\n{lines}"], server_env).strip()


@pytest.fixture(scope="session")
def supervisor(base_url: str) -> Person:
    return Person(base_url, "supervisor")


@pytest.fixture
def world(supervisor: Person) -> Iterator[World]:
    world = World(supervisor)
    yield world
    world.clear()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    # The shell has all of Chromium but its own windows and menus, which nobody sees here and which cost most of the processor's time.
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        pytest.fail("Chromium is missing: apt-get install chromium-headless-shell (./gridatlas test does it).")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
    return {**browser_type_launch_args, "executable_path": chromium, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    # Reduced motion: flights of the map are jumps, so nothing has to be waited for.
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        "timezone_id": "Europe/Helsinki",
        "reduced_motion": "reduce",
    }


@pytest.fixture(autouse=True)
def no_script_errors(context: BrowserContext) -> Iterator[None]:
    """An exception that nobody caught in the page fails the test, whatever was on the screen."""
    errors: list[str] = []
    context.on("weberror", lambda event: errors.append(str(event.error)))
    yield
    assert errors == []


@pytest.fixture
def another_context(browser: Browser, browser_context_args: dict) -> Iterator[Callable[..., BrowserContext]]:
    """Call it for another person's browser; keyword arguments go to the context (`has_touch=True`, `viewport=...`)."""
    contexts: list[BrowserContext] = []

    def make(**options) -> BrowserContext:
        context = browser.new_context(**{**browser_context_args, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def first_page(another_context: Callable[..., BrowserContext]) -> Page:
    """The page of a browser that nobody signed in on yet."""
    return another_context().new_page()


@pytest.fixture(scope="session")
def _people() -> dict[str, Person]:
    return {}


@pytest.fixture
def sign_in(base_url: str, _people: dict[str, Person]) -> Callable[..., Page]:
    """`sign_in(page, "planner")`: the page's browser now belongs to that person. People: see stage.PEOPLE."""

    def enter(page: Page, username: str = "planner") -> Page:
        if username not in _people:
            _people[username] = Person(base_url, username)
        person = _people[username]
        page.context.add_cookies([{"name": name, "value": person.cookie(name), "url": base_url} for name in ("sessionid", "csrftoken")])
        page.context.set_default_timeout(10_000)
        return page

    return enter


@pytest.fixture
def open_map(base_url: str) -> Callable[..., OpenMap]:
    """`open_map(page, at=(lon, lat), zoom=17, sel="customers:7")`: the map there, its first tiles drawn."""

    def go(page: Page, *, at: LonLat, zoom: float = 17, **address: str) -> OpenMap:
        lon, lat = at
        rest = "".join(f"&{name}={value}" for name, value in address.items())
        page.goto(f"{base_url}/#map={zoom:.2f}/{lat:.5f}/{lon:.5f}{rest}")
        wait_until_complete(page)
        page.wait_for_load_state("networkidle")
        return OpenMap(page)

    return go


@contextlib.contextmanager
def _web_process(env: dict[str, str]) -> Iterator[str]:
    port = _free_port()
    web = ["-m", "uvicorn", "config.asgi:application", "--port", str(port), "--ws", "websockets-sansio", "--no-access-log"]
    log = Path(env["VAR_DIR"]) / f"web-{port}.log"
    with log.open("w") as output, subprocess.Popen([sys.executable, *web], cwd=ROOT, env=env, stdout=output, stderr=output) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_ready(address, process, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _fresh_database(name: str) -> str:
    """Make an empty database beside the one DATABASE_URL names and return its address."""
    url = urlsplit(os.environ["DATABASE_URL"])
    with_name = lambda database: url._replace(scheme="postgresql", path=f"/{database}").geturl()  # noqa: E731
    with _autocommit(with_name("postgres")) as cursor:
        cursor.execute(f'drop database if exists "{name}" with (force)')
        cursor.execute(f'create database "{name}"')
    with _autocommit(with_name(name)) as cursor:
        # The launcher's template has it; a hand-made cluster may not.
        cursor.execute("select 1 from pg_extension where extname = 'postgis'")
        if not cursor.fetchone():
            cursor.execute("create extension postgis")
    return url._replace(path=f"/{name}").geturl()


@contextlib.contextmanager
def _autocommit(address: str) -> Iterator[psycopg2.extensions.cursor]:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with contextlib.closing(connection):
        yield connection.cursor()


def _run(arguments: list[str], env: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(address: str, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"The web process did not become ready:\n{log.read_text()[-3000:]}")
