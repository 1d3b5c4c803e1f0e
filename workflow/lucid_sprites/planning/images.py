"""What the config's `images` ask for: which pictures, of which layers, by which methods."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import glob
from pathlib import Path
from typing import Any, TypedDict, cast

from lucid_sprites import fingerprints, layout
from lucid_sprites.errors import UserError
from lucid_sprites.files import PICTURE, check_input
from lucid_sprites.made import tag
from lucid_sprites.planning.layers import matching
from lucid_sprites.planning.sprites import InstancePlan, Plan
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.image_settings import (
    DEFAULTS,
    KINDS,
    METHODS,
    SHORT,
    ImageSettings,
)
from lucid_sprites.recipe.layer_catalogue import Layer
from lucid_sprites.recipe.setting_types import Scale
from lucid_sprites.recipe.settings import canonical_json


class ShownLayer(TypedDict):
    """A layer that a picture is shown to."""

    number: int
    name: str


class ShownGroup(TypedDict):
    """Layers of equal settings; these are `GridSettings` or `DreamSettings`, by the method."""

    layers: list[ShownLayer]
    settings: Any


class SpriteRange(TypedDict):
    """Sprites of a layer at a threshold that have one size."""

    number: int
    threshold: int
    scale: Scale
    indexes: str


class ViewsOf(TypedDict):
    """Images and methods that the same views are made of."""

    of: list[tuple[str, str]]
    views: Sequence[str]


class EventsSpec(TypedDict):
    """What the job that writes an instance's event file is given; `layers` are names by number."""

    results: str
    series: str
    instance: str
    layers: dict[str, str]
    sprites: list[SpriteRange]
    views: list[ViewsOf]


class ArchiveSpec(TypedDict):
    """A picture and a method, as the job that makes the views is given them.

    Attributes:
        input: the graph's picture input, as plain data.
        picture, image: its file, and its name in the results.
    """

    graph: str
    graph_sha256: str
    input: dict[str, Any]
    picture: str
    picture_sha256: str
    image: str
    method: str
    groups: list[ShownGroup]


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


