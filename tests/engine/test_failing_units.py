"""Units that no picture excites: how they are found out, and that they leave others alone."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from engine.known_weights import COLOURS, PLAIN, assert_same, by_index, pointwise, recipe, run
from lucid_sprites.engine.status import StuckLossDetector
from lucid_sprites.engine.task import Task
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.settings import DEFAULTS


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_unit_that_is_no_number_leaves_its_neighbours_alone():
    """A bias that is no number: the unit is dropped at its first step, the others never notice."""
    tasks = [Task(index, recipe(scale=8, **PLAIN), (4, 24)) for index in range(3)]
    sound = by_index(run(pointwise(COLOURS), tasks))
    for bad in (np.nan, np.inf):
        outcomes = by_index(run(pointwise(COLOURS, bias=[0, bad, 0]), tasks))
        assert (outcomes[1].status, outcomes[1].step) == (statuses.NOT_FINITE, 1)
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
    assert outcomes[1].status == statuses.NOT_FINITE
    assert [outcomes[i].status for i in (0, 2)] == [statuses.OK] * 2


def test_a_sprite_that_blows_up_later_keeps_what_it_reached():
    """exp(200 (x - 1/2)) leaves float32 above x = 0.94; the neighbour goes on to the end."""
    kernel = [[200, 0], [0, 1], [0, 0]]
    graph = pointwise(kernel, bias=[-100, 0], after=lambda x, name: tf.exp(x, name=name))
    tasks = [Task(i, recipe(scale=8, learning_rate=0.2, **PLAIN), (4, 64)) for i in range(2)]
    outcomes = by_index(run(graph, tasks))
    assert outcomes[0].status == statuses.NOT_FINITE
    assert list(outcomes[0].pictures) == list(outcomes[0].losses) == [4]
    assert 10 < outcomes[0].step < 40
    assert outcomes[0].checkpoint is None
    assert_same(outcomes[1], by_index(run(graph, tasks[1:]))[1])
    assert list(outcomes[1].pictures) == [4, 64]


@pytest.mark.parametrize(
    ("unit", "status", "step", "reached"),
    [
        # No weights: nothing is tried.
        ({"kernel": 0.0, "bias": 1.0}, statuses.CONSTANT, 0, []),
        # Saturated from the start: half of 20 is above 6, and the gradient would push further.
        ({"kernel": 20.0}, statuses.NO_GRADIENT, 17, [4]),
        # Half of 10 rises above 6 within a few steps and stays: it cannot rise any further.
        ({"kernel": 10.0}, statuses.OK, 64, [4, 64]),
        # 17 redirected steps take red from 0.5 to at most 0.7, and 0.9 is not reached.
        ({"kernel": 1.0, "bias": -0.9}, statuses.RECURRING, 29, [4]),
        # The same with 0.6 takes off.
        ({"kernel": 1.0, "bias": -0.6}, statuses.OK, 64, [4, 64]),
    ],
)
def test_units_that_cannot_be_shown_are_reported(unit, status, step, reached):
    kernel = np.array([[unit["kernel"], 1.0], [0, 0], [0, 0]])
    graph = pointwise(kernel, bias=[unit.get("bias", 0.0), 0], after=tf.nn.relu6)
    tasks = [Task(index, recipe(scale=8, **PLAIN), (4, 64)) for index in range(2)]
    outcomes = by_index(run(graph, tasks))
    found = outcomes[0]
    assert (found.status, found.step, list(found.pictures)) == (status, step, reached)
    assert (found.checkpoint is None) == (status != statuses.OK)
    assert (outcomes[1].status, list(outcomes[1].pictures)) == (statuses.OK, [4, 64])


def stuck_at_six(values, name):
    """No operation whose ceiling is known."""
    return tf.where(values < 6, values, 6 * tf.ones_like(values), name=name)


def test_units_that_only_show_before_the_relu_are_not_constant():
    """The ReLU hides a unit that is off everywhere; what is in front of it varies."""
    graph = pointwise([[1.0, 0], [0, 0], [0, 0]], bias=[-0.999, 0.3], after=tf.nn.relu)
    outcomes = by_index(run(graph, [Task(i, recipe(scale=8, **PLAIN), (1,)) for i in range(2)]))
    assert [outcomes[i].status for i in range(2)] == [statuses.OK, statuses.CONSTANT]


def test_a_low_loss_is_reported_after_redirection():
    crisis = {**DEFAULTS["loss_crisis"], "minimum": 0.8}
    tasks = [Task(0, recipe(scale=8, loss_crisis=crisis, **PLAIN), (17, 18))]
    (outcome,) = run(pointwise(COLOURS), tasks)
    assert (outcome.status, outcome.step, list(outcome.pictures)) == (statuses.LOW, 18, [17])


def test_redirection_ends_after_17_steps():
    """A unit that stays off has a gradient in step 17 and none in step 18: momentum decays."""
    graph, setting = pointwise(COLOURS, bias=-0.9, after=tf.nn.relu), recipe(scale=8, **PLAIN)
    momentum = {}
    for last in (16, 17, 20):
        (outcome,) = run(graph, [Task(0, setting, (last,))])
        momentum[last] = outcome.checkpoint.state.momentum[..., 0]
    assert (momentum[17] < 1.01 * momentum[16]).all()  # further down
    np.testing.assert_allclose(momentum[20], 0.9**3 * momentum[17], rtol=1e-5)


def test_the_watch_is_handed_over_at_the_checkpoint():
    setting = recipe(scale=8, **PLAIN)
    (outcome,) = run(pointwise(COLOURS), [Task(0, setting, (22,))])
    watch = StuckLossDetector(setting.loss_crisis)
    # The memory is of the steps behind the redirected ones: 18 to 22, all different.
    assert outcome.checkpoint.watch["hits"] == watch.memory()["hits"] == 0
    assert len(outcome.checkpoint.watch["bins"]) == 5
    # The units of the layer vary by 0.96 on noise: the bins are half as wide as the limits say.
    assert outcome.checkpoint.watch["bins"][-1] == int(2e7 * outcome.loss)


def test_hits_count_across_a_checkpoint():
    """A stuck unit fails at the same step when it is resumed on the way.

    With 10 of 10 hits allowed, the eleventh, 12 steps after the watch begins behind step 17, is one
    too many.
    """
    graph = pointwise([[10.0], [0], [0]], after=stuck_at_six)
    setting = recipe(scale=8, **PLAIN)
    (begun,) = run(graph, [Task(0, setting, (24,))])
    (resumed,) = run(graph, [Task(0, setting, (64,), begun.checkpoint)])
    assert begun.status == statuses.OK
    assert (resumed.status, resumed.step) == (statuses.RECURRING, 29)
