"""What the sprites of an instance are of: its layers, or its studies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from lucid_sprites import layout
from lucid_sprites.planning.class_names import NamedLayers
from lucid_sprites.planning.layers import LayerPlan, select_layers
from lucid_sprites.planning.models import InstanceOptions
from lucid_sprites.recipe.layer_catalogue import Catalogue, InputData


@dataclass(frozen=True)
class InstancePlan:
    """One instance and its layers, or its studies.

    Attributes:
        graph: path of its frozen graph in normal form.
        catalogue: what the graph offers.
        named: the layers whose units have the names of classes, if there are any.
    """

    series: str
    instance: str
    graph: str
    catalogue: Catalogue
    layers: Sequence[LayerPlan]
    named: NamedLayers | None = None

    @cached_property
    def picture(self) -> InputData:
        """The graph's picture input as plain data, for jobs and keys."""
        return self.catalogue.picture.as_dict()

    @cached_property
    def by_wildcard(self) -> dict[str, LayerPlan]:
        """Layers by their number, studies by their name: as they stand in file names."""
        return {layer.wildcard: layer for layer in self.layers}


@dataclass(frozen=True)
class Targets:
    """What the sprites of a plan are of: the layers of each instance, or its studies.

    Attributes:
        kind: what one is called in messages and wildcards.
        unknown: what is said of one that is not there, before the names of those that are.
        select: gives those of an instance.
        block, sprite, sheet, sheet_index: paths of their files, from `layout`.
    """

    kind: str
    unknown: str
    select: Callable[[InstanceOptions, Catalogue], Sequence[LayerPlan]]
    block: str
    sprite: str
    sheet: str
    sheet_index: str


def _select_layers(options: InstanceOptions, catalogue: Catalogue) -> Sequence[LayerPlan]:
    return select_layers(
        catalogue,
        options.settings,
        options.levels,
        options.where,
        options.review,
        options.review_where,
    )


LAYERS = Targets(
    kind="layer",
    unknown="the config does not ask for layer {}, but for",
    select=_select_layers,
    block=layout.BLOCK,
    sprite=layout.SPRITE,
    sheet=layout.SHEET,
    sheet_index=layout.SHEET_INDEX,
)
