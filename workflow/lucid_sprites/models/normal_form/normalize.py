"""From any frozen graph to its normal form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.errors import UserError
from lucid_sprites.models import input_spec
from lucid_sprites.models.graph import constants, cut, graph_check, topology
from lucid_sprites.models.graph.large_constants import (
    Weights,
    restore_large_constants,
    strip_large_constants,
)
from lucid_sprites.models.graph.prepare import fold_constants
from lucid_sprites.models.graph.shapes import PROBE_EDGE, Shape, static_shapes
from lucid_sprites.models.known_networks import Facts, recognize
from lucid_sprites.models.normal_form import (
    attention_heads,
    batch,
    channels_last,
    conditionals,
    find_input,
    grouped_convolutions,
    inline_functions,
    placeholders,
    pointwise_dense,
    randomness,
    token_layers,
)
from lucid_sprites.models.normal_form.layer_kinds import layer_kinds
from lucid_sprites.models.normal_form.token_layers import TokenLayers
from lucid_sprites.planning.import_jobs import InputOptions
from lucid_sprites.recipe import value_ranges
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.value_ranges import Range


@dataclass(frozen=True)
class NormalForm:
    """A graph in normal form.

    Attributes:
        light: a placeholder of floats [?, ?, ?, channels] named as `picture` says, and all that
            depends on it; large constants are empty.
        weights: these constants.
        picture: what to feed.
        notes: what was changed or assumed on the way, for people.
        left_out: of the nodes that do not depend on the picture, by name, the operation, and why
            they do not.
        kinds: of its layers, by name.
        operations: of layers whose node has another one than they stand for, by name.
    """

    light: GraphDef
    weights: Weights
    picture: InputSpec
    notes: list[str]
    left_out: dict[str, tuple[str, str]]
    kinds: Mapping[str, str]
    operations: Mapping[str, str]

    @property
    def graph(self) -> GraphDef:
        """The graph, whole."""
        return restore_large_constants(self.light, self.weights)


def normalize(
    graph: GraphDef,
    options: InputOptions,
    source: str,
    facts: Facts | None = None,
    assumed_range: Range = value_ranges.UNIT,
    kinds: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    weights: Weights = MappingProxyType({}),
) -> NormalForm:
    """The normal form of a frozen graph.

    Args:
        options: the config's `input`: `name`, `range`, `order`, `mean`, `deviation`, `size`,
            `shown`, `values`.
        source: the model file's name, for messages.
        facts: what its kind of file says of the picture.
        assumed_range: of pictures of three colours if nothing tells; others are in 0..1.
        kinds: of its layers by name, where the file says what is a layer.
        notes: what was left out when the file was read.
        weights: constants that are kept apart from `graph`.

    Raises:
        UserError: no picture, or options that do not fit the graph.
    """
    _check_frozen(graph, source)
    graph_check.check(graph, source)
    facts, family = facts or Facts("assumed"), recognize(graph) or Facts("inferred")
    graph, stripped = strip_large_constants(graph)
    graph = inline_functions.inline(graph, source)
    graph_check.check(graph, source)
    graph, weights_of_functions = strip_large_constants(cut.cut(graph))
    weights = {**weights, **weights_of_functions, **stripped}
    graph = constants.without_identities(_without_hints(graph))
    wanted = options.get("name", facts.name)
    types = {node.name: topology.type_of(node, "dtype") for node in graph.node}
    _, name, _ = find_input.find(conditionals.resolve(graph), wanted, source)
    graph, taken = placeholders.fill(graph, name, options.get("values", {}), source)
    graph, replaced = randomness.replace(conditionals.resolve(graph))
    graph, name, name_known = find_input.find(graph, wanted, source)
    graph = _without_shapes(graph)
    if "name" not in options and facts.name:
        name_known = facts.known
    left_out = _independent(graph, name)
    graph = fold_constants(_dependent(graph, name), name, weights)
    first = channels_last.picture_is_channels_first(graph, name)
    (height, width, channels), shape_known = input_spec.shape(
        topology.by_name(graph)[name], graph, first
    )
    if "size" in options:
        (height, width), shape_known = options["size"], "config"
    was_bytes = types.get(name) == tf.uint8.as_datatype_enum
    range_, range_known = _range(graph, name, options, facts, was_bytes, source) or (
        family.range or (assumed_range if channels == 3 else value_ranges.UNIT),
        family.known if family.range else "assumed",
    )
    order, order_known = _order(graph, name, options, facts, family)
    is_of_family = range_known == family.known and range_ == family.range
    mean = options.get("mean", family.mean if is_of_family else None)
    deviation = options.get("deviation")
    graph = channels_last.convert(graph, name, first)
    graph = _with_picture(graph, name, channels, order, mean, deviation, source)
    graph = fold_constants(graph, name, weights)
    shapes = static_shapes(graph, name, (1, height, width, channels))
    graph = batch.free(graph, name, shapes)
    layers = _layers(graph, name, weights, (height, width, channels), shapes, kinds)
    shown = _shown(options, channels, source)
    known = {"name": name_known, "shape": shape_known, "range": range_known, "order": order_known}
    low, high = map(float, range_)
    picture = InputSpec(name, height, width, channels, low, high, known, order, shown)
    changes = [*notes, *_notes(taken, replaced, first, order, mean, deviation)]
    changes += _notes_of_channels(picture)
    changes += layers.notes
    left_out |= layers.left_out
    light, kept = _light(layers.graph, weights)
    return NormalForm(light, kept, picture, changes, left_out, layers.kinds, layers.operations)


def _light(graph: GraphDef, weights: Weights) -> tuple[GraphDef, Weights]:
    """The graph without the large constants that were made of others, and those that it needs."""
    light, made = strip_large_constants(graph)
    names = {node.name for node in light.node}
    return light, {name: value for name, value in {**weights, **made}.items() if name in names}


def _layers(
    graph: GraphDef,
    name: str,
    weights: Weights,
    size: tuple[int | None, int | None, int],
    shapes: Mapping[str, Shape | None],
    kinds: Mapping[str, str] | None,
) -> TokenLayers:
    """The graph with its layers as the engine takes them.

    Args:
        size: height, width and channels of the picture.
        shapes: static shapes of the nodes for a picture of that size.
        kinds: of its layers by name, where the file says what is a layer.
    """
    height, width, channels = size
    if height is None or width is None:
        edges = height or PROBE_EDGE, width or PROBE_EDGE
        shapes = static_shapes(graph, name, (1, *edges, channels))
    plain = pointwise_dense.as_convolutions(graph, shapes)
    plain, parts = grouped_convolutions.ungroup(plain, shapes)
    if plain is not graph:
        graph = fold_constants(plain, name, weights)
    said = layer_kinds(graph, name, shapes) if kinds is None else kinds
    inside = {part for names in parts.values() for part in names}
    layers = {layer: kind for layer, kind in said.items() if layer not in inside}
    layers |= dict.fromkeys(parts, "convolution")
    graph, layers, shapes = attention_heads.with_heads(graph, layers, shapes)
    known = (height, width) if height is not None and width is not None else None
    tokens = token_layers.as_pictures(graph, layers, shapes, known)
    return replace(tokens, operations=dict.fromkeys(parts, "Conv2D") | tokens.operations)


_STEPS = {"mean": "less_mean", "deviation": "by_deviation"}
_READ_HINTS = ("_output_shapes", cut.REASON)


def _check_frozen(graph: GraphDef, source: str) -> None:
    variables = [node.name for node in graph.node if node.op in constants.VARIABLES]
    if variables:
        raise UserError(
            f"{source}: not frozen: it has {len(variables)} variables "
            f"({graph_check.shown(variables[0])[1:-1]}, ...) whose "
            "values are elsewhere; save it again with its weights frozen to constants"
        )


def _without_hints(graph: GraphDef) -> GraphDef:
    """Without placement, colocation and names of gradients that only the saving program knew."""
    bare = topology.with_nodes(graph, graph.node)
    for node in bare.node:
        node.device = ""
        for hint in [key for key in node.attr if key.startswith("_") and key not in _READ_HINTS]:
            del node.attr[hint]
    return bare


def _without_shapes(graph: GraphDef) -> GraphDef:
    """Without the shapes that the saving program has seen; the picture's size may be another."""
    bare = topology.with_nodes(graph, graph.node)
    for node in bare.node:
        node.attr.pop("_output_shapes", None)
    return bare


