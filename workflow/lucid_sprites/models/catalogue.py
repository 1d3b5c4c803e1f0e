"""The layer catalogue: what a graph offers for visualization, found in the graph itself."""

from collections.abc import Sequence
from math import isfinite, prod

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.errors import UserError
from lucid_sprites.models.graph import (
    cut,
    differentiable,
    layer_costs,
    layer_fingerprints,
    topology,
    value_bounds,
)
from lucid_sprites.models.graph.node_check import LARGEST_TENSOR
from lucid_sprites.models.graph.shapes import PROBE_EDGE, Shape, importable, static_shapes
from lucid_sprites.models.normal_form.normalize import NormalForm
from lucid_sprites.models.normal_form.placeholders import PLACEHOLDERS
from lucid_sprites.models.probe import PICTURES, Observation, Probe
from lucid_sprites.recipe.layer_catalogue import Catalogue, InputSpec, Layer
from lucid_sprites.recipe.layer_operations import KINDS

_FLOATS = tuple(kind.as_datatype_enum for kind in (tf.float32, tf.float16, tf.float64, tf.bfloat16))
_STEPS = (2, 4, 8, 16, 32, 64)
# Numbers in a layer of one picture; several pictures are tried at once.
_LARGEST = LARGEST_TENSOR // PICTURES


def describe(normal: NormalForm, edges: Sequence[int], source: str) -> Catalogue:
    """The catalogue of a graph in normal form.

    Args:
        edges: of the pictures in pixels that the layers have to take.
        source: the model file's name, for messages.

    Raises:
        UserError: no layer.
    """
    graph, picture = normal.light, normal.picture
    candidates, other = _candidates(normal)
    size = (1, picture.height or PROBE_EDGE, picture.width or PROBE_EDGE, picture.channels)
    if prod(size) > _LARGEST:
        raise UserError(
            f"{source}: its picture has {prod(size[1:]):.3g} numbers ({size[1]} x {size[2]} "
            f"pixels, {size[3]} channels); at most {_LARGEST:.3g} are tried"
        )
    shapes = static_shapes(graph, picture.name, size)
    oversized = _oversized(graph, shapes, size)
    other |= {node.name: oversized[node.name] for node in candidates if node.name in oversized}
    names = [node.name for node in candidates if node.name not in oversized]
    observed, needs, failed = _observe(normal, names, edges)
    other |= failed
    layer_nodes = [node for node in candidates if node.name in observed]
    if not layer_nodes:
        reasons = "; ".join(dict.fromkeys(list(other.values())[:3]))
        raise UserError(
            f"{source}: no layer depends on the input {picture.name!r} in a way that can be "
            f"visualized{': ' + reasons if reasons else ''}"
        )
    spent = layer_costs.up_to(graph, [node.name for node in layer_nodes], shapes, size[1] * size[2])
    digests = layer_fingerprints.layer_fingerprints(graph, picture.name, normal.weights)
    bounds = value_bounds.value_bounds(graph, normal.weights)
    layers = [
        Layer(
            number=number,
            name=node.name,
            op=normal.operations.get(node.name, node.op),
            kind=normal.kinds[node.name],
            depth=len(observed[node.name].finite),
            content=digests[node.name],
            needs=list(needs[node.name]) if node.name in needs else None,
            edge=needs.get(node.name, (edges[-1],))[0],
            height=observed[node.name].height,
            width=observed[node.name].width,
            constant=observed[node.name].constant,
            not_finite=observed[node.name].not_finite,
            macs=spent[node.name].macs,
            activations=spent[node.name].activations,
            floor=_finite(bounds[node.name][0]),
            ceiling=_finite(bounds[node.name][1]),
        )
        for number, node in enumerate(layer_nodes)
    ]
    return Catalogue(picture, normal.notes, layers, other)


def _finite(bound: float) -> float | None:
    return bound if isfinite(bound) else None


