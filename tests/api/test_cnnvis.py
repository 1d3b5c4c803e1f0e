"""The functions that users of tf_cnnvis know."""

import json

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import tiny_graphs
from images.numpy_network import RECTIFIERS, Network
from lucid_sprites.api import cnnvis
from lucid_sprites.errors import UserError
from lucid_sprites.images.grid import convert_into_grid

NETWORK = Network()
PICTURES = np.random.RandomState(3).uniform(-1, 1, (2, 8, 10, 3)).astype(np.float32)


@pytest.fixture
def places(tmp_path):
    return {"path_logdir": str(tmp_path / "Log"), "path_outdir": str(tmp_path / "Output")}


def written(places):
    folder = cnnvis.Path(places["path_outdir"])
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))


def levels(places, name):
    return np.asarray(Image.open(f"{places['path_outdir']}/{name}"))


def test_activations_of_all_rectifiers_from_a_file(tmp_path, places):
    path = tiny_graphs.save(NETWORK.graph(), tmp_path / "net.pb")
    fed = {"picture:0": PICTURES}
    assert cnnvis.activation_visualization(str(path), fed, layers="r", **places) is True
    assert written(places) == [
        f"{layer}/activations_{n}.png" for layer in ("relu1", "relu2") for n in (0, 1)
    ]
    features = NETWORK.forward(PICTURES[1])
    enlarged = features.repeat(12, axis=0).repeat(12, axis=1)
    expected = convert_into_grid(enlarged.transpose(2, 0, 1)[..., None], columns=2)[..., 0]
    np.testing.assert_allclose(levels(places, "relu2/activations_1.png"), expected, atol=0.51)
    events = EventAccumulator(places["path_logdir"]).Reload()
    tags = {f"activations_{n}/{layer}" for layer in ("relu1", "relu2") for n in (0, 1)}
    assert set(events.Tags()["images"]) == tags


@pytest.mark.parametrize("method", RECTIFIERS)
def test_reconstructions_from_a_graph_object(places, method):
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(NETWORK.graph(), name="")
    fed = {graph.get_tensor_by_name("picture:0"): PICTURES[:1]}
    own = {} if method == "deconvolution" else {"method": method}
    assert cnnvis.deconv_visualization(graph, fed, layers=["relu2"], maps=3, **own, **places)
    assert written(places) == [f"relu2/{method}_0.png"]
    with Image.open(f"{places['path_outdir']}/relu2/{method}_0.png") as image:
        record = json.loads(image.text["lucid-sprites"])
    features = NETWORK.forward(PICTURES[0])
    assert record["cells"] == list(np.argsort(-features.max(axis=(0, 1)))[:3])


def test_a_session_with_variables_and_a_switch(places):
    """What training code has at hand: variables, and a placeholder beside the pictures'."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        pictures = tf.placeholder(tf.float32, [None, 8, 10, 3], name="pictures")
        keep = tf.placeholder(tf.float32, [], name="keep")
        kernel = tf.Variable(NETWORK.first, use_resource=False)
        tf.nn.relu(tf.nn.conv2d(pictures, kernel, 1, "SAME") * keep, name="out")
        session.run(tf.global_variables_initializer())
        fed = {pictures: PICTURES, keep: 0.5}
        assert cnnvis.activation_visualization(session, fed, layers="out", **places)
        assert graph.get_operations()
    assert written(places) == ["out/activations_0.png", "out/activations_1.png"]


def test_dreams(places):
    fed = {"picture": PICTURES}
    assert cnnvis.deepdream_visualization(
        NETWORK.graph(), fed, "conv2", [1, 4], value_range=(-1, 1), iterations=2, **places
    )
    assert written(places) == ["conv2/deepdream_1.png", "conv2/deepdream_4.png"]
    assert levels(places, "conv2/deepdream_4.png").shape == (16, 20, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": "relu9"}, "no layer 'relu9'.*relu"),
        ({"value_feed_dict": {"pictrue": PICTURES}}, "no node 'pictrue'.*picture"),
        ({"value_feed_dict": {"picture": PICTURES[0]}}, "which tensor are the pictures"),
        ({"method": "magic"}, "no method 'magic'.*guided_backpropagation"),
        ({"colour": 1}, "no setting 'colour'.*padding"),
        ({"graph_or_path": "nowhere.pb"}, "nowhere.pb: cannot be read"),
    ],
)
def test_what_does_not_fit_is_said(places, change, message):
    given = {"graph_or_path": NETWORK.graph(), "value_feed_dict": {"picture": PICTURES}}
    with pytest.raises(UserError, match=message):
        cnnvis.deconv_visualization(**{**given, **places, **change})


def network_with_variables(pictures):
    kernel = tf.get_variable("kernel", initializer=NETWORK.first, use_resource=False)
    return tf.nn.relu(tf.nn.conv2d(pictures, kernel, 1, "SAME"), name="out")


def expected(kernel=NETWORK.first):
    """The activations of `out`, as the workflow's own grid shows them."""
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.nn.relu(tf.nn.conv2d(PICTURES, kernel, 1, "SAME")))


