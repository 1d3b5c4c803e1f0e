"""Program: read a folder of photos once, into one file that training reads.

    python -m lucid_sprites.training.prepare_dataset --spec JSON --out DATASET.npz --report JSON

The photos lie in one folder for each class, or all in one with a table of attributes beside them.
Whatever is no picture is skipped, odd pictures are converted, and the report names every one.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lucid_sprites import program
from lucid_sprites.errors import UserError
from lucid_sprites.files import save_whole, write_whole
from lucid_sprites.made import mark
from lucid_sprites.photos import UnreadablePhotoError
from lucid_sprites.planning.training import dataset_made
from lucid_sprites.training.attributes import read_attributes
from lucid_sprites.training.square_photos import read_square

NO_CLASS = re.compile(r"(test|unlabell?ed)([_. -].*)?", re.IGNORECASE)
"""Folders beside those of the classes that hold pictures of all kinds."""

_VALIDATION_SHARE = 0.2


@dataclass
class Prepared:
    """Photos and their targets while they are collected.

    Attributes:
        classes: names of the classes or attributes.
        pictures: each uint8 [edge, edge, 3].
        targets: class numbers, or lists of 0 and 1 for the attributes.
        files: where each picture came from, relative to the folder.
        converted, skipped: file -> what was done, or why it was left out.
    """

    classes: list[str]
    pictures: list[np.ndarray] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    converted: dict[str, list[str]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def add(self, path: Path, folder: Path, edge: int, target: Any) -> None:
        """Read one photo; a photo that cannot be read is noted as skipped."""
        name = str(path.relative_to(folder))
        try:
            picture, converted = read_square(path, edge)
        except UnreadablePhotoError as error:
            self.skipped[name] = error.reason
            return
        self.pictures.append(picture)
        self.targets.append(target)
        self.files.append(name)
        if converted:
            self.converted[name] = converted


def prepare_classes(folder: Path, edge: int, classes: list[str] | None) -> Prepared:
    """Photos of a folder of class folders, in the order of their names.

    Args:
        folder: holds one folder for each class.
        edge: of the pictures in pixels.
        classes: folders to read; None: all but hidden ones and those named like `test`.

    Raises:
        UserError: no such folder, or fewer than two classes with pictures.
    """
    if not folder.is_dir():
        raise UserError(f"dataset {folder}: no such folder")
    present = sorted(path.name for path in folder.iterdir() if path.is_dir())
    missing = [name for name in classes or [] if name not in present]
    if missing:
        raise UserError(f"dataset {folder}: no folder {missing[0]!r}; there are {present}")
    left_out = dict.fromkeys(_not_classes(present), "named like a test set, not a class")
    chosen = classes or [name for name in present if name not in left_out and name[0] != "."]
    prepared = Prepared(list(chosen))
    if not classes:
        prepared.skipped |= left_out
    for number, name in enumerate(chosen):
        for path in _files(folder / name):
            prepared.add(path, folder, edge, number)
    filled = {prepared.classes[number] for number in prepared.targets}
    if len(filled) < 2 or len(filled) < len(chosen):
        empty = [name for name in chosen if name not in filled]
        raise UserError(
            f"dataset {folder}: two classes with pictures or more are needed; "
            f"pictures are in {sorted(filled)}, none in {empty}"
        )
    return prepared


def prepare_attributes(folder: Path, edge: int, table: Path) -> Prepared:
    """Photos with several labels each, in the order of the table.

    Raises:
        UserError: a table that cannot be read, or no picture of it that can.
    """
    names, rows = read_attributes(table)
    prepared = Prepared(names)
    for file, values in rows.items():
        if _is_beside(file):
            prepared.skipped[file] = "not in the folder"
        elif not os.path.isfile(folder / file):
            prepared.skipped[file] = "no such file"
        else:
            prepared.add(folder / file, folder, edge, values)
    if not prepared.pictures:
        raise UserError(f"dataset {folder}: none of the {len(rows)} pictures of {table} is there")
    return prepared


def split(targets: np.ndarray, seed: int) -> np.ndarray:
    """Which pictures are kept for validation, bool [n]: a fifth, of each class if there are any.

    Args:
        targets: class numbers [n], or attributes [n, k].
        seed: decides which.
    """
    groups = targets if targets.ndim == 1 else np.zeros(len(targets), int)
    validation = np.zeros(len(targets), bool)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        random = np.random.default_rng((seed, int(group)))
        count = max(1, round(_VALIDATION_SHARE * len(members))) if len(members) > 1 else 0
        validation[random.permutation(members)[:count]] = True
    return validation


def report(prepared: Prepared, validation: np.ndarray) -> dict[str, Any]:
    """What was found, as plain data: counts first, then every odd file."""
    targets = np.array(prepared.targets)
    hot = np.eye(len(prepared.classes), dtype=int)[targets] if targets.ndim == 1 else targets
    return {
        "pictures": len(prepared.pictures),
        "training": int((~validation).sum()),
        "validation": int(validation.sum()),
        "classes": dict(zip(prepared.classes, hot.sum(0).tolist(), strict=True)),
        "converted": len(prepared.converted),
        "skipped": len(prepared.skipped),
        "converted_files": prepared.converted,
        "skipped_files": prepared.skipped,
    }


def _not_classes(names: list[str]) -> list[str]:
    return [name for name in names if NO_CLASS.fullmatch(name)]


def _is_beside(file: str) -> bool:
    """Whether a name in a table leads out of the folder."""
    return os.path.isabs(file) or os.path.normpath(file).startswith(os.pardir)


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder but hidden ones, in the order of their names."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def main() -> None:
    """Read the arguments, write the dataset and its report."""
    parser = argparse.ArgumentParser(description="Read a folder of photos for training.")
    parser.add_argument("--spec", required=True, help="the dataset, as JSON")
    parser.add_argument("--out", required=True, help=".npz file to write")
    parser.add_argument("--report", required=True, help="JSON file to write")
    with program.run(parser) as arguments:
        spec = json.loads(arguments.spec)
        folder, edge = Path(spec["folder"]), spec["edge"]
        if "attributes" in spec:
            prepared = prepare_attributes(folder, edge, Path(spec["attributes"]))
        else:
            prepared = prepare_classes(folder, edge, spec.get("classes"))
        targets = np.array(prepared.targets, np.int32)
        validation = split(targets, spec["seed"])
        arrays = {
            "pictures": np.stack(prepared.pictures),
            "targets": targets,
            "validation": validation,
            "classes": np.array(prepared.classes),
        }
        arrays = {mark(dataset_made(arguments.spec)): np.zeros(0), **arrays}
        save_whole(arguments.out, lambda path: _save(path, arrays))
        described = report(prepared, validation)
        write_whole(arguments.report, json.dumps(described, indent=1) + "\n")
        counts = {key: value for key, value in described.items() if not key.endswith("_files")}
        print(f"{folder}: {counts}", file=sys.stderr)


def _save(path: str, arrays: dict[str, np.ndarray]) -> None:
    # Given a name instead of a file, numpy would add an ending to it.
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


if __name__ == "__main__":
    main()
