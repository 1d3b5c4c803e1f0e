"""The plan of the images: what `show_picture` and its followers are given, by wildcards."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

from lucid_sprites import fingerprints, layout
from lucid_sprites.errors import UserError
from lucid_sprites.made import tag
from lucid_sprites.planning.image_requests import (
    Request,
    check_layer,
    layer_numbers,
    read_requests,
)
from lucid_sprites.planning.sprites import Plan
from lucid_sprites.planning.targets import InstancePlan
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.image_settings import METHODS, VIEWS_VARIANT
from lucid_sprites.recipe.layer_catalogue import InputData, Layer
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
        variant: of the arithmetic.
    """

    graph: str
    graph_sha256: str
    input: InputData
    picture: str
    picture_sha256: str
    image: str
    method: str
    groups: list[ShownGroup]
    variant: str


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
            "variant": VIEWS_VARIANT,
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
        shown = [(instance, image) for instance in self._instances(wildcards.series)
                 for image, _ in self._shown(instance)]  # fmt: skip
        pictures = {path for request in self._requests for path in request.pictures.values()}
        contents = [fingerprints.content(path, "images") for path in sorted(pictures)]
        return [*(instance.catalogue.sha256 + image for instance, image in shown), *contents]

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
                of_method = {key: all_settings[key] for key in METHODS[method].settings}
                for number in layer_numbers(request, instance):
                    check_layer(request, number, instance.catalogue.layers, method)
                    chosen[number] = of_method
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
    layers = [
        [layer, group["settings"]]
        for group in spec["groups"]
        for layer in group["layers"]
        if layer["number"] == number
    ]
    common = {key: value for key, value in spec.items() if key not in ("graph", "groups")}
    return tag(canonical_json([common, layers, view]))


def load(config: Mapping[str, Any], source: str, plan: Plan) -> ImagePlan:
    """The plan of all pictures.

    Args:
        config: what the config file holds, checked against its schema.
        source: the config file's name, for messages.

    Raises:
        UserError: no such picture, series, instance, layer or channel.
    """
    requests = read_requests(config.get("images", []), source)
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
