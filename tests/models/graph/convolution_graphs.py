"""Graphs of one convolution, and what they compute."""

from collections import Counter

import numpy as np
import tensorflow.compat.v1 as tf

RANDOM = np.random.RandomState(7)
KERNEL = RANDOM.normal(size=(3, 3, 3, 4)).astype(np.float32)
PICTURES = RANDOM.uniform(-1, 1, size=(2, 9, 7, 3)).astype(np.float32)


def run(graph, layer, pictures=PICTURES, name="picture"):
    with tf.Graph().as_default(), tf.Session() as session:
        # Importing completes the attributes of the graph that it is given.
        copied = type(graph).FromString(graph.SerializeToString())
        tf.import_graph_def(copied, name="")
        return session.run(f"{layer}:0", {f"{name}:0": pictures})


def ops(graph):
    return Counter(node.op for node in graph.node if node.op != "Const")


def node(graph, name):
    (found,) = (node for node in graph.node if node.name == name)
    return found


def placeholder():
    return tf.placeholder(tf.float32, [None, None, None, 3], name="picture")


def convolution(picture, name="conv"):
    return tf.nn.conv2d(picture, KERNEL, strides=1, padding="SAME", name=name)
