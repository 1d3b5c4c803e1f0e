"""Pictures painted by a small network (lucid.optvis.param.cppn)."""

import math

import numpy as np
import tensorflow.compat.v1 as tf

from lucid_sprites.engine.parametrization.image_param import ImageParam

# lucid's network.
_HIDDEN_LAYERS, _HIDDEN_CHANNELS = 8, 24
_BIAS_DEVIATION = 0.1
# Root mean squares of arctan and its square over normally distributed numbers, as in lucid.
_ARCTAN_SIZE, _SQUARE_SIZE = 0.67, 0.6


def cppn(height: int, width: int, channels: int) -> ImageParam:
    """A compositional pattern producing network from a pixel's position to its colour.

    Parameters: the weights and biases of all layers in one row. The output layer's weights start
    at zero, so that a sprite starts in one colour.
    """
    sizes = [2, *[2 * _HIDDEN_CHANNELS] * _HIDDEN_LAYERS]
    outputs = [*[_HIDDEN_CHANNELS] * _HIDDEN_LAYERS, channels]
    layers = list(zip(sizes, outputs, strict=True))
    positions = _positions(height, width)

    def raw(parameters: tf.Tensor) -> tf.Tensor:
        batch = parameters.shape[0]
        values, start = tf.constant(np.tile(positions, [batch, 1, 1])), 0
        for number, (inputs, outputs) in enumerate(layers):
            if number:
                values = _activation(values)
            end = start + inputs * outputs
            weights = tf.reshape(parameters[:, start:end], [batch, inputs, outputs])
            values = tf.matmul(values, weights) + parameters[:, None, end : end + outputs]
            start = end + outputs
        return tf.reshape(values, [batch, height, width, channels])

    deviation = np.concatenate([_deviations(*layer) for layer in layers[:-1]])
    last_inputs, last_outputs = layers[-1]
    last = [np.zeros(last_inputs * last_outputs), np.full(last_outputs, _BIAS_DEVIATION)]
    deviation = np.concatenate([deviation, *last])
    return ImageParam((len(deviation),), raw, deviation, colours=False)


def _positions(height: int, width: int) -> np.ndarray:
    """[1, pixels, 2] float32: x and y of each pixel, each with a standard deviation of 1."""
    edge = math.sqrt(3)
    rows, columns = np.linspace(-edge, edge, height), np.linspace(-edge, edge, width)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=-1)[None].astype(np.float32)


def _deviations(inputs: int, outputs: int) -> np.ndarray:
    weights = np.full(inputs * outputs, 1 / math.sqrt(inputs))
    return np.concatenate([weights, np.full(outputs, _BIAS_DEVIATION)])


def _activation(values: tf.Tensor) -> tf.Tensor:
    bent = tf.atan(values)
    return tf.concat([bent / _ARCTAN_SIZE, tf.square(bent) / _SQUARE_SIZE], -1)
