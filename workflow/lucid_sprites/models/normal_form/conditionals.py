"""Branches that are never taken: `Switch` and `Merge` whose condition is constant.

A graph saved with a switch between training and inference holds both; once the switch has a value,
only one is left.
"""

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from lucid_sprites.models.graph import constants, topology
from lucid_sprites.models.graph.evaluate import evaluate

_SWITCHES = ("Switch", "RefSwitch")
_MERGES = ("Merge", "RefMerge")
# Conditions that follow from other branches: more of them, one in another, stay.
_DEEPEST = 50


def resolve(graph: GraphDef) -> GraphDef:
    """The graph with only those branches that a constant condition takes; others stay."""
    for _ in range(_DEEPEST):
        taken = _taken_branches(graph)
        if not taken:
            break
        graph = _Resolution(graph, taken).graph()
    return graph


def _taken_branches(graph: GraphDef) -> dict[str, int]:
    """The output, 0 or 1, that is alive of each switch with a constant condition."""
    conditions = {node.name: node.input[1] for node in graph.node if node.op in _SWITCHES}
    constant = constants.constant_nodes(graph)
    known = {ref for ref in conditions.values() if topology.node_name(ref) in constant}
    values = evaluate(graph, known).values
    return {name: int(np.all(values[ref])) for name, ref in conditions.items() if ref in values}


class _Resolution:
    """One pass over the graph, inputs first: what is dead, and what stands for a switch."""

    def __init__(self, graph: GraphDef, taken: dict[str, int]) -> None:
        self._graph = graph
        self._taken = taken
        self._dead: set[str] = set()
        self._alias: dict[str, str] = {}
        self._nodes: list[NodeDef] = []
        for node in topology.topological_order(graph):
            self._visit(node)

    def graph(self) -> GraphDef:
        """What is left alive."""
        resolved = topology.with_nodes(self._graph, self._nodes)
        # Loops are closed by edges that a single pass meets too early.
        for node in resolved.node:
            node.input[:] = [self._live(ref) for ref in node.input if not self._is_gone(ref)]
        return resolved

    def _visit(self, node: NodeDef) -> None:
        inputs = [self._live(ref) for ref in node.input if not self._is_gone(ref)]
        alive = [ref for ref in inputs if not self._is_dead(ref)]
        data = [ref for ref in alive if not topology.is_control(ref)]
        if node.op in _MERGES:
            self._visit_merge(node, data, [ref for ref in alive if topology.is_control(ref)])
        elif len(alive) < len(inputs):
            self._dead.add(node.name)
        elif node.name in self._taken:
            self._alias[f"{node.name}:{self._taken[node.name]}"] = data[0]
            self._dead.add(f"{node.name}:{1 - self._taken[node.name]}")
        else:
            self._nodes.append(node)

    def _visit_merge(self, node: NodeDef, data: list[str], control: list[str]) -> None:
        if not data:
            self._dead.add(node.name)
            return
        kept = NodeDef()
        kept.CopyFrom(node)
        kept.input[:] = [*data, *control]
        if len(data) == 1:
            kept.op = "Identity"
            del kept.attr["N"]
        else:
            kept.attr["N"].i = len(data)
        self._nodes.append(kept)

    def _live(self, reference: str) -> str:
        return self._alias.get(_numbered(reference), reference)

    def _is_gone(self, reference: str) -> bool:
        """Control inputs from a switch that is replaced by what it passes on."""
        return topology.is_control(reference) and topology.node_name(reference) in self._taken

    def _is_dead(self, reference: str) -> bool:
        return topology.node_name(reference) in self._dead or _numbered(reference) in self._dead


def _numbered(reference: str) -> str:
    return reference if ":" in reference or topology.is_control(reference) else f"{reference}:0"
