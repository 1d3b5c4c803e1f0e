"""The plan: every block, sprite, log and sheet that the config asks for.

What the rules of the workflow look up by wildcards; `wildcards` is anything with the attributes
`series`, `instance`, `layer`, `block`, `index`, `threshold` that the name of a method needs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.planning import catalogues, cost
from lucid_sprites.planning.layers import LayerPlan, select_layers
from lucid_sprites.planning.models import ModelPlan
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.setting_types import SpriteSettings
from lucid_sprites.recipe.settings import ENGINE_VARIANT, canonical_json, identity


@dataclass(frozen=True)
class InstancePlan:
    """One instance and its layers.

    Attributes:
        graph: path of its frozen graph in normal form.
        catalogue: what the graph offers.
    """

    series: str
    instance: str
    graph: str
    catalogue: Catalogue
    layers: Sequence[LayerPlan]

    @cached_property
    def picture(self) -> dict[str, Any]:
        """The graph's picture input as plain data, for jobs and keys."""
        return self.catalogue.picture.as_dict()

    @cached_property
    def by_number(self) -> dict[str, LayerPlan]:
        """Layers by their number as it stands in file names."""
        return {str(layer.number): layer for layer in self.layers}


def _cannot_wait(series: str, instance: str) -> None:
    raise UserError(f"{series}/{instance}: its model is not there yet")


