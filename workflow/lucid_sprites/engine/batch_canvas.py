"""What the network sees of the pictures of a batch: transformed, and in front of a background."""

from collections.abc import Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites.engine import background, transforms
from lucid_sprites.recipe import transform_lists
from lucid_sprites.recipe.settings import Recipe


class BatchCanvas:
    """The canvases of a batch, which at each step depend on samples that are fed."""

    def __init__(self, recipe: Recipe, channels: int, batch: int) -> None:
        """Remember what canvases depend on.

        Args:
            channels: of the pictures that the network expects.
        """
        self._transforms = transform_lists.steps(recipe.transforms)
        self._size, self._has_alpha = recipe.size, recipe.alpha
        self._channels, self._batch = channels, batch

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one picture as the network sees it."""
        return (*self._size, self._channels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a canvas that the network takes."""
        last = self._transforms[-1] if self._transforms else {}
        height, width = last.get("crop_or_pad", self._size)
        return height, width, self._channels

    def placeholders(self) -> list[tf.Tensor]:
        """For what `sample` gives for a step."""
        placeholders = []
        if self._transforms:
            rows = transforms.rows(self._transforms)
            placeholders = [tf.placeholder(tf.float32, [self._batch, rows]) for _ in range(2)]
            placeholders.append(tf.placeholder(tf.int32, [2]))
        if self._has_alpha:
            placeholders.append(tf.placeholder(tf.float32, self.picture_shape))
        return placeholders

    def show(self, pictures: tf.Tensor, samples: Sequence[tf.Tensor]) -> tf.Tensor:
        """Pictures (or photos, which have no opacity) as the network sees them at a step.

        Args:
            pictures: [batch, height, width, channels] in 0..1, with alpha one more for the opacity.
            samples: of the step, as `placeholders`.
        """
        if self._has_alpha and pictures.shape[-1] > self._channels:
            pictures = background.behind(pictures, samples[-1])
        if not self._transforms:
            return pictures
        length = transforms.gradient_length(self._transforms)
        if length is not None:
            pictures = transforms.with_gradient_of_length(pictures, length)
        return transforms.resample(pictures, *samples[:3])

    def sample(
        self, keys: list[tuple[int, int, int]], first_step: int, steps: int
    ) -> list[tuple[np.ndarray, ...]]:
        """What is fed at the steps from `first_step`, for sprites with `keys`."""
        samples: list[list[np.ndarray]] = [[] for _ in range(steps)]
        if self._transforms:
            padded = keys + [keys[-1]] * (self._batch - len(keys))
            maps = transforms.sample(self._transforms, padded, self._size, first_step, steps)
            for number, sample in enumerate(samples):
                sample += [maps.forward[number], maps.inverse[number], maps.sizes[number]]
        if self._has_alpha:
            for number, sample in enumerate(samples):
                sample.append(background.sample(first_step + number, self.picture_shape))
        return [tuple(sample) for sample in samples]
