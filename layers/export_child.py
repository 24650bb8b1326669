"""Write a GeoPackage or Shapefile layer from rows that come as an Arrow stream on standard input. A process of its own.

The rows' process holds another GDAL already, inside rasterio; and what writing takes in memory goes with this process.
Run as: python -m layers.export_child DRIVER PATH LAYER GEOMETRY_TYPE EPSG:CODE
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyogrio

_OPTIONS = {
    "GPKG": {"dataset_options": {"VERSION": "1.3"}, "layer_options": {"GEOMETRY_NAME": "geom"}},
    "ESRI Shapefile": {"layer_options": {"ENCODING": "UTF-8"}},
}


def main(driver: str, path: str, layer: str, geometry_type: str, crs: str) -> None:
    with pa.ipc.open_stream(sys.stdin.buffer) as rows:
        pyogrio.write_arrow(
            rows,
            path,
            layer=layer,
            driver=driver,
            geometry_name="geometry",
            geometry_type=geometry_type,
            crs=crs,
            append=Path(path).exists() and driver == "GPKG",
            **_OPTIONS[driver],
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
