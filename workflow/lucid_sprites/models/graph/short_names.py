"""Names of nodes, made shorter."""

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.models.graph import topology


def without_prefix(graph: GraphDef, prefix: str, instead: str = "") -> GraphDef:
    """Node names with `instead` in the place of `prefix`, unless that would give a name twice."""
    taken = {node.name for node in graph.node}
    short = {name: instead + name.removeprefix(prefix) for name in taken if name.startswith(prefix)}
    names = {name: new for name, new in short.items() if new not in taken}

    def renamed(reference: str) -> str:
        name = topology.node_name(reference)
        return reference.replace(name, names.get(name, name), 1)

    renamed_graph = topology.with_nodes(graph, graph.node)
    for node in renamed_graph.node:
        node.name = names.get(node.name, node.name)
        node.input[:] = [renamed(reference) for reference in node.input]
        if "_class" in node.attr:
            del node.attr["_class"]
    return renamed_graph
