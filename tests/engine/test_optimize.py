"""Optimizations of networks with known weights, and what a sprite must not depend on."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from engine.known_weights import (
    COLOURS,
    PLAIN,
    assert_same,
    assert_same_checkpoint,
    by_index,
    input_spec,
    pointwise,
    recipe,
    run,
    sigmoid,
    start,
)
from lucid_sprites.engine import random_streams
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe import statuses


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("colour", range(3))
def test_a_unit_moves_its_own_colour_and_no_other(colour, sign):
    """Adam's first step is the learning rate (but for its epsilon) along the gradient's sign."""
    (outcome,) = run(
        pointwise(sign * COLOURS), [Task(colour, recipe(scale=8, **PLAIN), (1,))], layer="unit"
    )
    logits = start(colour, (8, 8, 3))
    expected = logits.copy()
    expected[..., colour] += sign * 0.05
    picture = outcome.pictures[1]
    np.testing.assert_allclose(picture, sigmoid(expected), atol=2e-5)
    assert outcome.status == statuses.OK
    assert outcome.loss == pytest.approx(sign * sigmoid(logits[..., colour]).mean(), rel=1e-6)
    assert outcome.losses == {1: outcome.loss}


def test_weights_come_as_the_range_of_the_input_asks():
    """The objective on the picture in -1..1, with a bias, before the update."""
    graph = pointwise(3 * COLOURS, bias=[0.5, 1, 2])
    outcomes = run(
        graph,
        [Task(i, recipe(scale=8, **PLAIN), (1,)) for i in range(3)],
        picture=input_spec(-1.0, 1.0),
    )
    for i, bias in enumerate([0.5, 1, 2]):
        seen = 2 * sigmoid(start(i, (8, 8, 3))[..., i]) - 1
        assert outcomes[i].loss == pytest.approx(3 * seen.mean() + bias, abs=1e-6)


def test_many_steps_are_those_of_adam():
    """A twin in float64 of TensorFlow's (and lucid's) Adam on the mean of red."""
    setting = recipe(scale=8, **{**PLAIN, "learning_rate": 0.1, "seed": 5, "attempt": 2})
    (outcome,) = run(pointwise(COLOURS), [Task(0, setting, (10, 40))])
    logits, losses = start(0, (8, 8, 3), seed=5, attempt=2)[..., 0], {}
    momentum, velocity = np.zeros((8, 8)), np.zeros((8, 8))
    for step in range(1, 41):
        red = sigmoid(logits)
        losses[step] = red.mean()
        gradient = -red * (1 - red) / 64
        momentum = 0.9 * momentum + 0.1 * gradient
        velocity = 0.999 * velocity + 0.001 * gradient**2
        rate = 0.1 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        logits = logits - rate * momentum / (np.sqrt(velocity) + 1e-8)
        if step == 10:
            np.testing.assert_allclose(outcome.pictures[10][..., 0], sigmoid(logits), atol=1e-5)
    np.testing.assert_allclose(outcome.pictures[40][..., 0], sigmoid(logits), atol=1e-5)
    state = outcome.checkpoint.state
    np.testing.assert_allclose(state.parameters[..., 0], logits, atol=1e-4)
    np.testing.assert_allclose(state.momentum[..., 0], momentum, rtol=1e-3)
    np.testing.assert_allclose(state.velocity[..., 0], velocity, rtol=1e-3)
    assert not state.momentum[..., 1:].any()
    assert list(outcome.curve) == [8, 16, 24, 32, 40]
    for step in outcome.curve:
        assert outcome.curve[step] == pytest.approx(losses[step], abs=1e-5)
    assert (outcome.step, outcome.checkpoint.step, list(outcome.losses)) == (40, 40, [10, 40])


@pytest.mark.parametrize("transforms", ["none", "standard"])
@pytest.mark.parametrize("parametrization", ["fft", "pixel"])
@pytest.mark.parametrize("layer", ["pool", "conv2/Conv2D"])
def test_the_objective_rises(layer, parametrization, transforms):
    setting = recipe(scale=24, transforms=transforms, parametrization=parametrization)
    (outcome,) = run(tiny_graphs.small(), [Task(0, setting, (1, 60))], layer=layer, batch=8)
    assert outcome.status == statuses.OK
    assert outcome.losses[60] > outcome.losses[1] + 0.05


# The network has an odd depth, 5, and canvases of odd size too.
VARIANTS = {
    "fft": recipe(scale=16),
    "odd fft": recipe(scale=33, transforms=[{"pad": 2}, {"jitter": 3}, {"scale": [0.9, 1.1]}]),
    "odd pixel": recipe(scale=33, parametrization="pixel", transforms="none"),
    "shallow": recipe(scale=20, transforms="shallow", decorrelate=False, seed=9),
}


@pytest.fixture(scope="module", params=VARIANTS)
def whole(request):
    """A recipe, its five sprites in a batch of 8, and the graph."""
    graph, setting = tiny_graphs.small(depth=5, seed=4), VARIANTS[request.param]
    tasks = [Task(index, setting, (3, 20, 30)) for index in range(5)]
    outcomes = by_index(run(graph, tasks, layer="conv1/Relu", batch=8))
    assert sum(outcome.status == statuses.OK for outcome in outcomes.values()) >= 4
    return graph, setting, outcomes


@pytest.mark.parametrize(
    ("indexes", "batch"),
    [([2], 8), ([3], 32), ([4, 3, 2, 1, 0], 16), ([1, 0, 4, 2, 3], 24), (range(5), 8)],
)
def test_a_sprite_is_the_same_alone_in_any_slot_and_any_batch(whole, indexes, batch):
    graph, setting, expected = whole
    tasks = [Task(index, setting, (3, 20, 30)) for index in indexes]
    outcomes = by_index(run(graph, tasks, layer="conv1/Relu", batch=batch))
    assert list(outcomes) == list(indexes)
    for index, outcome in outcomes.items():
        assert_same(outcome, expected[index])


@pytest.mark.parametrize("stop", [3, 20])
def test_a_resumed_sprite_is_the_same(whole, stop):
    """From before and after the end of redirection, in other slots, beside sprites that begin."""
    graph, setting, expected = whole
    living = [index for index in (4, 2, 1) if expected[index].status == statuses.OK]
    begun = by_index(
        run(graph, [Task(i, setting, (stop,)) for i in living], layer="conv1/Relu", batch=24)
    )
    later = tuple(threshold for threshold in (3, 20, 30) if threshold > stop)
    tasks = [Task(i, setting, later, begun[i].checkpoint) for i in reversed(living)]
    tasks.insert(1, Task(0, setting, (3, 20, 30)))
    resumed = by_index(run(graph, tasks, layer="conv1/Relu", batch=16))
    assert_same(resumed.pop(0), expected[0])
    assert sorted(resumed) == sorted(living)
    for index, outcome in resumed.items():
        assert list(outcome.pictures) == list(later)
        for threshold in (3, 20, 30):
            source = outcome if threshold > stop else begun[index]
            if threshold in source.pictures:
                picture = source.pictures[threshold]
                assert picture.tobytes() == expected[index].pictures[threshold].tobytes()
        assert outcome.curve == {s: v for s, v in expected[index].curve.items() if s > stop}
        assert_same_checkpoint(outcome.checkpoint, expected[index].checkpoint)


def test_thresholds_do_not_change_each_other():
    graph, setting = tiny_graphs.small(), recipe(scale=16)
    few = run(graph, [Task(0, setting, (70,))], layer="conv1/Relu")[0]
    many = run(graph, [Task(0, setting, (1, 64, 65, 70))], layer="conv1/Relu")[0]
    assert list(many.pictures) == [1, 64, 65, 70]
    assert few.pictures[70].tobytes() == many.pictures[70].tobytes()


def test_another_seed_attempt_or_index_is_another_sprite():
    graph = pointwise(np.ones((3, 2)))
    tasks = [
        Task(0, recipe(scale=8, **PLAIN), (4,)),
        Task(1, recipe(scale=8, **PLAIN), (4,)),
        Task(0, recipe(scale=8, **PLAIN, seed=1), (4,)),
        Task(0, recipe(scale=8, **PLAIN, attempt=1), (4,)),
    ]
    outcomes = run(graph, tasks)
    assert len({outcome.pictures[4].tobytes() for outcome in outcomes}) == 4


def test_mixed_recipes_are_told_apart():
    """One call, two programs: each task is optimized by its own recipe."""
    settings = [recipe(scale=8, **PLAIN), recipe(scale=12, **PLAIN, learning_rate=0.2)]
    tasks = [Task(index, settings[index % 2], (1,)) for index in range(3)]
    outcomes = by_index(run(pointwise(COLOURS), tasks))
    for index, outcome in outcomes.items():
        edge, rate = ((8, 0.05), (12, 0.2))[index % 2]
        logits = start(index, (edge, edge, 3))
        logits[..., index] += rate
        np.testing.assert_allclose(outcome.pictures[1], sigmoid(logits), atol=2e-5)


def test_every_sprite_has_the_transforms_of_its_own_key():
    """The mean of red on the part of the start that the first jitter leaves."""
    keys = [(0, 0, 0), (0, 0, 1), (5, 0, 0), (0, 3, 0)]
    settings = {**PLAIN, "transforms": [{"jitter": 9}]}
    tasks = [Task(i, recipe(scale=16, seed=s, attempt=a, **settings), (1,)) for s, a, i in keys]
    outcomes = run(pointwise([[1, 1], [0, 0], [0, 0]]), tasks)
    for key, outcome in zip(keys, outcomes, strict=True):
        x, y = (random_streams.uniform(*key, 0, 1, 2)[0] * 10).astype(int)
        seen = sigmoid(start(key[2], (16, 16, 3), *key[:2]))[y : y + 7, x : x + 7, 0]
        assert outcome.loss == pytest.approx(seen.mean(), abs=1e-6)


def test_progress_counts_the_steps_of_running_sprites():
    """Three sprites: one stops at 17, one at 4 of its own accord, one at 20."""
    calls = []
    graph = pointwise([[20.0, 1, 1], [0, 0, 1], [0, 0, 1]], after=tf.nn.relu6)
    setting = recipe(scale=8, **PLAIN)
    tasks = [Task(0, setting, (30,)), Task(1, setting, (4,)), Task(2, setting, (20,))]
    outcomes = by_index(run(graph, tasks, progress=calls.append))
    assert [outcomes[i].step for i in range(3)] == [17, 4, 20]
    assert calls == [3] * 4 + [2] * 13 + [1] * 3


def test_outcomes_come_batch_by_batch():
    """What is done is handed over (and stored) before the next batch begins."""
    steps = []
    network = prepare(pointwise(np.ones((3, 20))), "picture", "unit")
    tasks = [Task(index, recipe(scale=8, **PLAIN), (2,)) for index in range(20)]
    done = optimize(network, input_spec(), "unit", tasks, 8, steps.append)
    seen = [(outcome.task.index, sum(steps)) for outcome in done]
    assert [steps_done for _, steps_done in seen] == [16] * 8 + [32] * 8 + [40] * 4
    assert [index for index, _ in seen] == list(range(20))


def test_a_graph_made_for_one_picture_gives_the_same_pictures(caplog):
    """A Reshape to a batch of 1 in front of the layer: each sprite gets a network of its own."""
    kernel = np.random.RandomState(3).normal(size=(3, 3, 3, 4)).astype(np.float32)

    def build(fixed):
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        if fixed:
            picture = tf.reshape(picture, [1, 16, 16, 3])
        tf.nn.relu(tf.nn.conv2d(picture, kernel, 1, "SAME"), name="unit")

    found = {}
    for fixed in (True, False):
        graph = tiny_graphs.frozen(lambda fixed=fixed: build(fixed))
        tasks = [Task(index, recipe(scale=16, **PLAIN), (5,)) for index in range(4)]
        found[fixed] = by_index(run(graph, tasks, layer="unit"))
    assert caplog.messages == ["the graph is made for one picture at a time: no gain from batches"]
    for index in range(4):
        alone, together = found[True][index].pictures[5], found[False][index].pictures[5]
        np.testing.assert_allclose(alone, together, atol=1e-5)


@pytest.mark.parametrize("layer", ["conv1/Relu", "conv1/BiasAdd", "conv2/Conv2D", "conv2/Relu"])
def test_a_wide_last_convolution_gives_what_all_its_channels_would(layer):
    """Only the channels of the batch are computed; a layer with a pool behind it computes all."""
    graph = tiny_graphs.small(depth=40, second=48, seed=5)
    same = tiny_graphs.frozen(lambda: _with_identity(graph, layer))
    tasks = [Task(index, recipe(scale=16, **PLAIN), (20,)) for index in (0, 7, 33, 39)]
    cut = by_index(run(graph, tasks, layer=layer))
    whole = by_index(run(same, tasks, layer="whole"))
    for index, outcome in cut.items():
        assert outcome.status == whole[index].status
        assert outcome.loss == pytest.approx(whole[index].loss, rel=1e-4)
        for threshold, picture in outcome.pictures.items():
            np.testing.assert_allclose(picture, whole[index].pictures[threshold], atol=2e-3)


def _with_identity(graph, layer):
    """The layer once more under another name, as an Identity that hides the convolution."""
    (found,) = tf.import_graph_def(graph, return_elements=[f"{layer}:0"], name="")
    tf.identity(found, name="whole")