@pytest.fixture
def seen(monkeypatch):
    """The activations that are drawn."""
    drawn = []
    grid = cnnvis.panels.activation_grid
    monkeypatch.setattr(
        cnnvis.panels, "activation_grid", lambda maps, own: drawn.append(maps) or grid(maps, own)
    )
    return drawn


def test_a_graph_with_variables_and_no_session_has_their_initial_values(places, seen):
    """As tf_cnnvis's first notebook: the default graph, weights of a file as initial values."""
    with tf.Graph().as_default() as graph:
        pictures = tf.placeholder(tf.float32, [None, 8, 10, 3])
        network_with_variables(pictures)
        operations = len(graph.get_operations())
        with pytest.warns(UserWarning, match="pass the session in the place of the graph"):
            assert cnnvis.activation_visualization(graph, {pictures: PICTURES}, **places)
        assert len(graph.get_operations()) == operations
    np.testing.assert_allclose(seen, expected(), rtol=1e-5, atol=1e-6)


def test_a_graph_in_the_session_that_is_active_has_its_values(places, seen):
    with tf.Graph().as_default() as graph, tf.Session() as session:
        pictures = tf.placeholder(tf.float32, [None, 8, 10, 3])
        network_with_variables(pictures)
        (kernel,) = tf.global_variables()
        kernel.load(-NETWORK.first, session)
        assert cnnvis.activation_visualization(graph, {pictures: PICTURES}, **places)
    np.testing.assert_allclose(seen, expected(-NETWORK.first), rtol=1e-5, atol=1e-6)


def test_a_flat_placeholder_and_the_picture_that_the_graph_makes_of_it(places, seen):
    """As tf_cnnvis's second notebook."""
    with tf.Graph().as_default(), tf.Session() as session:
        flat = tf.placeholder(tf.float32, [None, 240])
        reshaped = tf.reshape(flat, [-1, 8, 10, 3])
        network_with_variables(reshaped)
        session.run(tf.global_variables_initializer())
        fed = {flat: PICTURES.reshape(2, -1)}
        assert cnnvis.activation_visualization(session, fed, input_tensor=reshaped, **places)
        np.testing.assert_allclose(seen, expected(), rtol=1e-5, atol=1e-6)
        assert cnnvis.deconv_visualization(session, fed, input_tensor=reshaped, **places)
        with pytest.raises(UserError, match="or the one that the graph makes of them"):
            cnnvis.activation_visualization(session, fed, **places)


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_checkpoint_is_named_by_its_meta_file(tmp_path, places, seen, use_resource):
    with tf.Graph().as_default(), tf.Session() as session:
        pictures = tf.placeholder(tf.float32, [None, 8, 10, 3], name="pictures")
        kernel = tf.get_variable("kernel", initializer=NETWORK.first, use_resource=use_resource)
        tf.nn.relu(tf.nn.conv2d(pictures, kernel, 1, "SAME"), name="out")
        kernel.load(-NETWORK.first, session)
        tf.train.Saver().save(session, str(tmp_path / "model.ckpt"))
    path = str(tmp_path / "model.ckpt.meta")
    assert cnnvis.activation_visualization(path, {"pictures": PICTURES}, **places)
    np.testing.assert_allclose(seen, expected(-NETWORK.first), rtol=1e-5, atol=1e-6)
    (tmp_path / "model.ckpt.index").unlink()
    with pytest.raises(UserError, match=r"model\.ckpt\.meta: not a graph with its checkpoint"):
        cnnvis.activation_visualization(path, {"pictures": PICTURES}, **places)


def test_dreams_of_a_list_of_layers(places):
    own = {"iterations": 1, "octaves": 1, "size": 16}
    fed = {"picture": PICTURES[:1]}
    layers = ["relu1", "relu2"]
    assert cnnvis.deepdream_visualization(NETWORK.graph(), fed, layers, [0], **own, **places)
    assert written(places) == ["relu1/deepdream_0.png", "relu2/deepdream_0.png"]
