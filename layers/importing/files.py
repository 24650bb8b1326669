"""Where uploaded networks lie, on whose rights they stand, and how they are called."""

import re

from django.contrib.auth.models import User

from layers import access
from layers.kept_files import KeptFiles
from layers.models import NetworkImport

FILES = KeptFiles("network-imports")


def person_of(batch: NetworkImport) -> User:
    """Return on whose rights the import stands, read anew; the system's own when it came from the command line."""
    return User.objects.get(pk=batch.by_id) if batch.by_id else access.everybody()


def slug(file_name: str) -> str:
    """Return the code of a network that nobody named: the file's name without its ending.

    >>> slug("Upper Rhine 2026.gpkg"), slug("电网.gpkg"), slug(".gpkg")
    ('upper-rhine-2026', '电网', 'network')
    """
    stem = file_name.rpartition(".")[0] or ("" if file_name.startswith(".") else file_name)
    return re.sub(r"[\W_]+", "-", stem.lower()).strip("-")[:40] or "network"
