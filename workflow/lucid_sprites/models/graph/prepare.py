"""A graph made fit for the engine: pruned to one layer, constants and batch norm folded."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import cast

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, cut, topology
from lucid_sprites.models.graph.evaluate import evaluate
from lucid_sprites.models.graph.large_constants import Weights
from lucid_sprites.recipe.layer_operations import BATCH_NORMS

_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")


def prepare(graph: GraphDef, input_name: str, *layers: str) -> GraphDef:
    """The part of `graph` between the input and `layers`, with everything constant folded.

    Pruning also drops what fixes the batch to 1 behind the layers (a classifier's reshape).

    Args:
        graph: a frozen graph.
        input_name: node that the picture is fed to.
        layers: nodes whose outputs are visualized; they keep their names.

    Returns:
        a new GraphDef; folded convolutions are followed by a BiasAdd.
    """
    constant = fold_constants(prune(graph, input_name, *layers), input_name)
    return isolate_non_finite(fold_batch_norm(constant, *layers))


def prune(graph: GraphDef, input_name: str, *layers: str) -> GraphDef:
    """Only the nodes that `layers` need, cut at the input, without placement or shape hints."""
    cut = GraphDef(versions=graph.versions)
    for node in graph.node:
        if node.name == input_name:
            cut.node.append(_placeholder_for(node))
        else:
            cut.node.add().CopyFrom(node)
    needed = topology.ancestors(cut, layers)
    pruned = GraphDef(versions=graph.versions)
    for node in cut.node:
        if node.name in needed or node.name == input_name:
            kept = pruned.node.add()
            kept.CopyFrom(node)
            kept.device = ""
            for hint in [key for key in kept.attr if key.startswith("_")]:
                del kept.attr[hint]
    return pruned


def fold_constants(
    graph: GraphDef, input_name: str, weights: Weights = MappingProxyType({})
) -> GraphDef:
    """Evaluate once what does not depend on the input, and keep it as constants.

    What cannot be computed, or would be too large, is cut off.

    Args:
        weights: constants that are kept apart from `graph`.
    """
    graph = constants.without_identities(graph)
    nodes = topology.by_name(graph)
    dependent = topology.descendants(graph, input_name)
    constant = constants.constant_nodes(graph)
    references = {
        reference
        for node in graph.node
        if node.name in dependent
        for reference in topology.data_inputs(node)
        if (name := topology.node_name(reference)) not in dependent
        and name in constant
        and nodes[name].op != "Const"
    }
    evaluated = evaluate(graph, references, weights)
    values = evaluated.values
    graph = cut.without(graph, _named(evaluated.refused, nodes))
    folded = [constants.node(_constant_name(ref), value) for ref, value in values.items()]
    replaced = {node.name for node in folded}
    for node in graph.node:
        if node.name not in replaced:
            kept = NodeDef()
            kept.CopyFrom(node)
            kept.input[:] = [_constant_name(ref) if ref in values else ref for ref in node.input]
            folded.append(kept)
    return _needed_for(topology.with_nodes(graph, folded), dependent)


def fold_batch_norm(graph: GraphDef, *layers: str) -> GraphDef:
    """Scale and shift by constants behind a convolution, folded into kernel and bias.

    Batch norm comes fused, or written out as Mul and Add or Sub. A convolution that somebody
    else reads too, or that is one of the layers itself, keeps its kernel.
    """
    nodes = topology.by_name(graph)
    uses: dict[str, int] = dict.fromkeys(layers, 1)
    for node in graph.node:
        for parent in topology.parents(node):
            uses[parent] = uses.get(parent, 0) + 1
    for node in topology.topological_order(graph):
        match = affine(node, nodes)
        if match is None:
            continue
        convolution, chain, scale, shift = match
        if all(uses[name] == 1 for name in (convolution.name, *chain)):
            _fold_into(convolution, node, scale, shift, nodes)
    folded = GraphDef(versions=graph.versions)
    folded.node.extend(nodes.values())
    return _needed_for(folded, layers)


def isolate_non_finite(graph: GraphDef) -> GraphDef:
    """Move NaN and infinite weights from kernels to biases.

    The gradient of a convolution sums over all its channels, and 0 * NaN is NaN: one broken channel
    would spoil every other. A broken channel gets a kernel of zeros and a bias of NaN.
    """
    nodes = topology.by_name(graph)
    isolated = GraphDef(versions=graph.versions)
    for node in graph.node:
        if _is_foldable_convolution(node, nodes):
            isolated.node.extend(_without_broken_channels(node, nodes))
        else:
            isolated.node.add().CopyFrom(node)
    return isolated


def _without_broken_channels(convolution: NodeDef, nodes: dict[str, NodeDef]) -> list[NodeDef]:
    kernel = _kernel(convolution, nodes)
    channels = kernel.reshape(-1, _depth(convolution, nodes))
    broken = ~np.isfinite(channels).all(axis=0)
    if not broken.any():
        return [convolution]
    finite = np.where(broken, 0, channels).reshape(kernel.shape)
    weights = constants.node(f"{convolution.name}/finite_kernel", finite.astype(kernel.dtype))
    bias = np.where(broken, np.nan, 0).astype(kernel.dtype)
    offset = constants.node(f"{convolution.name}/broken_channels", bias)
    inner = NodeDef()
    inner.CopyFrom(convolution)
    inner.name = f"{convolution.name}/finite"
    inner.input[1] = weights.name
    return [weights, offset, inner, _bias_add(convolution.name, inner, offset)]


def _needed_for(graph: GraphDef, targets: Iterable[str]) -> GraphDef:
    needed = topology.ancestors(graph, targets)
    return topology.with_nodes(graph, [node for node in graph.node if node.name in needed])


def _placeholder_for(node: NodeDef) -> NodeDef:
    placeholder = NodeDef(name=node.name, op="Placeholder")
    placeholder.attr["dtype"].type = tf.float32.as_datatype_enum
    return placeholder


def _named(refused: dict[str, str], nodes: dict[str, NodeDef]) -> dict[str, str]:
    return {name: f"{name!r} ({nodes[name].op}) {why}" for name, why in refused.items()}


def _constant_name(reference: str) -> str:
    return reference.replace(":", "_output_") if ":" in reference else reference


def _kernel(convolution: NodeDef, nodes: dict[str, NodeDef]) -> np.ndarray:
    """The weights of a convolution that can be folded: a constant."""
    return cast(np.ndarray, _value(convolution.input[1], nodes))


def _value(reference: str, nodes: dict[str, NodeDef]) -> np.ndarray | None:
    node = nodes[topology.node_name(reference)]
    return constants.array(node)


def affine(
    node: NodeDef, nodes: dict[str, NodeDef]
) -> tuple[NodeDef, list[str], np.ndarray, np.ndarray] | None:
    """(convolution, nodes between it and `node`, scale, shift) if `node` is affine in it."""
    if node.op in BATCH_NORMS and "is_training" in node.attr and not node.attr["is_training"].b:
        convolution = nodes[topology.node_name(node.input[0])]
        values = [_value(reference, nodes) for reference in node.input[1:5]]
        known = [value for value in values if value is not None]
        if _is_foldable_convolution(convolution, nodes) and len(known) == len(values):
            gamma, beta, mean, variance = known
            scale = gamma / np.sqrt(variance + _epsilon(node))
            return convolution, [], scale, beta - mean * scale
    if node.op in ("Add", "AddV2", "Sub"):
        outer = _with_constant(node, nodes)
        inner = _with_constant(outer[0], nodes) if outer and outer[0].op == "Mul" else None
        if outer and inner:
            (shifted, shift), (convolution, scale) = outer, inner
            if _is_foldable_convolution(convolution, nodes):
                depth = _depth(convolution, nodes)
                if {scale.size, shift.size} <= {1, depth}:
                    sign = -1.0 if node.op == "Sub" else 1.0
                    flat = np.broadcast_to(sign * shift.reshape(-1), depth)
                    return convolution, [shifted.name], np.ravel(scale), flat
    return None


def _epsilon(batch_norm: NodeDef) -> float:
    """Of a batch norm; graphs may leave out what equals the op's default."""
    return batch_norm.attr["epsilon"].f if "epsilon" in batch_norm.attr else 1e-4


def _with_constant(node: NodeDef, nodes: dict[str, NodeDef]) -> tuple[NodeDef, np.ndarray] | None:
    """The variable and the constant operand of a binary node; None if it is not of that kind."""
    first, second = _value(node.input[0], nodes), _value(node.input[1], nodes)
    if second is not None and first is None and _is_per_channel(second):
        return nodes[topology.node_name(node.input[0])], second
    if first is not None and second is None and node.op != "Sub" and _is_per_channel(first):
        return nodes[topology.node_name(node.input[1])], first
    return None


def _is_per_channel(value: np.ndarray) -> bool:
    return value.size == (value.shape[-1] if value.ndim else 1)


def _is_foldable_convolution(node: NodeDef, nodes: dict[str, NodeDef]) -> bool:
    return (
        node.op in _CONVOLUTIONS
        and node.attr["data_format"].s in (b"", b"NHWC")
        and _value(node.input[1], nodes) is not None
    )


def _depth(convolution: NodeDef, nodes: dict[str, NodeDef]) -> int:
    kernel = _kernel(convolution, nodes)
    return int(kernel.shape[3] * (kernel.shape[2] if convolution.op != "Conv2D" else 1))


def _fold_into(
    convolution: NodeDef,
    node: NodeDef,
    scale: np.ndarray,
    shift: np.ndarray,
    nodes: dict[str, NodeDef],
) -> None:
    """Replace `node`, which scales and shifts `convolution`, by a BiasAdd of the same name."""
    kernel = _kernel(convolution, nodes)
    per_kernel = np.broadcast_to(scale, _depth(convolution, nodes))
    shape = kernel.shape[3:] if convolution.op == "Conv2D" else kernel.shape[2:]
    scaled = constants.node(f"{convolution.name}/folded_kernel", kernel * per_kernel.reshape(shape))
    bias = constants.node(f"{convolution.name}/folded_bias", shift.astype(kernel.dtype))
    folded = NodeDef(name=convolution.name, op=convolution.op)
    folded.CopyFrom(convolution)
    folded.input[:] = [convolution.input[0], scaled.name]
    biased = _bias_add(node.name, convolution, bias)
    nodes.update({n.name: n for n in (scaled, bias, folded, biased)})


def _bias_add(name: str, convolution: NodeDef, bias: NodeDef) -> NodeDef:
    node = NodeDef(name=name, op="BiasAdd", input=[convolution.name, bias.name])
    node.attr["T"].CopyFrom(convolution.attr["T"])
    node.attr["data_format"].s = b"NHWC"
    return node
