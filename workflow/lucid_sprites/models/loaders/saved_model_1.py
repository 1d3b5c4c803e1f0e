"""SavedModels of TensorFlow 1: a graph with variables, and a saver that says where they lie."""

from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from lucid_sprites.models.graph import topology
from lucid_sprites.models.graph.constants import VARIABLES
from lucid_sprites.models.graph.large_constants import Weights
from lucid_sprites.models.loaders.saved_variables import Checkpoint
from lucid_sprites.models.loaders.variables import freeze
from lucid_sprites.models.normal_form import inline_functions

_ASSIGNS = ("Assign", "AssignVariableOp")
_PASSES = ("Identity", "Reshape", "Cast")


def load(model: MetaGraphDef, checkpoint: Checkpoint, source: str) -> tuple[GraphDef, Weights]:
    """The graph up to the outputs of the signatures, with the values of its variables."""
    graph = inline_functions.inline_calls(model.graph_def, _outputs(model), source)
    restored = dict(_restored(model))
    values: dict[str, np.ndarray] = {}
    for node in graph.node:
        if node.op in VARIABLES:
            key, slices = restored.get(node.name, (node.name, ""))
            if checkpoint.has(key):
                values[node.name] = checkpoint.read(key, slices)
    return freeze(graph, values)


def _restored(model: MetaGraphDef) -> Iterator[tuple[str, tuple[str, str]]]:
    """Key and slice in the checkpoint of each variable that the saver's operations restore."""
    nodes = topology.by_name(model.graph_def)
    for node in model.graph_def.node:
        if node.op in _ASSIGNS and len(node.input) > 1:
            key_and_slice = _key_and_slice(node.input[1], nodes)
            if key_and_slice is not None:
                yield topology.node_name(node.input[0]), key_and_slice


def _key_and_slice(reference: str, nodes: Mapping[str, NodeDef]) -> tuple[str, str] | None:
    """What an assigned value is read from, if it comes from the checkpoint."""
    node = nodes.get(topology.node_name(reference))
    while node is not None and node.op in _PASSES and node.input:
        reference = node.input[0]
        node = nodes.get(topology.node_name(reference))
    if node is None or node.op != "RestoreV2" or len(node.input) < 3:
        return None
    number = topology.output_number(reference)
    keys, slices = (_strings(nodes.get(topology.node_name(ref))) for ref in node.input[1:3])
    return (keys[number], slices[number]) if number < min(len(keys), len(slices)) else None


def _strings(node: NodeDef | None) -> list[str]:
    if node is None or node.op != "Const":
        return []
    array = tf.make_ndarray(node.attr["value"].tensor)
    return [text.decode() for text in array.ravel()] if array.dtype == object else []


def _outputs(model: MetaGraphDef) -> list[str]:
    """Nodes that the signatures give; without any, what nothing else reads."""
    names = {node.name for node in model.graph_def.node}
    tensors = [
        tensor.name for signature in model.signature_def.values()
        for tensor in signature.outputs.values()
    ]  # fmt: skip
    outputs = sorted({topology.node_name(name) for name in tensors} & names)
    if outputs:
        return outputs
    # The saver's own nodes are ends, too.
    nodes = [node for node in model.graph_def.node if not node.name.startswith("save")]
    read = {topology.node_name(ref) for node in nodes for ref in node.input}
    ends = ("NoOp", "Const", "Assign", "AssignVariableOp", "VarIsInitializedOp")
    return [n.name for n in nodes if n.name not in read and n.op not in ends]