def pruned_to_layers(graph: GraphDef, catalogue: Catalogue) -> GraphDef:
    """Only what the layers of a catalogue need."""
    return _only(graph, [*(layer.name for layer in catalogue.layers), catalogue.picture.name])


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
    missing = _missing(graph, picture)
    other = {name: reason for name, (op, reason) in normal.left_out.items() if op in KINDS}
    candidates = []
    for node in topology.topological_order(graph):
        if node.name not in normal.kinds or topology.type_of(node, "T") in topology.INTEGERS:
            continue
        if node.name in blocked:
            other[node.name] = f"no gradient passes {blocked[node.name]}"
        elif node.name not in connected:
            other[node.name] = "does not depend on the input"
        elif node.name in missing:
            other[node.name] = missing[node.name]
        elif node.attr["T"].type not in _FLOATS:
            other[node.name] = "is not of floats"
        else:
            candidates.append(node)
    return candidates, other


def _oversized(
    graph: GraphDef, shapes: dict[str, Shape | None], size: tuple[int, ...]
) -> dict[str, str]:
    """Nodes that need a tensor too large to be tried, and why."""
    why: dict[str, str] = {}
    for node in topology.topological_order(graph):
        sources = map(topology.node_name, topology.data_inputs(node))
        numbers = prod(length or 1 for length in shapes.get(node.name) or ())
        if numbers > _LARGEST:
            why[node.name] = (
                f"{node.name} would have {numbers:.3g} numbers for a picture of {size[1]} x "
                f"{size[2]} pixels; at most {_LARGEST:.3g} are tried"
            )
            continue
        before = [why[source] for source in sources if source in why]
        if before:
            why[node.name] = before[0]
    return why


def _missing(graph: GraphDef, picture: str) -> dict[str, str]:
    """Nodes that need a placeholder without a value, and what they need."""
    missing: dict[str, str] = {}
    for node in topology.topological_order(graph):
        sources = map(topology.node_name, topology.data_inputs(node))
        before = [missing[name] for name in sources if name in missing]
        if before:
            missing[node.name] = before[0]
        elif node.op in PLACEHOLDERS and node.name != picture:
            missing[node.name] = (
                f"needs a value for placeholder {node.name!r}: give it under input: {{values: ...}}"
            )
        if cut.is_cut(node):
            missing[node.name] = f"is behind {cut.reason(node)}"
    return missing


def _observe(
    normal: NormalForm, names: list[str], edges: Sequence[int]
) -> tuple[dict[str, Observation], dict[str, tuple[int, int]], dict[str, str]]:
    """Layers on noise; the one size of those that do not take all `edges`; and why others fail."""
    picture, any_size = normal.picture, (3, None, None, normal.picture.channels)
    _, refused = importable(normal.light, picture.name, any_size)
    failed = {name: refused[name] for name in names if name in refused}
    names = [name for name in names if name not in refused]
    graph = _only(normal.light, names)
    needs: dict[str, tuple[int, int]] = {}
    with Probe(graph, normal.weights, picture, names) as probe:
        observed: dict[str, Observation] = {}
        for edge in edges:
            fine = [name for name in names if name not in failed]
            observed, failures = probe.observe(fine, edge, edge)
            failed |= failures
        why = {name: failed[name] for name in names if name in failed}
        for size in _single_sizes(picture, edges) if why else ():
            observations, why = probe.observe(list(why), *size)
            observed |= observations
            needs |= dict.fromkeys(observations, size)
    at, is_known = ", ".join(map(str, edges)), picture.height is not None
    told = {
        name: f"fails: {reason}"
        if is_known
        else f"fails at {at} pixels ({failed[name]}); the graph does not say what it needs"
        for name, reason in why.items()
    }
    others = {name: reason for name, reason in failed.items() if name not in names}
    return observed, needs, others | told


def _single_sizes(picture: InputSpec, edges: Sequence[int]) -> list[tuple[int, int]]:
    """Heights and widths to try where not every size will do, small ones first.

    Branches that meet again agree at multiples of the steps that their strides make; dense layers
    take the graph's own size alone.
    """
    rounded = dict.fromkeys(-(-edges[0] // step) * step for step in _STEPS)
    sizes = [(edge, edge) for edge in rounded]
    if picture.height and picture.width and (picture.height, picture.width) not in sizes:
        sizes.append((picture.height, picture.width))
    return sizes
