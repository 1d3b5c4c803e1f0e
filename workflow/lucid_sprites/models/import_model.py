"""Program: import models: any kind of file to a frozen graph in normal form, and its catalogue.

Takes a JSON list of jobs, as its argument or from standard input. A job has `origin` (see
`models.loaders.load`), `input` (the config's), `edges` (of the canvases that its layers have to
take), `graph` and `catalogue` (files to write), and maybe `stamp` (kept in the catalogue).
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from lucid_sprites import tensorflow_start
from lucid_sprites.config import catalogues, onnx_weights
from lucid_sprites.errors import UserError
from lucid_sprites.files import sha256, write_if_changed
from lucid_sprites.models.loaders.kinds import ONNX_SUFFIX


def main() -> None:
    """Import every model; the first that cannot be imported ends the program."""
    jobs = json.loads(sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read())
    if not any(_needs_keras(job["origin"]) for job in jobs):
        tensorflow_start.lean()
    tensorflow_start.load()
    try:
        for job in jobs:
            _import(job)
    except UserError as error:
        sys.exit(f"error: {error}")


def _needs_keras(origin: dict[str, Any]) -> bool:
    from lucid_sprites.models.loaders.kinds import needs_keras

    return needs_keras(origin)


def _import(job: dict[str, Any]) -> None:
    from lucid_sprites.models import catalogue
    from lucid_sprites.models.loaders.load import load
    from lucid_sprites.models.normal_form.normalize import normalize

    origin = job["origin"]
    name = origin.get("file") or f"{origin['keras_application']} of keras.applications"
    loaded = load(origin)
    normal = normalize(
        loaded.graph, job["input"], name, loaded.facts, loaded.assumed_range, loaded.kinds,
        loaded.notes,
    )  # fmt: skip
    described = catalogue.describe(normal, job["edges"], name)
    graph = catalogue.pruned_to_layers(normal.graph, described)
    # An equal graph keeps its age while its model is older: what was made from it is up to date.
    write_if_changed(job["graph"], graph.SerializeToString(deterministic=True))
    if _modified(origin.get("file")) > os.path.getmtime(job["graph"]):
        os.utime(job["graph"])
    described |= {"stamp": job.get("stamp"), "sha256": sha256(job["graph"])}
    catalogues.write(job["catalogue"], described)


def _modified(file: str | None) -> float:
    """When the newest of a model's files was written."""
    if file is None:
        return 0.0
    path = Path(file)
    files = [each for each in path.rglob("*") if each.is_file()] or [path]
    if path.name.endswith(ONNX_SUFFIX):
        files += map(Path, onnx_weights.files_beside(path))
    return max(each.stat().st_mtime for each in files)


if __name__ == "__main__":
    main()
