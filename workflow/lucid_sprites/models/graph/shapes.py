"""Static shapes of the tensors of a graph in normal form."""

import re
from collections.abc import Sequence

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.models.graph import topology

Shape = list[int | None]

PROBE_EDGE = 128
"""Edge of the pictures, in pixels, that layers are measured with where the graph leaves it free."""

_NODE_IN_MESSAGE = re.compile(r"\{\{node ([^}]+)\}\}|[Nn]ode '([^']+)'|of node (\S+) was")


def importable(
    graph: GraphDef, picture: str, size: Sequence[int | None]
) -> tuple[GraphDef, dict[str, str]]:
    """The part of a graph that TensorFlow accepts for pictures of `size`.

    Args:
        picture: name of the placeholder.
        size: [pictures, height, width, channels]; None where free.

    Returns:
        that part, and why the other nodes are left out.
    """
    refused: dict[str, str] = {}
    while True:
        kept = [node for node in graph.node if node.name not in refused]
        part = topology.with_nodes(graph, kept)
        try:
            with tf.Graph().as_default():
                import_at(part, picture, size)
            return part, refused
        except ValueError as error:
            culprit = _culprit(str(error), part)
            if culprit is None:
                raise
            reason = f"{culprit}: {_first_line(error)}"
            refused |= dict.fromkeys(topology.descendants(part, culprit), reason)


def import_at(graph: GraphDef, picture: str, size: Sequence[int | None]) -> tf.Tensor:
    """Import `graph` into the default graph for pictures of `size`; returns their placeholder.

    Raises:
        ValueError: TensorFlow does not accept a node.
    """
    pictures = tf.placeholder(tf.float32, size)
    # TensorFlow refuses to replace what nothing reads.
    is_read = any(topology.node_name(ref) == picture for node in graph.node for ref in node.input)
    tf.import_graph_def(graph, input_map={picture: pictures} if is_read else {}, name="")
    return pictures


def static_shapes(
    graph: GraphDef, picture: str, size: Sequence[int | None]
) -> dict[str, Shape | None]:
    """Shape of the first output of every node for pictures of `size`; None where the rank is free.

    Nodes that do not fit `size` are left out.
    """
    part, _ = importable(graph, picture, size)
    with tf.Graph().as_default() as imported:
        import_at(part, picture, size)
        outputs = {op.name: op.outputs[0] for op in imported.get_operations() if op.outputs}
        return {
            name: tensor.shape.as_list() if tensor.shape.rank is not None else None
            for name, tensor in outputs.items()
        }


def _culprit(message: str, graph: GraphDef) -> str | None:
    """The node of `graph` that an error message names."""
    names = {node.name for node in graph.node}
    for groups in _NODE_IN_MESSAGE.findall(message):
        for name in groups:
            if name in names:
                return str(name)
    return None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