def _independent(graph: GraphDef, name: str) -> dict[str, tuple[str, str]]:
    dependent = topology.descendants(graph, name)
    why: dict[str, str] = {}
    for node in topology.topological_order(graph):
        sources = map(topology.node_name, topology.data_inputs(node))
        before = [why[source] for source in sources if source in why]
        reason = cut.reason(node)
        if reason is not None or before:
            why[node.name] = before[0] if reason is None else f"is behind {reason}"
    return {
        node.name: (node.op, why.get(node.name, "does not depend on the input"))
        for node in graph.node
        if node.name not in dependent and topology.type_of(node, "T") not in topology.INTEGERS
    }


def _dependent(graph: GraphDef, name: str) -> GraphDef:
    """What depends on the picture, and what that needs."""
    return inline_functions.part(graph, topology.descendants(graph, name))


def _range(
    graph: GraphDef,
    name: str,
    options: InputOptions,
    facts: Facts,
    was_bytes: bool,
    source: str,
) -> tuple[Range, str] | None:
    """The value range, and how it is known; None if nothing in the graph tells."""
    if "range" in options:
        low, high = options["range"]
        if not low < high:
            raise UserError(f"{source}: input range {[low, high]} is empty; give [low, high]")
        return (low, high), "config"
    if facts.range is not None:
        return facts.range, facts.known
    if was_bytes:
        return value_ranges.BYTES, "read"
    return input_spec.value_range(name, graph)


