"""Model files of every kind, read into frozen graphs; and what is refused."""

import json
import shutil
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
import tensorflow as tf

from imported import describe, normal
from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders import keras_file, lucid_model
from lucid_sprites.models.loaders.load_model import load
from tiny_graphs import save, small

keras = pytest.importorskip("keras")


def message(path, **origin):
    with pytest.raises(UserError) as caught:
        load({"file": str(path), **origin})
    return str(caught.value)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Conv2D(4, 3, activation="relu", name="first"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Conv2D(5, 3, activation="swish", name="second"),
        ]
    )


def names(path):
    return [layer["name"] for layer in describe(path)["layers"]]


def test_a_keras_archive_and_an_hdf5_file_give_the_same_layers(model, tmp_path):
    for file in ("m.keras", "m.h5"):
        model.save(tmp_path / file)
    archive, hdf5 = names(tmp_path / "m.keras"), names(tmp_path / "m.h5")
    assert archive == hdf5
    # The fused activation and what it is made from can both be chosen.
    assert {"first/convolution", "first/BiasAdd", "first/Relu"} <= set(archive)
    form = normal(tmp_path / "m.keras")
    assert (form.picture.channels, form.picture.height, form.picture.high) == (3, 16, 1.0)


def test_a_keras_model_computes_what_it_did(model, tmp_path):
    model.save(tmp_path / "m.keras")
    pictures = np.random.default_rng(0).random((2, 16, 16, 3), np.float32)
    form = normal(tmp_path / "m.keras")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(form.graph, name="")
        graph = tf.compat.v1.get_default_graph()
        last = [op for op in graph.get_operations() if op.name.startswith("second/")][-1]
        found = session.run(last.outputs[0], {f"{form.picture.name}:0": pictures})
    np.testing.assert_allclose(found, model(pictures, training=False), rtol=1e-4, atol=1e-5)


def test_functions_in_a_file_are_not_run(tmp_path):
    marker = tmp_path / "ran"
    path = tmp_path / "m.keras"
    keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Lambda(lambda x: x * 2, name="twice")]
    ).save(path)
    text = message(path)
    assert "holds Python functions (twice)" in text and "trust: true" in text
    assert not marker.exists()


def test_functions_in_an_old_file_are_not_run(tmp_path):
    config = {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "Lambda", "config": {"name": "f"}}]},
    }
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
    assert "holds Python functions (f)" in message(tmp_path / "m.h5")


def test_custom_layers_come_from_the_users_file(tmp_path):
    code = tmp_path / "layers.py"
    code.write_text(
        "import keras\n"
        "class Half(keras.layers.Layer):\n"
        "    def call(self, x):\n"
        "        return keras.ops.relu(x) / 2\n"
    )
    half = keras_file._custom_objects(str(code))["Half"]
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), half(name="half")]).save(
        path
    )
    assert "code: layers.py" in message(path)
    found = load({"file": str(path), "code": str(code)})
    assert any(node.name.startswith("half/") for node in found.graph.node)


def test_weights_without_an_architecture_are_refused(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.h5")
    shutil.copy(tmp_path / "m.weights.h5", tmp_path / "m.h5")
    assert "holds weights only" in message(tmp_path / "m.h5")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("m.keras", b"nonsense", "neither a Keras archive nor an HDF5 file"),
        ("m.h5", b"\x89HDF\r\n\x1a\nnonsense", "cannot be read"),
        ("m.keras", b"PK\x03\x04nonsense", "damaged Keras file"),
    ],
)
def test_damaged_keras_files_are_refused(tmp_path, file, content, words):
    (tmp_path / file).write_bytes(content)
    text = message(tmp_path / file)
    assert words in text and str(tmp_path / file) in text


def test_a_zip_without_a_model_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("data.pkl", b"")
    assert "no Keras model" in message(tmp_path / "m.keras")


def test_a_saved_model_of_tensorflow_2(tmp_path):
    class Network(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(np.ones((3, 3, 3, 4), np.float32))

        @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
        def __call__(self, x):
            return tf.nn.relu(tf.nn.conv2d(x, self.kernel, 1, "SAME"), name="relu")

    network = Network()
    tf.saved_model.save(network, tmp_path / "with", signatures=network.__call__)
    tf.saved_model.save(network, tmp_path / "without")
    for folder in ("with", "without"):
        kinds = [layer["op"] for layer in describe(tmp_path / folder)["layers"]]
        assert kinds == ["Conv2D", "Relu"]


@pytest.mark.parametrize("signed", [True, False])
def test_a_saved_model_of_tensorflow_1(tmp_path, signed):
    v1 = tf.compat.v1
    with v1.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, None, None, 3], name="x")
        kernel = v1.get_variable("kernel", [3, 3, 3, 4])
        y = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME", name="conv"), name="relu")
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.builder.SavedModelBuilder(str(tmp_path / "m"))
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder.add_meta_graph_and_variables(
            session, ["serve"], {"serving_default": signature} if signed else {}
        )
        builder.save()
    assert names(tmp_path / "m") == ["conv", "relu"]


