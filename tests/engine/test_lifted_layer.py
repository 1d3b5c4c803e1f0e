"""Units that are off everywhere, and what makes them fire."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from engine.known_weights import PLAIN, by_index, pointwise, recipe, run
from lucid_sprites.engine.lifted_layer import lifted
from lucid_sprites.engine.task import Task
from lucid_sprites.models.graph.pre_activation import pre_activation
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe import statuses

# How much of a firing unit's gradient is that of what comes before its nonlinearity.
SHARE = 0.3


def evaluated(before):
    """A lifted ReLU and the gradient of its sum, on [batch, ..., depth] values before it."""
    with tf.Graph().as_default(), tf.Session() as session:
        values = tf.constant(before, tf.float32)
        layer = lifted(tf.nn.relu(values), values)
        return session.run([layer, tf.gradients(layer, values)[0]])


def test_a_unit_that_is_off_everywhere_has_the_highest_value_before_the_relu():
    """Unit 0 is off in both pictures, unit 1 in the second only."""
    before = np.array([[[-3, 2.0], [-1, -4], [-2, 5]], [[-5, -1], [-6, -2], [-4, -3]]])
    layer, gradient = evaluated(before)
    np.testing.assert_array_equal(layer[0, :, 0], [-1, -1, -1])
    np.testing.assert_array_equal(layer[0, :, 1], [2, 0, 5])
    np.testing.assert_array_equal(layer[1], [[-4, -1]] * 3)
    np.testing.assert_array_equal(gradient[0, :, 0], [0, 3, 0])
    np.testing.assert_allclose(gradient[0, :, 1], [1 + SHARE, SHARE, 1 + SHARE])
    np.testing.assert_array_equal(gradient[1], [[0, 3], [0, 0], [3, 0]])


def test_layers_without_positions_are_lifted_too():
    layer, gradient = evaluated([[-2.0, 3.0]])
    np.testing.assert_array_equal(layer, [[-2, 3]])
    np.testing.assert_allclose(gradient, [[1, 1 + SHARE]])


def hard_swish(values, name):
    return tf.multiply(values, tf.nn.relu6(values + 3.0) / 6.0, name=name)


@pytest.mark.parametrize(
    ("after", "before"),
    [
        (tf.nn.relu, "BiasAdd"),
        (tf.nn.sigmoid, "BiasAdd"),
        (lambda x, name: tf.nn.softmax(x, name=name), "BiasAdd"),
        (hard_swish, "BiasAdd"),
        (lambda x, name: tf.maximum(x, 0.2 * x, name=name), "BiasAdd"),
        (lambda x, name: tf.multiply(x, tf.nn.sigmoid(x), name=name), "BiasAdd"),
        (tf.identity, None),
        (lambda x, name: tf.nn.relu(2.0 * x + 1.0, name=name), "add"),
    ],
)
def test_what_comes_before_a_nonlinearity_is_found(after, before):
    assert pre_activation(pointwise(np.eye(3), after=after), "picture", "unit") == before


def test_a_nonlinearity_of_the_picture_itself_cannot_be_lifted():
    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        tf.nn.relu(picture, name="unit")

    assert pre_activation(tiny_graphs.frozen(build), "picture", "unit") is None


# Red is in 0..1 and starts at 0.5.
@pytest.mark.parametrize(
    ("after", "kernel", "bias", "fires"),
    [
        # 17 redirected steps take red to 0.7 at most; it has to be above 0.9, or below 0.1.
        (tf.nn.relu, 1.0, -0.9, True),
        (tf.nn.relu, -1.0, 0.1, True),
        # The gate is 0 below -3, and the unit falls before it rises.
        (hard_swish, 20.0, -16.0, True),
        # Above 1 is nothing.
        (tf.nn.relu, 1.0, -1.5, False),
        (hard_swish, 1.0, -4.5, False),
    ],
)
def test_units_fire_if_a_picture_can_make_them(after, kernel, bias, fires):
    graph = pointwise([[kernel, 1.0], [0, 0], [0, 0]], bias=[bias, 0], after=after)
    setting = recipe(scale=8, learning_rate=0.2, lifted=True, **PLAIN)
    outcomes = by_index(run(graph, [Task(index, setting, (4, 96)) for index in range(2)]))
    found = outcomes[0]
    assert (found.status, list(found.pictures)) == (statuses.OK, [4, 96])
    assert found.silent == ({4} if fires else {4, 96})
    assert (found.losses[96] > 0) == fires
    if not fires:  # its highest value before the nonlinearity, which is nearly reached
        assert kernel + bias - 0.05 < found.losses[96] < kernel + bias
    assert (outcomes[1].status, outcomes[1].silent) == (statuses.OK, set())


def test_a_unit_that_fires_is_what_it_is_without_lifting():
    """The value of the objective is the unit's, not that of what it is raised by."""
    graph = pointwise(np.eye(3), bias=-0.2, after=tf.nn.relu)
    plain, raised = (
        run(graph, [Task(0, recipe(scale=8, lifted=lifted, **PLAIN), (1,))])[0].loss
        for lifted in (False, True)
    )
    assert raised == pytest.approx(plain, abs=1e-6)


def test_a_layer_without_a_nonlinearity_is_left_as_it_is():
    graph = pointwise(np.eye(3), bias=-2.0)
    outcomes = [
        run(graph, [Task(0, recipe(scale=8, lifted=lifted, **PLAIN), (20,))])[0]
        for lifted in (False, True)
    ]
    assert [outcome.losses[20] < 0 for outcome in outcomes] == [True, True]
    assert [outcome.silent for outcome in outcomes] == [set(), set()]
    np.testing.assert_array_equal(*(outcome.pictures[20] for outcome in outcomes))


def test_what_is_lifted_does_not_depend_on_its_mates():
    graph = pointwise([[1.0, -1.0], [0, 0], [0, 0]], bias=[-0.9, 0.1], after=tf.nn.relu)
    setting = recipe(scale=8, lifted=True, **PLAIN)
    together = by_index(run(graph, [Task(index, setting, (30,)) for index in range(2)]))
    for index in range(2):
        (alone,) = run(graph, [Task(index, setting, (30,))])
        np.testing.assert_array_equal(alone.pictures[30], together[index].pictures[30])


def test_a_graph_made_for_one_picture_is_lifted_too():
    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        reds = tf.reshape(tf.reduce_mean(picture, [1, 2]), [1, 3]) @ np.float32([[1], [0], [0]])
        tf.nn.relu(tf.nn.bias_add(reds, [-0.9]), name="unit")

    graph = prepare(tiny_graphs.frozen(build), "picture", "unit")
    setting = recipe(scale=8, learning_rate=0.2, lifted=True, **PLAIN)
    (outcome,) = run(graph, [Task(0, setting, (96,))])
    assert outcome.losses[96] > 0
