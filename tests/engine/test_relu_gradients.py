"""Gradients of ReLUs on hand-made numbers, for each sprite of a batch by itself."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.engine import relu_gradients

NOTHING = [0, 0, 0, 0]
# (values before the ReLU, gradient from above, ordinary gradient, redirected gradient); what is
# above zero in the second would lower the value, as losses are lowered.
RELU = {
    "off everywhere": ([-1, -2, -3, -4], [5, -6, 7, -8], NOTHING, [0, -6, 0, -8]),
    "on at one place": ([-1, 2, -3, -4], [5, -6, 7, -8], [0, -6, 0, 0], [0, -6, 0, 0]),
    "only pushed off": ([-1, -2, -3, -4], [5, 6, 7, 8], NOTHING, NOTHING),
    "on, but not asked for": ([-1, 2, -3, -4], [5, 0, 7, -8], NOTHING, [0, 0, 0, -8]),
}
RELU6 = {
    "off everywhere": ([-1, -2, 7, 8], [5, -6, 7, -8], NOTHING, [0, -6, 7, 0]),
    "on at one place": ([-1, 5, 7, 8], [5, -6, 7, -8], [0, -6, 0, 0], [0, -6, 0, 0]),
    "saturated": ([7, 8, 9, 10], [-1, -2, -3, -4], NOTHING, NOTHING),
    "on, but not asked for": ([-1, 3, 7, 8], [5, 0, 7, -8], NOTHING, [0, 0, 7, 0]),
}
LAYERS = {"Relu": (tf.nn.relu, RELU), "Relu6": (tf.nn.relu6, RELU6)}


def computed(layer, values, upstream, redirected, redirectable=True):
    """Gradient of a loss whose gradient behind the ReLU is `upstream`."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        pictures = tf.constant(values, tf.float32)
        if redirectable:
            with relu_gradients.redirectable(graph):
                after = layer(pictures)
        else:
            after = layer(pictures)
        loss = tf.reduce_sum(after * tf.constant(upstream, tf.float32), axis=[1])
        if after.shape.rank == 4:
            loss = tf.reduce_sum(loss, axis=[1, 2])
        return session.run(relu_gradients.compute_gradient(loss, pictures, redirected))


@pytest.mark.parametrize("shape", [(4, 4), (4, 2, 2, 1)])
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("redirected", [False, True])
def test_gradient_of_each_sprite_is_the_hand_made_one(name, shape, redirected):
    """All cases in one batch: a blocked sprite is redirected beside sprites that are not."""
    layer, cases = LAYERS[name]
    values, upstream, ordinary, instead = [
        np.reshape(column, shape) for column in zip(*cases.values(), strict=True)
    ]
    given = computed(layer, values, upstream, redirected)
    np.testing.assert_array_equal(given, instead if redirected else ordinary)


def test_relus_made_elsewhere_are_ordinary():
    values, upstream, ordinary, _ = [[column] for column in RELU["off everywhere"]]
    given = computed(tf.nn.relu, values, upstream, redirected=True, redirectable=False)
    np.testing.assert_array_equal(given, ordinary)


def test_redirection_ends_with_the_call():
    """The two backward passes of a program are built one after the other over one forward pass."""
    values, upstream, ordinary, instead = [[column] for column in RELU["off everywhere"]]
    with tf.Graph().as_default() as graph, tf.Session() as session:
        pictures = tf.constant(values, tf.float32)
        with relu_gradients.redirectable(graph):
            after = tf.nn.relu(pictures)
        loss = tf.reduce_sum(after * tf.constant(upstream, tf.float32), axis=1)
        passes = [
            relu_gradients.compute_gradient(loss, pictures, True),
            relu_gradients.compute_gradient(loss, pictures, False),
            tf.gradients(loss, pictures)[0],
        ]
        redirected, late, plain = session.run(passes)
    np.testing.assert_array_equal(redirected, instead)
    np.testing.assert_array_equal(late, ordinary)
    np.testing.assert_array_equal(plain, ordinary)


def test_redirection_ends_with_a_failed_call():
    values, upstream, ordinary, _ = [[column] for column in RELU["off everywhere"]]
    with pytest.raises(RuntimeError, match="eager"):
        relu_gradients.compute_gradient(tf.constant(1.0), tf.constant(1.0), True)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        pictures = tf.constant(values, tf.float32)
        with relu_gradients.redirectable(graph):
            loss = tf.reduce_sum(tf.nn.relu(pictures) * tf.constant(upstream, tf.float32), axis=1)
        np.testing.assert_array_equal(session.run(tf.gradients(loss, pictures)[0]), ordinary)


def test_redirected_gradients_pass_through_a_stack_of_relus():
    """The deeper ReLU passes what its unit asks for, the shallow one opens where that helps."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        pictures = tf.constant([[-1.0, -2.0]])
        with relu_gradients.redirectable(graph):
            hidden = tf.nn.relu(pictures)
            unit = tf.nn.relu(tf.matmul(hidden, tf.constant([[2.0], [-3.0]])) - 1.0)
        given = session.run(relu_gradients.compute_gradient(-unit[:, 0], pictures, True))
    # -unit gives -1 to the deeper ReLU, so (-2, 3) to the shallow: the second pushes off.
    np.testing.assert_array_equal(given, [[-2, 0]])


def test_a_loss_without_pictures_has_no_gradient():
    with tf.Graph().as_default(), tf.Session() as session:
        pictures = tf.constant([[1.0, 2.0]])
        np.testing.assert_array_equal(
            session.run(relu_gradients.compute_gradient(tf.constant([3.0]), pictures, True)),
            [[0, 0]],
        )


def test_redirection_lasts_as_long_as_in_lucid():
    # lucid: ordinary when global_step > 16, and the first step is 0.
    assert sum(not step > 16 for step in range(100)) == relu_gradients.REDIRECTED_STEPS
