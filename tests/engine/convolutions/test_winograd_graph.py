"""Networks whose large convolutions have fewer products, beside the networks as they were."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

import tiny_graphs
from lucid_sprites.engine.batch_graph import BatchGraph
from lucid_sprites.engine.convolutions import winograd_graph
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.settings import DEFAULTS, Recipe

PICTURE = InputSpec("picture", None, None, 3, -1.0, 1.0, {})
CANVAS = (24, 24, 3)
FEWER = "IdentityN"


def network(channels=64, depth=128, taps=3, padding="SAME", **attributes) -> GraphDef:
    """picture -> first -> wide, a convolution of 42 million products at `CANVAS` -> unit."""
    random = np.random.RandomState(0)

    def kernel(*shape):
        return (random.normal(size=shape) / np.sqrt(np.prod(shape[:3]))).astype(np.float32)

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        first = tf.nn.relu(tf.nn.conv2d(picture, kernel(3, 3, 3, channels), 1, "SAME"))
        wide = kernel(taps, taps, attributes.pop("of_a_group", channels), depth)
        options = {"strides": 1, "padding": padding, **attributes}
        wide = tf.nn.relu(tf.nn.conv2d(first, wide, name="wide", **options))
        tf.nn.relu(tf.nn.conv2d(wide, kernel(1, 1, depth, 40), 1, "SAME"), name="unit")

    return tiny_graphs.frozen(build)


def with_fewer(graph, plain=(), canvas=CANVAS):
    return winograd_graph.with_fewer_products(graph, "picture", canvas, plain)


def op_of(graph):
    return next(node.op for node in graph.node if node.name == "wide")


def values_and_gradient(graph, size):
    pictures = np.random.RandomState(2).normal(size=(2, *size, 3)).astype(np.float32)
    with tf.Graph().as_default() as whole, tf.Session() as session:
        given = tf.placeholder(tf.float32, [2, None, None, 3])
        (unit,) = tf.import_graph_def(graph, {"picture": given}, ["unit:0"], name="")
        assert unit.shape.as_list() == [2, None, None, 40]
        (found,) = tf.gradients(tf.reduce_sum(tf.square(unit)), [given])
        kinds = [op.type for op in whole.get_operations()]
        return *session.run([unit, found], {given: pictures}), kinds.count("Conv2D")


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("size", [(24, 24), (21, 18), (26, 23)])
def test_values_and_gradients_stay(size, padding):
    graph = network(padding=padding)
    fewer = with_fewer(graph)
    assert (op_of(graph), op_of(fewer)) == ("Conv2D", FEWER)
    *expected, plain = values_and_gradient(graph, size)
    *seen, products = values_and_gradient(fewer, size)
    assert products == plain - 1 + 2 * 6
    for one, other in zip(seen, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5 * np.abs(other).max())


@pytest.mark.parametrize(
    "graph",
    [
        network(depth=32),
        network(taps=1),
        network(strides=2),
        network(dilations=2),
        network(padding=[(0, 0), (1, 1), (1, 1), (0, 0)]),
        network(channels=128, of_a_group=64),
    ],
    ids=["few channels", "one tap", "a stride", "holes", "margins by number", "groups"],
)
def test_other_convolutions_are_left_alone(graph):
    assert op_of(with_fewer(graph)) == "Conv2D"


def test_what_is_small_for_the_canvas_or_asked_for_plain_is_left_alone():
    graph = network()
    assert op_of(with_fewer(graph, canvas=(12, 12, 3))) == "Conv2D"
    assert op_of(with_fewer(graph, plain=["wide"])) == "Conv2D"


def test_a_canvas_that_does_not_fit_is_for_others_to_tell():
    graph = network()
    assert op_of(with_fewer(graph, canvas=(24, 24, 1))) == "Conv2D"


def test_kernels_share_a_limit(monkeypatch):
    monkeypatch.setattr(winograd_graph, "LARGE_KERNEL_BYTES", 9 * 64 * 128 * 4 - 1)
    graph = network()
    assert op_of(with_fewer(graph)) == "Conv2D"


def recipe(**settings):
    keys = ("learning_rate", "parametrization", "decorrelate", "loss_crisis", "seed", "transforms")
    plain = {"scale": 24, "attempt": 0}
    return Recipe(**{**{key: DEFAULTS[key] for key in keys}, **plain, **settings})


def convolutions_of_a_step(objective, **settings):
    """Of the network in a program's graph."""
    graph = prepare(network(), "picture", objective["layer"])
    with BatchGraph(graph, PICTURE, [objective], recipe(**settings), 8) as program:
        ops = program._graph.get_operations()
        return [op.name for op in ops if op.type == FEWER and op.name.startswith("network/")]


def test_a_layer_of_which_only_some_channels_are_computed_stays_plain():
    wide = {"objective": "channel", "layer": "Relu_1", "n_channel": 0}
    assert convolutions_of_a_step(wide) == []
    assert convolutions_of_a_step({**wide, "layer": "unit"}) == ["network/wide"]
    assert convolutions_of_a_step({"objective": "deepdream", "layer": "Relu_1"}) == ["network/wide"]


def test_coarse_numbers_have_plain_products():
    assert winograd_graph.suit("float32") and not winograd_graph.suit("bfloat16")


def run(indexes, batch, thresholds=(2, 20)):
    graph = prepare(network(), "picture", "unit")
    tasks = [Task(index, recipe(seed=3), thresholds) for index in indexes]
    outcomes = list(optimize(graph, PICTURE, "unit", tasks, batch, lambda _: None))
    assert {outcome.status for outcome in outcomes} == {statuses.OK}
    return {outcome.task.index: outcome for outcome in outcomes}


def test_a_sprite_has_the_same_bytes_with_any_mates_in_any_batch():
    alone = run([5], 8)[5]
    for indexes, batch in [([9, 2, 5, 31, 7], 8), ([*range(1, 13), 5], 16), ([5, *range(20)], 32)]:
        among = run(dict.fromkeys(indexes), batch)[5]
        for threshold, picture in alone.pictures.items():
            assert picture.tobytes() == among.pictures[threshold].tobytes()
            assert alone.losses[threshold] == among.losses[threshold]


def test_sprites_excite_their_channels_as_with_all_products(monkeypatch):
    reached = []
    for suits in (True, False):
        monkeypatch.setattr(winograd_graph, "suit", lambda _, suits=suits: suits)
        found = run(range(16), 16, thresholds=(1, 64))
        reached.append(np.array([[found[i].losses[t] for t in (1, 64)] for i in range(16)]))
    fewer, plain = reached
    assert (fewer != plain).any()
    np.testing.assert_allclose(fewer[:, 0], plain[:, 0], rtol=1e-3)
    # After many steps rounding has led them apart, to equally good pictures.
    assert fewer[:, 1].mean() == pytest.approx(plain[:, 1].mean(), rel=0.02)
    assert abs(plain[:, 1].mean()) > 2 * abs(plain[:, 0].mean())
