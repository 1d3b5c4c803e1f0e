"""Small ONNX files, what ONNX's reference gives for them, and what the importer makes of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tensorflow.compat.v1 as tf
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from tensorflow.core.framework.graph_pb2 import GraphDef

from imported import normal
from lucid_sprites.models.graph import topology
from lucid_sprites.models.loaders.onnx.import_onnx import OnnxModel, load

PICTURE = ("n", 3, "h", "w")


def node(kind: str, inputs: str, output: str = "out", **attributes: Any) -> onnx.NodeProto:
    """A node; names of inputs are separated by blanks, `_` leaves one out."""
    names = ["" if name == "_" else name for name in inputs.split()]
    return helper.make_node(kind, names, output.split(), **attributes)


def model(
    nodes: Sequence[onnx.NodeProto],
    constants: dict[str, np.ndarray] | None = None,
    opset: int = 17,
    picture: Sequence[int | str] = PICTURE,
    **extra: Any,
) -> onnx.ModelProto:
    """A model from the picture `x` to the output of its last node."""
    weights = [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()]
    taken = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, picture)
    given = helper.make_tensor_value_info(nodes[-1].output[0], onnx.TensorProto.FLOAT, None)
    graph = helper.make_graph(list(nodes), "graph", [taken], [given], weights)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, **extra
    )


def save(made: onnx.ModelProto, folder: Path, name: str = "model.onnx") -> Path:
    """Write a model."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(made.SerializeToString())
    return path


def imported(made: onnx.ModelProto, folder: Path) -> OnnxModel:
    """What the importer makes of a model."""
    return load(save(made, folder))


def pictures(
    height: int = 9, width: int = 8, channels: int = 3, seed: int = 0, batch: int = 2
) -> np.ndarray:
    """float32 [batch, channels, height, width] about 0."""
    random = np.random.default_rng(seed)
    return random.normal(size=(batch, channels, height, width)).astype(np.float32)


def reference(made: onnx.ModelProto, fed: np.ndarray) -> np.ndarray:
    """What ONNX's own reference implementation gives."""
    return ReferenceEvaluator(made).run(None, {"x": fed})[0]


def end(graph: GraphDef, picture: str = "x") -> str:
    """The last node behind the picture, as it was before its tokens became a picture."""
    behind = topology.descendants(graph, picture)
    read = {topology.node_name(ref) for each in graph.node for ref in each.input}
    # The heads of attention are beside what the network gives.
    last = [each.name for each in graph.node if each.name in behind and each.name not in read
            and "/attention" not in each.name][-1]  # fmt: skip
    return f"{last}/tokens" if f"{last}/tokens" in behind else last


def run(graph: GraphDef, name: str, fed: np.ndarray, picture: str = "x") -> np.ndarray:
    """A tensor of a graph that takes pictures with channels last."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph, name="")
        return session.run(f"{name}:0", {f"{picture}:0": fed.transpose(0, 2, 3, 1)})


def gradient(graph: GraphDef, name: str, fed: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    """The gradient of a tensor times `upstream`, with channels first."""
    with tf.Graph().as_default() as own, tf.Session() as session:
        tf.import_graph_def(graph, name="")
        tensors = [own.get_tensor_by_name(f"{each}:0") for each in (name, "x")]
        (made,) = tf.gradients(tf.reduce_sum(tensors[0] * upstream), tensors[1])
        return session.run(made, {"x:0": fed.transpose(0, 2, 3, 1)}).transpose(0, 3, 1, 2)


def in_normal_form(made: onnx.ModelProto, folder: Path) -> GraphDef:
    """The normal form of a model."""
    return normal(save(made, folder)).graph
