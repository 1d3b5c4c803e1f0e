"""How much a process may take."""

import os
import resource
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a process may take.

    Attributes:
        memory: bytes of data in memory. Address space that is only reserved, as TensorFlow and the
            C library do by the gigabyte, does not count.
        seconds: of wall time, and for each processor of its own time.
        file_size: bytes of the largest file that it may write.
    """

    memory: int
    seconds: float
    file_size: int

    def apply(self) -> None:
        """Limit the calling process, for ever."""
        processor_seconds = int(self.seconds * (os.cpu_count() or 1)) + 1
        _lower(resource.RLIMIT_DATA, self.memory)
        _lower(resource.RLIMIT_CPU, processor_seconds)
        _lower(resource.RLIMIT_FSIZE, self.file_size)
        _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, value: int) -> None:
    _, most = resource.getrlimit(kind)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(kind, (value, value))
