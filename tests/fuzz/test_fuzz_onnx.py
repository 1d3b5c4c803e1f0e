"""Whatever stands in an ONNX file: a network, or a message that names the file."""

import numpy as np
from mutations import damaged
from shares import fuzz

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.onnx.import_onnx import load
from lucid_sprites.planning import onnx_weights
from models.onnx.onnx_models import model, node

NODES = [
    node("Conv", "x stem.weight", "y", name="/stem/Conv", pads=[1, 1, 1, 1], strides=[2, 2]),
    node("Sigmoid", "y", "s"),
    node("Mul", "y s", "m"),
    node("MaxPool", "m", "p", kernel_shape=[3, 3], ceil_mode=1),
    node("Shape", "p", "shape"),
    node("Slice", "shape zero two", "first"),
    node("Concat", "first rest", "sizes", axis=0),
    node("Reshape", "p sizes", "t"),
    node("Transpose", "t", "u", perm=[0, 2, 1]),
    node("MatMul", "u w", "l"),
    node("Add", "l b"),
]
random = np.random.default_rng(0)
CONSTANTS = {
    "stem.weight": random.normal(size=(2, 3, 2, 2)).astype(np.float32),
    "w": random.normal(size=(2, 3)).astype(np.float32),
    "b": np.zeros(3, np.float32),
    "zero": np.array([0]), "two": np.array([2]), "rest": np.array([-1]),
}  # fmt: skip
WHOLE = model(NODES, CONSTANTS).SerializeToString()


@fuzz(0.5, content=damaged(WHOLE))
def test_an_onnx_file_is_read_or_refused(tmp_path, content):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    assert onnx_weights.files_beside(path) in ([], [str(path)])
    try:
        assert load(path).graph.node
    except UserError as error:
        assert str(error).startswith(f"{path}: ")


def test_the_file_is_whole_before_it_is_damaged(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(WHOLE)
    assert load(path).kinds.keys() >= {"stem/Conv2D", "MaxPool", "MatMul"}