class ImagePlan:
    """Everything that pictures are asked for; what the rules look up by wildcards.

    `wildcards` is anything with the attributes `series`, `instance`, `image`, `method`.
    """

    def __init__(self, plan: Plan, requests: list[Request]) -> None:
        self._plan = plan
        self._requests = requests

    def picture(self, wildcards: Any) -> str:
        """The file of a picture."""
        named = [request.pictures for request in self._requests]
        return next(files[wildcards.image] for files in named if wildcards.image in files)

    def archive_spec(self, wildcards: Any) -> str:
        """What `images.show_picture` is given for a picture and a method, as canonical JSON."""
        instance = self._instance(wildcards)
        groups: list[ShownGroup] = [
            {"layers": [{"number": layer.number, "name": layer.name} for layer in layers],
             "settings": settings}
            for layers, settings in self._groups(instance, wildcards.image, wildcards.method)
        ]  # fmt: skip
        spec: ArchiveSpec = {
            "graph": self._plan.graph(wildcards),
            "graph_sha256": instance.catalogue.sha256,
            "input": instance.picture,
            "picture": self.picture(wildcards),
            "picture_sha256": fingerprints.content(self.picture(wildcards), "images"),
            "image": wildcards.image,
            "method": wildcards.method,
            "groups": groups,
        }
        return canonical_json(spec)

    def view_identity(self, wildcards: Any) -> str:
        """A text that changes with whatever decides what a view looks like.

        A failed job leaves the views of before without their archive; by this, and not by the
        archive, the workflow knows that they are no longer what is asked for.
        """
        return view_identity(json.loads(self.archive_spec(wildcards)), wildcards.view)

    def views_of(self, wildcards: Any) -> list[str]:
        """Names of the views that a method makes of a picture."""
        instance = self._instance(wildcards)
        return list(self._names(instance, wildcards.image, wildcards.method))

    def instance_views(self, wildcards: Any) -> list[str]:
        """All pictures that are made of one instance."""
        instance = self._instance(wildcards)
        return list(self._views(instance))

    def series_views(self, wildcards: Any) -> list[str]:
        """All pictures that are made of the instances of a series."""
        return [
            view
            for instance in self._instances(wildcards.series)
            for view in self.instance_views(instance)
        ]

    def table_spec(self, wildcards: Any) -> str:
        """What the job of a series' table is given (`images.picture_table`), as canonical JSON."""
        series = wildcards.series
        shown = [
            {"instance": instance.instance, "image": image, "method": method,
             "views": list(self._names(instance, image, method))}
            for instance in self._instances(series)
            for image, method in self._shown(instance)
        ]  # fmt: skip
        return canonical_json({"folder": f"{self._plan.results}/{series}", "shown": shown})

    def sources(self, wildcards: Any) -> list[str]:
        """The content of all graphs and pictures that a series' views are made of."""
        shown = [(each, image) for each in self._instances(wildcards.series)
                 for image, _ in self._shown(each)]  # fmt: skip
        pictures = {path for own in self._requests for path in own.pictures.values()}
        contents = [fingerprints.content(path, "images") for path in sorted(pictures)]
        return [*(each.catalogue.sha256 + image for each, image in shown), *contents]

    def tables(self) -> dict[tuple[str, str], str]:
        """Tables for the viewer: what pictures excite in each unit of a series."""
        concerned = {
            series
            for series, instance in self._plan.options
            if any(request.concerns(series, instance) for request in self._requests)
        }
        return {
            (series, "pictures"): self._plan.pattern(layout.PICTURE_TABLE).format(series=series)
            for series in sorted(concerned)
        }

    def all_views(self, _: Any = None) -> list[str]:
        """All pictures that are made of all instances."""
        return [view for plan in self._given.values() for view in self.instance_views(plan)]

    def all_events(self, _: Any = None) -> list[str]:
        """The TensorBoard folder of every instance."""
        return [
            self._plan.pattern(layout.EVENTS).format(series=plan.series, instance=plan.instance)
            for plan in self._given.values()
        ]

    def events_spec(self, wildcards: Any) -> str:
        """What the job that writes an instance's event file is given, as canonical JSON.

        Grouped, because a command line holds no list of all files.
        """
        instance = self._instance(wildcards)
        views: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for image, method in self._shown(instance):
            views.setdefault(tuple(self._names(instance, image, method)), []).append(
                (image, method)
            )
        sprites: list[SpriteRange] = [
            {"number": layer.number, "threshold": threshold, "scale": group.settings["scale"],
             "indexes": index_ranges.shorten(group.indexes)}
            for layer in instance.layers
            for group in layer.groups
            for threshold in group.settings["thresholds"]
        ]  # fmt: skip
        spec: EventsSpec = {
            "results": str(self._plan.results),
            "series": instance.series,
            "instance": instance.instance,
            "layers": {str(layer.number): layer.name for layer in instance.catalogue.layers},
            "sprites": sprites,
            "views": [{"of": of, "views": names} for names, of in views.items()],
        }
        return canonical_json(spec)

    @property
    def _given(self) -> dict[tuple[str, str], InstancePlan]:
        """Instances that nothing has to be trained for."""
        return self._plan.only(trained=False).instances

    def _instances(self, series: str) -> Iterator[InstancePlan]:
        for owner, instance in self._plan.options:
            if owner == series:
                yield self._plan.instance(owner, instance)

    def _instance(self, wildcards: Any) -> InstancePlan:
        return self._plan.instance(wildcards.series, wildcards.instance)

    def _views(self, instance: InstancePlan) -> Iterator[str]:
        for image, method in self._shown(instance):
            for view in self._names(instance, image, method):
                yield self._plan.pattern(layout.PICTURE).format(
                    series=instance.series,
                    instance=instance.instance,
                    image=image,
                    method=method,
                    view=view,
                )

    def _shown(self, instance: InstancePlan) -> list[tuple[str, str]]:
        """Images and methods of an instance, each pair once."""
        pairs = [
            (image, method)
            for request in self._requests
            if request.concerns(instance.series, instance.instance)
            for image in request.pictures
            for method in request.settings["methods"]
        ]
        return list(dict.fromkeys(pairs))

    def _names(self, instance: InstancePlan, image: str, method: str) -> Iterator[str]:
        for layers, settings in self._groups(instance, image, method):
            for layer in layers:
                channels: Sequence[int | None] = [None]
                if METHODS[method].by_channel:
                    channels = index_ranges.parse(settings["channels"])
                for channel in channels:
                    yield layout.view(layer.number, channel)

    def _groups(
        self, instance: InstancePlan, image: str, method: str
    ) -> list[tuple[list[Layer], Mapping[str, Any]]]:
        """Layers by equal settings; of two entries with the same layer the later one counts."""
        chosen: dict[int, Mapping[str, Any]] = {}
        for request in self._requests:
            wanted = image in request.pictures and method in request.settings["methods"]
            if wanted and request.concerns(instance.series, instance.instance):
                all_settings: Mapping[str, Any] = request.settings
                own = {key: all_settings[key] for key in METHODS[method].settings}
                for number in _layers(request, instance):
                    _check(request, number, instance.catalogue.layers, method)
                    chosen[number] = own
        groups: dict[str, tuple[list[Layer], Mapping[str, Any]]] = {}
        for number, settings in sorted(chosen.items()):
            group = groups.setdefault(canonical_json(settings), ([], settings))
            group[0].append(instance.catalogue.layers[number])
        return list(groups.values())


