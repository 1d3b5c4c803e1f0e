"""Well-known architectures with random weights, as frozen graphs.

    .venv/bin/python benchmarks/random_networks.py vgg16 block4_conv3 vgg16.pb

writes one and prints the name of the layer's node.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

# Name here -> name in keras.applications.
NETWORKS = {"inceptionv3": "InceptionV3", "vgg16": "VGG16"}
_SEED = 0
# Of each kernel, in units of 1 / inputs: 2 after He et al. 2015, more as the mean is taken out.
_GAIN = 3.0
_SHIFT = 0.5


def freeze(network: str, layer: str, path: Path) -> str:
    """Write a frozen graph without its classifier, which depends on no layer measured here.

    Must run in a process without `tensorflow_start.block_keras`: it needs Keras.

    Args:
        network: one of `NETWORKS`.
        layer: name of a Keras layer.

    Returns:
        the name of the node that holds the layer's output.
    """
    from lucid_sprites import tensorflow_start

    tensorflow_start.import_quietly()
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    whole = getattr(keras.applications, NETWORKS[network])(weights=None, include_top=False)
    _randomize(whole)
    model = keras.Model(whole.inputs, [whole.get_layer(layer).output, whole.output])
    signature = tf.TensorSpec([None, None, None, 3], tf.float32, name="picture")
    function = tf.function(lambda picture: model(picture, training=False))
    frozen = convert_variables_to_constants_v2(function.get_concrete_function(signature))
    path.write_bytes(frozen.graph.as_graph_def().SerializeToString())
    node = frozen.outputs[0].op
    while node.type == "Identity":
        node = node.inputs[0].op
    return node.name


def _randomize(model: Any) -> None:
    """Weights from a fixed seed, scaled so that signals keep their size and few units are dead.

    A kernel without a mean does not see what all its inputs have in common, which would switch
    its unit on or off for good.
    """
    random = np.random.RandomState(_SEED)
    for variable in model.variables:
        shape = tuple(variable.shape)
        if variable.path.endswith("kernel"):
            kernel = random.normal(size=shape)
            kernel -= kernel.mean(axis=(0, 1, 2))
            variable.assign(kernel * np.sqrt(_GAIN / np.prod(shape[:-1])))
        elif variable.path.endswith(("beta", "bias")):
            variable.assign(np.full(shape, _SHIFT))


if __name__ == "__main__":
    print(freeze(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
