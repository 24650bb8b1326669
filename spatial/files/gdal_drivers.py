"""Leave GDAL the few drivers that a process needs, so that a file disguised as something else has nothing that opens it."""

import ctypes
from pathlib import Path
from types import ModuleType

from spatial.files.rows import BadFile


def leave(package: ModuleType, names: set[str]) -> set[str]:
    """Take every other driver out of the GDAL inside the wheel of `package` (pyogrio, rasterio); return what is left.

    Raises:
        BadFile: they cannot be taken out here, so nothing may be opened.
    """
    folder = Path(str(package.__file__)).parent
    library = ctypes.CDLL(str(next((folder.parent / f"{folder.name}.libs").glob("libgdal*"))))
    library.GDALGetDriver.restype = ctypes.c_void_p
    library.GDALGetDriverShortName.argtypes = [ctypes.c_void_p]
    library.GDALGetDriverShortName.restype = ctypes.c_char_p
    library.GDALDeregisterDriver.argtypes = [ctypes.c_void_p]
    drivers = [library.GDALGetDriver(number) for number in range(library.GDALGetDriverCount())]
    for driver in drivers:
        if library.GDALGetDriverShortName(driver).decode() not in names:
            library.GDALDeregisterDriver(driver)
    left = {library.GDALGetDriverShortName(library.GDALGetDriver(n)).decode() for n in range(library.GDALGetDriverCount())}
    if not left <= names:
        raise BadFile("not_installed", "The drivers of GDAL cannot be narrowed on this server, so that no such file is opened.")
    return left
