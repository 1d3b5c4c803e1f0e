"""A tiny conv-relu-maxpool-conv-relu network, forward and backward by hand in numpy."""

from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

import tiny_graphs


def _correlate(image, kernel):
    """SAME convolution with stride 1 of [h, w, in] by [k, k, in, out], k odd."""
    reach = kernel.shape[0] // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)))
    out = np.zeros((*image.shape[:2], kernel.shape[3]))
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            patch = padded[y : y + kernel.shape[0], x : x + kernel.shape[1]]
            out[y, x] = np.einsum("ijc,ijco->o", patch, kernel)
    return out


def _transposed(signal, kernel):
    """Each value of [h, w, out] spreads its filter over [h, w, in]."""
    reach = kernel.shape[0] // 2
    height, width, _ = signal.shape
    out = np.zeros((height + 2 * reach, width + 2 * reach, kernel.shape[2]))
    for y in range(height):
        for x in range(width):
            out[y : y + kernel.shape[0], x : x + kernel.shape[1]] += kernel @ signal[y, x]
    return out[reach : reach + height, reach : reach + width]


def _pool(image):
    """Largest of each 2x2 window, and the switches: which pixel it was."""
    height, width, depth = image.shape
    pooled = np.zeros((height // 2, width // 2, depth))
    switches = np.zeros_like(image, bool)
    for y in range(height // 2):
        for x in range(width // 2):
            for c in range(depth):
                window = image[2 * y : 2 * y + 2, 2 * x : 2 * x + 2, c]
                dy, dx = np.unravel_index(window.argmax(), (2, 2))
                pooled[y, x, c] = window[dy, dx]
                switches[2 * y + dy, 2 * x + dx, c] = True
    return pooled, switches


@dataclass
class Network:
    """Kernels and bias, drawn from a seed."""

    seed: int = 0

    def __post_init__(self):
        random = np.random.RandomState(self.seed)
        self.first = random.normal(size=(3, 3, 3, 4)).astype(np.float32)
        self.bias = random.normal(size=4).astype(np.float32)
        self.second = random.normal(size=(3, 3, 4, 5)).astype(np.float32)

    def graph(self) -> GraphDef:
        def build():
            picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
            before = tf.nn.bias_add(tf.nn.conv2d(picture, self.first, 1, "SAME"), self.bias)
            pooled = tf.nn.max_pool2d(tf.nn.relu(before, name="relu1"), 2, 2, "VALID", name="pool")
            tf.nn.relu(tf.nn.conv2d(pooled, self.second, 1, "SAME", name="conv2"), name="relu2")

        return tiny_graphs.frozen(build)

    def forward(self, picture):
        self.before = _correlate(picture, self.first) + self.bias
        self.pooled, self.switches = _pool(np.maximum(self.before, 0))
        self.conv2 = _correlate(self.pooled, self.second)
        return np.maximum(self.conv2, 0)

    def backward(self, signal, rectifier):
        """`rectifier(signal, before)` is what a ReLU does to a signal that comes back."""
        signal = _transposed(rectifier(signal, self.conv2), self.second)
        unpooled = signal.repeat(2, axis=0).repeat(2, axis=1) * self.switches
        return _transposed(rectifier(unpooled, self.before), self.first)


RECTIFIERS = {
    "gradient": lambda signal, before: signal * (before > 0),
    "deconvolution": lambda signal, before: np.maximum(signal, 0),
    "guided_backpropagation": lambda signal, before: np.maximum(signal, 0) * (before > 0),
}
