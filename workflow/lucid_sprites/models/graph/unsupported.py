"""What a graph may be made of that cannot be visualized: said when an import has failed."""

import re
from collections.abc import Iterable

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import topology

_QUANTIZED = re.compile(r"(Uniform)?Quantized\w*(Conv|MatMul)")
_PLAIN = re.compile(r"Conv|DepthwiseConv2dNative|MatMul")
_FUNCTIONAL_LOOPS = ("While", "StatelessWhile")


def cause(graph: GraphDef) -> str | None:
    """Why a graph as it was read may have failed, and a way out; None if nothing of it tells."""
    functions = {function.signature.name: function.node_def for function in graph.library.function}
    nodes = [*graph.node, *(node for body in functions.values() for node in body)]
    quantized = sorted({node.op for node in nodes if _QUANTIZED.match(node.op)})
    if quantized:
        return (
            f"the graph is quantized ({', '.join(quantized[:3])}): it computes with whole numbers, "
            "which no gradient passes; take the network from before it was quantized, in floats"
        )
    inside = [node.name for node in _inside_loops(graph, functions) if _PLAIN.match(node.op)]
    if inside:
        return (
            f"layers of the graph lie inside a loop (`{inside[0]}`), as where a detector looks at "
            "a picture in several sizes; export the network inside the loop as a graph of its own"
        )
    return None


def _inside_loops(graph: GraphDef, functions: dict[str, Iterable[NodeDef]]) -> list[NodeDef]:
    """The nodes in bodies of loops, of both kinds that TensorFlow has."""
    bodies = [node.attr["body"].func.name for node in graph.node if node.op in _FUNCTIONAL_LOOPS]
    in_bodies = [node for body in bodies for node in functions.get(body, [])]
    readers = topology.readers(graph)
    stack = [node for node in graph.node if node.op == "Enter"]
    reached: dict[str, NodeDef] = {}
    while stack:
        node = stack.pop()
        if node.name not in reached and node.op != "Exit":
            reached[node.name] = node
            stack += readers.get(node.name, [])
    return in_bodies + list(reached.values())
