"""The feature maps of a picture."""

from collections.abc import Sequence

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites import tensorflow_start
from lucid_sprites.models.graph.prepare import prune


def activations(
    graph: GraphDef, input_name: str, layers: Sequence[str], value: np.ndarray
) -> list[np.ndarray]:
    """All feature maps of layers, from one forward pass.

    Args:
        graph: a frozen graph.
        input_name: node that the picture is fed to.
        layers: nodes whose last axis is the depth.
        value: the picture in the network's range, float32 [height, width, channels].

    Returns:
        for each layer float32 [height, width, depth], or [depth].
    """
    with tf.Graph().as_default():
        picture = tf.placeholder(tf.float32, [1, *value.shape])
        features = tf.import_graph_def(
            _prune_to_all(graph, input_name, layers),
            input_map={input_name: picture},
            return_elements=[f"{layer}:0" for layer in layers],
            name="",
        )
        with tf.Session(config=tensorflow_start.session_config()) as session:
            return [maps[0] for maps in session.run(features, {picture: value[None]})]


def _prune_to_all(graph: GraphDef, input_name: str, layers: Sequence[str]) -> GraphDef:
    """`prune` for many layers at once."""
    joined = GraphDef()
    joined.CopyFrom(graph)
    sink = joined.node.add(name="lucid_sprites/all_layers", op="NoOp")
    sink.input.extend(f"^{layer}" for layer in layers)
    return prune(joined, input_name, sink.name)
