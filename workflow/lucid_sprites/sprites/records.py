"""What sprites and their entries in the store say of themselves, as plain data."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict


class FedInput(TypedDict):
    """What decides how a network sees pictures, and which of their channels are shown."""

    name: str
    channels: int
    low: float
    high: float
    shown: NotRequired[Sequence[int]]


class Identity(TypedDict):
    """Everything that decides what a sprite looks like; the key of its store entry is made of it.

    Attributes:
        content: digest of all that its objective is computed from.
        recipe: of the attempt.
        objective: `channel`, or the data of a study's objective.
        layer, index: of a channel.
        stream: of a study's sprite; keys its randomness.
        member, members: its number in a joint group, and the objectives of all.
    """

    content: str
    input: FedInput
    recipe: dict[str, Any]
    objective: Any
    layer: NotRequired[str]
    index: NotRequired[int]
    stream: NotRequired[int | None]
    member: NotRequired[int]
    members: NotRequired[list[Any]]


class SpriteRecord(Identity):
    """What a PNG says of itself; the loss is None if it is no finite number."""

    threshold: int
    status: str
    loss: float | None
    variant: str