def test_a_saved_model_without_its_variables_is_refused(tmp_path, shared_data):
    folder = tmp_path / "m"
    folder.mkdir()
    shutil.copy(
        shared_data / "bad_inputs" / "savedmodel_without_variables.pb", folder / "saved_model.pb"
    )
    text = message(folder)
    assert str(folder) in text and "the folder variables" in text


def test_lucids_metadata_are_read(tmp_path):
    graph = small()
    about = {"input_name": "picture", "image_shape": [8, 8, 3], "image_value_range": [-117, 138]}
    node = graph.node.add(name="lucid_metadata_json", op="Const")
    node.attr["dtype"].type = tf.string.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(json.dumps(about)))
    picture = normal(save(graph, tmp_path / "a.pb")).picture
    assert (picture.low, picture.high, picture.known["range"]) == (-117, 138, "read")
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto("{}"))
    assert "is not what lucid writes" in message(save(graph, tmp_path / "b.pb"))


def lucid_program(program, *arguments):
    """Lucid changes what `import tensorflow` means: it has a process to itself."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={"PYTHONPATH": ":".join(sys.path), "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_lucids_zoo_is_known_and_says_when_there_is_no_network(tmp_path):
    program = (
        "import sys\n"
        "from lucid_sprites.errors import UserError\n"
        "from lucid_sprites.models.loaders import lucid_model\n"
        "print(lucid_model.zoo_facts('InceptionV1'))\n"
        "for name in ('InceptionV1', 'InceptionV11'):\n"
        "    try:\n"
        "        lucid_model._TIMEOUT_SECONDS = 5\n"
        "        lucid_model.download(name, sys.argv[1], '0' * 64)\n"
        "    except UserError as error:\n"
        "        print(error)\n"
    )
    lines = lucid_program(program, str(tmp_path / "m.pb")).stdout.splitlines()
    assert "range=(-117, 138)" in lines[0] and "name='input'" in lines[0]
    assert "InceptionV1 cannot be downloaded" in lines[1] or "SHA-256 is" in lines[1]
    assert "no 'InceptionV11'; nearest: InceptionV1" in lines[2]
    assert not (tmp_path / "m.pb").exists()


class Zoo:
    """A model of lucid's zoo, on this disk."""

    def __init__(self, folder):
        self.model_path = (folder / "graph.pb").as_uri()
        self.labels_path = (folder / "labels.txt").as_uri()
        (folder / "graph.pb").write_bytes(b"graph")


def test_lucids_labels_are_downloaded_with_the_graph(tmp_path, monkeypatch):
    monkeypatch.setattr(lucid_model, "_zoo_model", lambda _: Zoo(tmp_path))
    path = str(tmp_path / "m.pb")
    lucid_model.download("AlexNet", path, None)
    assert lucid_model.labels_beside(f"{path}.labels") == ()
    assert lucid_model.labels_beside(None) == ()
    (tmp_path / "labels.txt").write_text("dummy\ntench\n")
    lucid_model.download("AlexNet", path, None)
    assert (tmp_path / "m.pb").read_bytes() == b"graph"
    assert lucid_model.labels_beside(f"{path}.labels") == ("dummy", "tench")


def test_facts_of_a_plain_graph_are_none():
    assert lucid_model.facts_inside(small(), "a.pb") is None


def test_networks_of_keras_applications_take_bytes(tmp_path):
    origin = {"keras_application": "MobileNetV3Small", "weights": "none"}
    loaded = load(origin)
    assert (loaded.facts.range, loaded.facts.name) == ((0.0, 255.0), "picture")
    assert loaded.labels == ()
    assert any(node.name.startswith("conv/") for node in loaded.graph.node)
    with pytest.raises(UserError) as caught:
        load({"keras_application": "MobileNetV9", "weights": "none"})
    assert "keras.applications has no 'MobileNetV9'; nearest: MobileNetV" in str(caught.value)
    with pytest.raises(UserError) as caught:
        load({"keras_application": "MobileNetV3Small", "weights": str(tmp_path / "no.h5")})
    assert "weights" in str(caught.value) and "choose `imagenet`" in str(caught.value)
