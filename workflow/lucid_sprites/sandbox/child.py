"""A child process for one piece of work, with limits."""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from lucid_sprites.sandbox import system_calls
from lucid_sprites.sandbox.limits import Limits

_FAILED = 1
# Between two looks at whether a child has ended, in seconds.
_PAUSE = 0.01


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes:
        is_done: whether the work came to its end.
        signal: that killed it, such as `SIGSEGV`; None if none did.
        timed_out: whether it was killed for taking too long.
        seconds: that it took.
        peak: bytes of memory at most, with what it had of its parent.
    """

    is_done: bool
    signal: str | None
    timed_out: bool
    seconds: float
    peak: int


def run(work: Callable[[], object], limits: Limits, log: str) -> Ended:
    """Do `work` in a child of this process, and wait for it.

    Args:
        work: an exception that leaves it goes to the log, and the work is not done.
        log: file for what it prints.
    """
    parent, began = os.getpid(), time.monotonic()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _work(work, limits, log, parent)
    timed_out = False
    try:
        timed_out = not _ends_within(child, limits.seconds)
    finally:
        # Its session's processes, too, if it could start any.
        _kill(child)
        _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    killed = signal.Signals(-code).name if code < 0 else None
    timed_out = timed_out or killed == signal.SIGXCPU.name
    seconds = time.monotonic() - began
    return Ended(code == 0 and not timed_out, killed, timed_out, seconds, usage.ru_maxrss * 1024)


def _work(work: Callable[[], object], limits: Limits, log: str, parent: int) -> None:
    """Never returns: what the parent would do next is not the child's."""
    code = _FAILED
    try:
        os.setsid()
        _redirect(log)
        system_calls.die_with_parent(parent)
        limits.apply()
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor, stream in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, stream)
    # The parent may have put something else in their place.
    sys.stdout, sys.stderr = (open(stream, "w", closefd=False) for stream in (1, 2))  # noqa: SIM115


def _ends_within(child: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, child, look) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _kill(child: int) -> None:
    """Kill a child that has not been waited for, and the other processes of its session."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)
