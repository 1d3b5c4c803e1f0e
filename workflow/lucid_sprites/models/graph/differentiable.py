"""How far gradients come: which tensors of a graph can be optimized by changing the picture."""

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.framework import ops

from lucid_sprites.models.graph import topology

# A graph read from a file has lost what TensorFlow needs to differentiate these.
_CONTROL_FLOW = {
    "Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit",
    "NextIteration", "LoopCond", "While", "StatelessWhile", "If", "StatelessIf", "Case",
    "TensorArrayV3", "TensorArrayReadV3", "TensorArrayWriteV3", "TensorArrayGatherV3",
    "TensorArrayScatterV3", "PartitionedCall", "StatefulPartitionedCall",
}  # fmt: skip
# Their registered gradient is zero or none for pictures.
_FLAT = {"Round", "Floor", "Ceil", "Sign", "ArgMax", "ArgMin", "Shape", "Size", "Rank", "ZerosLike",
         "OnesLike", "StopGradient", "ShapeN"}  # fmt: skip
_FLOATS = (tf.float32.as_datatype_enum, tf.float16.as_datatype_enum,
           tf.float64.as_datatype_enum, tf.bfloat16.as_datatype_enum)  # fmt: skip


def reached(graph: GraphDef, start: str) -> tuple[set[str], dict[str, str]]:
    """What gradients connect with node `start`.

    Returns:
        the names of the nodes, `start` included, from which a gradient reaches it; and for nodes
        that depend on it without a gradient, the node that blocks: `name (op)`.
    """
    connected = {start}
    blocked: dict[str, str] = {}
    order = topology.topological_order(graph)
    # What comes round a loop is met a second time.
    rounds = 2 if any(node.op == "NextIteration" for node in order) else 1
    for node in rounds * order:
        sources = list(map(topology.node_name, topology.data_inputs(node)))
        if node.name in connected or node.name in blocked:
            continue
        if connected.isdisjoint(sources):
            culprit = next((blocked[name] for name in sources if name in blocked), None)
            if culprit is not None:
                blocked[node.name] = culprit
        elif passes_gradient(node):
            connected.add(node.name)
        else:
            blocked[node.name] = f"{node.name} ({node.op})"
    return connected, blocked


def passes_gradient(node: NodeDef) -> bool:
    """Whether a gradient passes through a node of floats."""
    if node.op in _CONTROL_FLOW or node.op in _FLAT or not _gives_floats(node):
        return False
    try:
        return ops.gradient_registry.lookup(node.op) is not None
    except LookupError:
        return False


def _gives_floats(node: NodeDef) -> bool:
    return topology.type_of(node, "DstT", "T", "dtype") in (*_FLOATS, 0)
