"""Files that are dated in the future, because a clock was ahead or somebody wanted it so.

Snakemake makes anew whatever is older than what it is made of: with such a file every run would do
the same again until the clock has caught up.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lucid_sprites import fingerprints, layout

# Clocks of a network's machines differ by seconds, and that passes by itself.
_SKEW_NANOSECONDS = 5 * 10**9
_STEP_NANOSECONDS = 1000
# Folders of results that no rule knows.
_UNKNOWN_TO_RULES = ("store", "logs")


def settle(results: str | os.PathLike[str]) -> None:
    """Date what lies in the results, and is dated in the future, to now; in the same order."""
    now = time.time_ns()
    ahead = [
        (modified, path)
        for path, modified in _files(str(results))
        if modified > now + _SKEW_NANOSECONDS
    ]
    times = {modified: rank for rank, modified in enumerate(sorted({time for time, _ in ahead}))}
    for modified, path in ahead:
        settled = now + times[modified] * _STEP_NANOSECONDS
        with contextlib.suppress(OSError):  # another user's: it stays as it is
            os.utime(path, ns=(settled, settled))


def _files(folder: str) -> Iterator[tuple[str, int]]:
    """(path, time in nanoseconds) of all files that rules know."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield entry.path, entry.stat(follow_symlinks=False).st_mtime_ns
            elif entry.name not in _UNKNOWN_TO_RULES:
                yield from _files(entry.path)


@dataclass(frozen=True)
class Given:
    """Tells Snakemake of files that people keep, whose times the workflow does not change.

    For a file that was dated in the future when it was first seen stands, from then on, an empty
    file that is named after its content. The file itself must not be an input, not even an
    `ancient` one: Snakemake fails a job whose output is older than any input.

    Attributes:
        results: the results folder.
    """

    results: Path

    def __call__(self, find: Callable[[Any], Any]) -> Callable[[Any], list[str]]:
        """An input function of a rule: the files that `find` finds, or what stands for them."""

        def inputs(wildcards: Any) -> list[str]:
            path_or_paths = find(wildcards)
            files = [path_or_paths] if isinstance(path_or_paths, str) else path_or_paths
            return [str(self._marker(file) or file) for file in files]

        return inputs

    def _marker(self, file: str) -> Path | None:
        """The file that stands for the content of one that is or was dated in the future."""
        if os.path.abspath(file).startswith(os.path.abspath(self.results) + os.sep):
            return None
        try:
            ahead = os.stat(file).st_mtime_ns > time.time_ns()
        except OSError:  # not there: Snakemake says so
            return None
        folder = self.results / Path(layout.AHEAD).parent
        if not ahead and not folder.exists():
            return None
        marker = self.results / layout.AHEAD.format(content=_content(file))
        if ahead and not marker.exists():
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.touch()
        return marker if marker.exists() else None


def _content(file: str) -> str:
    """A short text for a file's content; for a folder's, its time."""
    if os.path.isdir(file):
        state = f"{file} {os.stat(file).st_mtime_ns}"
        return hashlib.sha256(state.encode()).hexdigest()[:32]
    return fingerprints.sha256(file)[:32]
