"""Networks are what their names say, train, freeze, and give sprites."""

import keras
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.models.loaders.freeze_keras import freeze
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.settings import DEFAULTS, Recipe
from lucid_sprites.training import architectures, googlenet
from lucid_sprites.training.dataset import open_dataset
from lucid_sprites.training.initial_network import make_network
from training.specs import training_spec

LAYERS = {
    "googlenet": ("Mixed_4c_Branch_3_b_1x1_act/Relu", 32),
    "inceptionv3": ("activation_20/Relu", 75),
    "vgg16": ("block3_conv2/Relu", 32),
}


def render(graph, layer, edge):
    """One sprite after 4 steps."""
    keys = ("learning_rate", "parametrization", "decorrelate", "loss_crisis", "seed")
    settings = {key: DEFAULTS[key] for key in keys}
    recipe = Recipe(**settings, scale=edge, transforms=[{"jitter": 2}], attempt=0)
    picture = InputSpec("input", None, None, 3, -1.0, 1.0, {})
    task = Task(3, recipe, (4,))
    network = prepare(graph, "input", layer)
    (outcome,) = optimize(network, picture, layer, [task], 8, lambda _: None)
    return outcome


@pytest.mark.parametrize(
    "topology", ["googlenet", pytest.param("inceptionv3", marks=pytest.mark.stress), "vgg16"]
)
def test_large_networks_train_two_steps_freeze_and_give_a_sprite(topology):
    layer, edge = LAYERS[topology]
    spec = training_spec(topology=topology, input_size=edge, batch_size=2, steps_per_epoch=1)
    dataset = open_dataset(spec, None)
    keras.utils.set_random_seed(0)
    network = make_network(spec, dataset)
    before = network.trainable_variables[0].numpy()
    results = [network.train_on_batch(*dataset.batch(step)) for step in range(2)]
    assert np.isfinite(results).all()
    assert not np.array_equal(before, network.trainable_variables[0].numpy())
    outcome = render(freeze(network), layer, edge)
    assert outcome.status == statuses.OK
    assert outcome.pictures[4].std() > 0.01


def test_googlenet_has_the_layers_of_the_literature():
    network = architectures.build("googlenet", 5, multi_label=False)
    shapes = {layer.name: layer.output.shape[-1] for layer in network.layers}
    assert shapes["Conv2d_1a_7x7_act"] == 64
    assert shapes["Mixed_3b_Concatenated"] == 256
    assert shapes["Mixed_4c_Branch_3_b_1x1_act"] == 64
    assert shapes["Mixed_4e_Branch_1_b_3x3_act"] == 288
    assert shapes["Mixed_5c_Concatenated"] == 1024
    # 57 convolutions and a head; the published count of this form without its classifier.
    assert len([name for name in shapes if name.endswith("_conv")]) == 57
    convolutions = network.count_params() - 1024 * 5 - 5
    assert convolutions == 5_607_184


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("Conv2d_2c_3x3", "InceptionV1/Conv2d_2c_3x3"),
        ("Mixed_4c_Branch_3_b_1x1", "InceptionV1/Mixed_4c/Branch_3/Conv2d_0b_1x1"),
        ("Mixed_5b_Branch_2_b_3x3", "InceptionV1/Mixed_5b/Branch_2/Conv2d_0a_3x3"),
        ("Mixed_5c_Branch_2_b_3x3", "InceptionV1/Mixed_5c/Branch_2/Conv2d_0b_3x3"),
    ],
)
def test_places_in_slims_checkpoint(name, scope):
    assert googlenet.slim_scope(name) == scope


def test_vgg16_takes_off_the_mean_of_imagenet_in_blue_green_red():
    network = architectures.build("vgg16", 2, multi_label=False)
    black = np.full((1, 32, 32, 3), -1, np.float32)
    white_red = black.copy()
    white_red[..., 0] = 1
    graph = freeze(network)
    (first,) = (n for n in graph.node if n.name == "block1_conv1/convolution")
    with tf.Graph().as_default():
        tf.import_graph_def(graph, name="")
        with tf.Session() as session:
            seen = session.run(f"{first.input[0]}:0", {"input:0": white_red})
    np.testing.assert_allclose(seen[0, 0, 0], [-103.939, -116.779, 255 - 123.68], atol=1e-3)


@pytest.mark.parametrize(("multi_label", "output"), [(False, "softmax"), (True, "sigmoid")])
def test_the_head_depends_on_the_labels(multi_label, output):
    network = architectures.build("small", 4, multi_label)
    assert network.layers[-1].name == output
    values = np.asarray(network(np.zeros((2, 16, 16, 3), np.float32)))
    assert values.shape == (2, 4)
    if not multi_label:
        np.testing.assert_allclose(values.sum(-1), 1, atol=1e-6)
