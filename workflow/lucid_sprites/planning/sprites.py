"""The plan: every block, sprite, log and sheet that the config asks for.

What the rules of the workflow look up by wildcards; `wildcards` is anything with the attributes
`series`, `instance`, `layer`, `block`, `index`, `threshold` that the name of a method needs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from lucid_sprites import layout
from lucid_sprites.errors import UserError
from lucid_sprites.planning import catalogues, cost
from lucid_sprites.planning.class_names import NamesData
from lucid_sprites.planning.layers import LayerPlan
from lucid_sprites.planning.models import ModelPlan
from lucid_sprites.planning.sprite_jobs import (
    BlockData,
    GroupData,
    LossesData,
    SheetData,
    SpritesOfSize,
)
from lucid_sprites.planning.targets import LAYERS, InstancePlan, Targets
from lucid_sprites.recipe import index_ranges
from lucid_sprites.recipe.layer_catalogue import Catalogue
from lucid_sprites.recipe.setting_types import SpriteSettings
from lucid_sprites.recipe.settings import (
    ENGINE_VARIANT,
    RETRIES_VARIANT,
    canonical_json,
    identity,
)

ImportFirst = Callable[[str, str], object]
"""Called with the series and instance of a model that a job makes, before what it offers is asked
for; returns once its catalogue is there, or raises."""


def cannot_wait(series: str, instance: str) -> None:
    """Raise UserError: nobody makes the model."""
    raise UserError(f"{series}/{instance}: its model is not there yet")


def _do_not_wait(series: str, instance: str) -> None:
    pass


@dataclass(frozen=True)
class Plan(ModelPlan):
    """Everything that can be made of models; for the attributes before, see `ModelPlan`.

    Attributes:
        import_first: what is done about models that are not there yet.
        targets: what the sprites are of.
        reviews: path of each series' review file, which need not exist.
        tables: CSV files about units, by series and name (see `viewer.table`).
    """

    import_first: ImportFirst = cannot_wait
    targets: Targets = LAYERS
    reviews: dict[str, str] = field(default_factory=dict)
    tables: dict[tuple[str, str], str] = field(default_factory=dict)
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
        there = {key: options for key, options in self.options.items() if key in self._planned}
        return replace(self, options=there)

    def without_waiting(self) -> "Plan":
        """The same plan, which has no model made: UserError for those that are not there."""
        return replace(self, import_first=_do_not_wait)

    def instance(self, series: str, instance: str) -> InstancePlan:
        """The plan of one instance, once its model is there; UserError if there is none."""
        key = series, instance
        if key not in self._planned:
            options = self._options(*key)
            self.import_first(*key)
            self.add(*key, catalogues.read(options.job["catalogue"]))
        return self._planned[key]

    def add(self, series: str, instance: str, catalogue: Catalogue) -> None:
        """Plan an instance whose catalogue is known.

        Raises:
            UserError: the config does not fit the catalogue.
        """
        options = self.options[series, instance]
        layers = self.targets.select(options, catalogue)
        graph, named = options.job["graph"], options.named(catalogue)
        plan = InstancePlan(series, instance, graph, catalogue, layers, named)
        self._planned[series, instance] = plan

    def instance_of(self, wildcards: Any) -> InstancePlan:
        """The instance that a job is for."""
        return self.instance(wildcards.series, wildcards.instance)

    def layer_of(self, wildcards: Any) -> LayerPlan:
        """The layer or study that a job is for; UserError if the config does not ask for it."""
        layers = self.instance_of(wildcards).by_wildcard
        name = getattr(wildcards, self.targets.kind)
        if name not in layers:
            raise UserError(
                f"{wildcards.series}/{wildcards.instance}: {self.targets.unknown.format(name)} "
                f"{', '.join(layers) or 'none'}"
            )
        return layers[name]

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
        return self._path(self.targets.block, wildcards, layer, block=index // layer.block_size)

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
        groups: list[GroupData] = [
            {"indexes": index_ranges.shorten(group.indexes), "settings": group.settings}
            for group in layer.blocks[int(wildcards.block)]
        ]
        spec: BlockData = {
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
            "retries": RETRIES_VARIANT,
        }
        return canonical_json(spec)

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

    def sheet_data(self, wildcards: Any) -> SheetData:
        """What the sheet's job is given, without the names of its units."""
        layer, threshold = self.layer_of(wildcards), int(wildcards.threshold)
        sprites: list[SpritesOfSize] = [
            {"indexes": index_ranges.shorten(group.indexes), "scale": group.settings["scale"]}
            for group in layer.groups
            if threshold in group.settings["thresholds"]
        ]
        return {
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

    def sheet_spec(self, wildcards: Any) -> str:
        """What the sheet's job is given, as canonical JSON."""
        spec, labels = self.sheet_data(wildcards), self.labels(wildcards)
        if labels:
            spec["labels"] = labels
        return canonical_json(spec)

    def labels(self, wildcards: Any) -> NamesData | None:
        """Where the names of a layer's units are; None if they have none."""
        named = self.instance_of(wildcards).named
        has_names = named is not None and self.layer_of(wildcards).number in named.numbers
        return named.data if named and has_names else None

    def losses_spec(self, wildcards: Any) -> str:
        """The blocks that an instance's log is made of, as canonical JSON."""
        instance = self.instance_of(wildcards)
        layers, named = instance.layers, instance.named
        spec: LossesData = {
            "results": str(self.results),
            "series": wildcards.series,
            "instance": wildcards.instance,
            "blocks": {layer.number: index_ranges.shorten(list(layer.blocks)) for layer in layers},
        }
        offered = [instance.catalogue.layers[layer.number] for layer in layers]
        ceilings = {it.number: it.ceiling for it in offered if it.ceiling is not None}
        if ceilings:
            spec["ceilings"] = ceilings
        labelled = [layer.number for layer in layers if named and layer.number in named.numbers]
        if named and labelled:
            spec |= {"labels": named.data, "labelled": labelled}
        return canonical_json(spec)

    def store(self, wildcards: Any) -> str:
        """The instance's store."""
        store = layout.STORE.format(series=wildcards.series, instance=wildcards.instance)
        return f"{self.results}/{store}"

    def sheet_sprites(self, wildcards: Any) -> list[str]:
        """The sprites of one sheet, by rising index; UserError if the config asks for none."""
        layer, threshold = self.layer_of(wildcards), int(wildcards.threshold)
        if threshold not in layer.thresholds:
            wanted = ", ".join(map(str, layer.thresholds))
            raise self._unwanted(wildcards, layer, f"threshold {threshold}", wanted)
        return self._sprites_at(wildcards, layer, threshold)

    def instance_blocks(self, wildcards: Any) -> list[str]:
        """All blocks of an instance."""
        layers = self.instance_of(wildcards).layers
        return [path for layer in layers for path in self._blocks(wildcards, layer)]

    def instance_sprites(self, wildcards: Any) -> list[str]:
        """All sprites of an instance."""
        layers = self.instance_of(wildcards).layers
        return [path for layer in layers for path in self._sprites(wildcards, layer)]

    def layer_blocks(self, wildcards: Any) -> list[str]:
        """All blocks of a layer or study."""
        return self._blocks(wildcards, self.layer_of(wildcards))

    def layer_sprites(self, wildcards: Any) -> list[str]:
        """All sprites of a layer or study."""
        return self._sprites(wildcards, self.layer_of(wildcards))

    def all_sprites(self, _: Any = None) -> list[str]:
        """All sprites of all series."""
        return [path for plan in self.instances.values() for path in self.instance_sprites(plan)]

    def all_sheets(self, _: Any = None) -> list[str]:
        """All spritesheets of all series."""
        return self._of_sheets(self.targets.sheet)

    def all_sheet_indexes(self, _: Any = None) -> list[str]:
        """The JSON files beside them."""
        return self._of_sheets(self.targets.sheet_index)

    def _of_sheets(self, template: str) -> list[str]:
        return [
            self._path(template, plan, layer, threshold=threshold)
            for plan in self.instances.values()
            for layer in plan.layers
            for threshold in layer.thresholds
        ]

    def all_losses(self, _: Any = None) -> list[str]:
        """The loss log of every instance."""
        return [
            f"{self.results}/{layout.LOSSES.format(series=series, instance=instance)}"
            for series, instance in self.options
            if series in self.series
        ]

    def _blocks(self, instance: Any, layer: LayerPlan) -> list[str]:
        return [
            self._path(self.targets.block, instance, layer, block=block) for block in layer.blocks
        ]

    def _sprites(self, instance: Any, layer: LayerPlan) -> list[str]:
        return [
            path
            for threshold in layer.thresholds
            for path in self._sprites_at(instance, layer, threshold)
        ]

    def _sprites_at(self, instance: Any, layer: LayerPlan, threshold: int) -> list[str]:
        return [
            self._path(
                self.targets.sprite,
                instance,
                layer,
                index=index,
                threshold=threshold,
                scale=group.size,
            )
            for index, group in layer.by_index.items()
            if threshold in group.settings["thresholds"]
        ]

    def _path(self, template: str, instance: Any, layer: LayerPlan, **fields: Any) -> str:
        """A path of `layout`.

        Args:
            instance: anything with the attributes `series` and `instance`.
        """
        filled = template.format(
            series=instance.series,
            instance=instance.instance,
            **{self.targets.kind: layer.wildcard},
            **fields,
        )
        return f"{self.results}/{filled}"

    def _unwanted(self, wildcards: Any, layer: LayerPlan, what: str, wanted: str) -> UserError:
        """What is said of a file that the config does not ask for."""
        return UserError(
            f"{wildcards.series}/{wildcards.instance}, {self.targets.kind} {layer.name}: the "
            f"config does not ask for {what}, but for {wanted}"
        )
