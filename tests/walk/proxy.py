"""The real proxy in front of the walk's web processes: nginx with the configuration that docker-compose.yml gives it."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ops import settings

CONF = Path(__file__).parents[2] / "deploy" / "nginx.conf"


@contextmanager
def proxy(ports: Sequence[int], folder: Path) -> Iterator[int]:
    """Run nginx before the web processes on these ports; yield its own. Only addresses and folders differ from deploy/nginx.conf."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert nginx, (
        "nginx is not installed, so the walk cannot go through the real proxy: run ./gridatlas test, or apt-get install nginx-light"
    )
    folder.mkdir()
    port = settings.free_port(set())
    upstream = " ".join(f"server 127.0.0.1:{web} max_fails=0;" for web in ports)
    text, replaced = re.subn(r"server web:8000 max_fails=0;", upstream, CONF.read_text("utf-8"))
    text, moved = re.subn(r"listen 8080;", f"listen 127.0.0.1:{port};", text)
    assert (replaced, moved) == (1, 1), "deploy/nginx.conf names its web process or its port otherwise"
    (folder / "nginx.conf").write_text(text.replace("/tmp/", f"{folder}/"))  # noqa: S108 (replaced, not used)
    command = [nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"), "-g", "daemon off;"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=(folder / "stderr").open("w")) as process:
        try:
            _wait_until_it_listens(port, process, folder)
            yield port
        finally:
            process.terminate()


def _wait_until_it_listens(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    for _ in range(200):
        if not settings.is_free(port):
            return
        assert process.poll() is None, f"nginx ended: {(folder / 'stderr').read_text()}"
        time.sleep(0.05)
    raise AssertionError("nginx did not start")
