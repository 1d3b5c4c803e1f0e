"""Whether a graph can be walked at all: sane names, inputs that exist, no circles, no explosion.

It is asked before TensorFlow or anything else reads a graph: TensorFlow itself ends the process at
some of these, or never ends.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.errors import UserError
from lucid_sprites.models.graph import topology

MOST_NODES = 100_000
"""Nodes of a graph, function calls written out; the largest known networks have a third."""

_LONGEST_NAME = 1_000
_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_REFERENCE = re.compile(r"\^?[^:^]+(:\d{1,6})?")
_ROUND = "NextIteration"
_FUNCTION_ATTRIBUTES = ("f", "cond", "body", "then_branch", "else_branch")


def check(graph: GraphDef, source: str) -> None:
    """Raise UserError for a graph that cannot be walked.

    Args:
        source: the model file's name, for messages.
    """
    _check_number(len(graph.node), source)
    _check_names([node.name for node in graph.node], source)
    _check_inputs(graph.node, source)
    _check_circles(graph.node, source)
    _check_functions(graph, source)


def shown(name: str) -> str:
    """A name for a message: in quotes, without control characters, and not too long."""
    return ascii(name if len(name) <= 80 else f"{name[:77]}...")


def _check_number(number: float, source: str) -> None:
    if number > MOST_NODES:
        raise UserError(
            f"{source}: a graph of {number:.3g} nodes, function calls written out; at most "
            f"{MOST_NODES} are read: keep only the nodes that lead from the picture to the layers"
        )


def _check_names(names: Sequence[str], source: str) -> None:
    seen: set[str] = set()
    for name in names:
        if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
            raise UserError(
                f"{source}: {shown(name)} is no name of a node: up to {_LONGEST_NAME} letters, "
                "digits and any of _ . - / are; save the graph again with TensorFlow"
            )
        if name in seen:
            raise UserError(f"{source}: two nodes are called {shown(name)}; freeze the graph again")
        seen.add(name)


def _check_inputs(nodes: Iterable[NodeDef], source: str) -> None:
    names = {node.name for node in nodes}
    for node in nodes:
        for reference in node.input:
            parent = topology.node_name(reference)
            if not _REFERENCE.fullmatch(reference) or parent not in names:
                raise UserError(
                    f"{source}: node {node.name!r} reads {shown(parent)}, which is not in the "
                    "graph: it was cut badly; freeze it again"
                )


def _check_circles(nodes: Iterable[NodeDef], source: str) -> None:
    edges = {node.name: topology.parents(node) for node in nodes if node.op != _ROUND}
    circle = _in_circle(edges)
    if circle is not None:
        raise UserError(
            f"{source}: node {circle!r} is computed from itself, and that is no loop of "
            "TensorFlow; freeze the graph again"
        )


def _in_circle(edges: Mapping[str, Iterable[str]]) -> str | None:
    """A key of `edges` from which they lead to itself, or to such a key."""
    left = {name: {end for end in ends if end in edges} for name, ends in edges.items()}
    sources: dict[str, list[str]] = {}
    for name, ends in left.items():
        for end in ends:
            sources.setdefault(end, []).append(name)
    free = [name for name, ends in left.items() if not ends]
    for name in free:
        del left[name]
    while free:
        done = free.pop()
        for name in sources.get(done, []):
            left[name].discard(done)
            if not left[name]:
                free.append(name)
                del left[name]
    return next(iter(left), None)


def _check_functions(graph: GraphDef, source: str) -> None:
    """No function calls itself, and all calls written out are not too many nodes."""
    functions = {function.signature.name: function for function in graph.library.function}
    calls: dict[str, list[str]] = {}
    for name, function in functions.items():
        _check_body(function, source)
        calls[name] = _calls(function.node_def, functions)
    circle = _in_circle(calls)
    if circle is not None:
        raise UserError(
            f"{source}: function {shown(circle)} calls itself; write its rounds out, or export "
            "the model without it"
        )
    sizes: dict[str, float] = {}
    for name in _callees_first(calls):
        size = len(functions[name].node_def)
        sizes[name] = size + sum(sizes[called] for called in calls[name])
    called = _calls(graph.node, functions)
    _check_number(len(graph.node) + sum(sizes[name] for name in called), source)


def _check_body(function: FunctionDef, source: str) -> None:
    label = f"{source}: function {shown(function.signature.name)}"
    _check_names([node.name for node in function.node_def], label)
    _check_circles(function.node_def, label)
    for node in function.node_def:
        if any(node.attr[key].placeholder for key in _FUNCTION_ATTRIBUTES if key in node.attr):
            raise UserError(f"{label}: what {node.name!r} calls is not fixed; freeze it again")


def _callees_first(calls: Mapping[str, Sequence[str]]) -> list[str]:
    done: dict[str, None] = {}
    for root in calls:
        stack = [root]
        while stack:
            missing = [name for name in calls[stack[-1]] if name not in done]
            if missing and stack[-1] not in done:
                stack.append(missing[0])
            else:
                done.setdefault(stack.pop())
    return list(done)


def _calls(nodes: Iterable[NodeDef], functions: Mapping[str, FunctionDef]) -> list[str]:
    """Functions that nodes call, as often as they do."""
    called = []
    for node in nodes:
        if node.op in functions:
            called.append(node.op)
        for value in node.attr.values():
            called += [name for name in _named_functions(value) if name in functions]
    return called


def _named_functions(value: AttrValue) -> list[str]:
    kind = value.WhichOneof("value")
    if kind == "func":
        return [value.func.name]
    return [function.name for function in value.list.func] if kind == "list" else []
