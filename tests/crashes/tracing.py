"""Kill a process right before its n-th system call that changes a file: `ptrace` and `seccomp`.

Lines of Python are too coarse for that: one of them commits, writes a checkpoint or copies a file,
and DuckDB does that in threads of its own.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SEIZE, _LISTEN, _CONTINUE, _SYSCALL_INFO = 0x4206, 0x4208, 7, 0x420E
_OPTIONS: Final = 0x8 | 0x80 | 0x100000
"""Threads are traced along, the filter's calls stop, and nobody stays when the tracer ends."""
_SECCOMP_STOP: Final = 7
_GROUP_STOP: Final = 128
_ALL_THREADS: Final = 0x40000000
_NO_NEW_PRIVILEGES, _SET_SECCOMP = 38, 22
_TRACE, _ALLOW = 0x7FF00000, 0x7FFF0000

# By machine: number of the call -> its name, and which argument has the descriptor or the path.
_BY_DESCRIPTOR: Final = {
    "x86_64": {1: ("write", 0), 18: ("pwrite64", 0), 20: ("writev", 0), 74: ("fsync", 0),
               75: ("fdatasync", 0), 77: ("ftruncate", 0), 285: ("fallocate", 0),
               326: ("copy_file_range", 2), 40: ("sendfile", 0)},
    "aarch64": {64: ("write", 0), 68: ("pwrite64", 0), 66: ("writev", 0), 82: ("fsync", 0),
                83: ("fdatasync", 0), 46: ("ftruncate", 0), 47: ("fallocate", 0),
                285: ("copy_file_range", 2), 71: ("sendfile", 0)},
}  # fmt: skip
_BY_PATH: Final = {
    "x86_64": {82: ("rename", 0), 264: ("renameat", 1), 316: ("renameat2", 1), 87: ("unlink", 0),
               263: ("unlinkat", 1), 86: ("link", 1), 265: ("linkat", 3), 88: ("symlink", 1),
               266: ("symlinkat", 2), 83: ("mkdir", 0), 258: ("mkdirat", 1), 84: ("rmdir", 0)},
    "aarch64": {38: ("renameat", 1), 276: ("renameat2", 1), 35: ("unlinkat", 1), 37: ("linkat", 3),
                36: ("symlinkat", 2), 34: ("mkdirat", 1)},
}  # fmt: skip

AVAILABLE: Final = platform.system() == "Linux" and platform.machine() in _BY_PATH
"""Whether this machine is one that is known here; elsewhere only random moments are left."""


@dataclass(frozen=True, slots=True)
class Traced:
    """How many calls that change a file there were, and what the last of them was."""

    calls: int
    last: str
    exit_code: int | None
    """Of the process; None if it was killed."""


def be_traceable() -> None:
    """Have this process stop for its tracer at the calls known here; without one they fail."""
    numbers = [*_BY_DESCRIPTOR[platform.machine()], *_BY_PATH[platform.machine()]]
    load, equal, answer = 0x20, 0x15, 0x06
    program = [struct.pack("<HBBI", load, 0, 0, 0)]
    program += [
        struct.pack("<HBBI", equal, len(numbers) - index, 0, number)
        for index, number in enumerate(numbers)
    ]
    program += [struct.pack("<HBBI", answer, 0, 0, verdict) for verdict in (_ALLOW, _TRACE)]
    code = ctypes.create_string_buffer(b"".join(program))
    head = ctypes.create_string_buffer(
        struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(code))
    )
    _checked(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(_libc.prctl(_SET_SECCOMP, 2, ctypes.addressof(head), 0, 0))


def trace(
    pid: int, counts: Callable[[str], bool], *, begin: Callable[[], None], deadly: int = 0
) -> Traced:
    """Let the process run to its end, or kill it before its call number `deadly` (from 1).

    Counted are calls that change a file whose path `counts`. The process must have one thread,
    wait for what `begin` does, and then call `be_traceable`.
    """
    calls, last = 0, ""
    _ptrace(_SEIZE, pid, _OPTIONS)
    begin()
    while True:
        thread, status = os.waitpid(-1, _ALL_THREADS)
        if not os.WIFSTOPPED(status):
            if thread == pid:
                code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
                return Traced(calls, last, code)
            continue
        event, by = status >> 16, os.WSTOPSIG(status)
        if event == _SECCOMP_STOP:
            name, path = _call_of(thread)
            if counts(path):
                calls, last = calls + 1, f"{name} {path}"
            if calls == deadly > 0:
                os.kill(pid, signal.SIGKILL)
                continue
        stays_stopped = event == _GROUP_STOP and by != signal.SIGTRAP
        # A thread may be gone between its stop and now: another one ended the process.
        with suppress(ProcessLookupError):
            _ptrace(_LISTEN if stays_stopped else _CONTINUE, thread, 0 if event else by)


def _call_of(thread: int) -> tuple[str, str]:
    """Name of the call that the thread is about to make, and the path of the file it changes."""
    info = ctypes.create_string_buffer(96)
    _checked(_libc.ptrace(_SYSCALL_INFO, thread, 96, ctypes.addressof(info)))
    number, *arguments = struct.unpack_from("<7Q", info, 24)
    machine = platform.machine()
    try:
        if number in _BY_DESCRIPTOR[machine]:
            name, which = _BY_DESCRIPTOR[machine][number]
            return name, str(Path(f"/proc/{thread}/fd/{arguments[which]}").readlink())
        name, which = _BY_PATH[machine][number]
        return name, _text(thread, arguments[which])
    except OSError:
        return "", ""


def _text(thread: int, address: int) -> str:
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(512).split(b"\0", 1)[0].decode(errors="replace")


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]


def _ptrace(request: int, thread: int, data: int) -> None:
    _checked(_libc.ptrace(request, thread, 0, data))


def _checked(result: int) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
