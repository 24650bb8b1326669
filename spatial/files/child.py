"""The process that reads one file: `python -m spatial.files.child FILE`, in an empty folder, with nothing of the server in its environment.

Writes an Arrow stream a layer to its output: the header as the schema's metadata, then the rows. A refusal is one line of JSON on its errors, exit code 3.
"""

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from spatial.files import kinds, sandbox
from spatial.files.rows import BadFile, Source, Wanted, schema_of

REFUSED = 3
# Loaded when the kind is known: a process that reads a table never holds GDAL.
_READERS = {
    kinds.CSV: "spatial.files.csv_rows:open_rows",
    kinds.XLSX: "spatial.files.xlsx_rows:open_rows",
    kinds.KML: "spatial.files.kml_rows:open_rows",
    kinds.GPKG: "spatial.files.gdal_rows:open_gpkg",
    kinds.SHP: "spatial.files.gdal_rows:open_shp",
    kinds.GEOJSON: "spatial.files.gdal_rows:open_geojson",
    kinds.DXF: "spatial.files.gdal_rows:open_dxf",
}


def main() -> int:
    """Read the file named by the first argument as the JSON of the second wishes."""
    path, wanted = Path(sys.argv[1]), Wanted(**json.loads(sys.argv[2]))
    try:
        module, _, function = _READERS[kinds.kind_of(path)].partition(":")
        open_rows = getattr(importlib.import_module(module), function)
        sandbox.enter([Path(__file__), Path(str(pa.__file__)), path])
        with pa.PythonFile(sys.stdout.buffer, "w") as pipe:
            source = open_rows(path, wanted)
            others = [name for name in source.header.layers if name != source.header.layer] if wanted.most_layers > 1 else []
            if len(others) >= wanted.most_layers:
                raise BadFile("too_many_layers", f"The file has {len(others) + 1} layers; at most {wanted.most_layers} are read.")
            _send(source, pipe)
            for name in others:
                _send(open_rows(path, replace(wanted, layer=name)), pipe)
    except BadFile as error:
        return _refuse(error.code, str(error))
    except MemoryError:
        return _refuse("too_large", "The file needs more memory than a file may; split it.")
    except RecursionError:
        return _refuse("unsupported", "The file is nested too deeply.")
    except BrokenPipeError:
        return 1
    return 0


def _send(source: Source, pipe: pa.PythonFile) -> None:
    with pa.ipc.new_stream(pipe, schema_of(source.header)) as stream:
        for batch in source.batches:
            stream.write_batch(batch)
            sys.stdout.buffer.flush()


def _refuse(code: str, text: str) -> int:
    sys.stderr.write(f"\n{json.dumps({'code': code, 'text': text})}\n")
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
