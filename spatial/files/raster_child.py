"""The process that makes a basemap file: `python -m spatial.files.raster_child WISHES`, in a folder of its own that holds `upload`.

Writes `result` beside it. Says on its output how far it is and at last what it made, a line of JSON each; a refusal is one line of JSON on
its errors, exit code 3.
"""

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from spatial.files import sandbox
from spatial.files.child import REFUSED
from spatial.files.rasters import HEAD_BYTES, RESULT, UPLOAD, maker_of
from spatial.files.rows import BadFile

MEMORY_BYTES = 3 << 29
CPU_S = 520
FILE_BYTES = 24 << 30


def main() -> int:
    """Make the file that the upload asks for, told by its first bytes."""
    wishes, upload = json.loads(sys.argv[1]), Path(UPLOAD)
    try:
        with upload.open("rb") as file:
            maker = importlib.import_module(maker_of(file.read(HEAD_BYTES)))
        sandbox.enter([Path(__file__), Path(str(maker.__file__))], memory_bytes=MEMORY_BYTES, cpu_s=CPU_S, file_bytes=FILE_BYTES)
        made = maker.make(upload, Path(RESULT), crs=wishes["crs"], tick=_tick)
        _say({"made": asdict(made)})
    except BadFile as error:
        return _refuse(error.code, str(error))
    except MemoryError:
        return _refuse("too_large", "The file needs more memory than a file may; save it with tiles of 512 pixels.")
    except BrokenPipeError:
        return 1
    return 0


def _tick(share: float) -> None:
    _say({"share": round(share, 4)})


def _say(words: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _refuse(code: str, text: str) -> int:
    sys.stderr.write(f"\n{json.dumps({'code': code, 'text': text})}\n")
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
