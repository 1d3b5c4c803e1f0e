"""The Python API, and the notebook that shows it."""

import os
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from lucid_sprites.api import load, objective
from lucid_sprites.errors import UserError
from tiny_graphs import classifier, save, small

ROOT = Path(__file__).parents[2]
SETTINGS = {"thresholds": [2, 8], "scale": 16, "transforms": "none"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(save(small(), tmp_path_factory.mktemp("api") / "a.pb"), input={"range": [0, 1]})


def test_a_model_lists_its_layers_and_its_picture(model):
    assert [layer["name"] for layer in model.layers if layer["kind"] == "activation"] == [
        "conv1/Relu",
        "conv2/Relu",
    ]
    assert (model.picture["low"], model.picture["known"]["range"]) == (0.0, "config")


def test_one_and_many_objectives_give_arrays_and_images(model):
    (sprite,) = model.render('channel("conv1/Relu", 3)', **SETTINGS)
    assert list(sprite.pictures) == [2, 8] == list(sprite.losses)
    assert sprite.pictures[8].shape == (16, 16, 3)
    assert sprite.losses[8] > sprite.losses[2]
    levels = (np.clip(sprite.pictures[2], 0, 1) * 255).astype(np.uint8)
    np.testing.assert_array_equal(np.array(sprite.image(2)), levels)
    unit = objective("channel", "conv1/Relu", 3)
    up, down = model.render([unit, -unit], **SETTINGS)
    np.testing.assert_array_equal(up.pictures[8], sprite.pictures[8])
    assert not np.array_equal(up.pictures[8], down.pictures[8])


def test_a_graph_and_its_file_are_the_same_model(model):
    other = load(small(), input={"range": [0, 1]})
    assert [layer["content"] for layer in other.layers] == [
        layer["content"] for layer in model.layers
    ]


def test_a_keras_object_is_a_model():
    keras = pytest.importorskip("keras")
    network = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, activation="relu", name="first")]
    )
    found = load(network)
    assert found.layers[-1]["name"] == "first/Relu"
    (sprite,) = found.render('channel("first/convolution", 1)', **SETTINGS)
    assert sprite.status == "ok"


def test_a_class_is_asked_for_by_its_name(tmp_path):
    names = ["tabby", "crane", "tench", "crane", "tiger cat"]
    (tmp_path / "names.txt").write_text("\n".join(names))
    for labels in (names, tmp_path / "names.txt"):
        network = load(classifier(), input={"range": [0, 1]}, labels=labels)
    lines = ['class_logit("tench")', 'class_logit("logits", "tench")', 'class_logit("logits", 2)']
    lines.append('class_logit("tabby")')
    sprites = [sprite for line in lines for sprite in network.render(line, **SETTINGS)]
    pictures = [sprite.pictures[8] for sprite in sprites]
    for picture in pictures[1:3]:
        np.testing.assert_array_equal(picture, pictures[0])
    assert [sprite.status for sprite in sprites] == ["ok"] * 4
    # A class likes one channel: its logit is that channel's mean.
    (liked,) = network.render('channel("conv1/Relu", 2)', **SETTINGS)
    assert sprites[0].losses[2] == pytest.approx(liked.losses[2], rel=1e-4)
    assert abs(pictures[0] - pictures[3]).max() > 0.01
    with pytest.raises(UserError, match=r"no class 'tenhc' in .*names\.txt; nearest names: tench"):
        network.render('class_logit("tenhc")', **SETTINGS)
    with pytest.raises(UserError, match="load: labels: the list has 2 names, and no layer"):
        load(classifier(), labels=["a", "b"])


def test_what_cannot_be_is_refused(model):
    with pytest.raises(UserError) as caught:
        load(3)
    assert "3 is no path, GraphDef or Keras model" in str(caught.value)
    with pytest.raises(UserError) as caught:
        model.render('channel("conv9", 0)', **SETTINGS)
    assert "nearest names" in str(caught.value)
    (sprite,) = model.render('channel("conv1/Relu", 3)', **SETTINGS)
    with pytest.raises(UserError) as caught:
        sprite.image(5)
    assert "there are 2, 8" in str(caught.value)


def test_the_notebook_runs(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "workflow"))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    notebook = nbformat.read(ROOT / "docs" / "notebook.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute(env=dict(os.environ))
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    assert "image/png" in outputs[3][0]["data"]
    assert outputs[4][0]["data"]["text/plain"] == "(4, (64, 64, 3))"
