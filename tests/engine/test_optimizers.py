"""Optimizers against twins in plain numpy."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lucid_sprites.engine.optimizers import BETA1, BETA2, OPTIMIZERS, Powers

RATE, SHAPE, STEPS = 0.1, (8, 3, 2), 5
RANDOM = np.random.RandomState(0)
START = RANDOM.normal(size=SHAPE).astype(np.float32)
# From tiny to large, as gradients of deep and of shallow layers are.
GRADIENTS = RANDOM.normal(size=(STEPS, *SHAPE)).astype(np.float32) * np.logspace(-12, 0, 8)[
    None, :, None, None
].astype(np.float32)


def sgd(values, gradients):
    for gradient in gradients:
        values = values - RATE * gradient
    return values


def rmsprop(values, gradients):
    mean_square = 0.0
    for gradient in gradients:
        mean_square = 0.9 * mean_square + 0.1 * gradient**2
        values = values - RATE * gradient / (np.sqrt(mean_square) + 1e-8)
    return values


def normalized(values, gradients):
    for gradient in gradients:
        size = np.sqrt((gradient**2).mean(axis=(1, 2), keepdims=True))
        values = values - RATE * gradient / size
    return values


def adam(values, gradients):
    first, second = 0.0, 0.0
    for step, gradient in enumerate(gradients, 1):
        first = BETA1 * first + (1 - BETA1) * gradient
        second = BETA2 * second + (1 - BETA2) * gradient**2
        rate = RATE * np.sqrt(1 - BETA2**step) / (1 - BETA1**step)
        values = values - rate * first / (np.sqrt(second) + 1e-8)
    return values


TWINS = {"adam": adam, "sgd": sgd, "rmsprop": rmsprop, "normalized": normalized}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_does_what_its_twin_does(name):
    with tf.Graph().as_default(), tf.Session() as session:
        variables = [
            tf.Variable(value, use_resource=True) for value in (START, 0 * START, 0 * START)
        ]
        gradient, *powers = (
            tf.placeholder(tf.float32, SHAPE),
            *(tf.placeholder(tf.float32, []) for _ in range(2)),
        )
        update = OPTIMIZERS[name](variables, gradient, RATE, Powers(*powers))
        session.run(tf.global_variables_initializer())
        for step, value in enumerate(GRADIENTS, 1):
            feed = [(gradient, value), (powers[0], BETA1**step), (powers[1], BETA2**step)]
            session.run(update, dict(feed))
        found, momentum = session.run([variables[0].value(), variables[1].value()])
    expected = TWINS[name](START.astype(float), GRADIENTS.astype(float))
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert momentum.any(axis=(1, 2)).all()  # every sprite has had a gradient


def test_every_optimizer_has_a_twin():
    assert TWINS.keys() == OPTIMIZERS.keys()
