"""Where uploaded customers' files lie."""

from layers.kept_files import KeptFiles

FILES = KeptFiles("imports")
