"""Landlock: which files a process may reach, decided by itself and enforced by Linux.

Three system calls, made here: the packages for them are alphas of one author each, and a process
that reads strangers' files is no place for one that may fall behind the kernel.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from lucid_sprites.sandbox import system_calls

# <linux/landlock.h>; the numbers are the same on all architectures.
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_READ = _READ_FILE | _READ_FOLDER
_WRITE_FILE, _REMOVE_FOLDER, _REMOVE_FILE = 1 << 1, 1 << 4, 1 << 5
_MAKE_FOLDER, _MAKE_FILE, _TRUNCATE = 1 << 7, 1 << 8, 1 << 14
_WRITE = _WRITE_FILE | _REMOVE_FOLDER | _REMOVE_FILE | _MAKE_FOLDER | _MAKE_FILE | _TRUNCATE
# What a rule on something else than a folder may hold.
_ON_FILES = _READ_FILE | _WRITE_FILE | _TRUNCATE
# Rights by the version that they came with: 13 at first, then renaming, truncation, and device
# control; TCP; signals and abstract sockets.
_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
_TCP_SINCE, _BOTH_TCP = 4, 3
_SCOPES_SINCE, _BOTH_SCOPES = 6, 3


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "network", "scopes")]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def version() -> int:
    """Of this system's Landlock; 0 if it has none, or forbids it."""
    try:
        return system_calls.call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    except OSError:
        return 0


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """From now on, reach nothing but these files and what lies below these folders.

    Holds for the calling thread and whatever it starts later; nothing can undo it. No program can
    be started any more. Where the version knows of them, TCP and signals to others end, too.

    Args:
        readable: what is not there is left out.
        writable: may be read, too. Links and devices cannot be made there.

    Raises:
        OSError: there is no Landlock, or it refuses.
    """
    known = version()
    if not known:
        raise OSError(errno.ENOSYS, "not there, or not allowed")
    handled = (1 << max(count for since, count in _RIGHTS.items() if since <= known)) - 1
    attributes = _Ruleset(
        handled,
        _BOTH_TCP if known >= _TCP_SINCE else 0,
        _BOTH_SCOPES if known >= _SCOPES_SINCE else 0,
    )
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    ruleset = system_calls.call(_CREATE, ctypes.byref(attributes), size, ctypes.c_uint32(0))
    try:
        for paths, rights in ((readable, _READ), (writable, _READ | _WRITE)):
            for path in paths:
                _allow(ruleset, path, rights & handled)
        system_calls.give_up_privileges()
        system_calls.call(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        rule = _Beneath(rights if is_folder else rights & _ON_FILES, descriptor)
        kind, flags = ctypes.c_int(_PATH_BENEATH), ctypes.c_uint32(0)
        system_calls.call(_ADD_RULE, ctypes.c_int(ruleset), kind, ctypes.byref(rule), flags)
    finally:
        os.close(descriptor)
