"""Layers of tokens, [pictures, tokens, channels], as pictures: each token at its place.

Everything else in the workflow then treats transformers as it does convolutional networks.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, moves, topology
from lucid_sprites.models.graph.shapes import Shape

# Class tokens, distillation tokens and registers stand in front of the positions: few beside them.
_MOST_EXTRA, _LARGEST_SHARE = 8, 1 / 4
# Layers that work on the last of three axes: it holds channels, and the second one holds tokens.
_OF_TOKENS = ("convolution", "attention")
_ATTENTION_WEIGHTS = "holds the weights of attention: a number for each position, and no channels"


@dataclass(frozen=True)
class Places:
    """Where the tokens of a layer stand.

    Attributes:
        height, width: of the grid of positions.
        extra: tokens in front of them, which are no positions.
    """

    height: int
    width: int
    extra: int


@dataclass(frozen=True)
class TokenLayers:
    """A graph whose layers of tokens are pictures.

    Attributes:
        graph: each such layer has the shape [pictures, height, width, channels].
        kinds: of the layers, by name.
        operations: of the layers whose node only moves tokens now, by name.
        left_out: nodes that are no layers after all, with the operation and why.
        notes: for people.
    """

    graph: GraphDef
    kinds: dict[str, str]
    operations: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def as_pictures(
    graph: GraphDef,
    kinds: Mapping[str, str],
    shapes: Mapping[str, Shape | None],
    size: tuple[int, int] | None,
) -> TokenLayers:
    """Give the tokens of every layer their places.

    Args:
        kinds: of the layers, by name.
        shapes: static shapes of the nodes for one picture.
        size: height and width of the pictures, None where the graph leaves them free: then the
            number of tokens is free, too, and they form a column.
    """
    known = {name: [*map(int, shape)] for name in kinds  # type: ignore[arg-type]
             if (shape := shapes.get(name)) and None not in shape}  # fmt: skip
    # As PyTorch has them by default.
    tokens_first = {name for name, shape in known.items()
                    if len(shape) == 3 and shape[0] > 1 and shape[1] == 1}  # fmt: skip
    known |= {name: [1, known[name][0], known[name][2]] for name in tokens_first}
    counts = {shape[1] for name, shape in known.items()
              if len(shape) == 3 and shape[0] == 1 and kinds[name] in _OF_TOKENS}  # fmt: skip
    nodes = topology.by_name(graph)
    weights = {
        name
        for name, shape in known.items()
        if nodes[name].op == "Softmax"
        and {*shape[-2:]} <= counts
        and len(shape) > 2
        and (len(shape) == 4 or shape[0] > 1)
    }
    tokens = {
        name: shape
        for name, shape in known.items()
        if name not in weights and len(shape) in (3, 4) and shape[1] in counts
        and (len(shape) == 3 or (shape[1] != shape[2] and size is not None))
    }  # fmt: skip
    places = {count: size and find_places(count, size) for count in counts}
    return TokenLayers(
        _with_pictures(graph, tokens, tokens_first, places),
        {name: kind for name, kind in kinds.items() if name not in weights},
        {name: nodes[name].op for name in tokens},
        dict.fromkeys(weights, ("Softmax", _ATTENTION_WEIGHTS)),
        [_note(count, grid) for count, grid in places.items() if size is not None],
    )


def find_places(count: int, size: tuple[int, int]) -> Places | None:
    """The grid of equal square patches of a picture that so many tokens can stand for."""
    height, width = size
    for extra in range(_MOST_EXTRA + 1):
        if extra > _LARGEST_SHARE * (count - extra):
            break
        edge = (height * width / (count - extra)) ** 0.5
        rows, columns = round(height / edge), round(width / edge)
        fits = rows * columns == count - extra and rows * width == columns * height
        if fits and height % rows == 0 and rows > 1:
            return Places(rows, columns, extra)
    return None


def _note(count: int, places: Places | None) -> str:
    if places is None:
        return f"{count} tokens are shown in a column"
    grid = f"{count} tokens are shown as {places.height} x {places.width} positions"
    return f"{grid}, without the first {places.extra}" if places.extra else grid


def _with_pictures(
    graph: GraphDef,
    tokens: Mapping[str, list[int]],
    tokens_first: Set[str],
    places: Mapping[int, Places | None],
) -> GraphDef:
    """The graph with layers under their own names; what else reads them takes the tokens."""
    if not tokens:
        return graph
    taken = {node.name for node in graph.node}
    names = {name: topology.unused(f"{name}/tokens", taken) for name in tokens}
    made: list[NodeDef] = []
    for node in topology.with_nodes(graph, graph.node).node:
        node.input[:] = [_renamed(reference, names) for reference in node.input]
        layer = node.name
        node.name = names.get(layer, layer)
        made.append(node)
        if layer in tokens:
            if layer in tokens_first:
                turned = f"{layer}/pictures_first"
                made += moves.transpose(turned, node, [1, 0, 2], f"{layer}/order")
            made += _picture(layer, made[-1], tokens[layer], places[tokens[layer][1]])
    return topology.with_nodes(graph, made)


def _renamed(reference: str, names: Mapping[str, str]) -> str:
    name = topology.node_name(reference)
    return reference.replace(name, names[name], 1) if name in names else reference


def _picture(name: str, tokens: NodeDef, shape: list[int], places: Places | None) -> list[NodeDef]:
    """Nodes that make a picture of a layer's tokens; heads stand side by side in its channels."""
    if places is None and len(shape) == 3:
        return _column(name, tokens)
    channels = shape[2] if len(shape) == 3 else shape[2] * shape[3]
    made = []
    if places is not None and places.extra:
        made = _positions(name, tokens, places.extra, len(shape))
    source = made[-1] if made else tokens
    grid = [shape[1], 1] if places is None else [places.height, places.width]
    return [*made, *moves.reshape(name, source, [-1, *grid, channels], f"{name}/places")]


def _column(name: str, tokens: NodeDef) -> list[NodeDef]:
    """Any number of tokens below each other."""
    axis = constants.node(f"{name}/axis", np.int32(2))
    picture = NodeDef(name=name, op="ExpandDims", input=[tokens.name, axis.name])
    picture.attr["T"].type = topology.type_of(tokens, "T", "dtype")
    picture.attr["Tdim"].type = tf.int32.as_datatype_enum
    return [axis, picture]


def _positions(name: str, tokens: NodeDef, extra: int, rank: int) -> list[NodeDef]:
    """Without the first tokens."""
    begin = constants.node(f"{name}/first", np.array([0, extra, *[0] * (rank - 2)], np.int32))
    sizes = constants.node(f"{name}/all", np.full(rank, -1, np.int32))
    made = NodeDef(name=f"{name}/positions", op="Slice")
    made.input[:] = [tokens.name, begin.name, sizes.name]
    made.attr["T"].type = topology.type_of(tokens, "T", "dtype")
    made.attr["Index"].type = tf.int32.as_datatype_enum
    return [begin, sizes, made]
