"""Small frozen graphs with known weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef


def frozen(build: Callable[[], object]) -> GraphDef:
    """The graph that `build` makes from constants and placeholders."""
    with tf.Graph().as_default() as graph:
        build()
        return graph.as_graph_def()


def save(graph: GraphDef, path: Path) -> Path:
    """Write a frozen graph, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(graph.SerializeToString(deterministic=True))
    return path


def small(depth: int = 6, second: int = 5, seed: int = 0, dead: tuple[int, ...] = ()) -> GraphDef:
    """picture -> conv1/Relu (`depth` channels) -> pool -> conv2/Relu (`second` channels).

    Random weights from `seed`; the channels `dead` of conv1 are constant.
    """
    random = np.random.RandomState(seed)
    kernel = random.normal(size=(5, 5, 3, depth)).astype(np.float32) / 5
    kernel[..., list(dead)] = 0
    bias = np.full(depth, 0.1, np.float32)

    def build() -> None:
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        with tf.name_scope("conv1"):
            first = tf.nn.conv2d(picture, kernel, strides=1, padding="SAME", name="Conv2D")
            first = tf.nn.relu(tf.nn.bias_add(first, bias, name="BiasAdd"), name="Relu")
        pooled = tf.nn.max_pool2d(first, 2, 2, "VALID", name="pool")
        with tf.name_scope("conv2"):
            wide = random.normal(size=(3, 3, depth, second)).astype(np.float32) / depth
            tf.nn.relu(tf.nn.conv2d(pooled, wide, strides=1, padding="SAME", name="Conv2D"), "Relu")

    return frozen(build)


def classifier(classes: int = 5, depth: int = 4) -> GraphDef:
    """picture -> conv1/Relu (`depth` channels) -> their means -> logits (`classes`) -> shares.

    The weights of `logits` are those of `class_weights`.
    """
    kernel = np.random.RandomState(1).normal(size=(3, 3, 3, depth)).astype(np.float32) / 3

    def build() -> None:
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        with tf.name_scope("conv1"):
            first = tf.nn.conv2d(picture, kernel, strides=1, padding="SAME", name="Conv2D")
            first = tf.nn.relu(first, name="Relu")
        means = tf.reduce_mean(first, [1, 2], name="means")
        logits = tf.matmul(means, class_weights(classes, depth), name="logits")
        tf.nn.softmax(logits, name="shares")

    return frozen(build)


def class_weights(classes: int, depth: int) -> np.ndarray:
    """[depth, classes]: each class likes one channel, its number modulo `depth`, and no other."""
    return np.eye(depth, dtype=np.float32)[:, np.arange(classes) % depth]
