"""The end of a network, for the channels that a batch needs and no others.

Each sprite of a batch looks at one channel of the layer. Where the layer is a convolution with
what follows it, or branches side by side that end in such, computing all channels, and their
gradients, would be work for nothing: up to a seventh of a step for a deep layer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.engine import relu_gradients
from lucid_sprites.engine.objectives import units
from lucid_sprites.models.graph import constants, topology

CHANNELS = 32
"""Channels that are computed, whatever the batch: another number would run other kernels, with
other rounding, and a sprite's picture would depend on its mates."""

_NONLINEARITIES = {"Relu": tf.nn.relu, "Relu6": tf.nn.relu6}


@dataclass(frozen=True)
class Branch:
    """Neighbouring channels of a layer.

    Attributes:
        first, depth: which.
        tensor: that holds them.
        conv: that computes them, None for no such.
    """

    first: int
    depth: int
    tensor: str
    conv: "TargetConv | None"

    def holds(self, channel: int) -> bool:
        """Whether a channel of the layer is one of them."""
        return self.first <= channel < self.first + self.depth


@dataclass(frozen=True)
class TargetConv:
    """A convolution, its bias, and the nonlinearities after it.

    Attributes:
        source: tensor that the convolution reads.
        convolution: its node.
        kernel: its weights [height, width, in, out].
        bias: [out], or None.
        nonlinearities: op types, in order.
    """

    source: str
    convolution: NodeDef
    kernel: np.ndarray
    bias: np.ndarray | None
    nonlinearities: list[str]

    def apply(self, source: tf.Tensor, channels: tf.Tensor) -> tf.Tensor:
        """The layer for `channels` (int32 [n]) only: [batch, height, width, `CHANNELS`]."""
        padded = tf.pad(channels, [[0, CHANNELS - channels.shape[0]]])
        attributes = self.convolution.attr
        # Gathered whole: numbers that lie apart are gathered one by one.
        by_channel = np.ascontiguousarray(self.kernel.transpose(3, 0, 1, 2))
        result = tf.raw_ops.Conv2D(
            input=source,
            filter=tf.transpose(tf.gather(by_channel, padded), [1, 2, 3, 0]),
            strides=list(attributes["strides"].list.i),
            padding=attributes["padding"].s.decode(),
            explicit_paddings=list(attributes["explicit_paddings"].list.i),
            dilations=list(attributes["dilations"].list.i) or [1, 1, 1, 1],
        )
        if self.bias is not None:
            result = tf.nn.bias_add(result, tf.gather(self.bias, padded))
        for op in self.nonlinearities:
            result = _NONLINEARITIES[op](result)
        return result


def branches(network: GraphDef, layer: str) -> list[Branch]:
    """The branches that `layer` consists of; none where there is nothing to be left out."""
    nodes = topology.by_name(network)
    node = nodes[layer]
    references = node.input[:-1] if topology.joins_channels(node, nodes) else [layer]
    found: list[Branch] = []
    for reference in references:
        depth = _depth(reference, nodes)
        if depth is None:
            return []
        first = found[-1].first + found[-1].depth if found else 0
        found.append(Branch(first, depth, reference, _target_conv(reference, nodes)))
    return found if len(found) > 1 or found[0].conv else []


def channel_means(
    branches: list[Branch], channels: tf.Tensor, tensor: Callable[[str], tf.Tensor]
) -> tf.Tensor:
    """[batch] means of one channel for each sprite, computed for these only.

    Args:
        channels: int32 [batch], numbers in the whole layer, each of one of the branches.
        tensor: of the imported network, by its reference in the graph.
    """
    found = []
    for branch in branches:
        holds = (channels >= branch.first) & (channels < branch.first + branch.depth)
        own = tf.where_v2(holds, channels - branch.first, 0)
        if branch.conv:
            with relu_gradients.redirectable(channels.graph):
                after = branch.conv.apply(tensor(branch.conv.source), own)
            mean = units.channel_means(after, tf.range(channels.shape[0]))
        else:
            mean = units.channel_means(tensor(branch.tensor), own)
        found.append(tf.where_v2(holds, mean, 0.0))
    return tf.add_n(found)


def _depth(reference: str, nodes: dict[str, NodeDef]) -> int | None:
    """Channels of a tensor, None if a node that they come from does not say."""
    passing = (*_NONLINEARITIES, "MaxPool", "AvgPool")
    sources = topology.channel_sources(reference, nodes, passing)
    depths = [_own_depth(nodes[topology.node_name(source)], nodes) for source in sources]
    return None if None in depths else sum(filter(None, depths))


def _own_depth(node: NodeDef, nodes: dict[str, NodeDef]) -> int | None:
    if node.op not in ("Conv2D", "BiasAdd") or node.attr["data_format"].s not in (b"", b"NHWC"):
        return None
    weights = nodes[topology.node_name(node.input[1])]
    if weights.op != "Const":
        return None
    depth: int = weights.attr["value"].tensor.tensor_shape.dim[-1].size
    return depth


def _target_conv(reference: str, nodes: dict[str, NodeDef]) -> TargetConv | None:
    """The convolution that ends in a tensor; None where there is none such, or a narrow one."""
    node, bias = nodes[topology.node_name(reference)], None
    nonlinearities: list[str] = []
    while node.op in _NONLINEARITIES:
        nonlinearities.insert(0, node.op)
        node = nodes[topology.node_name(node.input[0])]
    if node.op == "BiasAdd" and node.attr["data_format"].s in (b"", b"NHWC"):
        bias = constants.value(node.input[1], nodes)
        node = nodes[topology.node_name(node.input[0])] if bias is not None else node
    if node.op != "Conv2D" or node.attr["data_format"].s not in (b"", b"NHWC"):
        return None
    kernel = constants.value(node.input[1], nodes)
    if kernel is None or kernel.shape[-1] <= CHANNELS:
        return None
    return TargetConv(node.input[0], node, kernel, bias, nonlinearities)