@dataclass
class Plan(ModelPlan):
    """Everything that can be made of models; for the attributes before, see `ModelPlan`.

    Attributes:
        kind: what the `layers` of an instance are called in messages.
        reviews: path of each series' review file, which need not exist.
        tables: CSV files about units, by series and name (see `viewer.table`).
        import_first: called with series and instance before the plan of an instance whose model is
            made by a job is asked for; returns once its catalogue is there, or raises.
    """

    kind: ClassVar[str] = "layer"

    reviews: dict[str, str] = field(default_factory=dict)
    tables: dict[tuple[str, str], str] = field(default_factory=dict)
    import_first: Callable[[str, str], object] = _cannot_wait
    _planned: dict[tuple[str, str], InstancePlan] = field(default_factory=dict)

    @property
    def instances(self) -> dict[tuple[str, str], InstancePlan]:
        """The plans of all instances of the plan's series."""
        return {key: self.instance(*key) for key in self.options if key[0] in self.series}

    def only(self, trained: bool) -> "Plan":
        """The part of the plan whose series are trained by the workflow, or the other part."""
        chosen = {
            name: options
            for name, options in self.series.items()
            if trained == bool(options and "training" in options)
        }
        return replace(self, series=chosen)

    def known(self) -> "Plan":
        """The part of the plan whose models are there."""
        options = {key: own for key, own in self.options.items() if key in self._planned}
        return replace(self, options=options)

    def instance(self, series: str, instance: str) -> InstancePlan:
        """The plan of one instance, once its model is there; UserError if there is none."""
        key = series, instance
        if key not in self._planned:
            own = self._options(*key)
            self.import_first(*key)
            self.add(*key, catalogues.read(own.job["catalogue"]))
        return self._planned[key]

    def add(self, series: str, instance: str, catalogue: Catalogue) -> None:
        """Plan an instance whose catalogue is known.

        Raises:
            UserError: the config does not fit the catalogue.
        """
        own = self.options[series, instance]
        layers = select_layers(
            catalogue, own.settings, own.levels, own.where, own.review, own.review_where
        )
        plan = InstancePlan(series, instance, own.job["graph"], catalogue, layers)
        self._planned[series, instance] = plan

    def instance_of(self, wildcards: Any) -> InstancePlan:
        """The instance that a job is for."""
        return self.instance(wildcards.series, wildcards.instance)

    def layer_of(self, wildcards: Any) -> LayerPlan:
        """The layer that a job is for; UserError if the config does not ask for it."""
        layers = self.instance_of(wildcards).by_number
        if wildcards.layer not in layers:
            raise UserError(
                f"{wildcards.series}/{wildcards.instance}: the config does not ask for layer "
                f"{wildcards.layer}, but for {', '.join(layers)}"
            )
        return layers[wildcards.layer]

    def block_of_sprite(self, wildcards: Any) -> str:
        """The block that holds a sprite; UserError if the config does not ask for the sprite."""
        layer, index = self.layer_of(wildcards), int(wildcards.index)
        if index not in layer.by_index:
            wanted = index_ranges.shorten(sorted(layer.by_index))
            raise self._unwanted(wildcards, layer, f"index {index}", wanted)
        group = layer.by_index[index]
        if int(wildcards.threshold) not in group.settings["thresholds"]:
            wanted = ", ".join(map(str, group.settings["thresholds"]))
            threshold = f"threshold {wildcards.threshold} of index {index}"
            raise self._unwanted(wildcards, layer, threshold, wanted)
        scale = str(group.size)
        if wildcards.scale != scale:
            unwanted = f"scale {wildcards.scale} of index {index}"
            raise self._unwanted(wildcards, layer, unwanted, scale)
        block = index // layer.block_size
        return self._path(layout.BLOCK, wildcards, layer=layer.number, block=block)

    def member(self, wildcards: Any) -> str:
        """The sprite's name inside its block.

        It changes with whatever decides what the sprite looks like. A failed job leaves the
        sprites of before without their block; by this, and not by the block, the workflow knows
        that they are no longer what is asked for.
        """
        instance, layer = self.instance_of(wildcards), self.layer_of(wildcards)
        shown = self.identity(instance, layer, layer.by_index[int(wildcards.index)].settings)
        return layout.member(wildcards.index, wildcards.threshold, shown)

    @staticmethod
    def identity(instance: InstancePlan, layer: LayerPlan, settings: SpriteSettings) -> str:
        """What `settings.identity` says of the sprites of a layer that have these settings."""
        # Mostly shared by all sprites of the layer, which may be thousands.
        shown = layer.identities.get(id(settings))
        if shown is None:
            shown = identity(layer.content, instance.picture, layer.name, settings)
            layer.identities[id(settings)] = shown
        return shown

    def block_spec(self, wildcards: Any) -> str:
        """What the block's job is given: `sprites.block.BlockSpec` as canonical JSON."""
        instance, layer = self.instance_of(wildcards), self.layer_of(wildcards)
        groups = [
            {"indexes": index_ranges.shorten(group.indexes), "settings": group.settings}
            for group in layer.blocks[int(wildcards.block)]
        ]
        return canonical_json(
            {
                "graph": instance.graph,
                "graph_sha256": instance.catalogue.sha256,
                "content": layer.content,
                "picture": instance.picture,
                "number": layer.number,
                "layer": layer.name,
                "batch": layer.batch,
                "keep_state": layer.keep_state,
                "groups": groups,
                "variant": ENGINE_VARIANT,
            }
        )

    def block_minutes(self, wildcards: Any, attempt: int) -> int:
        """The time that the block's job asks a cluster for; more if it was not enough."""
        layer = self.layer_of(wildcards)
        return attempt * cost.job_minutes(layer.macs, layer.blocks[int(wildcards.block)])

    def block_megabytes(self, wildcards: Any, input: Any, attempt: int) -> int:
        """The memory that the block's job asks a cluster for; more if it was not enough."""
        layer = self.layer_of(wildcards)
        sizes = [group.size for group in layer.blocks[int(wildcards.block)]]
        largest = max(sizes, key=lambda size: size.pixels)
        return attempt * cost.job_megabytes(layer.activations, layer.batch, largest, input.size_mb)

    def sheet_spec(self, wildcards: Any) -> str:
        """What the sheet's job is given, as canonical JSON."""
        layer, threshold = self.layer_of(wildcards), int(wildcards.threshold)
        sprites = [
            {"indexes": index_ranges.shorten(group.indexes), "scale": group.settings["scale"]}
            for group in layer.groups
            if threshold in group.settings["thresholds"]
        ]
        return canonical_json(
            {
                "results": str(self.results),
                "series": wildcards.series,
                "instance": wildcards.instance,
                "number": layer.number,
                "layer": layer.name,
                "depth": layer.depth,
                "columns": layer.columns,
                "threshold": threshold,
                "sprites": sprites,
            }
        )

    def losses_spec(self, wildcards: Any) -> str:
        """The blocks that an instance's log is made of, as canonical JSON."""
        return canonical_json(
            {
                "results": str(self.results),
                "series": wildcards.series,
                "instance": wildcards.instance,
                "blocks": {
                    layer.number: index_ranges.shorten(list(layer.blocks))
                    for layer in self.instance_of(wildcards).layers
                },
            }
        )

    def store(self, wildcards: Any) -> str:
        """The instance's store."""
        return self._path(layout.STORE, wildcards)

    def sheet_sprites(self, wildcards: Any) -> list[str]:
        """The sprites of one sheet, by rising index; UserError if the config asks for none."""
        layer, threshold = self.layer_of(wildcards), int(wildcards.threshold)
        if threshold not in layer.thresholds:
            wanted = ", ".join(map(str, layer.thresholds))
            raise self._unwanted(wildcards, layer, f"threshold {threshold}", wanted)
        return self._sprites(wildcards, layer, threshold)

    def instance_blocks(self, wildcards: Any) -> list[str]:
        """All blocks of an instance."""
        return [
            self._path(layout.BLOCK, wildcards, layer=layer.number, block=block)
            for layer in self.instance_of(wildcards).layers
            for block in layer.blocks
        ]

    def instance_sprites(self, wildcards: Any) -> list[str]:
        """All sprites of an instance."""
        return [
            sprite
            for layer in self.instance_of(wildcards).layers
            for threshold in layer.thresholds
            for sprite in self._sprites(wildcards, layer, threshold)
        ]

    def all_sprites(self, _: Any = None) -> list[str]:
        """All sprites of all series."""
        return [path for plan in self.instances.values() for path in self.instance_sprites(plan)]

    def all_sheets(self, _: Any = None) -> list[str]:
        """All spritesheets of all series."""
        return [
            self._path(layout.SHEET, plan, layer=layer.number, threshold=threshold)
            for plan, layer, threshold in self._sheets()
        ]

    def all_losses(self, _: Any = None) -> list[str]:
        """The loss log of every instance."""
        return [
            f"{self.results}/{layout.LOSSES.format(series=series, instance=instance)}"
            for series, instance in self.options
            if series in self.series
        ]

    def _sheets(self) -> Iterator[tuple[InstancePlan, LayerPlan, int]]:
        for plan in self.instances.values():
            for layer in plan.layers:
                for threshold in layer.thresholds:
                    yield plan, layer, threshold

    def _sprites(self, place: Any, layer: LayerPlan, threshold: int) -> list[str]:
        return [
            self._path(
                layout.SPRITE,
                place,
                layer=layer.number,
                index=index,
                threshold=threshold,
                scale=group.size,
            )
            for index, group in layer.by_index.items()
            if threshold in group.settings["thresholds"]
        ]

    def _path(self, template: str, place: Any, **fields: Any) -> str:
        filled = template.format(series=place.series, instance=place.instance, **fields)
        return f"{self.results}/{filled}"

    def _unwanted(self, place: Any, layer: LayerPlan, what: str, wanted: str) -> UserError:
        """What is said of a file that the config does not ask for."""
        return UserError(
            f"{place.series}/{place.instance}, {self.kind} {layer.name}: the config does not ask "
            f"for {what}, but for {wanted}"
        )
