"""The small network, and freezing it to a graph file with tidy tensor names."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

INPUT = "input"
VALUE_RANGE = (-1.0, 1.0)
"""Range of the pixel values that the network expects."""

CHANNELS = (16, 32, 40, 48, 48)
"""Channels of conv1 to conv5. Few, so that all of them can be rendered in minutes."""

_FIRST_KERNEL = 7
"""Wide first kernels come out as smooth edges and colour blobs instead of pixel noise."""


def small_network(classes: int) -> keras.Model:
    """The small network as a classifier, from pictures to class probabilities.

    Input `input` [batch, height, width, 3] in VALUE_RANGE, output `softmax` [batch, classes].
    It ends in an average over positions, so that pictures of any size will do.
    """
    pictures = keras.Input((None, None, 3), name=INPUT)
    x = keras.layers.GlobalAveragePooling2D(name="mean")(small_features(pictures))
    x = keras.layers.Dense(classes, name="logits")(x)
    return keras.Model(pictures, keras.layers.Softmax(name="softmax")(x), name="small")


def small_features(pictures: keras.KerasTensor) -> keras.KerasTensor:
    """Five convolutions: [batch, height, width, 3] to [batch, height / 16, width / 16, 48].

    A unit of conv5 sees 81 pixels across: all of a 64 pixel picture, hence whole figures.
    """
    x = _convolution(pictures, 1, CHANNELS[0], _FIRST_KERNEL, strides=2)
    x = _convolution(x, 2, CHANNELS[1])
    for number, channels in enumerate(CHANNELS[2:], start=3):
        x = keras.layers.MaxPooling2D(name=f"pool{number - 1}")(x)
        x = _convolution(x, number, channels)
    return x


def _convolution(
    x: keras.KerasTensor, number: int, channels: int, kernel: int = 3, strides: int = 1
) -> keras.KerasTensor:
    return keras.layers.Conv2D(
        channels,
        kernel,
        strides,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
        name=f"conv{number}",
    )(x)


def frozen_graph(network: keras.Model) -> tf.compat.v1.GraphDef:
    """The network with its weights as constants, for inference.

    Keras' own tracing nests names and function calls. Writing each layer in plain operations
    instead gives the names that people want to read: `conv1/Conv2D`, `conv1/BiasAdd`,
    `conv1/Relu`, `pool2/MaxPool`, `logits/BiasAdd`, `softmax/Softmax`. Works for a chain of
    the layers in `_WRITERS`. The only placeholder is `input`, float32 [None, None, None, 3].
    """
    # Read first: variables have no values inside the graph that is being written.
    layers = [(layer, layer.get_weights()) for layer in network.layers[1:]]
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, network.input_shape, name=INPUT)
        for layer, weights in layers:
            with tf.name_scope(layer.name):
                x = _WRITERS[type(layer)](layer, x, *weights)
    return graph.as_graph_def()


def _write_convolution(
    layer: keras.layers.Conv2D, x: tf.Tensor, kernel: np.ndarray, bias: np.ndarray
) -> tf.Tensor:
    weights = tf.constant(kernel, name="kernel")
    x = tf.nn.conv2d(x, weights, layer.strides, layer.padding.upper(), name="Conv2D")
    x = tf.nn.bias_add(x, tf.constant(bias, name="bias"), name="BiasAdd")
    return tf.nn.relu(x, name="Relu")


def _write_pooling(layer: keras.layers.MaxPooling2D, x: tf.Tensor) -> tf.Tensor:
    padding = layer.padding.upper()
    return tf.nn.max_pool2d(x, layer.pool_size, layer.strides, padding, name="MaxPool")


def _write_mean(layer: keras.layers.GlobalAveragePooling2D, x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(x, axis=(1, 2), name="Mean")


def _write_dense(
    layer: keras.layers.Dense, x: tf.Tensor, kernel: np.ndarray, bias: np.ndarray
) -> tf.Tensor:
    x = tf.matmul(x, tf.constant(kernel, name="kernel"), name="MatMul")
    return tf.nn.bias_add(x, tf.constant(bias, name="bias"), name="BiasAdd")


def _write_softmax(layer: keras.layers.Softmax, x: tf.Tensor) -> tf.Tensor:
    return tf.nn.softmax(x, name="Softmax")


_WRITERS: dict[type, Callable[..., tf.Tensor]] = {
    keras.layers.Conv2D: _write_convolution,
    keras.layers.MaxPooling2D: _write_pooling,
    keras.layers.GlobalAveragePooling2D: _write_mean,
    keras.layers.Dense: _write_dense,
    keras.layers.Softmax: _write_softmax,
}
"""How to write each kind of layer: its settings, its input and its weights, if it has any."""
