"""What the builders of objectives can reach: layers, pictures, and each sprite's own values.

Sprites whose objectives differ only in values (channels, weights, directions, photos) share one
graph: such values are placeholders with a row for each sprite of the batch.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import tensorflow.compat.v1 as tf

from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.objectives.vocabulary import INPUT

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class PerSpriteInput:
    """A placeholder with a value for each sprite.

    Attributes:
        tensor: [batch, ...].
        path: from the root of an objective's data to the value.
        layer: that a vector or tensor belongs to, None for other values.
        depth: of that layer.
    """

    tensor: tf.Tensor
    path: Path
    layer: str | None = None
    depth: int = 0


@dataclass
class ObjectiveContext:
    """One batch under one objective.

    Attributes:
        batch: sprites of the batch.
        group_size: sprites of the joint group that are compared with each other, from the first
            on; the rest of the batch is padding. 0 where sprites are independent.
        picture: [batch, height, width, channels] in 0..1, before the transforms; with alpha, the
            last channel is the opacity.
        layers: layers by name, [batch, ..., depth].
        reference: layer of the network for other pictures in 0..1 under the same transforms.
        alpha: the picture has opacity.
        values: the sprites' own values that were asked for.
        sees_picture: an objective looks at the picture itself.
    """

    batch: int
    group_size: int
    picture: tf.Tensor
    layers: dict[str, tf.Tensor]
    reference: Callable[[tf.Tensor, str], tf.Tensor]
    alpha: bool = False
    values: list[PerSpriteInput] = field(default_factory=list)
    sees_picture: bool = False


@dataclass(frozen=True)
class ObjectiveNode:
    """One objective of the data, with the scope it is built in."""

    scope: ObjectiveContext
    path: Path
    data: ObjectiveData

    def __getitem__(self, name: str) -> Any:
        """A value that all sprites share."""
        return self.data[name]

    def layer(self, name: str = "layer") -> tf.Tensor:
        """[batch, height, width, depth]; flat layers have height and width 1."""
        layer = self.data[name]
        if layer == INPUT:
            return self.picture()
        return spatial(self.scope.layers[layer])

    def picture(self) -> tf.Tensor:
        """The picture without its opacity."""
        self.scope.sees_picture = True
        return self.scope.picture[..., :-1] if self.scope.alpha else self.scope.picture

    def opacity(self) -> tf.Tensor:
        """[batch, height, width, 1]."""
        self.scope.sees_picture = True
        return self.scope.picture[..., -1:]

    def number(self, name: str) -> tf.Tensor:
        """[batch] float32, each sprite's own."""
        return self._value(name, tf.float32, [])

    def whole(self, name: str) -> tf.Tensor:
        """[batch] int32, each sprite's own."""
        return self._value(name, tf.int32, [])

    def vector(self, name: str, depth: int) -> tf.Tensor:
        """[batch, depth] float32, each sprite's own."""
        return self._value(name, tf.float32, [depth], self.data["layer"], depth)

    def tensor(self, name: str, depth: int) -> tf.Tensor:
        """[batch, height, width, depth] float32, each sprite's own."""
        return self._value(name, tf.float32, [None, None, depth], self.data["layer"], depth)

    def photo(self, name: str) -> tf.Tensor:
        """[batch, height, width, channels] in 0..1, each sprite's own."""
        shape = self.scope.picture.shape.as_list()[1:]
        return self._value(name, tf.float32, [*shape[:2], shape[2] - self.scope.alpha])

    def part(self, number: int) -> "ObjectiveNode":
        """One of the terms of a sum or the factors of a product."""
        return ObjectiveNode(self.scope, (*self.path, "of", number), self.data["of"][number])

    def _value(
        self,
        name: str,
        dtype: tf.DType,
        shape: list[int | None],
        layer: str | None = None,
        depth: int = 0,
    ) -> tf.Tensor:
        tensor = tf.placeholder(dtype, [self.scope.batch, *shape])
        self.scope.values.append(PerSpriteInput(tensor, (*self.path, name), layer, depth))
        return tensor


def spatial(layer: tf.Tensor) -> tf.Tensor:
    """[batch, height, width, depth] of a layer that may be flat."""
    return layer[:, None, None, :] if layer.shape.rank == 2 else layer


def positions(tensor: tf.Tensor) -> list[int]:
    """The axes of a tensor but the batch."""
    return list(range(1, tensor.shape.rank))
