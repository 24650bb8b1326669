"""Shut a process in before it opens a stranger's file: no network, no other programs, little memory, little time.

What the kernel enforces here holds even when a parser is taken over. Linux on x86-64 and arm64; elsewhere the limits alone hold.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
from collections.abc import Iterable
from pathlib import Path

MEMORY_BYTES = 1 << 30
CPU_S = 120
FILE_BYTES = 300 * 1024 * 1024
OPEN_FILES = 64
NOBODY = 65534

_CLONE_NEWNET = 0x40000000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
# Architecture as the kernel names it -> numbers of: socket, connect, bind, execve, execveat, ptrace, io_uring_setup.
_CALLS = {
    "x86_64": (0xC000003E, (41, 42, 49, 59, 322, 101, 425)),
    "aarch64": (0xC00000B7, (198, 203, 200, 221, 281, 117, 425)),
}
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE = 0, 4


def enter(still_needs: Iterable[Path], *, memory_bytes: int = MEMORY_BYTES, cpu_s: int = CPU_S, file_bytes: int = FILE_BYTES) -> None:
    """Shut this process in, for good.

    As root it also leaves the network altogether and, where nobody may read what it `still_needs`, becomes nobody.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        # Refused inside some containers; the filter below holds without it.
        libc.unshare(_CLONE_NEWNET)
        if all(_is_open_to_all(path) for path in (Path(os.__file__), *still_needs)):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    _refuse_calls(libc)


def _is_open_to_all(path: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in path.resolve().parents)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def _refuse_calls(libc: ctypes.CDLL) -> None:
    """Let the kernel answer EACCES to every call that reaches for a network or another program (seccomp, inherited by children)."""
    known = _CALLS.get(platform.machine())
    if known is None:
        return
    architecture, numbers = known
    # A process could speak as another architecture (x32: numbers from 2^30), with other numbers: refused as well.
    checks = [(_EQUAL, number) for number in numbers] + [(_AT_LEAST, 0x40000000)]
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 0, len(checks) + 2, architecture), (_LOAD, 0, 0, _NUMBER)]
    steps += [(kind, len(checks) - n, 0, value) for n, (kind, value) in enumerate(checks)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "The filter of system calls could not be set.")
