"""The layer catalogues that the config is resolved against, kept up to date.

Models that are there when the workflow starts are imported then and not by one of its jobs: so the
first dry run already shows every sprite, and a wrong layer name is refused before anything runs.
One is imported again when its file or what the config says of its input has changed.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lucid_sprites.config.settings import canonical_json
from lucid_sprites.errors import UserError
from lucid_sprites.files import read_made, write_whole

# Raised whenever catalogues hold something else than before.
_FORMAT = 3
_PACKAGE = Path(__file__).parents[1]


def catalogues(jobs: list[dict[str, Any]], files: list[tuple[str, ...]]) -> list[dict[str, Any]]:
    """The catalogues of models.

    Args:
        jobs: for `models.import_model`, whose catalogues are wanted.
        files: that each job's model is read from.

    Raises:
        UserError: a model cannot be imported.
    """
    stamped = [{**job, "stamp": _stamp(job, own)} for job, own in zip(jobs, files, strict=True)]
    stale = [job for job in stamped if not _is_current(job)]
    if stale:
        _import(stale)
    return [read(job["catalogue"]) for job in jobs]


def read(file: str) -> dict[str, Any]:
    """A catalogue.

    Raises:
        UserError: missing, or not as it was written; a damaged one is deleted, to be made again.
    """
    return read_made(file, _whole)


def write(file: str, catalogue: dict[str, Any]) -> None:
    """Keep a catalogue so that `read` knows whether it is whole."""
    sealed = catalogue | {"digest": _digest(catalogue)}
    write_whole(file, json.dumps(sealed, indent=1) + "\n")


def _whole(catalogue: dict[str, Any]) -> dict[str, Any]:
    digest = catalogue.pop("digest", None)
    if digest != _digest(catalogue):
        raise ValueError("it is not as it was written")
    return catalogue


def _digest(catalogue: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(catalogue).encode()).hexdigest()


def _is_current(job: dict[str, Any]) -> bool:
    try:
        return read(job["catalogue"])["stamp"] == job["stamp"] and os.path.exists(job["graph"])
    except UserError:
        return False


def _stamp(job: dict[str, Any], files: tuple[str, ...]) -> dict[str, Any]:
    states = []
    for file in files:
        try:
            status = os.stat(file)
        except OSError as error:
            raise UserError(f"{file}: cannot be read: {error.strerror}") from error
        states.append([status.st_mtime_ns, status.st_size])
    # No paths: a project that is moved keeps its catalogues.
    origin = {key: value for key, value in job["origin"].items() if key != "file"}
    wanted = {"origin": origin, "input": job["input"], "edges": job["edges"]}
    return {"format": _FORMAT, "files": states, **wanted}


def _import(jobs: list[dict[str, Any]]) -> None:
    """In a program of its own: TensorFlow must not be imported where the workflow starts."""
    print(f"Reading {len(jobs)} new or changed models ...", file=sys.stderr)
    done = subprocess.run(
        [sys.executable, str(_PACKAGE), "models.import_model"],
        input=json.dumps(jobs),
        text=True,
        stdout=sys.stderr,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        _, found, message = f"\n{done.stderr}".partition("\nerror: ")
        if found:
            raise UserError(message.strip())
        models = ", ".join(job["catalogue"] for job in jobs)
        raise UserError(
            f"{models}: the program that imports models ended with code {done.returncode}: "
            f"{done.stderr.strip()[-500:] or 'it was killed (out of memory?)'}"
        )
