"""Large constants, kept apart while a graph is worked on: copies of the rest cost nothing."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.tensor_pb2 import TensorProto

from lucid_sprites.models.graph import constants, node_check, topology

LARGE_BYTES = 1 << 16
"""Constants of more bytes are large."""

Weights = Mapping[str, np.ndarray]


def strip_large_constants(graph: GraphDef) -> tuple[GraphDef, Weights]:
    """A graph with empty tensors in place of its large constants, and their values by name.

    An empty tensor has a type and a shape, and is read as zeros. Damaged constants stay whole.
    """
    weights = {node.name: array for node in graph.node if (array := _large(node)) is not None}
    light = (_emptied(node) if node.name in weights else node for node in graph.node)
    return topology.with_nodes(graph, light), weights


def restore_large_constants(graph: GraphDef, weights: Weights) -> GraphDef:
    """The graph with its constants whole again."""
    return topology.with_nodes(graph, (_whole(node, weights) for node in graph.node))


def write(path: Path, graph: GraphDef, weights: Weights) -> None:
    """Write a graph with its constants whole, without having it whole in memory.

    Its bytes are those of the whole graph: a message's are those of its fields, one after another,
    and nodes come first.
    """
    rest = GraphDef()
    rest.CopyFrom(graph)
    rest.ClearField("node")
    with path.open("wb") as file:
        for node in graph.node:
            file.write(_serialized(GraphDef(node=[_whole(node, weights)])))
        file.write(_serialized(rest))


def renamed(weights: Weights, before: GraphDef, after: GraphDef) -> Weights:
    """Weights under the names that the nodes of a graph have got, in the same order."""
    names = {old.name: new.name for old, new in zip(before.node, after.node, strict=True)}
    return {names[name]: array for name, array in weights.items() if name in names}


def value(node: NodeDef, weights: Weights) -> np.ndarray:
    """What a Const node holds, be it apart or not."""
    array: np.ndarray = (
        weights[node.name] if node.name in weights else tf.make_ndarray(node.attr["value"].tensor)
    )
    return array


def feed_large_constants(graph: GraphDef, weights: Weights) -> tuple[GraphDef, Weights]:
    """The graph with placeholders for its large constants, and what to feed them, by tensor.

    TensorFlow copies constants several times for each part of a graph that it is asked for.
    """
    values = {f"{node.name}:0": weights[node.name] for node in graph.node if node.name in weights}
    nodes = (_placeholder(node) if node.name in weights else node for node in graph.node)
    return topology.with_nodes(graph, nodes), values


def _large(node: NodeDef) -> np.ndarray | None:
    """The value of a large constant that can be read."""
    if node.op != "Const" or node.ByteSize() <= LARGE_BYTES or node_check.problem(node):
        return None
    try:
        return constants.array(node)
    except (TypeError, ValueError):
        return None


def _emptied(node: NodeDef) -> NodeDef:
    tensor = node.attr["value"].tensor
    emptied = NodeDef(name=node.name, op="Const", input=node.input)
    emptied.attr["dtype"].CopyFrom(node.attr["dtype"])
    emptied.attr["value"].tensor.CopyFrom(
        TensorProto(dtype=tensor.dtype, tensor_shape=tensor.tensor_shape)
    )
    return emptied


def _whole(node: NodeDef, weights: Weights) -> NodeDef:
    """A node with its value, and the inputs that it has by now."""
    if node.name not in weights:
        return node
    whole = constants.node(node.name, weights[node.name])
    whole.input[:] = node.input
    return whole


def _serialized(graph: GraphDef) -> bytes:
    data: bytes = graph.SerializeToString(deterministic=True)
    return data


def _placeholder(node: NodeDef) -> NodeDef:
    placeholder = NodeDef(name=node.name, op="Placeholder", input=node.input)
    placeholder.attr["dtype"].CopyFrom(node.attr["dtype"])
    placeholder.attr["shape"].shape.CopyFrom(node.attr["value"].tensor.tensor_shape)
    return placeholder
