"""The layer catalogue: what a graph offers for visualization, found in the graph itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.errors import UserError
from lucid_sprites.models import activations, constants, content, differentiable, topology
from lucid_sprites.models.normal_form.normalize import NormalForm
from lucid_sprites.models.normal_form.placeholders import PLACEHOLDERS
from lucid_sprites.models.probe import Observation, Probe
from lucid_sprites.models.shapes import Shape, importable, static_shapes

# Outputs of these ops are layers; the rest of a graph is plumbing.
LAYER_OPS = {
    "convolution": ("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "MatMul"),
    "norm": ("BiasAdd", "Add", "AddV2", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3",
             "LRN"),
    "activation": ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign", "Sigmoid",
                   "Tanh", "Maximum"),
    "pool": ("MaxPool", "AvgPool", "Mean"),
    "merge": ("ConcatV2", "Concat"),
    "output": ("Softmax",),
}  # fmt: skip
_KINDS = {op: kind for kind, ops in LAYER_OPS.items() for op in ops}
_FLOATS = tuple(kind.as_datatype_enum for kind in (tf.float32, tf.float16, tf.float64, tf.bfloat16))

# Spatial size at which layers are measured where the graph leaves the size free.
PROBE_EDGE = 128


def describe(normal: NormalForm, edges: Sequence[int], source: str) -> dict[str, Any]:
    """The catalogue of a graph in normal form, as plain data.

    Args:
        edges: of the pictures in pixels that the layers have to take.
        source: the model file's name, for messages.

    Returns:
        `input` (see `PictureInput`); `notes` (see `NormalForm`); `layers`: a list of `number`,
        `name`, `op`, `kind`, `depth`, `content` (a digest of all that it is computed from), `macs`
        and `activations` (multiplications and the largest activation, in numbers, up to this layer,
        for each pixel of the picture), `height` and `width` for pictures of
        `edge` pixels, `fixed` (needs the
        graph's own picture size), `constant` and `not_finite` (numbers of channels on noise);
        `other`: why further tensors of the graph are no layers.

    Raises:
        UserError: no layer.
    """
    graph, picture = normal.light, normal.picture
    candidates, other = _candidates(normal)
    size = (1, picture.height or PROBE_EDGE, picture.width or PROBE_EDGE, picture.channels)
    shapes = static_shapes(graph, picture.name, size)
    observed, fixed, failed = _observe(normal, [node.name for node in candidates], edges)
    other |= failed
    found = [node for node in candidates if node.name in observed]
    if not found:
        reasons = "; ".join(dict.fromkeys(list(other.values())[:3]))
        raise UserError(
            f"{source}: no layer depends on the input {picture.name!r} in a way that can be "
            f"visualized{': ' + reasons if reasons else ''}"
        )
    costs = _costs(graph, [node.name for node in found], shapes, size[1] * size[2])
    digests = content.digests(normal.graph, picture.name)
    kinds = _layer_kinds(normal)
    layers = [
        {
            "number": number,
            "name": node.name,
            "op": node.op,
            "kind": kinds[node.name],
            "depth": len(observed[node.name].finite),
            "content": digests[node.name],
            "fixed": node.name in fixed,
            "edge": picture.height if node.name in fixed else edges[-1],
            **_facts(observed[node.name]),
            **costs[node.name],
        }
        for number, node in enumerate(found)
    ]
    return {"input": picture.as_dict(), "notes": normal.notes, "layers": layers, "other": other}


def pruned_to_layers(graph: GraphDef, catalogue: dict[str, Any]) -> GraphDef:
    """Only what the layers of a catalogue need."""
    names = [layer["name"] for layer in catalogue["layers"]]
    return _only(graph, [*names, catalogue["input"]["name"]])


def _only(graph: GraphDef, names: list[str]) -> GraphDef:
    """The nodes that `names` need, for their data alone."""
    edges = {node.name: topology.data_inputs(node) for node in graph.node}
    needed: set[str] = set()
    stack = list(names)
    while stack:
        name = topology.node_name(stack.pop())
        if name not in needed:
            needed.add(name)
            stack += edges[name]
    kept = topology.with_nodes(graph, [node for node in graph.node if node.name in needed])
    for node in kept.node:
        node.input[:] = topology.data_inputs(node)
    return kept


def _candidates(normal: NormalForm) -> tuple[list[NodeDef], dict[str, str]]:
    """Nodes that may be layers, inputs first, and why others of their kinds are not."""
    graph, picture = normal.light, normal.picture.name
    connected, blocked = differentiable.reached(graph, picture)
    kinds = _layer_kinds(normal)
    nodes = topology.by_name(graph)
    other = {
        name: "does not depend on the input" for name, op in normal.left_out.items() if op in _KINDS
    }
    candidates = []
    for node in topology.topological_order(graph):
        if node.name not in kinds:
            continue
        missing = _unfilled(node.name, graph, nodes, picture)
        if node.name in blocked:
            other[node.name] = f"no gradient passes {blocked[node.name]}"
        elif node.name not in connected:
            other[node.name] = "does not depend on the input"
        elif missing:
            other[node.name] = (
                f"needs a value for placeholder {missing!r}: give it under input: {{values: ...}}"
            )
        elif node.attr["T"].type not in _FLOATS:
            other[node.name] = "is not of floats"
        else:
            candidates.append(node)
    return candidates, other


def _layer_kinds(normal: NormalForm) -> Mapping[str, str]:
    """Kinds of the nodes that may be layers: as the model's file says, or else by their ops."""
    if normal.kinds is not None:
        return normal.kinds
    results, inside = activations.written_out(normal.light, normal.picture.name)
    by_op = {node.name: _KINDS[node.op] for node in normal.light.node if node.op in _KINDS}
    parts = {name for name in inside if by_op.get(name) == "activation"}
    kinds = by_op | dict.fromkeys(results, "activation")
    return {name: kind for name, kind in kinds.items() if name not in parts}


def _unfilled(name: str, graph: GraphDef, nodes: dict[str, NodeDef], picture: str) -> str | None:
    """A placeholder without a value that a node needs."""
    for ancestor in topology.ancestors(graph, [name]):
        if ancestor != picture and nodes[ancestor].op in PLACEHOLDERS:
            return ancestor
    return None


def _observe(
    normal: NormalForm, names: list[str], edges: Sequence[int]
) -> tuple[dict[str, Observation], set[str], dict[str, str]]:
    """Layers on noise; those that need the graph's own size; and why others fail."""
    picture, any_size = normal.picture, (3, None, None, normal.picture.channels)
    _, refused = importable(normal.light, picture.name, any_size)
    failed = {name: refused[name] for name in names if name in refused}
    names = [name for name in names if name not in refused]
    graph = _only(normal.graph, names)
    with Probe(graph, picture, names) as probe:
        observed: dict[str, Observation] = {}
        for edge in edges:
            fine = [name for name in names if name not in failed]
            observed, failures = probe.observe(fine, edge, edge)
            failed |= failures
        needing = [name for name in names if name in failed]
        if not needing or picture.height is None or picture.width is None:
            at = ", ".join(map(str, edges))
            return (
                observed,
                set(),
                {
                    name: f"fails at {at} pixels ({why}); the graph does not say what it needs"
                    for name, why in failed.items()
                },
            )
        own, failures = probe.observe(needing, picture.height, picture.width)
    failures |= {name: why for name, why in failed.items() if name not in names}
    return observed | own, set(own), {name: f"fails: {why}" for name, why in failures.items()}


def _facts(seen: Observation) -> dict[str, Any]:
    return {
        "height": seen.height,
        "width": seen.width,
        "constant": int((seen.finite & ~seen.varies).sum()),
        "not_finite": int((~seen.finite).sum()),
    }


def _costs(
    graph: GraphDef, names: list[str], shapes: dict[str, Shape | None], pixels: int
) -> dict[str, dict[str, float]]:
    """What one forward pass up to each layer costs, for each pixel of the picture."""
    nodes = topology.by_name(graph)
    counted = [node.name for node in graph.node if node.op in _KINDS and node.name in shapes]
    own_macs = {name: _macs(nodes[name], shapes, nodes) for name in counted}
    sizes = {name: _numbers(shapes[name]) for name in counted}
    costs = {}
    for name in names:
        before = topology.ancestors(graph, [name]) & own_macs.keys()
        costs[name] = {
            "macs": round(sum(own_macs[other] for other in before) / pixels, 3),
            "activations": round(max((sizes[other] for other in before), default=1) / pixels, 3),
        }
    return costs


def _numbers(shape: Shape | None) -> int:
    return int(np.prod([size or 1 for size in shape])) if shape else 0


def _macs(node: NodeDef, shapes: dict[str, Shape | None], nodes: dict[str, NodeDef]) -> int:
    """Multiplications of a convolution or matrix product, 0 for everything else."""
    if node.op not in LAYER_OPS["convolution"]:
        return 0
    kernel = constants.shape(node.input[1], nodes)
    if kernel is None:
        return 0
    if node.op == "MatMul":
        taps = kernel[1] if node.attr["transpose_b"].b else kernel[0]
    else:
        taps = int(np.prod(kernel[: 3 if node.op == "Conv2D" else 2]))
    return _numbers(shapes[node.name]) * taps
