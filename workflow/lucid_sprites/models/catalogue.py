"""The layer catalogue: what a graph offers for visualization, found in the graph itself."""

from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import UserError
from lucid_sprites.models import graph_file, picture_input, topology
from lucid_sprites.models.picture_input import PictureInput
from lucid_sprites.models.prepare import prune

# Outputs of these ops are layers; the rest of a graph is plumbing.
LAYER_OPS = {
    "convolution": ("Conv2D", "DepthwiseConv2dNative", "MatMul"),
    "norm": ("BiasAdd", "Add", "AddV2", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3",
             "LRN"),
    "activation": ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Sigmoid", "Tanh",
                   "Maximum"),
    "pool": ("MaxPool", "AvgPool", "Mean"),
    "merge": ("ConcatV2", "Concat"),
    "output": ("Softmax",),
}  # fmt: skip
_KINDS = {op: kind for kind, ops in LAYER_OPS.items() for op in ops}

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")

# Spatial size at which layers are measured where the graph leaves the size free.
PROBE_EDGE = 128


def describe(path: str, overrides: dict[str, Any]) -> dict[str, Any]:
    """The catalogue of one graph file, as plain data.

    Returns:
        `input` (see `PictureInput`), `layers`: a list of `number`, `name`, `op`, `kind`, `depth`,
        `macs` and `activations` (multiplications and the largest activation, in numbers, up to
        this layer, for each pixel of the picture) and `fixed` (needs the graph's own picture
        size); `other`: why further tensors of the graph are no layers.

    Raises:
        UserError: unreadable graph, no picture input, or no layer.
    """
    graph = graph_file.read(path)
    _check_frozen(graph, path)
    picture = picture_input.find(graph, overrides, path)
    layers, other = _layers(graph, picture, path)
    if not layers:
        raise UserError(f"{path}: no layer depends on the input {picture.name!r}")
    return {"input": picture.as_dict(), "layers": layers, "other": other}


def _check_frozen(graph: GraphDef, path: str) -> None:
    variables = [node.name for node in graph.node if node.op in _VARIABLES]
    if variables:
        raise UserError(
            f"{path}: not frozen: it has {len(variables)} variables ({variables[0]}, ...) whose "
            "values are elsewhere; save it again with its weights frozen to constants"
        )


def _layers(
    graph: GraphDef, picture: PictureInput, path: str
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    dependent = topology.descendants(graph, picture.name) - {picture.name}
    ops = [node for node in topology.topological_order(graph) if node.op in _KINDS]
    unreached = [node.name for node in ops if node.name not in dependent]
    other = dict.fromkeys(unreached, "does not depend on the input")
    ops = [node for node in ops if node.name in dependent]
    shapes = _shapes(graph, picture, [node.name for node in ops], path)
    costs = _costs(graph, picture, shapes)
    layers: list[dict[str, Any]] = []
    for node in ops:
        shape = shapes.get(node.name)
        if shape is None or len(shape) not in (2, 4) or not shape[-1]:
            other[node.name] = f"has shape {shape}, without an axis of channels"
            continue
        layers.append(
            {
                "number": len(layers),
                "name": node.name,
                "op": node.op,
                "kind": _KINDS[node.op],
                "depth": shape[-1],
                "fixed": len(shape) == 2,
                **costs[node.name],
            }
        )
    return layers, other


def _shapes(
    graph: GraphDef, picture: PictureInput, names: list[str], path: str
) -> dict[str, list[int | None] | None]:
    """Static output shapes of float nodes, for one picture of the probe size."""
    size = (1, picture.height or PROBE_EDGE, picture.width or PROBE_EDGE, picture.channels)
    with tf.Graph().as_default():
        probe = tf.placeholder(tf.float32, size)
        try:
            tensors = tf.import_graph_def(
                prune_all(graph, picture.name, names),
                input_map={picture.name: probe},
                return_elements=[f"{name}:0" for name in names],
                name="",
            )
        except ValueError as error:
            raise UserError(f"{path}: TensorFlow cannot import this graph: {error}") from error
        return {
            name: tensor.shape.as_list() if tensor.shape.rank is not None else None
            for name, tensor in zip(names, tensors, strict=True)
            if tensor.dtype == tf.float32
        }


def prune_all(graph: GraphDef, input_name: str, names: list[str]) -> GraphDef:
    """`prune` to many layers at once."""
    joined = GraphDef(versions=graph.versions)
    joined.CopyFrom(graph)
    sink = joined.node.add(name="lucid_sprites/all_layers", op="NoOp")
    sink.input.extend(f"^{name}" for name in names)
    pruned = prune(joined, input_name, sink.name)
    kept = [node for node in pruned.node if node.name != sink.name]
    del pruned.node[:]
    pruned.node.extend(kept)
    return pruned


def _costs(
    graph: GraphDef, picture: PictureInput, shapes: dict[str, list[int | None] | None]
) -> dict[str, dict[str, float]]:
    """What one forward pass up to each node costs, for each pixel of the picture."""
    nodes = topology.by_name(graph)
    pixels = (picture.height or PROBE_EDGE) * (picture.width or PROBE_EDGE)
    own_macs = {name: _macs(nodes[name], shapes, nodes) for name in shapes}
    sizes = {name: _numbers(shape) for name, shape in shapes.items()}
    costs = {}
    for name in shapes:
        before = topology.ancestors(graph, [name]) & shapes.keys()
        costs[name] = {
            "macs": round(sum(own_macs[other] for other in before) / pixels, 3),
            "activations": round(max(sizes[other] for other in before) / pixels, 3),
        }
    return costs


def _numbers(shape: list[int | None] | None) -> int:
    return int(np.prod([size or 1 for size in shape])) if shape else 0


def _macs(node: Any, shapes: dict[str, list[int | None] | None], nodes: dict[str, Any]) -> int:
    """Multiplications of a convolution or matrix product, 0 for everything else."""
    if node.op not in LAYER_OPS["convolution"]:
        return 0
    kernel = nodes[topology.node_name(node.input[1])]
    while kernel.op == "Identity":
        kernel = nodes[topology.node_name(kernel.input[0])]
    if kernel.op != "Const":
        return 0
    dims = [dim.size for dim in kernel.attr["value"].tensor.tensor_shape.dim]
    if len(dims) == 4:
        taps = dims[0] * dims[1] * (dims[2] if node.op == "Conv2D" else 1)
    else:
        taps = dims[1] if node.attr["transpose_b"].b else dims[0]
    return _numbers(shapes[node.name]) * taps
