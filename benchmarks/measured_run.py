"""What one call of Snakemake takes."""

import os
import time
from dataclasses import dataclass

from workflow_project import Project


@dataclass(frozen=True)
class Cost:
    """What one call took (seconds by the clock and of the processor, largest memory) and said."""

    seconds: float
    processor: float
    megabytes: float
    said: str


def call(project: Project, *arguments: str) -> Cost:
    """Run Snakemake; memory is that of its largest process.

    Raises:
        SystemExit: it failed; with the end of what it said.
    """
    begun = time.perf_counter()
    process = project.start(*arguments)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(said[-3000:])
    seconds = time.perf_counter() - begun
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)
