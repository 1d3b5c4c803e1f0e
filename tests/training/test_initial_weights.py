"""Weights from files, and the messages where there are none."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tiny_graphs
from lucid_sprites.errors import UserError
from lucid_sprites.models.loaders.freeze_keras import freeze
from lucid_sprites.training import architectures, initial_weights
from lucid_sprites.training.dataset import open_dataset
from lucid_sprites.training.googlenet import slim_scope
from lucid_sprites.training.initial_network import make_network
from training.specs import training_spec


def small(seed, classes=3):
    keras.utils.set_random_seed(seed)
    return architectures.build("small", classes, multi_label=False)


def equal(one, other, layers):
    for name in layers:
        values = [network.get_layer(name).get_weights() for network in (one, other)]
        np.testing.assert_equal(*values)


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
@pytest.mark.filterwarnings("ignore")
def test_a_file_fills_the_network_bit_by_bit(tmp_path, ending):
    given, network = small(1), small(2)
    path = str(tmp_path / f"given{ending}")
    given.save_weights(path) if ending == ".weights.h5" else given.save(path)
    filled = initial_weights.load(network, path)
    assert filled == ["conv1", "conv2", "conv3", "conv4", "conv5", "logits"]
    equal(given, network, filled)


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
@pytest.mark.filterwarnings("ignore")
def test_a_head_of_other_classes_keeps_its_random_weights(tmp_path, ending):
    given, network, random = small(1, classes=7), small(2), small(2)
    path = str(tmp_path / f"given{ending}")
    given.save_weights(path) if ending == ".weights.h5" else given.save(path)
    assert "logits" not in initial_weights.load(network, path)
    equal(given, network, ["conv1", "conv5"])
    equal(random, network, ["logits"])


@pytest.mark.parametrize("topology", ["small", "googlenet", "mobilenet"])
def test_a_frozen_graph_fills_the_network_bit_by_bit(tmp_path, topology):
    given, network = (scattered(topology, seed) for seed in (1, 2))
    path = tiny_graphs.save(freeze(given), tmp_path / "given.pb")
    filled = initial_weights.load(network, str(path))
    assert initial_weights.left_out(network, filled) == []
    equal(given, network, [layer.name for layer in network.layers])


def scattered(topology, seed):
    """A network with random batch norms, too."""
    keras.utils.set_random_seed(seed)
    network = architectures.build(topology, 3, multi_label=False)
    random = np.random.RandomState(seed)
    network.set_weights([random.uniform(0.5, 1, w.shape) for w in network.get_weights()])
    return network


def test_a_frozen_graph_with_fused_norms_and_slims_names_fills_googlenet(tmp_path):
    def build():
        picture = tf.compat.v1.placeholder(tf.float32, [None, 32, 32, 3], name="input")
        with tf.compat.v1.name_scope("InceptionV1/InceptionV1/Conv2d_1a_7x7"):
            x = tf.nn.conv2d(picture, np.full((7, 7, 3, 64), 0.25, np.float32), 2, "SAME")
            statistics = [np.full(64, value, np.float32) for value in (1, 2, 3, 4)]
            with tf.compat.v1.name_scope("BatchNorm"):
                tf.compat.v1.nn.fused_batch_norm(x, *statistics, is_training=False)

    path = tiny_graphs.save(tiny_graphs.frozen(build), tmp_path / "slim.pb")
    network = architectures.build("googlenet", 3, multi_label=False)
    assert initial_weights.load(network, str(path)) == ["Conv2d_1a_7x7_conv", "Conv2d_1a_7x7_bn"]
    (kernel,) = network.get_layer("Conv2d_1a_7x7_conv").get_weights()
    assert (kernel == 0.25).all()
    norm = network.get_layer("Conv2d_1a_7x7_bn").get_weights()
    assert [values.mean() for values in norm] == [2, 3, 4]


def test_what_a_frozen_graph_does_not_fill_is_said(tmp_path, capsys):
    path = tiny_graphs.save(freeze(small(1, classes=7)), tmp_path / "given.pb")
    network = make_network(training_spec(weights=str(path)), open_dataset(training_spec(), None))
    equal(small(1, classes=7), network, ["conv1", "conv5"])
    assert f"{path}: no weights of these names and shapes: logits" in capsys.readouterr().err


def test_a_frozen_graph_without_a_layer_of_the_network_is_refused(tmp_path):
    path = tiny_graphs.save(tiny_graphs.small(), tmp_path / "other.pb")
    with pytest.raises(UserError, match=r"other\.pb: none of its weights fits .* small"):
        initial_weights.load(small(0), str(path))


@pytest.mark.filterwarnings("ignore")
def test_a_file_of_another_network_is_refused(tmp_path):
    picture = keras.Input((8, 8, 1))
    other = keras.Model(picture, keras.layers.Conv2D(2, 3, name="elsewhere")(picture))
    other.save(tmp_path / "other.keras")
    with pytest.raises(UserError, match=r"other\.keras: none of its weights fits .* small"):
        initial_weights.load(small(0), str(tmp_path / "other.keras"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad.h5", "weights cannot be read"),
        ("bad.keras", "neither a Keras archive"),
        ("bad.txt", r"weights are read from \.weights\.h5"),
    ],
)
def test_files_that_hold_no_weights(tmp_path, name, message):
    (tmp_path / name).write_text("no weights")
    with pytest.raises(UserError, match=message):
        initial_weights.load(small(0), str(tmp_path / name))


def test_a_missing_file():
    with pytest.raises(UserError, match=r"nowhere\.h5: no such file"):
        initial_weights.load(small(0), "nowhere.h5")


def test_the_small_network_has_no_imagenet_weights():
    with pytest.raises(UserError, match="small has no ImageNet weights"):
        initial_weights.load(small(0), "imagenet")


@pytest.mark.parametrize("topology", ["mobilenet", "googlenet"])
def test_imagenet_without_a_network_says_what_to_do(topology, monkeypatch):
    def unreachable(*_, **__):
        raise Exception("URL fetch failure on https://somewhere: no route to host")

    monkeypatch.setattr("keras.utils.get_file", unreachable)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", unreachable)
    network = architectures.build(topology, 2, multi_label=False)
    with pytest.raises(UserError, match=r"imagenet of \w+ cannot be downloaded .*copy that folder"):
        initial_weights.load(network, "imagenet")


def test_imagenet_weights_fill_all_layers_but_the_head(monkeypatch):
    """The application's own weights, here random ones, arrive in the network."""
    keras.utils.set_random_seed(5)
    source = keras.applications.MobileNet(include_top=False, weights=None)
    network = architectures.build("mobilenet", 2, multi_label=False)
    topology = architectures.Architecture(
        architectures.ARCHITECTURES["mobilenet"].features, lambda **_: source
    )
    monkeypatch.setitem(architectures.ARCHITECTURES, "mobilenet", topology)
    filled = initial_weights.load(network, "imagenet")
    assert {layer.name for layer in network.layers if layer.weights} - set(filled) == {"logits"}
    equal(source, network, filled)


