"""What honest Keras files use is built; what is not is refused, unless the user says otherwise."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders import keras_file

keras = pytest.importorskip("keras")
tf_keras = pytest.importorskip("tf_keras")
tf = pytest.importorskip("tensorflow")


def loaded(path, trust=False, code=None):
    return keras_file.load(path, trust, None if code is None else str(code))


def message(path, **options):
    with pytest.raises(UserError) as caught:
        loaded(path, **options)
    assert str(path) in str(caught.value)
    return str(caught.value)


def assert_same(model, path, **options):
    """What is loaded computes what was saved."""
    picture = np.random.default_rng(0).random((1, *model.input_shape[1:]), np.float32)
    found = loaded(path, **options)
    np.testing.assert_allclose(found(picture), model(picture), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_published_network_of_keras_3(tmp_path, name):
    model = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=3)
    model.save(tmp_path / name)
    assert_same(model, tmp_path / name)


def test_a_published_network_of_keras_2(tmp_path):
    """Its hard sigmoids are calls of TensorFlow's functions."""
    model = tf_keras.applications.MobileNetV3Small((32, 32, 3), 0.35, weights=None, classes=3)
    model.save(tmp_path / "m.h5")
    assert "TFOpLambda" in {type(layer).__name__ for layer in model.layers}
    assert_same(model, tmp_path / "m.h5")


def test_functions_of_tensorflow_that_only_compute(tmp_path):
    picture = tf_keras.Input((8, 8, 3))
    y = tf.nn.relu(picture[..., :2] * 2 - 1)
    y = tf.concat([y, 1 - tf.image.resize(y, (8, 8))], -1)
    model = tf_keras.Model(picture, tf.reduce_mean(y, [1, 2]))
    model.save(tmp_path / "m.h5")
    assert_same(model, tmp_path / "m.h5")


def test_layers_in_layers_and_operations_of_keras_3(tmp_path):
    picture = keras.Input((8, 8, 3))
    y = keras.ops.relu(picture * 2) / 3
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, activation="mish")])
    inner.compile("adam", "mse")
    y = keras.layers.Reshape((1, 6, 24))(inner(y))
    y = keras.layers.TimeDistributed(keras.layers.Bidirectional(keras.layers.LSTM(2)))(y)
    y = keras.layers.Dense(
        2, kernel_regularizer=keras.regularizers.L2(0.1), bias_constraint="non_neg"
    )(y)
    model = keras.Model(picture, y)
    model.save(tmp_path / "m.keras")
    assert_same(model, tmp_path / "m.keras")


CODE = """
import keras
from os import system
from shutil import rmtree as clean
from keras.layers import StringLookup

@keras.saving.register_keras_serializable("mine")
class Half(keras.layers.Layer):
    def __init__(self, activation="doubled", **others):
        super().__init__(**others)
        self.activation = activation

    def call(self, x):
        return x / 2

    def get_config(self):
        return super().get_config() | {"activation": self.activation}

def doubled(x, **others):
    return x * 2
"""


@pytest.fixture
def code(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(CODE)
    yield path
    keras.saving.get_custom_objects().clear()


def archive(path, *layers):
    """A model of layers as Keras 3 writes them, without weights."""
    first = {"class_name": "InputLayer", "config": {"batch_shape": [None, 8, 8, 3]}}
    layers = [{"module": "keras.layers", **layer} for layer in (first, *layers)]
    model = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "m", "layers": layers},
    }
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(model))
        file.write(empty_weights(path), "model.weights.h5")
    return path


def empty_weights(path):
    import h5py

    weights = path.with_suffix(".weights")
    h5py.File(weights, "w").close()
    return weights


def test_registered_classes_and_own_functions_of_the_code(tmp_path, code):
    half = {"class_name": "Half", "module": "elsewhere", "registered_name": "mine>Half"}
    function = {"class_name": "function", "config": "doubled", "module": "builtins"}
    path = archive(
        tmp_path / "m.keras",
        half | {"config": {"name": "half"}},
        {"class_name": "Activation", "config": {"activation": function}},
    )
    model = loaded(path, code=code)
    np.testing.assert_allclose(model(np.full((1, 8, 8, 3), 3.0)), 3)
    assert "names the class 'Half'" in message(path)


@pytest.mark.parametrize("name", ["system", "clean", "StringLookup", "doubled"])
def test_what_the_code_only_imports_is_not_for_the_file(tmp_path, code, name):
    """Nor is a function a class, which would be called with what the file says."""
    canary = tmp_path / "canary"
    canary.mkdir()
    path = archive(
        tmp_path / "m.keras", {"class_name": name, "config": {"path": str(canary)}, "module": None}
    )
    assert f"names the class '{name}'" in message(path, code=code)
    assert canary.is_dir()


def test_trust_opens_the_whole_file_but_not_its_limits(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Lambda(lambda x: x * 2)])
    model.save(tmp_path / "m.keras")
    assert_same(model, tmp_path / "m.keras", trust=True)
    vocabulary = {"class_name": "Hashing", "config": {"num_bins": 3}}
    assert "the class 'Hashing'" in message(archive(tmp_path / "h.keras", vocabulary))
    loaded(archive(tmp_path / "h.keras", vocabulary), trust=True)
    wide = {"class_name": "Dense", "config": {"units": 10**9}}
    assert "more than the 0 numbers" in message(archive(tmp_path / "w.keras", wide), trust=True)


def test_the_name_of_a_file_does_not_say_what_it_is(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    model.save(tmp_path / "m.keras")
    (tmp_path / "m.keras").rename(tmp_path / "m.h5")
    assert_same(model, tmp_path / "m.h5")


def test_archives_as_keras_2_13_and_2_14_wrote_them(tmp_path):
    """They name Keras' inner modules, and the group of the layers' weights otherwise."""
    layers = [tf_keras.Input((8, 8, 3)), tf_keras.layers.Conv2D(2, 3), tf_keras.layers.Flatten()]
    model = tf_keras.Sequential(layers)
    model.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"]) | {"module": "keras.src.engine.sequential"}
    weights = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(weights, "a") as file:
        file.move("layers", "_layer_checkpoint_dependencies")
    parts |= {"config.json": json.dumps(config).encode(), "model.weights.h5": weights.getvalue()}
    with zipfile.ZipFile(tmp_path / "old.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert_same(model, tmp_path / "old.keras")
