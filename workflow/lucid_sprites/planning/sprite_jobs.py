"""What the jobs that make sprites, sheets and logs are given: plain data, on its way as JSON."""

from typing import NotRequired, TypedDict

from lucid_sprites.planning.class_names import NamesData
from lucid_sprites.recipe.layer_catalogue import InputData
from lucid_sprites.recipe.setting_types import Scale, SpriteSettings


class GroupData(TypedDict):
    """Sprites of equal settings; indexes as text."""

    indexes: str
    settings: SpriteSettings


class BlockData(TypedDict):
    """A block, as `sprites.block.BlockSpec` parses it."""

    graph: str
    graph_sha256: str
    content: str
    picture: InputData
    number: int
    layer: str
    batch: int
    keep_state: bool
    groups: list[GroupData]
    variant: str
    retries: str


class SpritesOfSize(TypedDict):
    """Sprites of one size on a sheet; indexes as text."""

    indexes: str
    scale: Scale


class SheetOf(TypedDict):
    """What a sheet is of.

    Attributes:
        number, layer: of the layer, or of the study.
        study: name of the study, if it is of one.
    """

    series: str
    instance: str
    number: int
    layer: str
    depth: int
    columns: int
    threshold: int
    study: NotRequired[str]


class SheetData(SheetOf):
    """A sheet.

    Attributes:
        titles: of a study's sheet.
        labels: where the names of the layer's units are, if they have any.
    """

    results: str
    sprites: list[SpritesOfSize]
    titles: NotRequired[list[str]]
    labels: NotRequired[NamesData]


class LossesData(TypedDict):
    """A log of attempts.

    Attributes:
        study: of a study's log.
        blocks: their numbers as text, by layer or study.
        labels: where the names of classes are, if there are any.
        labelled: numbers of the layers whose units have them.
        ceilings: highest values that units can have, by the number of their layer.
    """

    results: str
    series: str
    instance: str
    study: NotRequired[str]
    blocks: dict[int, str]
    labels: NotRequired[NamesData]
    labelled: NotRequired[list[int]]
    ceilings: NotRequired[dict[int, float]]
