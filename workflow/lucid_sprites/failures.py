"""What jobs that failed said, on the screen, however quiet the run is."""

import logging
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lucid_sprites import program

_LINES = 8
"""Of a message, at most; the log has the rest."""

_LISTED = 10
"""Messages on the screen while a run goes on, and again at its end: at most."""


@dataclass(frozen=True)
class Failure:
    """A job that failed.

    Attributes:
        rule: its rule.
        made: the first file that it was to make.
        log: its log.
        message: what it said last.
    """

    rule: str
    made: str
    log: str
    message: str

    def __str__(self) -> str:
        said = textwrap.indent(self.message, "  ")
        return f"{self.rule} failed to make {self.made}:\n{said}\n  log: {self.log}"


class Failures(logging.Handler):
    """Listens to Snakemake for jobs that fail, and for errors that `--quiet all` would not show.

    Of a job that fails Snakemake itself shows its whole log or nothing of it, and nothing at all
    in a quiet run.
    """

    def __init__(self, silent: bool) -> None:
        """Listen in a run that shows none of Snakemake's own messages, if `silent`."""
        super().__init__(logging.INFO)
        self._silent = silent
        self._by_job: dict[int, Failure] = {}
        self._shown: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Take notice of a job's end or of an error; called by Snakemake."""
        told = vars(record)
        event = told.get("event")
        if event == "job_error":
            self._add(told["jobid"], _failure(told))
        elif event == "job_finished":  # it may have failed before, and was tried again
            self._by_job.pop(told["job_id"], None)
        elif self._silent and record.levelno >= logging.ERROR and not _is_command(told):
            print(record.getMessage(), file=sys.stderr)

    def _add(self, job: int, failure: Failure) -> None:
        self._by_job[job] = failure
        if failure.message not in self._shown and len(self._shown) < _LISTED:
            print(failure, file=sys.stderr)
        self._shown.add(failure.message)

    def summary(self) -> str:
        """Lines on the jobs that failed in the end, those that said the same together."""
        groups: dict[tuple[str, str], list[Failure]] = {}
        for failure in self._by_job.values():
            groups.setdefault((failure.rule, failure.message), []).append(failure)
        listed = list(groups.values())[:_LISTED]
        left = len(self._by_job) - sum(map(len, listed))
        lines = [f"{_count(len(self._by_job))} failed:", *map(_together, listed)]
        lines += [f"and {_count(left)} more"] * (left > 0)
        return "\n".join([*lines, ""]) if listed else ""


def listen(logger: logging.Logger, silent: bool) -> Failures:
    """The one listener of a run, whatever the number of modules that ask for it."""
    for handler in logger.handlers:
        if isinstance(handler, Failures):
            return handler
    failures = Failures(silent)
    logger.addHandler(failures)
    return failures


def _is_command(told: dict[str, Any]) -> bool:
    """Whether this only repeats the command of a job that failed."""
    return told.get("exception") == "RuleException"


def _failure(job: dict[str, Any]) -> Failure:
    made, log = (next(iter(job[key]), "") for key in ("output", "log"))
    lines = _lines(log)
    message = _error(lines) or job["rule_msg"] or _without_error(lines)
    return Failure(job["rule_name"], made, log, message)


def _lines(log: str) -> list[str]:
    try:
        return Path(log).read_text(errors="replace").rstrip().splitlines()
    except OSError:
        return []


def _error(lines: list[str]) -> str:
    """What a program ended with, by its log; "" if that is no error."""
    marked = [number for number, line in enumerate(lines) if line.startswith(program.ERROR)]
    if marked:
        return "\n".join(lines[marked[-1] :][:_LINES])
    return lines[-1] if any(line.startswith("Traceback") for line in lines) else ""


def _without_error(lines: list[str]) -> str:
    end = f"ends with: {lines[-1]}" if lines else "is empty"
    return f"no error was logged (was it killed?); the log {end}"


def _together(failures: list[Failure]) -> str:
    more = f"\n  (and {_count(len(failures) - 1)} more that said the same)"
    return f"{failures[0]}{more if len(failures) > 1 else ''}"


def _count(jobs: int) -> str:
    return f"{jobs} job{'s' * (jobs != 1)}"
