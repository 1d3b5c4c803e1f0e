"""Values for the placeholders beside the picture: switches of training, rates."""

import re
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.errors import UserError, nearest
from lucid_sprites.models.graph import constants, cut, topology

PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")

# By name, in words of it; what the graph is to do when it is only looked at.
_TRAINING = re.compile(r"(^|[^a-z])(is_?)?(train|training|phase|learning_phase)([^a-z]|$)", re.I)
_KEPT_SHARE = re.compile(r"keep|retain", re.I)
_DROPPED_SHARE = re.compile(r"drop|rate", re.I)


def fill(
    graph: GraphDef, picture: str, values: dict[str, Any], source: str
) -> tuple[GraphDef, dict[str, str]]:
    """Constants for all placeholders but the picture's, as far as their values are known.

    Args:
        picture: node that the picture is fed to.
        values: the config's, by placeholder.
        source: the model file's name, for messages.

    Returns:
        the graph, and what was taken for each placeholder: `value (how it is known)`.

    Raises:
        UserError: a value for what is no placeholder, or that does not fit.
    """
    placeholders = {node.name: node for node in graph.node if node.op in PLACEHOLDERS}
    for name in values:
        if name not in placeholders:
            raise UserError(
                f"{source}: input.values: {name!r} is no placeholder; there are "
                f"{nearest(name, [*placeholders])}"
            )
    nodes = topology.by_name(graph)
    filled, taken = [], {}
    for node in graph.node:
        if node.name == picture or node.op not in PLACEHOLDERS:
            filled.append(node)
            continue
        replacement, how = _filled(node, values, nodes, source)
        filled.append(replacement)
        if how:
            taken[node.name] = how
    return topology.with_nodes(graph, filled), taken


def _filled(
    node: NodeDef, values: dict[str, Any], nodes: dict[str, NodeDef], source: str
) -> tuple[NodeDef, str]:
    """What stands for a placeholder, and how its value is known; itself if it is not."""
    dtype = tf.as_dtype(node.attr["dtype"].type)
    if node.name in values:
        return _constant(node, values[node.name], dtype, source), f"{values[node.name]} (config)"
    if node.op == "PlaceholderWithDefault":
        default = constants.value(node.input[0], nodes)
        if default is not None and default.dtype == bool and default.all() and _is_training(node):
            return _constant(node, False, dtype, source), "false (assumed; its default is true)"
        identity = NodeDef(name=node.name, op="Identity", input=[node.input[0]])
        identity.attr["T"].type = node.attr["dtype"].type
        return identity, "its default (read)"
    if not cut.is_cut(node) and (assumed := _assumed(node, dtype)) is not None:
        return _constant(node, assumed, dtype, source), f"{str(assumed).lower()} (assumed)"
    return node, ""


def _assumed(node: NodeDef, dtype: tf.DType) -> bool | float | int | None:
    """What a switch or a rate is when a network is only looked at."""
    if "shape" in node.attr and len(node.attr["shape"].shape.dim) > 1:
        return None
    if dtype == tf.bool:
        return False
    if dtype.is_integer and _is_training(node):
        return 0
    if dtype.is_floating and _KEPT_SHARE.search(node.name):
        return 1.0
    if dtype.is_floating and _DROPPED_SHARE.search(node.name):
        return 0.0
    return None


def _is_training(node: NodeDef) -> bool:
    return _TRAINING.search(node.name) is not None


def _constant(node: NodeDef, value: Any, dtype: tf.DType, source: str) -> NodeDef:
    try:
        array = np.array(value).astype(dtype.as_numpy_dtype)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{source}: input.values: {node.name} takes {dtype.name}, not {value!r}"
        ) from error
    return constants.node(node.name, array)