def test_slims_checkpoint_fills_googlenet(tmp_path):
    network = architectures.build("googlenet", 2, multi_label=False)
    random = np.random.default_rng(0)
    names = [layer.name for layer in network.layers if layer.name.endswith("_conv")]
    values = {}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for name in names:
            scope = slim_scope(name.removesuffix("_conv"))
            kernel = network.get_layer(name).kernel.shape
            values[f"{scope}/weights"] = random.normal(size=kernel).astype(np.float32)
            for part in ("beta", "moving_mean", "moving_variance"):
                values[f"{scope}/BatchNorm/{part}"] = random.random(kernel[-1], np.float32)
        for name, value in values.items():
            tf.compat.v1.get_variable(name, initializer=value)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(tmp_path / "inception_v1.ckpt"))
    assert initial_weights.load(network, str(tmp_path / "inception_v1.ckpt")) == names
    scope = "InceptionV1/Mixed_4c/Branch_3/Conv2d_0b_1x1"
    (kernel,) = network.get_layer("Mixed_4c_Branch_3_b_1x1_conv").get_weights()
    np.testing.assert_array_equal(kernel, values[f"{scope}/weights"])
    beta, mean, variance = network.get_layer("Mixed_4c_Branch_3_b_1x1_bn").get_weights()
    np.testing.assert_array_equal(beta, values[f"{scope}/BatchNorm/beta"])
    np.testing.assert_array_equal(mean, values[f"{scope}/BatchNorm/moving_mean"])
    np.testing.assert_array_equal(variance, values[f"{scope}/BatchNorm/moving_variance"])


def test_a_checkpoint_of_something_else():
    network = architectures.build("googlenet", 2, multi_label=False)
    with pytest.raises(UserError, match="not a slim checkpoint"):
        initial_weights.load(network, "nowhere.ckpt")
