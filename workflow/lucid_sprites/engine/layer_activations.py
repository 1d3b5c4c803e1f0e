"""What a photo excites in a layer, for directions and tensors that come from photos."""

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites import tensorflow_start
from lucid_sprites.models.graph.forward import layer_tensors
from lucid_sprites.recipe.layer_catalogue import InputSpec


def layer_activations(
    network: GraphDef, picture: InputSpec, layer: str, photo: np.ndarray
) -> np.ndarray:
    """float32 [height, width, depth]; a flat layer has height and width 1.

    Args:
        network: prepared for `layer`.
        photo: [height, width, channels] in 0..1.
    """
    with (
        tf.Graph().as_default(),
        tf.Session(config=tensorflow_start.session_config()) as session,
    ):
        # A constant, whose network TensorFlow computes with other kernels than that of a picture
        # which is fed: the objectives, and the sprites, are those of these numbers.
        seen = tf.constant(picture.in_range(photo[None]), tf.float32)
        (tensor,) = layer_tensors(network, picture.name, [layer], seen)
        activations: np.ndarray = session.run(tensor)[0]
    return activations[None, None] if activations.ndim == 1 else activations


def patch(activations: np.ndarray, cell: list[int]) -> np.ndarray:
    """[depth]: the mean over one cell of a grid laid over the layer.

    Args:
        cell: row, column, rows, columns; without them, the whole layer.
    """
    if not cell:
        return np.asarray(activations.mean(axis=(0, 1)))
    row, column, rows, columns = cell
    across = _stretch(row, rows, activations.shape[0])
    down = _stretch(column, columns, activations.shape[1])
    return np.asarray(activations[across, down].mean(axis=(0, 1)))


def _stretch(number: int, count: int, size: int) -> slice:
    """Part `number` of `count` of an axis; never empty."""
    first = min(number * size // count, size - 1)
    return slice(first, max(first + 1, (number + 1) * size // count))
