"""Names of classes in the metadata of ONNX files."""

import numpy as np
import pytest

from models.onnx.onnx_models import imported, model, node, save

W = {"w": np.ones((4, 3, 1, 1), np.float32)}
NAMES = ("person", "bicycle", "traffic light", "don't")


def with_metadata(**written):
    made = model([node("Conv", "x w")], W)
    for key, value in written.items():
        made.metadata_props.add(key=key, value=value)
    return made


@pytest.mark.parametrize(
    "written",
    [
        {"names": """{0: 'person', 1: 'bicycle', 2: 'traffic light', 3: "don't"}"""},
        {"labels": '["person", "bicycle", "traffic light", "don\'t"]'},
        {"names": "none", "classes": str(list(NAMES)), "task": "detect"},
    ],
)
def test_names_are_read_as_literals(written, tmp_path):
    assert imported(with_metadata(**written), tmp_path).labels == NAMES


@pytest.mark.parametrize(
    "text",
    ["", "{", "{1: 'a'}", "__import__('os').system('touch canary')", "(" * 5000, "{'a': [1]}",
     "'person'", "['a\\x1b']", "[" + "'a'," * 2**19 + "]", "{0: {}}", "{[]: 'a'}"],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_what_is_no_names_is_as_if_it_were_not_there(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert imported(with_metadata(names=text), tmp_path).labels == ()
    assert not (tmp_path / "canary").exists()


def test_the_catalogue_has_the_names(tmp_path):
    from lucid_sprites.api import load

    scores = [node("Conv", "x w", "seen"), node("GlobalAveragePool", "seen", "mean"),
              node("Flatten", "mean", "flat")]  # fmt: skip
    made = model(scores, W)
    made.metadata_props.add(key="names", value=str(dict(enumerate(NAMES))))
    found = load(save(made, tmp_path))
    assert found.catalogue.labels == NAMES
    assert found.named.names == dict(enumerate(NAMES))
