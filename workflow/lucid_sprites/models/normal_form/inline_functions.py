"""Function calls in a graph (TensorFlow 2 writes them), replaced by what the functions do."""

from collections.abc import Iterable

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.python.grappler import tf_optimizer

from lucid_sprites.errors import UserError
from lucid_sprites.models.graph import topology
from lucid_sprites.models.normal_form.placeholders import PLACEHOLDERS

CALLS = ("PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "While",
         "StatelessWhile", "Case", "StatelessCase")  # fmt: skip
"""Operations that call functions."""

# Another implementation for other devices, and what is to be compiled or kept as it is.
_AGAINST_INLINING = ("api_implements", "_XlaMustCompile", "_noinline")


def inline(graph: GraphDef, source: str) -> GraphDef:
    """The graph without calls of functions; nothing of it is run."""
    function_names = {function.signature.name for function in graph.library.function}
    if not any(node.op in CALLS or node.op in function_names for node in graph.node):
        return graph
    read = {topology.node_name(ref) for node in graph.node for ref in node.input}
    ends = [node.name for node in graph.node if node.name not in read and node.op != "NoOp"]
    starts = [node.name for node in graph.node if node.op in PLACEHOLDERS]
    return inline_calls(graph, [*starts, *ends], source)


def inline_calls(graph: GraphDef, kept: Iterable[str], source: str) -> GraphDef:
    """The part of a graph that the nodes `kept` need, with the functions that it calls inlined.

    Branches and loops become `Switch` and `Merge`. TensorFlow rewrites the graph as data, without
    importing it: no operation is run, not even to find a shape.

    Args:
        source: the model file's name, for messages.

    Raises:
        UserError: TensorFlow cannot inline them.
    """
    kept = list(kept)
    needed = part(graph, kept)
    for function in needed.library.function:
        _allow_inlining(function)
    for node in needed.node:
        _allow_inlining(node)
    if not needed.library.function:
        return needed
    described = MetaGraphDef(graph_def=needed)
    described.collection_def["train_op"].node_list.value.extend(kept)
    config = tf.ConfigProto()
    rewriting = config.graph_options.rewrite_options
    rewriting.min_graph_nodes = -1  # small graphs, too
    rewriting.optimizers.append("function")
    try:
        inlined = tf_optimizer.OptimizeGraph(config, described, verbose=False)
    except (tf.errors.OpError, ValueError) as error:
        raise UserError(
            f"{source}: its function calls cannot be replaced by what they do: "
            f"{ascii(str(error))[1:300]}; freeze the graph without functions"
        ) from error
    for node in inlined.node:
        node.ClearField("experimental_debug_info")  # messages would give the name of before
    return part(inlined, kept)


def _allow_inlining(called: FunctionDef | NodeDef) -> None:
    for attribute in _AGAINST_INLINING:
        called.attr.pop(attribute, None)


def part(graph: GraphDef, kept: Iterable[str]) -> GraphDef:
    """The nodes that the nodes `kept` need."""
    needed = topology.ancestors(graph, kept)
    return topology.with_nodes(graph, [node for node in graph.node if node.name in needed])
