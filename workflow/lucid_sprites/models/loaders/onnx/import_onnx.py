"""ONNX files as frozen graphs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import UserError
from lucid_sprites.models.known_networks import Facts
from lucid_sprites.models.loaders.onnx import model_file
from lucid_sprites.models.loaders.onnx.build_graph import build
from lucid_sprites.models.loaders.onnx.inputs import Input, inputs_of
from lucid_sprites.models.loaders.onnx.named_activations import with_names
from lucid_sprites.models.loaders.onnx.operator import Setting
from lucid_sprites.models.loaders.onnx.tensors import TensorReader
from lucid_sprites.models.loaders.onnx.weight_writer import WeightWriter


@dataclass(frozen=True)
class OnnxModel:
    """A network from an ONNX file.

    Attributes:
        graph: frozen; its picture has channels last.
        facts: which input is the picture, if there is only one.
        kinds: of its layers, by name.
        notes: what was left out, for people.
        labels: names of its classes.
    """

    graph: GraphDef
    facts: Facts | None
    kinds: dict[str, str]
    notes: list[str]
    labels: tuple[str, ...] = ()


def load(path: Path) -> OnnxModel:
    """The network in an ONNX file. The file is only read, and nothing is downloaded.

    Raises:
        UserError: damaged, or something in it is not supported; names the node and the way out.
    """
    model = model_file.read(path)
    reader = TensorReader(path)
    weights = {tensor.name: reader.read(tensor) for tensor in model.graph.initializer}
    _check_weights(weights, path)
    # What was read holds all weights once more.
    model = model_file.without_weights(model)
    inputs = inputs_of(model.graph, weights, str(path))
    pictures = [graph_input for graph_input in inputs if graph_input.is_picture]
    setting = Setting(str(path), model.opset, pictures[0].batch, WeightWriter(), reader.read)
    built = build(model.graph, weights, inputs, setting)
    graph, kinds = with_names(built.graph, pictures[0].node, built.kinds)
    return OnnxModel(graph, _facts(pictures), kinds, built.left_out, model.labels)


def _check_weights(weights: dict[str, np.ndarray], path: Path) -> None:
    """Raise UserError for weights beyond what a graph can hold."""
    total = sum(weight.nbytes for weight in weights.values())
    if total > model_file.MOST_BYTES:
        raise UserError(
            f"{path}: its weights take {total / 2**30:.1f} GB, and a TensorFlow graph holds less "
            "than 2; give a smaller network"
        )


def _facts(pictures: list[Input]) -> Facts | None:
    return Facts("read", name=pictures[0].node) if len(pictures) == 1 else None
