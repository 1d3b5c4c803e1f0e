"""The layer catalogues that the config is resolved against, kept up to date.

Models that are there when the workflow starts are imported then and not by one of its jobs: so the
first dry run already shows every sprite, and a wrong layer name is refused before anything runs.
One is imported again when the content of its files or what the config says of it has changed.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from lucid_sprites import fingerprints
from lucid_sprites.errors import UserError
from lucid_sprites.files import read_made, write_whole
from lucid_sprites.made import mark, tag
from lucid_sprites.planning import no_picture
from lucid_sprites.planning.import_jobs import ImportJob, InputOptions, Origin, Stamp
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.settings import canonical_json

# Raised whenever catalogues hold something else than before.
_FORMAT = 7
_PACKAGE = Path(__file__).parents[1]


def catalogues(jobs: list[ImportJob]) -> list[Catalogue | str]:
    """The catalogues of models; of those that may and do take no picture, why they do not.

    Args:
        jobs: for `models.import_model`, whose catalogues are wanted.

    Raises:
        UserError: a model cannot be imported.
    """
    stale = [job for job in jobs if no_picture.read(job) is None and not _is_current(job)]
    if stale:
        _import(stale)
    return [no_picture.read(job) or read(job["catalogue"]) for job in jobs]


def read(file: str) -> Catalogue:
    """A catalogue.

    Raises:
        UserError: missing, or not as it was written; a damaged one is deleted, to be made again.
    """
    return read_made(file, _whole)


def write(file: str, catalogue: Catalogue) -> None:
    """Keep a catalogue so that `read` knows whether it is whole."""
    data = catalogue.as_dict()
    sealed = {"made": mark(made(catalogue.stamp)), **data, "digest": _digest(data)}
    write_whole(file, json.dumps(sealed, indent=1) + "\n")


def _whole(written: Mapping[str, Any]) -> Catalogue:
    data = {key: value for key, value in written.items() if key not in ("made", "digest")}
    if written["digest"] != _digest(data):
        raise ValueError("it is not as it was written")
    return Catalogue.parse(data)


def _digest(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()


def _is_current(job: ImportJob) -> bool:
    try:
        catalogue = read(job["catalogue"])
        whole = catalogue.sha256 == fingerprints.sha256(job["graph"])
        return whole and bool(catalogue.stamp == job["stamp"])
    except (UserError, OSError):
        return False


def stamp(
    origin: Origin,
    input: InputOptions,
    edges: list[int],
    files: Sequence[str],
    where: str,
) -> Stamp:
    """All that decides what a catalogue and its graph are: of a job, and the files' content.

    Args:
        files: that people keep and the model is read from.
        where: the place in the config, for messages.

    Raises:
        UserError: a file cannot be read.
    """
    return {
        "format": _FORMAT,
        "origin": cast(Origin, {key: _portable(value) for key, value in origin.items()}),
        "input": input,
        "edges": edges,
        "files": [[_portable(file), fingerprints.content(file, where)] for file in files],
    }


def made(stamp: Mapping[str, Any] | None) -> str:
    """What a catalogue of a stamp says of how it was made."""
    return tag(canonical_json(stamp))


def _portable(value: Any) -> Any:
    """A path as seen from the project, so that one that is moved keeps its catalogues."""
    if not isinstance(value, str) or not os.path.isabs(value):
        return value
    relative = os.path.relpath(value)
    return value if relative.startswith(os.pardir) else relative


def _import(jobs: list[ImportJob]) -> None:
    """In a program of its own: TensorFlow must not be imported where the workflow starts."""
    print(f"Reading {len(jobs)} new or changed models ...", file=sys.stderr)
    done = subprocess.run(
        [sys.executable, str(_PACKAGE), "models.import_model"],
        input=json.dumps(jobs),
        text=True,
        errors="replace",
        stdout=sys.stderr,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise UserError(_messages(done.stderr) or _unforeseen(jobs, done))


def _messages(output: str) -> str:
    """What the program says of each model that it cannot import."""
    _, _, messages = f"\n{output}".partition("\nerror: ")
    return messages.strip().replace("\nerror: ", "\n")


def _unforeseen(jobs: list[ImportJob], done: subprocess.CompletedProcess[str]) -> str:
    """For an end that is none of a model's: each is read by a child."""
    models = ", ".join(job["origin"].get("file") or job["catalogue"] for job in jobs)
    lines = done.stderr.strip().splitlines()
    how = f"ended with code {done.returncode}" if done.returncode > 0 else "was killed"
    return (
        f"{models}: the program that imports models {how}"
        f"{': ' + lines[-1][:300] if lines else ''}; is there memory enough, and is TensorFlow "
        "installed whole?"
    )
