"""What every kind of parametrization says of itself."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf

# Standard deviation of lucid's starts.
START_DEVIATION = 0.01


@dataclass(frozen=True)
class ImageParam:
    """One kind of parametrization for pictures of one size.

    Attributes:
        shape: of one sprite's parameters.
        raw: from parameters [batch, *shape] to unbounded pictures, [batch, height, width, channels]
            or, with `planar`, [batch, channels, height, width].
        deviation: of the normal noise that parameters start from; broadcasts to `shape`.
        parameters: from an unbounded picture [height, width, channels] to parameters; None where
            there is no way back.
        colours: the picture may be in a decorrelated colour space.
        planar: `raw` gives a plane for each channel.
    """

    shape: tuple[int, ...]
    raw: Callable[[tf.Tensor], tf.Tensor]
    deviation: np.ndarray | float = START_DEVIATION
    parameters: Callable[[np.ndarray], np.ndarray] | None = None
    colours: bool = True
    planar: bool = False

    def pixels(self, parameters: tf.Tensor) -> tf.Tensor:
        """The unbounded pictures [batch, height, width, channels]."""
        raw = self.raw(parameters)
        return tf.transpose(raw, [0, 2, 3, 1]) if self.planar else raw
