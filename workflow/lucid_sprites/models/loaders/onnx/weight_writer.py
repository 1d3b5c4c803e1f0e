"""Constants of a graph that is being built; the large ones are kept apart until it is whole."""

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.models.graph import constants
from lucid_sprites.models.graph.large_constants import LARGE_BYTES, restore_large_constants


class WeightWriter:
    """Writes constants into the default graph."""

    def __init__(self) -> None:
        self._large: dict[str, np.ndarray] = {}
        self._written: dict[int, tuple[np.ndarray, tf.Tensor]] = {}

    def shared(self, value: np.ndarray, name: str) -> tf.Tensor:
        """A constant that several may read: one array is written once."""
        if id(value) not in self._written:
            # The array is kept, so that no other gets its number.
            self._written[id(value)] = value, self.write(value, name)
        return self._written[id(value)][1]

    def write(self, value: np.ndarray, name: str) -> tf.Tensor:
        """A constant."""
        value = np.asarray(value, order="C")
        kind = tf.as_dtype(value.dtype)
        if value.nbytes <= LARGE_BYTES:
            return tf.constant(value, kind, name=name)
        attributes = dict(constants.empty(name, value.dtype, value.shape).attr)
        graph = tf.compat.v1.get_default_graph()
        made = graph.create_op("Const", [], [kind], attrs=attributes, name=name)
        self._large[made.name] = value
        return made.outputs[0]

    def attached(self, graph: GraphDef) -> GraphDef:
        """A graph with all its constants whole."""
        return restore_large_constants(graph, self._large)
