"""The weights of a frozen graph, for the layers of a network that may start from them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology

# What a kernel or bias passes on its way to the operation that it is a weight of.
_PASSED = ("Cast", "Identity", "Reshape", "Squeeze")

_NORM = {1: "gamma", 2: "beta", 3: "moving_mean", 4: "moving_variance"}
_BY_OPERATION = {
    "Conv2D": {1: "kernel"},
    "DepthwiseConv2dNative": {1: "kernel"},
    "MatMul": {1: "kernel"},
    "BiasAdd": {1: "bias"},
    "FusedBatchNorm": _NORM,
    "FusedBatchNormV2": _NORM,
    "FusedBatchNormV3": _NORM,
}
"""What the inputs of an operation are called as weights of a Keras layer."""

_BY_NAME = {
    "batchnorm/add": "moving_variance",
    "batchnorm/mul": "gamma",
    "batchnorm/mul_1": "moving_mean",  # without a gamma
    "batchnorm/mul_2": "moving_mean",
    "batchnorm/sub": "beta",
}
"""The same for the operations that `tf.nn.batch_normalization` writes out."""


@dataclass(frozen=True)
class FrozenWeight:
    """A constant of a graph that is a weight.

    Attributes:
        node: name of the operation that reads it.
        role: `kernel`, `bias`, `gamma`, `beta`, `moving_mean` or `moving_variance`.
    """

    node: str
    role: str
    value: np.ndarray

    def is_of(self, scopes: tuple[str, ...]) -> bool:
        """Whether its operation lies in one of these name scopes, at any depth."""
        return any(f"/{scope}/" in f"/{self.node}/" for scope in scopes)


def frozen_weights(graph: GraphDef) -> list[FrozenWeight]:
    """All weights of a frozen graph."""
    nodes = topology.by_name(graph)
    return [weight for node in graph.node for weight in _weights(node, nodes)]


def find(
    weights: list[FrozenWeight], scopes: tuple[str, ...], role: str, shape: tuple[int, ...]
) -> np.ndarray | None:
    """The one weight of this role and shape in the scopes of a layer; None for none or several."""
    fitting = [
        weight.value
        for weight in weights
        if weight.role == role and weight.value.shape == shape and weight.is_of(scopes)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _weights(node: NodeDef, nodes: dict[str, NodeDef]) -> Iterator[FrozenWeight]:
    unfused = next((role for name, role in _BY_NAME.items() if node.name.endswith(f"/{name}")), "")
    roles = dict.fromkeys(range(2), unfused) if unfused else _BY_OPERATION.get(node.op, {})
    for position, role in roles.items():
        value = _constant(node.input[position], nodes)
        if value is not None and value.ndim:  # a scalar is no weight, but an epsilon
            transposed = role == "kernel" and node.op == "MatMul" and node.attr["transpose_b"].b
            yield FrozenWeight(node.name, role, value.T if transposed else value)


def _constant(reference: str, nodes: dict[str, NodeDef]) -> np.ndarray | None:
    node = nodes[topology.node_name(reference)]
    while node.op in _PASSED:
        node = nodes[topology.node_name(node.input[0])]
    return constants.array(node)
