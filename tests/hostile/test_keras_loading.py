"""Hostile Keras files are refused with one message, or lose what is hostile."""

import re
import time

import pytest
from keras_files import HOSTILE
from keras_makers import archive, convolution, hdf5, new_model, old_layer, old_model

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders import keras_file

# Seconds.
LONGEST = 30


@pytest.fixture(scope="module", autouse=True)
def both_versions_of_keras():
    """Imported before any clock runs."""
    pytest.importorskip("keras")
    pytest.importorskip("tf_keras")


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_hostile_file_does_nothing(hostile, tmp_path, monkeypatch):
    folder, outside = tmp_path / "models", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    monkeypatch.syspath_prepend(outside)  # whatever can be imported would be
    canary = outside / "canary"
    path = hostile.write(folder, canary)
    before = sorted(tmp_path.rglob("*"))
    start = time.monotonic()
    said = message(path)
    assert time.monotonic() - start < LONGEST
    assert sorted(tmp_path.rglob("*")) == before
    if hostile.harmless:
        assert said is None
    else:
        assert str(path) in said and re.search(hostile.says, said)


def message(path):
    try:
        keras_file.load(path, trust=False, code=None)
    except UserError as error:
        return str(error)
    return None


def test_honest_files_of_the_same_makers_load(tmp_path):
    """What the hostile ones are made from is not what they are refused for."""
    assert message(hdf5(tmp_path, old_model(convolution(old_layer)))) is None
    assert message(archive(tmp_path, new_model(convolution()))) is None
    model = keras_file.load(tmp_path / "model.keras", trust=False, code=None)
    assert model.get_weights()[0].sum() == 54
