"""ONNX files as frozen graphs."""

from dataclasses import dataclass
from pathlib import Path

from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.errors import UserError
from lucid_sprites.models.families import Facts
from lucid_sprites.models.loaders.onnx import model_file
from lucid_sprites.models.loaders.onnx.build import build
from lucid_sprites.models.loaders.onnx.inputs import Input, inputs_of
from lucid_sprites.models.loaders.onnx.operator import Setting
from lucid_sprites.models.loaders.onnx.tensors import TensorReader
from lucid_sprites.models.loaders.onnx.weights import WeightWriter
from lucid_sprites.models.loaders.onnx.written_out import with_names

_MOST_BYTES = (1 << 31) - (1 << 24)


@dataclass(frozen=True)
class OnnxModel:
    """A network from an ONNX file.

    Attributes:
        graph: frozen; its picture has channels last.
        facts: which input is the picture, if there is only one.
        kinds: of its layers, by name.
        notes: what was left out, for people.
    """

    graph: GraphDef
    facts: Facts | None
    kinds: dict[str, str]
    notes: list[str]


def load(path: Path) -> OnnxModel:
    """The network in an ONNX file. The file is only read, and nothing is downloaded.

    Raises:
        UserError: damaged, or something in it is not supported; names the node and the way out.
    """
    model = model_file.read(path)
    inputs = inputs_of(model.graph, str(path))
    pictures = [each for each in inputs if each.is_picture]
    setting = Setting(
        str(path), model.opset, pictures[0].batch, WeightWriter(), TensorReader(path).read
    )
    _check_weights(model, path)
    built = build(model.graph, inputs, setting)
    graph, kinds = with_names(built.graph, pictures[0].node, built.kinds)
    return OnnxModel(graph, _facts(pictures), kinds, built.left_out)


def _check_weights(model: model_file.ModelFile, path: Path) -> None:
    """Raise UserError for weights beyond what a graph can hold."""
    total = sum(_bytes_of(tensor) for tensor in model.graph.initializer)
    if total > _MOST_BYTES:
        raise UserError(
            f"{path}: its weights take {total / 2**30:.1f} GB, and a TensorFlow graph holds less "
            "than 2; give a smaller network"
        )


def _bytes_of(tensor: object) -> int:
    numbers = 1
    for size in tensor.dims:
        numbers *= size
    return numbers * 4 if tensor.data_location else 0


def _facts(pictures: list[Input]) -> Facts | None:
    return Facts("read", name=pictures[0].node) if len(pictures) == 1 else None
