"""The real MapProxy behind the walk's web processes, with one picture that has colour everywhere, in both counties."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
import yaml
from rasterio.transform import from_bounds

from layers.mapproxy_config import mapproxy_config
from layers.models import Basemap
from tests.layers.test_imagery import free_port, wait_for

ROOT = Path(__file__).parents[2]
KEY = "walk"


@contextmanager
def map_proxy(folder: Path, *others: Basemap) -> Iterator[str]:
    """Run MapProxy with the picture, and other imagery; yield its address."""
    folder.mkdir(exist_ok=True)
    config, refused = mapproxy_config([picture(folder), *others], var_dir=folder, environ={})
    assert not refused
    (folder / "mapproxy").mkdir()
    (folder / "mapproxy" / "mapproxy.yaml").write_text(yaml.safe_dump(config))
    url = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | {"VAR_DIR": str(folder), "MAPPROXY_URL": url}
    with subprocess.Popen([sys.executable, ROOT / "mapproxy" / "serve.py"], env=environment, cwd=ROOT) as process:
        try:
            wait_for(url)
            yield url
        finally:
            process.terminate()


def picture(folder: Path) -> Basemap:
    """Return the record of the picture, painted when it is not there yet."""
    path = folder / "picture.tif"
    if not path.exists():
        colours = np.random.default_rng(5).integers(60, 250, (3, 300, 700), dtype=np.uint8)
        shape = {"count": 3, "height": 300, "width": 700, "dtype": "uint8", "crs": "EPSG:4326"}
        with rasterio.open(path, "w", driver="GTiff", transform=from_bounds(24.4, 60.0, 25.2, 60.4, 700, 300), **shape) as image:
            image.write(colours)
    return Basemap(key=KEY, kind="imagery", title_en="Walk", title_zh="Walk", source_type="geotiff", source=str(path))
