"""Seccomp: what Landlock leaves open. No sockets, no processes, no change of files' attributes.

A filter of some 30 instructions, made here: the one package for it needs a library of the system's.
"""

import ctypes
import errno
import platform
from dataclasses import dataclass

from lucid_sprites.sandbox import system_calls

# <linux/seccomp.h>, <linux/filter.h>
_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
# A clone with this flag is a thread.
_CLONE_THREAD = 0x10000
# System calls from here on are those of x86_64's second set.
_SECOND_SET = 0x40000000
_CLONE3 = 435


@dataclass(frozen=True)
class _Machine:
    """A processor architecture.

    Attributes:
        architecture: as the filter sees it.
        clone: number of the call that makes threads and processes.
        forbidden: numbers of the calls that fail.
    """

    architecture: int
    clone: int
    forbidden: tuple[int, ...]


# The same everywhere: io_uring_setup, fchmodat2, setxattrat.
_FORBIDDEN_ANYWHERE = (425, 452, 463)
_MACHINES = {
    # ptrace; socket; fork, vfork, execve, execveat; chmod, fchmod, fchmodat;
    # chown, fchown, lchown, fchownat; utime, utimes, futimesat, utimensat; setxattr and its kin
    "x86_64": _Machine(
        0xC000003E, 56,
        (101, 41, 57, 58, 59, 322, 90, 91, 268, 92, 93, 94, 260, 132, 235, 261, 280, 188, 189, 190),
    ),
    "aarch64": _Machine(
        0xC00000B7, 220, (117, 198, 221, 281, 52, 53, 54, 55, 88, 5, 6, 7)
    ),
}  # fmt: skip


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        ("skip_if_true", ctypes.c_uint8),
        ("skip_if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction))]


def restrict() -> None:
    """From now on, make no socket, start no process or program, change no file's attributes.

    Such calls fail with "Operation not permitted". Holds for the calling thread and those that it
    starts later; nothing can undo it.

    Raises:
        OSError: not known here, or refused.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"no filter for {platform.machine()}")
    instructions = _filter(machine)
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    system_calls.give_up_privileges()
    system_calls.control(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program))


def _filter(machine: _Machine) -> list[_Instruction]:
    refuse = _Instruction(_RETURN, 0, 0, _ERROR | errno.EPERM)
    forbidden = (*machine.forbidden, *_FORBIDDEN_ANYWHERE)
    return [
        _Instruction(_LOAD, 0, 0, _ARCHITECTURE),
        _Instruction(_IF_EQUAL, 1, 0, machine.architecture),
        refuse,
        _Instruction(_LOAD, 0, 0, _NUMBER),
        _Instruction(_IF_AT_LEAST, 0, 1, _SECOND_SET),
        refuse,
        *(part for number in forbidden for part in (_Instruction(_IF_EQUAL, 0, 1, number), refuse)),
        # Its flags lie in memory, where no filter sees them; the C library then takes clone.
        _Instruction(_IF_EQUAL, 0, 1, _CLONE3),
        _Instruction(_RETURN, 0, 0, _ERROR | errno.ENOSYS),
        _Instruction(_IF_EQUAL, 0, 3, machine.clone),
        _Instruction(_LOAD, 0, 0, _FIRST_ARGUMENT),
        _Instruction(_IF_ANY_BIT, 1, 0, _CLONE_THREAD),
        refuse,
        _Instruction(_RETURN, 0, 0, _ALLOW),
    ]
