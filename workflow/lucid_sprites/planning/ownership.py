"""Whose results they are: a mark in the results folder that keeps two projects apart.

Snakemake locks what one project makes, but not a results folder that two of them name by its
absolute path: they would replace each other's files without a word. A project is the folder that
Snakemake works in, so configs that lie in one folder may share their results.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.files import write_whole


@dataclass(frozen=True)
class Owner:
    """Who writes into a results folder.

    Attributes:
        project: the folder that Snakemake works in.
        results: the results folder when the mark was made: a copy of it, or one that was moved
            with its project, belongs to nobody yet.
    """

    project: str
    results: str


def check(results: str | os.PathLike[str]) -> None:
    """Raise UserError if another project, which is still there, writes into the folder."""
    marked, ours = _marked(results), _ours(results)
    if marked is None or marked.results != ours.results or not os.path.isdir(marked.project):
        return
    if not os.path.samefile(marked.project, ours.project):
        raise UserError(
            f"results folder {results}: it belongs to the project {marked.project}, and this is "
            f"{ours.project}; two projects cannot share their results: choose another `results`, "
            f"or put both configs into one folder, or delete {_mark(results)} if that project "
            "no longer uses it"
        )


def claim(results: str | os.PathLike[str]) -> None:
    """Mark the folder as that of the project in the working directory.

    Raises:
        UserError: it is another project's, or cannot be written.
    """
    check(results)
    ours = _ours(results)
    if _marked(results) == ours:
        return
    text = json.dumps(asdict(ours), indent=1) + "\n"
    with contextlib.suppress(OSError):
        _mark(results).parent.mkdir(parents=True, exist_ok=True)
        with open(_mark(results), "x") as file:  # of two that start at once one fails
            file.write(text)
            return
    check(results)
    write_whole(_mark(results), text)


def _mark(results: str | os.PathLike[str]) -> Path:
    return Path(results) / layout.OWNER


def _ours(results: str | os.PathLike[str]) -> Owner:
    return Owner(os.path.realpath(os.curdir), os.path.realpath(results))


def _marked(results: str | os.PathLike[str]) -> Owner | None:
    """What the mark says; None if there is none, or none that makes sense."""
    try:
        said = json.loads(_mark(results).read_text())
        return Owner(os.fspath(said["project"]), os.fspath(said["results"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
