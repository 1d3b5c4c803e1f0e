"""Function calls in a graph (TensorFlow 2 writes them), replaced by what the functions do."""

import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from lucid_sprites.models import topology
from lucid_sprites.models.normal_form.placeholders import PLACEHOLDERS

_CALLS = ("PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "While",
          "StatelessWhile", "Case", "StatelessCase")  # fmt: skip


def inline(graph: GraphDef) -> GraphDef:
    """The graph without calls of functions."""
    own = {function.signature.name for function in graph.library.function}
    if not any(node.op in _CALLS or node.op in own for node in graph.node):
        return graph
    read = {topology.node_name(ref) for node in graph.node for ref in node.input}
    ends = [node.name for node in graph.node if node.name not in read and node.op != "NoOp"]
    starts = [node.name for node in graph.node if node.op in PLACEHOLDERS]
    wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    tensors = {name: wrapped.graph.get_operation_by_name(name) for name in [*starts, *ends]}
    function = wrapped.prune(
        [tensors[name].outputs[0] for name in starts],
        [output for name in ends for output in tensors[name].outputs],
    )
    return freeze(function)


def freeze(function: tf.types.experimental.ConcreteFunction) -> GraphDef:
    """The graph of a concrete function, with its variables as constants and its calls inlined."""
    frozen = convert_variables_to_constants_v2(function, lower_control_flow=True)
    return frozen.graph.as_graph_def()
