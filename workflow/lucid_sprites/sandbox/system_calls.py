"""Calls to Linux that Python has no function for."""

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)
_SET_NO_NEW_PRIVILEGES, _SET_DEATH_SIGNAL = 38, 1


def call(number: int, *arguments: object) -> int:
    """A system call by its number.

    Raises:
        OSError: it is not known here, or was refused.
    """
    return _checked(_LIBC.syscall(ctypes.c_long(number), *arguments))


def control(option: int, *arguments: object) -> int:
    """`prctl`.

    Raises:
        OSError: it is not known here, or was refused.
    """
    values = [
        ctypes.c_ulong(argument) if isinstance(argument, int) else argument
        for argument in arguments
    ]
    padding = [ctypes.c_ulong(0)] * (4 - len(values))
    return _checked(_LIBC.prctl(ctypes.c_int(option), *values, *padding))


def give_up_privileges() -> None:
    """No program that is started from here gains rights; restrictions by users need it."""
    control(_SET_NO_NEW_PRIVILEGES, 1)


def die_with_parent(parent: int) -> None:
    """Be killed as soon as the process `parent` ends, however it does."""
    control(_SET_DEATH_SIGNAL, 9)
    if os.getppid() != parent:  # it ended before the wish was known
        os._exit(1)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
