"""Optimizations of networks with known weights, and what a sprite must not depend on."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import tiny_graphs
from lucid_sprites.config.settings import DEFAULTS, Recipe
from lucid_sprites.engine import draws, problems
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.problems import LossWatch
from lucid_sprites.engine.task import Checkpoint, Outcome, Task
from lucid_sprites.models.picture_input import PictureInput
from lucid_sprites.models.prepare import prepare

COLOURS = np.eye(3)
PLAIN = {"transforms": "none", "parametrization": "pixel", "decorrelate": False}


def recipe(**settings):
    keys = ("scale", "learning_rate", "transforms", "parametrization", "decorrelate",
            "loss_crisis", "seed")  # fmt: skip
    return Recipe(**{**{key: DEFAULTS[key] for key in keys}, "attempt": 0, **settings})


def picture_input(low=0.0, high=1.0):
    return PictureInput("picture", None, None, 3, low, high, {})


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
    return list(optimize(network, picture or picture_input(), layer, tasks, batch, progress))


def by_index(outcomes) -> dict[int, Outcome]:
    assert len({outcome.task.index for outcome in outcomes}) == len(outcomes)
    return {outcome.task.index: outcome for outcome in outcomes}


def start(index, shape, seed=0, attempt=0):
    """Logits of a pixel sprite before the first step."""
    return draws.start_noise(seed, attempt, index, shape).astype(float) / 100


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
    assert outcome.status == problems.OK
    assert outcome.loss == pytest.approx(sign * sigmoid(logits[..., colour]).mean(), rel=1e-6)
    assert outcome.losses == {1: outcome.loss}


def test_weights_come_as_the_range_of_the_input_asks():
    """The objective on the picture in -1..1, with a bias, before the update."""
    graph = pointwise(3 * COLOURS, bias=[0.5, 1, 2])
    outcomes = run(
        graph,
        [Task(i, recipe(scale=8, **PLAIN), (1,)) for i in range(3)],
        picture=picture_input(-1.0, 1.0),
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
    assert outcome.status == problems.OK
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
    assert sum(outcome.status == problems.OK for outcome in outcomes.values()) >= 4
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
    living = [index for index in (4, 2, 1) if expected[index].status == problems.OK]
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


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_unit_that_is_no_number_leaves_its_neighbours_alone():
    """A bias that is no number: the unit is dropped at its first step, the others never notice."""
    tasks = [Task(index, recipe(scale=8, **PLAIN), (4, 24)) for index in range(3)]
    sound = by_index(run(pointwise(COLOURS), tasks))
    for bad in (np.nan, np.inf):
        outcomes = by_index(run(pointwise(COLOURS, bias=[0, bad, 0]), tasks))
        assert (outcomes[1].status, outcomes[1].step) == (problems.NOT_FINITE, 1)
        assert (outcomes[1].pictures, outcomes[1].checkpoint) == ({}, None)
        assert_same(outcomes[0], sound[0])
        assert_same(outcomes[2], sound[2])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_weights_of_a_neighbour_that_are_no_numbers_do_no_harm(bad):
    kernel = COLOURS.copy()
    kernel[2, 1] = bad
    tasks = [Task(index, recipe(scale=8, **PLAIN), (4,)) for index in range(3)]
    outcomes = by_index(run(pointwise(kernel), tasks))
    assert outcomes[1].status == problems.NOT_FINITE
    assert [outcomes[i].status for i in (0, 2)] == [problems.OK] * 2


def test_a_sprite_that_blows_up_later_keeps_what_it_reached():
    """exp(200 (x - 1/2)) leaves float32 above x = 0.94; the neighbour goes on to the end."""
    kernel = [[200, 0], [0, 1], [0, 0]]
    graph = pointwise(kernel, bias=[-100, 0], after=lambda x, name: tf.exp(x, name=name))
    tasks = [Task(i, recipe(scale=8, learning_rate=0.2, **PLAIN), (4, 64)) for i in range(2)]
    outcomes = by_index(run(graph, tasks))
    assert outcomes[0].status == problems.NOT_FINITE
    assert list(outcomes[0].pictures) == list(outcomes[0].losses) == [4]
    assert 10 < outcomes[0].step < 40
    assert outcomes[0].checkpoint is None
    assert_same(outcomes[1], by_index(run(graph, tasks[1:]))[1])
    assert list(outcomes[1].pictures) == [4, 64]


@pytest.mark.parametrize(
    ("unit", "status", "step", "reached"),
    [
        # No weights: nothing is tried.
        ({"kernel": 0.0, "bias": 1.0}, problems.CONSTANT, 0, []),
        # Saturated from the start: half of 20 is above 6, and the gradient would push further.
        ({"kernel": 20.0}, problems.NO_GRADIENT, 17, [4]),
        # Half of 10 rises above 6 within a few steps and stays: with 10 of 10 hits allowed, the
        # eleventh, 12 steps after the watch begins behind step 17, is one too many.
        ({"kernel": 10.0}, problems.RECURRING, 29, [4]),
        # 17 redirected steps take red from 0.5 to at most 0.7, and 0.9 is not reached.
        ({"kernel": 1.0, "bias": -0.9}, problems.RECURRING, 29, [4]),
        # The same with 0.6 takes off.
        ({"kernel": 1.0, "bias": -0.6}, problems.OK, 64, [4, 64]),
    ],
)
def test_units_that_cannot_be_shown_are_reported(unit, status, step, reached):
    kernel = np.array([[unit["kernel"], 1.0], [0, 0], [0, 0]])
    graph = pointwise(kernel, bias=[unit.get("bias", 0.0), 0], after=tf.nn.relu6)
    tasks = [Task(index, recipe(scale=8, **PLAIN), (4, 64)) for index in range(2)]
    outcomes = by_index(run(graph, tasks))
    found = outcomes[0]
    assert (found.status, found.step, list(found.pictures)) == (status, step, reached)
    assert (found.checkpoint is None) == (status != problems.OK)
    assert (outcomes[1].status, list(outcomes[1].pictures)) == (problems.OK, [4, 64])


def test_a_low_loss_is_reported_after_redirection():
    crisis = {**DEFAULTS["loss_crisis"], "minimum": 0.8}
    tasks = [Task(0, recipe(scale=8, loss_crisis=crisis, **PLAIN), (17, 18))]
    (outcome,) = run(pointwise(COLOURS), tasks)
    assert (outcome.status, outcome.step, list(outcome.pictures)) == (problems.LOW, 18, [17])


def test_redirection_ends_after_17_steps():
    """A unit that stays off has a gradient in step 17 and none in step 18: momentum decays."""
    graph, setting = pointwise(COLOURS, bias=-0.9, after=tf.nn.relu), recipe(scale=8, **PLAIN)
    momentum = {}
    for last in (16, 17, 20):
        (outcome,) = run(graph, [Task(0, setting, (last,))])
        momentum[last] = outcome.checkpoint.state.momentum[..., 0]
    assert (momentum[17] < 1.01 * momentum[16]).all()  # further down
    np.testing.assert_allclose(momentum[20], 0.9**3 * momentum[17], rtol=1e-5)


def test_every_sprite_has_the_transforms_of_its_own_key():
    """The mean of red on the part of the start that the first jitter leaves."""
    keys = [(0, 0, 0), (0, 0, 1), (5, 0, 0), (0, 3, 0)]
    settings = {**PLAIN, "transforms": [{"jitter": 9}]}
    tasks = [Task(i, recipe(scale=16, seed=s, attempt=a, **settings), (1,)) for s, a, i in keys]
    outcomes = run(pointwise([[1, 1], [0, 0], [0, 0]]), tasks)
    for key, outcome in zip(keys, outcomes, strict=True):
        x, y = (draws.uniform(*key, 0, 1, 2)[0] * 10).astype(int)
        seen = sigmoid(start(key[2], (16, 16, 3), *key[:2]))[y : y + 7, x : x + 7, 0]
        assert outcome.loss == pytest.approx(seen.mean(), abs=1e-6)


def test_the_watch_is_handed_over_at_the_checkpoint():
    setting = recipe(scale=8, **PLAIN)
    (outcome,) = run(pointwise(COLOURS), [Task(0, setting, (22,))])
    watch = LossWatch(setting.loss_crisis)
    # The memory is of the steps behind the redirected ones: 18 to 22, all different.
    assert outcome.checkpoint.watch["hits"] == watch.memory()["hits"] == 0
    assert len(outcome.checkpoint.watch["bins"]) == 5
    assert outcome.checkpoint.watch["bins"][-1] == int(1e7 * outcome.loss)


def test_hits_count_across_a_checkpoint():
    """The saturated unit fails at the same step when it is resumed on the way."""
    graph = pointwise([[10.0], [0], [0]], after=tf.nn.relu6)
    setting = recipe(scale=8, **PLAIN)
    (begun,) = run(graph, [Task(0, setting, (24,))])
    (resumed,) = run(graph, [Task(0, setting, (64,), begun.checkpoint)])
    assert begun.status == problems.OK
    assert (resumed.status, resumed.step) == (problems.RECURRING, 29)


def test_units_that_only_show_before_the_relu_are_not_constant():
    """The ReLU hides a unit that is off everywhere; what is in front of it varies."""
    graph = pointwise([[1.0, 0], [0, 0], [0, 0]], bias=[-0.999, 0.3], after=tf.nn.relu)
    outcomes = by_index(run(graph, [Task(i, recipe(scale=8, **PLAIN), (1,)) for i in range(2)]))
    assert [outcomes[i].status for i in range(2)] == [problems.OK, problems.CONSTANT]


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
    done = optimize(network, picture_input(), "unit", tasks, 8, steps.append)
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
