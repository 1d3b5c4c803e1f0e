"""The layer catalogues that the config is resolved against, kept up to date.

They are made while the workflow starts and not by one of its jobs: so the first dry run already
shows every sprite, and a wrong layer name is refused before anything runs. A catalogue is made
again when its graph file or what the config says of its input has changed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lucid_sprites.errors import UserError

# Raised whenever catalogues hold something else than before.
_FORMAT = 1
_PACKAGE_ROOT = Path(__file__).parents[2]


def catalogues(wanted: list[tuple[str, str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The catalogues of graphs.

    Args:
        wanted: (graph file, catalogue file, the config's `input` for it).

    Raises:
        UserError: a graph cannot be described.
    """
    jobs = [
        {"graph": graph, "catalogue": file, "overrides": overrides, "stamp": stamp}
        for graph, file, overrides in wanted
        for stamp in [_stamp(graph, overrides)]
        if _read(file).get("stamp") != stamp
    ]
    if jobs:
        _describe(jobs)
    return [json.loads(Path(file).read_text()) for _, file, _ in wanted]


def _stamp(graph: str, overrides: dict[str, Any]) -> dict[str, Any]:
    try:
        status = os.stat(graph)
    except OSError as error:
        raise UserError(f"{graph}: cannot be read: {error.strerror}") from error
    return {
        "format": _FORMAT,
        "modified": status.st_mtime_ns,
        "size": status.st_size,
        "overrides": overrides,
    }


def _read(file: str) -> dict[str, Any]:
    """A catalogue; empty if it is missing or damaged."""
    try:
        catalogue = json.loads(Path(file).read_text())
    except (OSError, ValueError):
        return {}
    return catalogue if isinstance(catalogue, dict) else {}


def _describe(jobs: list[dict[str, Any]]) -> None:
    """In a program of its own: TensorFlow must not be imported where the workflow starts."""
    described = subprocess.run(
        [sys.executable, "-m", "lucid_sprites.models.describe"],
        input=json.dumps(jobs),
        text=True,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(_PACKAGE_ROOT)},
        check=False,
    )
    if described.returncode:
        _, found, message = f"\n{described.stderr}".partition("\nerror: ")
        if found:
            raise UserError(message.strip())
        graphs = ", ".join(job["graph"] for job in jobs)
        raise UserError(
            f"{graphs}: the program that describes graphs ended with code {described.returncode}: "
            f"{described.stderr.strip()[-500:] or 'it was killed (out of memory?)'}"
        )
