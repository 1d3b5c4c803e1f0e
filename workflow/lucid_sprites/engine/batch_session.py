"""A TensorFlow session for the tensors of a batch, whose calls are prepared once."""

from collections.abc import Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites import tensorflow_start
from lucid_sprites.closing import Closing
from lucid_sprites.engine.batch_tensors import BatchTensors


class BatchSession(Closing):
    """Runs what a batch is asked for: nothing is looked up during a step."""

    def __init__(self, tensors: BatchTensors, precision: str) -> None:
        """Start, in the graph that is the default and holds the tensors."""
        self._session = tf.Session(config=tensorflow_start.session_config(precision=precision))
        self._session.run(tf.global_variables_initializer())
        make = self._session.make_callable
        variables = tensors.variables
        values = [tf.placeholder(tf.float32, variable.shape) for variable in variables]
        assigned = [
            variable.assign(value).op for variable, value in zip(variables, values, strict=True)
        ]
        self._load = make(tf.group(*assigned), feed_list=values)
        self._read = make([variable.value() for variable in variables])
        self._pictures = make(tensors.pictures)
        self._extremes = {
            layer: make(extremes, feed_list=[tensors.canvas])
            for layer, extremes in tensors.objective.extremes.items()
        }
        momentum = variables[1].value()
        axes = list(range(1, momentum.shape.rank))
        self._has_gradient = make(tf.reduce_any(tf.not_equal(momentum, 0.0), axis=axes))
        # The objective is read before the update can change the variables.
        self._steps = {
            redirected: make([tensors.objective.values, update], feed_list=tensors.step_inputs)
            for redirected, update in tensors.updates.items()
        }

    def close(self) -> None:
        self._session.close()

    def load(self, arrays: Sequence[np.ndarray]) -> None:
        """Set the variables."""
        self._load(*arrays)

    def read(self) -> list[np.ndarray]:
        """The values of the variables."""
        values: list[np.ndarray] = self._read()
        return values

    def step(self, redirected: bool, fed: Sequence[np.ndarray | np.float32]) -> np.ndarray:
        """One update.

        Args:
            redirected: gradients pass ReLUs that are off.
            fed: for `BatchTensors.step_inputs`.

        Returns:
            [batch] objective values before it.
        """
        losses: np.ndarray = self._steps[redirected](*fed)[0]
        return losses

    def pictures(self) -> np.ndarray:
        """[batch, height, width, channels] float32 in 0..1."""
        pictures: np.ndarray = self._pictures()
        return pictures

    def has_gradient(self) -> np.ndarray:
        """bool [batch]: whether any update so far had a gradient."""
        has_gradient: np.ndarray = self._has_gradient()
        return has_gradient

    def channel_extremes(self, layer: str, canvases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest value of each channel of a layer for a batch of canvases."""
        low, high = self._extremes[layer](canvases)
        return low, high
