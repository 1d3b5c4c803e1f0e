"""The plan: every block, sprite, log and sheet that the config asks for.

What the rules of the workflow look up by wildcards; `wildcards` is anything with the attributes
`series`, `instance`, `layer`, `block`, `index`, `threshold` that the name of a method needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lucid_sprites import layout
from lucid_sprites.config import indexes
from lucid_sprites.config.selection import LayerPlan
from lucid_sprites.config.settings import canonical_json


@dataclass(frozen=True)
class InstancePlan:
    """One instance and its layers.

    Attributes:
        graph: path of its graph file.
        catalogue: what the graph offers.
    """

    series: str
    instance: str
    graph: str
    catalogue: dict[str, Any]
    layers: list[LayerPlan]

    @cached_property
    def by_number(self) -> dict[str, LayerPlan]:
        """Layers by their number as it stands in file names."""
        return {str(layer.number): layer for layer in self.layers}


@dataclass(frozen=True)
class Plan:
    """Everything that can be made.

    Attributes:
        results: the results folder.
        instances: by series and instance.
    """

    results: Path
    instances: dict[tuple[str, str], InstancePlan]

    def pattern(self, template: str) -> str:
        """A path of `layout` with its wildcards."""
        return f"{self.results}/{template}"

    def graph(self, wildcards: Any) -> str:
        """The instance's graph file."""
        return self._instance(wildcards).graph

    def block_of_sprite(self, wildcards: Any) -> str:
        """The block that holds a sprite."""
        layer = self._layer(wildcards)
        block = int(wildcards.index) // layer.block_size
        return self._path(layout.BLOCK, wildcards, layer=layer.number, block=block)

    def member(self, wildcards: Any) -> str:
        """The sprite's name inside its block."""
        return layout.member(wildcards.index, wildcards.threshold)

    def sprite_identity(self, wildcards: Any) -> str:
        """A text that changes with whatever decides what the sprite looks like.

        A failed job leaves the sprites of before without their block; by this, and not by the
        block, the workflow knows that they are no longer what is asked for.
        """
        instance, layer = self._instance(wildcards), self._layer(wildcards)
        source = [instance.catalogue["sha256"], instance.catalogue["input"], layer.name]
        return canonical_json([*source, layer.identities[int(wildcards.index)]])

    def block_spec(self, wildcards: Any) -> str:
        """What the block's job is given: `render.block.BlockSpec` as canonical JSON."""
        instance, layer = self._instance(wildcards), self._layer(wildcards)
        groups = [
            {"indexes": indexes.shorten(members), "settings": settings}
            for settings, members in layer.blocks[int(wildcards.block)]
        ]
        return canonical_json(
            {
                "graph": instance.graph,
                "graph_sha256": instance.catalogue["sha256"],
                "picture": instance.catalogue["input"],
                "number": layer.number,
                "layer": layer.name,
                "batch": layer.batch,
                "keep_state": layer.keep_state,
                "groups": groups,
            }
        )

    def sheet_spec(self, wildcards: Any) -> str:
        """What the sheet's job is given, as canonical JSON."""
        layer, threshold = self._layer(wildcards), int(wildcards.threshold)
        sprites = [
            {"indexes": indexes.shorten(members), "scale": settings["scale"]}
            for settings, members in layer.groups
            if threshold in settings["thresholds"]
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
                    layer.number: indexes.shorten(list(layer.blocks))
                    for layer in self._instance(wildcards).layers
                },
            }
        )

    def store(self, wildcards: Any) -> str:
        """The instance's store."""
        return self._path(layout.STORE, wildcards)

    def sheet_sprites(self, wildcards: Any) -> list[str]:
        """The sprites of one sheet, by rising index."""
        return self._sprites(wildcards, self._layer(wildcards), int(wildcards.threshold))

    def instance_blocks(self, wildcards: Any) -> list[str]:
        """All blocks of an instance."""
        return [
            self._path(layout.BLOCK, wildcards, layer=layer.number, block=block)
            for layer in self._instance(wildcards).layers
            for block in layer.blocks
        ]

    def instance_sprites(self, wildcards: Any) -> list[str]:
        """All sprites of an instance."""
        return [
            sprite
            for layer in self._instance(wildcards).layers
            for threshold in layer.thresholds
            for sprite in self._sprites(wildcards, layer, threshold)
        ]

    def all_sprites(self) -> list[str]:
        """All sprites of all series."""
        return [path for plan in self.instances.values() for path in self.instance_sprites(plan)]

    def all_sheets(self) -> list[str]:
        """All spritesheets of all series."""
        return [
            self._path(layout.SHEET, plan, layer=layer.number, threshold=threshold)
            for plan, layer, threshold in self._sheets()
        ]

    def all_losses(self) -> list[str]:
        """The loss log of every instance."""
        return [self._path(layout.LOSSES, plan) for plan in self.instances.values()]

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
                scale=layout.scale_name(settings["scale"]),
            )
            for index, settings in layer.settings.items()
            if threshold in settings["thresholds"]
        ]

    def _path(self, template: str, place: Any, **fields: Any) -> str:
        filled = template.format(series=place.series, instance=place.instance, **fields)
        return f"{self.results}/{filled}"

    def _instance(self, wildcards: Any) -> InstancePlan:
        return self.instances[wildcards.series, wildcards.instance]

    def _layer(self, wildcards: Any) -> LayerPlan:
        return self._instance(wildcards).by_number[wildcards.layer]
