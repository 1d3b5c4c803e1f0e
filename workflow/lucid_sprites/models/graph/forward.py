"""The forward pass: what layers of a frozen graph give for pictures."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites import tensorflow_start
from lucid_sprites.closing import Closing
from lucid_sprites.models.graph.prepare import prune


def layer_tensors(
    graph: GraphDef, input_name: str, layers: Sequence[str], pictures: tf.Tensor, scope: str = ""
) -> list[tf.Tensor]:
    """The outputs of layers for pictures, in TensorFlow's current graph.

    Args:
        input_name: node that the pictures are in the place of.
        pictures: in the network's range.
        scope: in front of the names of all that is imported.
    """
    references = [f"{layer}:0" for layer in layers]
    tensors: list[tf.Tensor] = tf.import_graph_def(
        graph, input_map={input_name: pictures}, return_elements=references, name=scope
    )
    return tensors


class ForwardPass(Closing):
    """Layers of one graph for any number of pictures; use it as a context manager."""

    def __init__(
        self,
        graph: GraphDef,
        input_name: str,
        layers: Sequence[str],
        shape: Sequence[int | None],
        to_input: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
    ) -> None:
        """Import the graph.

        Args:
            shape: of the pictures at once, [n, height, width, channels].
            to_input: what becomes of the pictures before the network.
        """
        with tf.Graph().as_default():
            self._pictures = tf.placeholder(tf.float32, shape)
            self._layers = layer_tensors(graph, input_name, layers, to_input(self._pictures))
            self._session = tf.Session(config=tensorflow_start.session_config())

    def close(self) -> None:
        self._session.close()

    def run(self, pictures: np.ndarray) -> list[np.ndarray]:
        """Each layer's output for pictures [n, height, width, channels]."""
        outputs: list[np.ndarray] = self._session.run(self._layers, {self._pictures: pictures})
        return outputs


def activations(
    graph: GraphDef, input_name: str, layers: Sequence[str], value: np.ndarray
) -> list[np.ndarray]:
    """All feature maps of layers for one picture.

    Args:
        graph: a frozen graph.
        input_name: node that the picture is fed to.
        layers: nodes whose last axis is the depth.
        value: the picture in the network's range, float32 [height, width, channels].

    Returns:
        for each layer float32 [height, width, depth], or [depth].
    """
    pruned = prune(graph, input_name, *layers)
    with ForwardPass(pruned, input_name, layers, (1, *value.shape)) as network:
        return [maps[0] for maps in network.run(value[None])]
