"""Nonlinearities that an exporter has written out (GELU, Swish, ...), named by their values."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites import tensorflow_start
from lucid_sprites.models.graph import composite_layers, constants, topology

_SAMPLES = np.linspace(-8, 8, 65, dtype=np.float32)
_TOLERANCE = 1e-5


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return np.asarray(erf(x))


_KNOWN: dict[str, tuple[Callable[[np.ndarray], np.ndarray], ...]] = {
    "Gelu": (
        lambda x: x * (1 + _erf(x / np.sqrt(2))) / 2,
        lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
        lambda x: x * _logistic(1.702 * x),
    ),
    "Swish": (lambda x: x * _logistic(x),),
    "Mish": (lambda x: x * np.tanh(np.logaddexp(x, 0)),),
    "HardSwish": (lambda x: x * np.clip(x + 3, 0, 6) / 6,),
}


def with_names(
    graph: GraphDef, picture: str, kinds: dict[str, str]
) -> tuple[GraphDef, dict[str, str]]:
    """The graph with such layers under their own names, and the kinds of its layers.

    Args:
        picture: the placeholder.
        kinds: of the layers by name, as the operators make them.
    """
    results, inside = composite_layers.composite_activations(graph, picture)
    nodes, readers = topology.by_name(graph), topology.readers(graph)
    ends = {_scaled_end(name, nodes, readers): name
            for name in results if kinds.get(name) != "activation"}  # fmt: skip
    inside |= {name for end, name in ends.items() if end != name}
    labels = _labels([_function(name, nodes, inside) for name in ends])
    renamed = _new_names(labels, nodes)
    _rename(graph, renamed)
    kept = {name: kind for name, kind in kinds.items()
            if not (name in inside and kind in ("activation", "merge"))}  # fmt: skip
    return graph, kept | {renamed.get(name, name): "activation" for name in ends}


@dataclass(frozen=True)
class _Function:
    """Nodes that compute a function of one tensor.

    Attributes:
        name: of the last one.
        nodes: all of them, with their constants.
        roots: tensors that vary before them.
    """

    name: str
    nodes: list[NodeDef]
    roots: set[str]


def _scaled_end(name: str, nodes: dict[str, NodeDef], readers: dict[str, list[NodeDef]]) -> str:
    """The node that multiplies a result by a number before anything else reads it."""
    following = readers.get(name, [])
    if len(following) != 1 or following[0].op not in ("Mul", "RealDiv"):
        return name
    values = [constants.value(reference, nodes) for reference in following[0].input]
    return following[0].name if any(v is not None and v.ndim == 0 for v in values) else name


def _function(name: str, nodes: dict[str, NodeDef], inside: set[str]) -> _Function:
    """The function that ends at a node."""
    members, roots, stack = {}, set(), [name]
    while stack:
        node = nodes[stack.pop()]
        members[node.name] = node
        for reference in topology.data_inputs(node):
            source = nodes[topology.node_name(reference)]
            if source.op == "Const" or source.name in inside:
                stack += [source.name] * (source.name not in members)
            else:
                roots.add(reference)
    return _Function(name, list(members.values()), roots)


def _labels(functions: list[_Function]) -> dict[str, str]:
    """What functions are known as, by the name of their last node."""
    with tf.Graph().as_default(), tf.Session(config=tensorflow_start.session_config()) as session:
        samples = tf.constant(_SAMPLES)
        tensors = {}
        for number, function in enumerate(
            function for function in functions if len(function.roots) == 1
        ):
            part = GraphDef(node=function.nodes)
            try:
                (tensors[function.name],) = tf.import_graph_def(
                    part,
                    dict.fromkeys(function.roots, samples),
                    [f"{function.name}:0"],
                    name=f"f{number}",
                )
            except ValueError:
                # Its constants have a number for each channel: none of the known ones.
                continue
        values = session.run(tensors)
    labels = {name: _label(value) for name, value in values.items()}
    return {name: label for name, label in labels.items() if label}


def _label(values: np.ndarray) -> str | None:
    if values.shape != _SAMPLES.shape:
        return None
    exact = _SAMPLES.astype(np.float64)
    for label, functions in _KNOWN.items():
        if any(np.abs(function(exact) - values).max() < _TOLERANCE for function in functions):
            return label
    return None


def _new_names(labels: dict[str, str], nodes: dict[str, NodeDef]) -> dict[str, str]:
    taken, renamed = set(nodes), {}
    for name, label in labels.items():
        module = name.rpartition("/")[0]
        wanted = f"{module}/{label}" if module else label
        number, unique = 0, wanted
        while unique in taken:
            number += 1
            unique = f"{wanted}_{number}"
        taken.add(unique)
        renamed[name] = unique
    return renamed


def _rename(graph: GraphDef, renamed: dict[str, str]) -> None:
    for node in graph.node:
        node.name = renamed.get(node.name, node.name)
        for position, reference in enumerate(node.input):
            name = topology.node_name(reference)
            if name in renamed:
                node.input[position] = reference.replace(name, renamed[name], 1)
