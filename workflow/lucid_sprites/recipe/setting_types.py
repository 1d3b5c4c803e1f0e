"""Settings as they age: what a level of the config says, merged, and resolved for a sprite.

They are plain data at every age, because jobs are given them as JSON and keys are digests of that;
the types say which keys there are, and keep one age from being taken for another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NotRequired, TypeAlias, TypedDict

from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.size import Size
from lucid_sprites.recipe.transform_lists import Transform

Level: TypeAlias = Mapping[str, Any]
"""What one level of the config says, as the schema lets it: some settings, and whatever else stands
beside them there, such as `instances`, `layers` or the objectives of a study."""

Scale: TypeAlias = int | list[int]
"""A size as the config and records write it (see `Size`)."""

Transforms: TypeAlias = str | list[Transform]
"""A preset or a list of transforms (see `recipe.transform_lists`)."""


class LossCrisis(TypedDict):
    """When a loss is stuck (see `recipe.settings.DEFAULTS`)."""

    bins: int
    hits: float
    factor: float
    minimum: float


class Fallback(TypedDict, total=False):
    """What a further attempt does in another way."""

    learning_rate: float
    transforms: Any
    parametrization: str
    decorrelate: bool
    optimizer: str
    alpha: bool


class Photo(TypedDict):
    """A picture file by its path and content."""

    file: str
    sha256: str


class Settings(TypedDict):
    """All settings, merged from the levels of the config.

    As people write them: transforms may be a number of the original kit, `auto` stands where the
    plan is to choose, and a start is a path.
    """

    engine: str
    precision: str
    thresholds: list[int]
    scale: Scale | None
    learning_rate: float
    transforms: Any
    parametrization: str
    decorrelate: bool
    optimizer: str
    alpha: bool
    shared: list[int]
    start: str | None
    seed: int
    attempts: int
    fallbacks: list[Fallback]
    rescue: bool
    loss_crisis: LossCrisis
    indexes: Any
    max_index: int | None
    columns: Any
    batch_size: Any
    block_size: Any
    keep_state: bool


class SpriteSettings(TypedDict):
    """The settings of one sprite, checked and canonical: what its job is given.

    Axes of the recipe that are as by default are left out, so that new ones change no key. The last
    four are those of a study's sprites.

    Attributes:
        objective: its data (see `recipe.objectives`).
        stream: keys the randomness in the place of the index.
        content: digest of all that the objective is computed from.
        members: sprites that depend on each other, this one included.
    """

    engine: str
    thresholds: list[int]
    scale: Scale
    learning_rate: float
    transforms: Transforms
    parametrization: str
    decorrelate: bool
    loss_crisis: LossCrisis
    seed: int
    attempts: int
    fallbacks: list[Fallback]
    precision: NotRequired[str]
    optimizer: NotRequired[str]
    alpha: NotRequired[bool]
    shared: NotRequired[list[int]]
    start: NotRequired[Photo]
    rescue: NotRequired[bool]
    objective: NotRequired[ObjectiveData]
    stream: NotRequired[int]
    content: NotRequired[str]
    members: NotRequired[int]


@dataclass(frozen=True)
class Group:
    """Sprites of a layer or study that have the same settings.

    Attributes:
        indexes: rising.
    """

    settings: SpriteSettings
    indexes: list[int]

    @cached_property
    def size(self) -> Size:
        """Of these sprites."""
        return Size.of(self.settings["scale"])
