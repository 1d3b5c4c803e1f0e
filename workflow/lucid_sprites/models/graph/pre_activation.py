"""What comes before a layer's nonlinearity."""

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.models.graph import composite_layers, topology
from lucid_sprites.recipe.layer_operations import LAYER_OPS


def pre_activation(graph: GraphDef, picture: str, layer: str) -> str | None:
    """The tensor that a nonlinearity, or a softmax, is a function of.

    Args:
        picture: the placeholder.

    Returns:
        its reference; None for a layer that is no nonlinearity, or one of the picture itself.
    """
    node = topology.by_name(graph)[layer]
    inputs = topology.data_inputs(node)
    if node.op in (*LAYER_OPS["activation"], *LAYER_OPS["output"]) and len(inputs) == 1:
        before: str | None = inputs[0]
    else:
        before = composite_layers.argument(graph, picture, layer)
    return before if before and topology.node_name(before) != picture else None
