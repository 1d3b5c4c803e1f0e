"""The entries of the config's `images`: pictures, what they are shown to, and settings."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import glob
from pathlib import Path
from typing import Any, cast

from lucid_sprites.errors import UserError
from lucid_sprites.files import PICTURE, check_input
from lucid_sprites.planning.layers import matching
from lucid_sprites.planning.targets import InstancePlan
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.image_settings import (
    DEFAULTS,
    KINDS,
    METHODS,
    SHORT,
    ImageSettings,
)
from lucid_sprites.recipe.layer_catalogue import Layer
from lucid_sprites.recipe.setting_types import Level

# Files of a folder that are taken for pictures; a file that is named is taken whatever its name.
_SUFFIXES = {
    ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".jp2",
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One entry of `images`.

    Attributes:
        pictures: files by the name that they have in the results.
        series, instances: globs of what they are shown to.
        settings: of the entry, over the defaults.
        where: the place in the config, for messages.
    """

    pictures: dict[str, str]
    series: list[str]
    instances: list[str]
    settings: ImageSettings
    where: str

    def concerns(self, series: str, instance: str) -> bool:
        """Whether the pictures are shown to an instance."""
        return any(fnmatchcase(series, name) for name in self.series) and any(
            fnmatchcase(instance, name) for name in self.instances
        )


def read_requests(entries: Sequence[Level], source: str) -> list[Request]:
    """The entries over the defaults, with their pictures.

    Args:
        source: the config file's name, for messages.

    Raises:
        UserError: no such picture, or several that cannot be told apart by name.
    """
    files = [_files(entry["pictures"], f"{source}: images") for entry in entries]
    names = _names_of([path for paths in files for path in paths], source)
    return [
        Request(
            {names[path]: path for path in paths},
            [str(name) for name in _listed(entry.get("series", "*"))],
            [str(name) for name in _listed(entry.get("instances", "*"))],
            cast(ImageSettings, {
                **DEFAULTS, **entry,
                "layers": _listed(entry.get("layers", DEFAULTS["layers"])),
                "methods": _listed(entry.get("methods", DEFAULTS["methods"])),
            }),
            f"{source}: images, entry {number + 1}",
        )
        for number, (entry, paths) in enumerate(zip(entries, files, strict=True))
    ]  # fmt: skip


def layer_numbers(request: Request, instance: InstancePlan) -> list[int]:
    """Numbers of the layers of an instance that pictures are shown to.

    Raises:
        UserError: the graph has none of a kind, or no layer of a name.
    """
    where = f"{request.where}, {instance.series}/{instance.instance}"
    numbers: set[int] = set()
    for selector in request.settings["layers"]:
        kind = SHORT.get(selector, selector)
        if kind not in KINDS:
            numbers.update(matching(selector, instance.catalogue, where))
            continue
        layers = instance.catalogue.layers
        fitting = [layer.number for layer in layers if KINDS[kind](layer.kind, layer.op)]
        if not fitting:
            raise UserError(f"{where}: the graph has no {kind} layer; name its layers instead")
        numbers.update(fitting)
    return sorted(numbers)


def check_layer(request: Request, number: int, layers: Sequence[Layer], method: str) -> None:
    """Raise UserError for a layer that a method cannot show with the request's settings."""
    settings: Mapping[str, Any] = request.settings
    index_ranges.parse(settings["channels"], f"{request.where}: channels")
    problem = METHODS[method].problem(settings, layers[number], layers)
    if problem is not None:
        raise UserError(f"{request.where}: layer {layers[number].name}: {problem}")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _files(patterns: str | list[str], where: str) -> list[str]:
    """Files that paths, folders and globs stand for, each once."""
    files: dict[str, None] = {}
    for pattern in _listed(patterns):
        if os.path.isdir(pattern):
            paths = [
                str(path)
                for path in sorted(Path(pattern).iterdir())
                if path.suffix.lower() in _SUFFIXES and path.is_file()
            ]
            problem = f"the folder has no picture ({', '.join(sorted(_SUFFIXES))})"
        elif os.path.exists(pattern):
            paths, problem = [pattern], ""
        else:
            paths = [path for path in sorted(glob(pattern, recursive=True)) if os.path.isfile(path)]
            problem = "no such picture, folder, or file that fits the pattern"
        if not paths:
            raise UserError(f"{where}: {pattern}: {problem}")
        for path in paths:
            check_input(path, PICTURE, where)
        files.update(dict.fromkeys(os.path.normpath(path) for path in paths))
    return list(files)


def _names_of(paths: list[str], source: str) -> dict[str, str]:
    """A name in the results for each file: its stem, with folder and suffix where needed."""
    paths = list(dict.fromkeys(paths))
    parts = {path: (Path(path).parent.name, Path(path).stem, Path(path).suffix) for path in paths}
    names: dict[str, str] = {}
    for form in ("{1}", "{0}_{1}", "{0}_{1}{2}"):
        left = [path for path in paths if path not in names]
        proposed = {path: _safe(form.format(*parts[path])) for path in left}
        for path, name in proposed.items():
            if list(proposed.values()).count(name) == 1 and name not in names.values():
                names[path] = name
    unnamed = [path for path in paths if path not in names]
    if unnamed:
        raise UserError(f"{source}: images: the files {' and '.join(unnamed)} need other names")
    return names


def _safe(name: str) -> str:
    """`name` with what a path of the results cannot hold replaced."""
    cleaned = re.sub(r"[^A-Za-z0-9_.+-]+", "_", name).lstrip(".+-")
    return cleaned or "picture"
