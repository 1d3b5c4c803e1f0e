"""What in a graph is constant, its values, and nodes that hold values."""

from collections.abc import Iterable
from types import MappingProxyType

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework import op_def_registry

from lucid_sprites import tensorflow_start
from lucid_sprites.models import topology
from lucid_sprites.models.weights import Weights

# Their value is not fixed by their inputs, or they only make sense inside their loop.
_VARYING = {
    "Placeholder", "PlaceholderWithDefault", "Switch", "RefSwitch", "Merge", "RefMerge", "Enter",
    "RefEnter", "Exit", "RefExit", "NextIteration", "LoopCond",
    # The content of a picture file stands for the pictures that users would put there.
    "DecodeJpeg", "DecodePng", "DecodeBmp", "DecodeGif", "DecodeImage", "DecodeAndCropJpeg",
}  # fmt: skip
# Only these read or write files or run code when they are evaluated; a model has no need of them.
UNSAFE = {
    "ReadFile", "WriteFile", "MatchingFiles", "SaveV2", "Save", "SaveSlices", "RestoreV2",
    "Restore",
    "MergeV2Checkpoints", "PrintV2", "PyFunc", "PyFuncStateless", "EagerPyFunc", "ShardedFilename",
    "FixedLengthRecordReaderV2", "TFRecordReaderV2", "WholeFileReaderV2", "TextLineReaderV2",
    "TFRecordDataset", "TextLineDataset", "FixedLengthRecordDataset", "LookupTableImportV2",
    "InitializeTableFromTextFileV2", "InitializeTableFromTextFile",
}  # fmt: skip


def is_constant(reference: str, nodes: dict[str, NodeDef]) -> bool:
    """Whether a tensor has the same value in every run, and is safe to evaluate."""
    stack, seen = [topology.node_name(reference)], set()
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        node = nodes.get(name)
        if node is None or node.op in _VARYING or node.op in UNSAFE or _has_state(node):
            return False
        stack += topology.parents(node)
    return True


def _has_state(node: NodeDef) -> bool:
    """Variables, iterators, random numbers, and operations that this TensorFlow does not know."""
    definition = op_def_registry.get(node.op)
    return definition is None or definition.is_stateful


def evaluate(
    graph: GraphDef, references: Iterable[str], weights: Weights = MappingProxyType({})
) -> dict[str, np.ndarray]:
    """Values of constant tensors; `weights` are constants that are kept apart from `graph`."""
    references = sorted(references)
    if not references:
        return {}
    needed = topology.ancestors(graph, map(topology.node_name, references))
    kept = [weights.get(node.name, node) for node in graph.node if node.name in needed]
    pruned = topology.with_nodes(graph, kept)
    with (
        tf.Graph().as_default(),
        tf.Session(config=tensorflow_start.session_config()) as session,
    ):
        tensors = tf.import_graph_def(
            pruned, name="", return_elements=[r if ":" in r else f"{r}:0" for r in references]
        )
        return dict(zip(references, session.run(tensors), strict=True))


def node(name: str, value: np.ndarray) -> NodeDef:
    """A Const node."""
    made = NodeDef(name=name, op="Const")
    made.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    made.attr["dtype"].type = made.attr["value"].tensor.dtype
    return made


def shape(reference: str, nodes: dict[str, NodeDef]) -> list[int] | None:
    """Shape of a tensor that `value` gives a value for, without reading that."""
    source = _behind_identities(reference, nodes)
    if source.op != "Const":
        return None
    return [dim.size for dim in source.attr["value"].tensor.tensor_shape.dim]


def value(reference: str, nodes: dict[str, NodeDef]) -> np.ndarray | None:
    """Value of a tensor that is a Const node, or a chain of Identity behind one; else None."""
    source = _behind_identities(reference, nodes)
    return tf.make_ndarray(source.attr["value"].tensor) if source.op == "Const" else None


def _behind_identities(reference: str, nodes: dict[str, NodeDef]) -> NodeDef:
    source = nodes[topology.node_name(reference)]
    while source.op == "Identity":
        source = nodes[topology.node_name(source.input[0])]
    return source


def without_identities(graph: GraphDef) -> GraphDef:
    """What reads a constant through Identity nodes reads it directly."""
    nodes = topology.by_name(graph)
    direct = topology.with_nodes(graph, graph.node)
    for node in direct.node:
        for place, reference in enumerate(node.input):
            if not topology.is_control(reference):
                source = _behind_identities(reference, nodes)
                if source.op == "Const":
                    node.input[place] = source.name
    return direct
