"""The small network, changed by hand, as a file."""

from collections.abc import Callable
from pathlib import Path

import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from tiny_graphs import save, small

FLOAT, INT, STRING = (kind.as_datatype_enum for kind in (tf.float32, tf.int32, tf.string))


def add(graph: GraphDef, name: str, op: str, *inputs: str, **types: int) -> NodeDef:
    node = graph.node.add(name=name, op=op, input=inputs)
    for key, kind in types.items():
        node.attr[key].type = kind
    return node


def constant(graph: GraphDef, name: str, value: object) -> NodeDef:
    node = add(graph, name, "Const")
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    node.attr["dtype"].type = node.attr["value"].tensor.dtype
    return node


def find(graph: GraphDef, name: str) -> NodeDef:
    return next(node for node in graph.node if node.name == name)


def binary(make: Callable[[GraphDef, Path], object]) -> Callable[[Path, Path], Path]:
    """Writes the small network, changed."""

    def write(folder: Path, canary: Path) -> Path:
        graph = small()
        make(graph, canary)
        return save(graph, folder / "model.pb")

    return write


def text(content: str) -> Callable[[Path, Path], Path]:
    def write(folder: Path, canary: Path) -> Path:
        path = folder / "model.pbtxt"
        path.write_text(content)
        return path

    return write
