"""A batch that does not fit into the memory: TensorFlow itself runs out of it."""

import logging
import os

import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.errors import UserError
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.settings import DEFAULTS, Recipe

PICTURE = InputSpec("picture", None, None, 3, -1.0, 1.0, {})
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def greedy(power, batch):
    """A network that also fills batch ** power numbers: 1.5 times the whole memory at `batch`."""
    row = int(1.5 * MEMORY / 4 / batch**power) + 1

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        plain = tf.reduce_mean(picture, axis=-1, keepdims=True) * tf.ones([1, 1, 1, 32])
        size = tf.repeat(tf.shape(picture)[0], power)
        filled = tf.fill(tf.concat([size, [row]], axis=0), 0.0)
        tf.add(plain, tf.reduce_sum(filled), name="unit")

    return prepare(tiny_graphs.frozen(build), "picture", "unit")


def run(network):
    recipe = Recipe(16, 0.05, "none", "pixel", True, DEFAULTS["loss_crisis"], 0, 0)
    tasks = [Task(index, recipe, (1,)) for index in range(32)]
    return list(optimize(network, PICTURE, "unit", tasks, 32, lambda _: None))


def test_a_batch_too_large_for_the_memory_is_halved(caplog):
    with caplog.at_level(logging.WARNING):
        outcomes = run(greedy(power=6, batch=32))
    assert caplog.messages == ["out of memory: going on with batches of 16"]
    assert [outcome.task.index for outcome in outcomes] == list(range(32))
    assert {outcome.status for outcome in outcomes} == {"ok"}


@pytest.mark.stress  # TensorFlow waits 10 s each time before it gives up
def test_too_little_memory_for_the_smallest_batch_is_said():
    with pytest.raises(UserError, match="not enough memory for 8 sprites of 16 pixels"):
        run(greedy(power=1, batch=8))