def _order(
    graph: GraphDef, name: str, options: InputOptions, facts: Facts, family: Facts
) -> tuple[str, str]:
    if "order" in options:
        return options["order"], "config"
    if facts.order is not None:
        return facts.order, facts.known
    order, known = input_spec.colour_order(name, graph)
    return (family.order, family.known) if known == "assumed" and family.order else (order, known)


def _shown(options: InputOptions, channels: int, source: str) -> list[int] | None:
    """The channels of a picture that are shown, where the config says it."""
    shown = options.get("shown")
    if shown is not None and (len(shown) not in (1, 3) or max(shown) >= channels):
        raise UserError(
            f"{source}: input.shown is {shown}; give one channel (shown in grey) or three (red, "
            f"green, blue) of the picture's {channels}, numbered from 0"
        )
    return shown


def _notes_of_channels(picture: InputSpec) -> list[str]:
    """What sprites show of pictures that are neither grey nor colours."""
    if picture.shown is None and picture.channels in (1, 3):
        return []
    shown = picture.shown or range(min(picture.channels, 3))
    if len(shown) == 1:
        return [f"of {picture.channels} channels sprites show {shown[0]}, in grey"]
    colours = ", ".join(map(str, shown))
    return [
        f"of {picture.channels} channels sprites show {colours} as red, green, blue; "
        "`input: {shown: [...]}` chooses others"
    ]


def _with_picture(
    graph: GraphDef,
    name: str,
    channels: int,
    order: str,
    mean: Sequence[float] | None,
    deviation: Sequence[float] | None,
    source: str,
) -> GraphDef:
    """The picture as RGB, before a mean is subtracted and it is divided by a deviation."""
    made = _placeholder(name, channels)
    steps = [made]
    if order == "bgr":
        axis = constants.node(f"{name}/channel_axis", np.array([3], np.int32))
        reverse = NodeDef(name=f"{name}/to_bgr", op="ReverseV2", input=[steps[-1].name, axis.name])
        reverse.attr["T"].type, reverse.attr["Tidx"].type = (
            made.attr["dtype"].type, axis.attr["dtype"].type
        )  # fmt: skip
        steps += [axis, reverse]
    for what, op, numbers in (("mean", "Sub", mean), ("deviation", "RealDiv", deviation)):
        if numbers is None:
            continue
        if len(numbers) != channels:
            raise UserError(
                f"{source}: input.{what} has {len(numbers)} numbers for a picture of {channels} "
                "channels"
            )
        ordered = numbers[::-1] if order == "bgr" else numbers
        value = constants.node(f"{name}/{what}", np.array(ordered, np.float32))
        step = NodeDef(name=f"{name}/{_STEPS[what]}", op=op, input=[steps[-1].name, value.name])
        step.attr["T"].type = made.attr["dtype"].type
        steps += [value, step]
    step_names = {step.name for step in steps}
    others = [node for node in graph.node if node.name != name]
    changed = topology.with_nodes(graph, [*steps, *others])
    for node in changed.node:
        if node.name not in step_names:
            node.input[:] = [steps[-1].name if r in (name, f"{name}:0") else r for r in node.input]
    return changed


def _placeholder(name: str, channels: int) -> NodeDef:
    made = NodeDef(name=name, op="Placeholder")
    made.attr["dtype"].type = tf.float32.as_datatype_enum
    for size in (-1, -1, -1, channels):
        made.attr["shape"].shape.dim.add(size=size)
    return made


def _notes(
    taken: dict[str, str],
    replaced: list[str],
    channels_first: bool,
    order: str,
    mean: Sequence[float] | None,
    deviation: Sequence[float] | None,
) -> list[str]:
    notes = [f"placeholder {name}: {how}" for name, how in taken.items()]
    if replaced:
        notes.append(f"random numbers replaced by constants: {', '.join(replaced)}")
    if channels_first:
        notes.append("channels first (NCHW): layers are given with channels last")
    if order == "bgr":
        notes.append("the graph takes BGR; pictures are RGB and turned for it")
    if mean is not None:
        notes.append(
            f"{[round(value, 2) for value in mean]} is subtracted from pictures for the graph"
        )
    if deviation is not None:
        rounded = [round(value, 3) for value in deviation]
        notes.append(f"pictures are divided by {rounded} for the graph")
    return notes
