"""Networks with known weights, optimizations of them, and when two outcomes are the same."""

import numpy as np
import tensorflow.compat.v1 as tf

import tiny_graphs
from lucid_sprites.engine import random_streams
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Checkpoint, Outcome
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.settings import DEFAULTS, Recipe

COLOURS = np.eye(3)
PLAIN = {"transforms": "none", "parametrization": "pixel", "decorrelate": False}


def recipe(**settings):
    keys = ("scale", "learning_rate", "transforms", "parametrization", "decorrelate",
            "loss_crisis", "seed")  # fmt: skip
    return Recipe(**{**{key: DEFAULTS[key] for key in keys}, "attempt": 0, **settings})


def input_spec(low=0.0, high=1.0):
    return InputSpec("picture", None, None, 3, low, high, {})


def pointwise(kernel, bias=0.0, after=tf.identity):
    """A layer `unit` that sees one pixel at a time: after(kernel . colours + bias)."""

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        weights = np.asarray(kernel, np.float32)[None, None]
        sums = tf.nn.conv2d(picture, weights, strides=1, padding="VALID", name="sums")
        after(tf.nn.bias_add(sums, np.broadcast_to(np.float32(bias), weights.shape[-1:])), "unit")

    return tiny_graphs.frozen(build)


def run(
    graph, tasks, layer="unit", batch=8, picture=None, progress=lambda _: None
) -> list[Outcome]:
    network = prepare(graph, "picture", layer)
    return list(optimize(network, picture or input_spec(), layer, tasks, batch, progress))


def by_index(outcomes) -> dict[int, Outcome]:
    assert len({outcome.task.index for outcome in outcomes}) == len(outcomes)
    return {outcome.task.index: outcome for outcome in outcomes}


def start(index, shape, seed=0, attempt=0):
    """Logits of a pixel sprite before the first step."""
    return random_streams.start_noise(seed, attempt, index, shape).astype(float) / 100


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def assert_same(one: Outcome, other: Outcome):
    """Bit by bit: pictures, losses, curve, state and the memory of the watch."""
    assert (one.status, one.step, one.loss) == (other.status, other.step, other.loss)
    assert one.losses == other.losses
    assert one.curve == other.curve
    assert one.pictures.keys() == other.pictures.keys()
    for threshold, picture in one.pictures.items():
        assert picture.tobytes() == other.pictures[threshold].tobytes()
    assert_same_checkpoint(one.checkpoint, other.checkpoint)


def assert_same_checkpoint(one: Checkpoint | None, other: Checkpoint | None):
    if one is None or other is None:
        assert one is other
        return
    assert (one.step, one.watch) == (other.step, other.watch)
    for name in ("parameters", "momentum", "velocity"):
        assert getattr(one.state, name).tobytes() == getattr(other.state, name).tobytes()