def view_identity(spec: ArchiveSpec, view: str) -> str:
    """A short text that changes with whatever decides what a view looks like and says.

    Args:
        spec: of its picture and method (`ImagePlan.archive_spec`).
        view: its name.
    """
    number = int(view.split("_")[1])
    own = [
        [layer, group["settings"]]
        for group in spec["groups"]
        for layer in group["layers"]
        if layer["number"] == number
    ]
    common = {key: value for key, value in spec.items() if key not in ("graph", "groups")}
    return tag(canonical_json([common, own, view]))


def load(config: dict[str, Any], source: str, plan: Plan) -> ImagePlan:
    """The plan of all pictures.

    Args:
        config: what the config file holds, checked against its schema.
        source: the config file's name, for messages.

    Raises:
        UserError: no such picture, series, instance, layer or channel.
    """
    entries = config.get("images", [])
    files = [_files(entry["pictures"], f"{source}: images") for entry in entries]
    names = _names_of([path for paths in files for path in paths], source)
    requests = [
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
    for request in requests:
        if not any(request.concerns(*key) for key in plan.options):
            raise UserError(
                f"{request.where}: no instance fits series {', '.join(request.series)} and "
                f"instances {', '.join(request.instances)}; there are "
                f"{', '.join(map('/'.join, plan.options))}"
            )
    images = ImagePlan(plan, requests)
    # What cannot be chosen is refused before anything runs.
    for instance in plan.known().instances.values():
        images.instance_views(instance)
    return images


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _files(patterns: str | list[str], where: str) -> list[str]:
    """Files that paths, folders and globs stand for, each once."""
    found: dict[str, None] = {}
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
        found.update(dict.fromkeys(os.path.normpath(path) for path in paths))
    return list(found)


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


def _layers(request: Request, instance: InstancePlan) -> list[int]:
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


def _check(request: Request, number: int, layers: Sequence[Layer], method: str) -> None:
    settings: Mapping[str, Any] = request.settings
    index_ranges.parse(settings["channels"], f"{request.where}: channels")
    problem = METHODS[method].problem(settings, layers[number], layers)
    if problem is not None:
        raise UserError(f"{request.where}: layer {layers[number].name}: {problem}")
