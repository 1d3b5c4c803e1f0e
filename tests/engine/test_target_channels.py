"""Branches side by side: a channel is the same with and without those that nobody looks at."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from lucid_sprites.engine import target_channels
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.settings import DEFAULTS, Recipe

PICTURE = InputSpec("picture", None, None, 3, -1.0, 1.0, {})
# Of the branches, in the order of their channels.
DEPTHS = {"wide": 40, "narrow": 4, "pool": 3, "deep": 36}
FIRST = {"wide": 0, "narrow": 40, "pool": 44, "deep": 47}


def network():
    """A block of four branches: of a wide, a narrow, and no convolution, and of two."""
    random = np.random.RandomState(1)

    def convolved(tensor, depth, name):
        kernel = random.normal(size=(3, 3, tensor.shape[-1], depth)).astype(np.float32) / 4
        sums = tf.nn.conv2d(tensor, kernel, 1, "SAME")
        return tf.nn.relu(tf.nn.bias_add(sums, np.full(depth, 0.1, np.float32)), name)

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        wide = convolved(picture, DEPTHS["wide"], "wide")
        narrow = convolved(picture, DEPTHS["narrow"], "narrow")
        pool = tf.nn.max_pool2d(convolved(picture, 3, "before"), 3, 1, "SAME", name="pool")
        deep = convolved(convolved(picture, 6, "first"), DEPTHS["deep"], "deep")
        tf.concat([wide, narrow, pool, deep], axis=3, name="block")

    return tiny_graphs.frozen(build)


def run(indexes, layer="block"):
    own = {key: DEFAULTS[key] for key in Recipe.__dataclass_fields__ if key in DEFAULTS}
    recipe = Recipe(**{**own, "scale": 16}, attempt=0)
    # Where a layer is a branch, its channels are drawn for as those of the block.
    shift = 0 if layer == "block" else FIRST[layer]
    tasks = [Task(i - shift, recipe, (20, 24), stream=i) for i in indexes]
    graph = prepare(network(), "picture", layer)
    outcomes = list(optimize(graph, PICTURE, layer, tasks, 8, lambda _: None))
    assert {outcome.status for outcome in outcomes} == {statuses.OK}
    return {outcome.task.index + shift: outcome for outcome in outcomes}


def test_the_branches_of_a_block_are_found():
    found = target_channels.branches(network(), "block")
    assert [(b.tensor, b.first, b.depth) for b in found] == [
        (name, FIRST[name], DEPTHS[name]) for name in DEPTHS
    ]
    # A narrow convolution is not worth cutting down.
    assert [b.tensor for b in found if b.conv] == ["wide", "deep"]
    assert [b.tensor for b in found if b.holds(46)] == ["pool"]


def test_a_layer_with_nothing_to_leave_out_has_no_branches():
    assert target_channels.branches(network(), "narrow") == []
    assert target_channels.branches(network(), "pool") == []
    assert [b.tensor for b in target_channels.branches(network(), "wide")] == ["wide"]


@pytest.fixture(scope="module")
def mixed():
    return run([1, 39, 41, 45, 47, 82])


@pytest.mark.parametrize("indexes", [[1, 39], [41], [45], [82, 47], [45, 82, 1]])
def test_a_channel_does_not_depend_on_mates_in_other_branches(mixed, indexes):
    for index, outcome in run(indexes).items():
        assert outcome.losses == mixed[index].losses
        for threshold, picture in outcome.pictures.items():
            assert picture.tobytes() == mixed[index].pictures[threshold].tobytes()


@pytest.mark.parametrize("branch", DEPTHS)
def test_a_channel_is_the_one_of_its_branch(mixed, branch):
    indexes = [i for i in mixed if FIRST[branch] <= i < FIRST[branch] + DEPTHS[branch]]
    for index, outcome in run(indexes, branch).items():
        assert outcome.losses[24] == pytest.approx(mixed[index].losses[24], rel=1e-4)
