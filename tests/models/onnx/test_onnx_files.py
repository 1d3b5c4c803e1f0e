"""ONNX files that are damaged, hostile, or more than can be imported: one message each."""

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from hostile.onnx_files import HOSTILE
from imported import describe, normal
from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.onnx.import_onnx import load
from lucid_sprites.planning import onnx_weights
from models.onnx import onnx_models
from models.onnx.onnx_models import model, node, pictures, save

W = {"w": np.ones((4, 3, 1, 1), np.float32)}


@pytest.mark.parametrize("file", HOSTILE, ids=lambda file: file.name)
def test_hostile_files_are_refused(file, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "canary").write_bytes(bytes(432))
    path = file.write(tmp_path / "in", tmp_path / "canary")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert re.search(file.says, str(caught.value)), caught.value
    assert sorted(tmp_path.rglob("*")) == before


def quantized():
    return [node("QuantizeLinear", "x s", "q"), node("DequantizeLinear", "q s", "d"),
            node("Conv", "d w")]  # fmt: skip


def branches(read):
    """The two graphs of an If."""
    return {
        f"{name}_branch": helper.make_graph(
            [node(kind, read, name)], name, [], [onnx.ValueInfoProto(name=name)]
        )
        for name, kind in (("then", "Relu"), ("else", "Abs"))
    }


REFUSED = {
    "an opset of the future": (model([node("Conv", "x w")], W, 99),
                               "written in opset 99, and 7 to"),
    "an old opset": (model([node("Conv", "x w")], W, 6), "written in opset 6"),
    "quantized": (model(quantized(), W | {"s": np.float32(1)}), "the model is quantized"),
    "unknown operator": (model([node("Det", "x", "y"), node("Conv", "y w")], W),
                         r"\(Det\): the operator Det is not supported"),
    "one dimension": (model([node("Conv", "x w")], {"w": np.ones((4, 3, 3), np.float32)}),
                      "on 1 dimensions, and pictures have 2"),
    "no picture": (model([node("Relu", "x")], picture=("n", 5)),
                   r"no input has the shape of a picture.*x \[n, 5\]"),
    "free channels": (model([node("Conv", "x w")], W, picture=("n", "c", "h", "w")),
                      r"x' \[n, c, h, w\]: which axis has the channels"),
    "random numbers": (model([node("RandomNormalLike", "x", "r"), node("Conv", "r w")], W),
                       "model.eval"),
    "training": (model([node("BatchNormalization", "x s s s s", training_mode=1)],
                       {"s": np.ones(3, np.float32)}), "it is in training"),
    "weights that do not fit": (model([node("Conv", "x w", group=2)], W), "do not fit 3 channels"),
    "no operators": (onnx.ModelProto(ir_version=8), "no ONNX model, or one without operators"),
    "a branch": (model([node("ReduceMax", "x", "m", keepdims=0), node("Cast", "m", "c", to=9),
                        helper.make_node("If", ["c"], ["y"], "choice", **branches("x")),
                        node("Conv", "y w")], W),
                 r"'choice' \(If\): a branch that depends on the picture"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_imported_is_named(name, tmp_path):
    made, says = REFUSED[name]
    path = save(made, tmp_path)
    with pytest.raises(UserError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert re.search(says, str(caught.value)), caught.value


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04", b"version https://git-lfs.x"])
def test_other_files_are_told_apart(content, tmp_path):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(UserError, match=r"m.onnx: (is empty|not an ONNX model but)"):
        load(tmp_path / "m.onnx")


def test_sparse_weights_are_refused(tmp_path):
    made = model([node("Conv", "x w")])
    values = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], float_data=[1.0])
    indices = TensorProto(name="i", data_type=TensorProto.INT64, dims=[1], int64_data=[0])
    made.graph.sparse_initializer.append(
        onnx.SparseTensorProto(values=values, indices=indices, dims=[4, 3, 1, 1])
    )
    with pytest.raises(UserError, match="weights 'w' are sparse"):
        load(save(made, tmp_path))


def external(folder: Path) -> Path:
    made = model([node("Conv", "x w", name="/stem/Conv")], {"w": weights()})
    path = folder / "m.onnx"
    onnx.save_model(
        made, path, save_as_external_data=True, location="m.onnx.data", size_threshold=0
    )
    return path


def weights() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(4, 3, 3, 3)).astype(np.float32)


def test_weights_may_lie_beside_the_file(tmp_path):
    graph = load(external(tmp_path)).graph
    fed = pictures()
    expected = onnx_models.reference(model([node("Conv", "x w")], {"w": weights()}), fed)
    given = onnx_models.run(graph, onnx_models.end(graph), fed)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


def test_files_of_weights_are_known_without_reading_them(tmp_path):
    path = external(tmp_path)
    assert onnx_weights.files_beside(path) == [f"{path}.data"]
    (tmp_path / "m.onnx.data").unlink()
    assert onnx_weights.files_beside(path) == []
    with pytest.raises(UserError, match=r"m\.onnx\.data are missing; copy this file, too"):
        load(path)
    path.write_bytes(path.read_bytes()[:-20])
    assert onnx_weights.files_beside(path) == []


def test_the_file_stays_as_it_is(tmp_path):
    path = external(tmp_path)
    before = [(each.name, each.read_bytes()) for each in sorted(tmp_path.iterdir())]
    normal(path)
    assert [(each.name, each.read_bytes()) for each in sorted(tmp_path.iterdir())] == before


def test_what_only_later_operators_do_is_left_out(tmp_path):
    made = model(
        [node("Conv", "x w", "y"), node("Relu", "y", "z"), node("Det", "z", name="tail")], W
    )
    described = describe(save(made, tmp_path), edges=(16, 32))
    assert [layer["name"] for layer in described["layers"]] == ["Conv2D", "Relu"]
    assert "node 'tail' (Det): the operator Det is not supported" in described["notes"][0]


def test_a_constant_condition_chooses_its_branch(tmp_path):
    nodes = [
        node("Conv", "x w", "y"), node("Shape", "y", "s"), node("Size", "s", "rank"),
        node("Equal", "rank four", "c"), helper.make_node("If", ["c"], ["out"], **branches("y")),
    ]  # fmt: skip
    made = model(nodes, W | {"four": np.array(4)})
    graph = onnx_models.imported(made, tmp_path).graph
    given = onnx_models.run(graph, onnx_models.end(graph), pictures())
    assert (given == np.maximum(pictures().sum(1, keepdims=True), 0)).mean() > 0.2
    assert given.min() == 0


def test_functions_of_the_file_are_inlined(tmp_path):
    function = helper.make_function(
        "own", "Twice", ["a"], ["b"], [node("Add", "a a", "b")], [helper.make_opsetid("", 17)]
    )
    made = model(
        [node("Conv", "x w", "y"), node("Twice", "y", domain="own")], W, functions=[function]
    )
    made.opset_import.append(helper.make_opsetid("own", 1))
    graph = onnx_models.imported(made, tmp_path).graph
    given = onnx_models.run(graph, onnx_models.end(graph), pictures())
    np.testing.assert_allclose(given[:, 0], 2 * pictures().sum(1), rtol=1e-4, atol=1e-5)
