"""What a sprite of any objective must not depend on: its mates, its slot, the batch, a stop."""

from dataclasses import replace

import numpy as np
import pytest

import tiny_graphs
from lucid_sprites.engine.objectives import build
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.objectives import parse
from lucid_sprites.recipe.settings import DEFAULTS, Recipe

PICTURE = InputSpec("picture", None, None, 3, -1.0, 1.0, {})
TRANSFORMS = [{"pad": 2}, {"jitter": 3}, {"scale": [0.9, 1.1]}, {"rotate": [-5, 5]}]
GRAPH = tiny_graphs.small(depth=5, seed=4)


def recipe(**settings):
    keys = ("learning_rate", "parametrization", "decorrelate", "loss_crisis", "seed")
    plain = {"scale": 17, "transforms": TRANSFORMS, "attempt": 0}
    return Recipe(**{**{key: DEFAULTS[key] for key in keys}, **plain, **settings})


def run(lines, setting, thresholds, batch=8, chosen=None, checkpoints=(), group_size=0):
    """Outcomes by index of the objectives `lines`, or of those `chosen`, in that order."""
    tasks = [
        Task(
            i, setting, thresholds, dict(checkpoints).get(i), parse(lines[i]).data, None, group_size
        )
        for i in (chosen if chosen is not None else range(len(lines)))
    ]
    names = sorted({name for task in tasks for name in build.layers(task.objective)})
    graph = prepare(GRAPH, "picture", *names)
    outcomes = optimize(graph, PICTURE, "", tasks, batch, lambda _: None)
    return {outcome.task.index: outcome for outcome in outcomes}


def assert_same(one, other):
    assert (one.status, one.step, one.loss) == (other.status, other.step, other.loss)
    for threshold, picture in one.pictures.items():
        assert picture.tobytes() == other.pictures[threshold].tobytes()
        assert one.losses[threshold] == other.losses[threshold]
    assert one.checkpoint.watch == other.checkpoint.watch
    for name in ("parameters", "momentum", "velocity"):
        ours, theirs = (getattr(each.checkpoint.state, name) for each in (one, other))
        assert ours.tobytes() == theirs.tobytes()


# Five sprites each, which differ in what is their own.
OBJECTIVES = {
    "sum of layers": ['channel("conv1/Relu", {0}) - 0.{1} * channel("conv2/Relu", {0})', {}],
    "neuron": ['neuron("conv1/BiasAdd", {0}, {1})', {}],
    "direction": ['direction("conv1/Relu", random({0}), 1)', {}],
    "penalized": ['channel("conv1/BiasAdd", {0}) - 0.00{1} * total_variation()', {}],
    "deepdream": ['{1} * deepdream("conv2/Relu")', {}],
    "product": ['channel("conv1/BiasAdd", {0}) * (1 - opacity())', {"alpha": True}],
    "laplacian": ['channel("conv1/BiasAdd", {0})', {"parametrization": "laplacian"}],
    "maco": ['channel("conv1/BiasAdd", {0})', {"parametrization": "maco"}],
    "cppn": ['channel("conv1/BiasAdd", {0})', {"parametrization": "cppn", "learning_rate": 0.005}],
    "sgd": ['channel("conv1/BiasAdd", {0})', {"optimizer": "sgd", "learning_rate": 50}],
    "rmsprop": ['channel("conv1/BiasAdd", {0})', {"optimizer": "rmsprop"}],
    "normalized": ['channel("conv1/BiasAdd", {0})', {"optimizer": "normalized"}],
    "homography": [
        'channel("conv1/BiasAdd", {0})',
        {"transforms": [{"pad": 2}, {"homography": 0.1}, {"normalize_gradient": 1}]},
    ],
    "blur": [
        'channel("conv1/BiasAdd", {0})',
        {"transforms": [{"blur": [0.5, 3]}, {"jitter": 2}]},
    ],
    "not square": ['channel("conv1/BiasAdd", {0})', {"scale": [12, 21]}],
}


@pytest.fixture(scope="module", params=OBJECTIVES)
def whole(request):
    form, settings = OBJECTIVES[request.param]
    lines = [form.format(number, number + 1) for number in range(5)]
    setting = recipe(**settings)
    outcomes = run(lines, setting, (3, 20, 24))
    assert [outcomes[i].status for i in range(5)].count(statuses.OK) >= 4
    return lines, setting, {i: o for i, o in outcomes.items() if o.status == statuses.OK}


def test_five_sprites_are_five_pictures(whole):
    _, _, expected = whole
    pictures = {outcome.pictures[24].tobytes() for outcome in expected.values()}
    assert len(pictures) == len(expected)


def test_a_sprite_is_the_same_in_any_slot_and_a_larger_batch(whole):
    """Behind seven mates with another seed, in a batch of 16 instead of 8."""
    lines, setting, expected = whole
    mates = [replace(setting, seed=9)] * 7
    order = sorted(expected, reverse=True)
    tasks = [
        Task(index, own, (3, 20, 24), None, parse(lines[index % 5]).data)
        for index, own in [*enumerate(mates, 5), *((i, setting) for i in order)]
    ]
    graph = prepare(GRAPH, "picture", *build.layers(tasks[0].objective))
    outcomes = list(optimize(graph, PICTURE, "", tasks, 32, lambda _: None))
    found = {o.task.index: o for o in outcomes if o.task.recipe.seed != 9}
    assert found.keys() == expected.keys()
    for index, outcome in found.items():
        assert_same(outcome, expected[index])


def test_a_resumed_sprite_is_the_same(whole):
    lines, setting, expected = whole
    living = sorted(expected)
    begun = run(lines, setting, (20,), chosen=living)
    checkpoints = {i: outcome.checkpoint for i, outcome in begun.items()}
    resumed = run(lines, setting, (24,), 16, living[::-1], checkpoints)
    for index, outcome in resumed.items():
        assert outcome.pictures.keys() == {24}
        assert_same(outcome, expected[index])


UNITS = {
    "diversity": ['channel("conv2/Relu", 1) - 0.1 * diversity("conv1/Relu")', {}],
    "alignment": ['channel("conv2/Relu", {0}) + alignment("conv1/Relu")', {}],
    "shared": ['channel("conv1/BiasAdd", {0})', {"shared": [2, 4]}],
}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_the_same_again_and_resumed(name):
    form, settings = UNITS[name]
    lines = [form.format(number) for number in (0, 2, 3)]
    setting = recipe(**settings)
    whole = run(lines, setting, (3, 20, 24), group_size=3)
    assert {outcome.status for outcome in whole.values()} == {statuses.OK}
    begun = run(lines, setting, (20,), batch=32, group_size=3)
    checkpoints = {i: outcome.checkpoint for i, outcome in begun.items()}
    resumed = run(lines, setting, (24,), 16, checkpoints=checkpoints, group_size=3)
    for index, outcome in resumed.items():
        assert_same(outcome, whole[index])


def test_members_of_a_unit_feel_each_other():
    """A member beside another one is another picture; a sprite by itself is not."""
    alone = ['channel("conv2/Relu", 1)', 'channel("conv2/Relu", 2)', 'channel("conv2/Relu", 3)']
    coupled = [f'{line} - 0.1 * diversity("conv1/Relu")' for line in alone]
    for lines, members, same in ((alone, 0, True), (coupled, 2, False)):
        one, other = (
            run([lines[0], mate], recipe(), (4,), group_size=members)[0].pictures[4].tobytes()
            for mate in lines[1:]
        )
        assert (one == other) == same


def test_the_shared_part_is_the_same_for_all_members():
    """Without a gradient of their own, sprites that begin alike stay alike, and move."""
    lines = ['2 * channel("conv1/BiasAdd", 0)', '0 * channel("conv1/BiasAdd", 0)']
    setting = recipe(shared=[2], transforms="none", parametrization="pixel")
    tasks = [Task(i, setting, (1, 12), None, parse(lines[i]).data, 0, 2) for i in range(2)]
    graph = prepare(GRAPH, "picture", "conv1/BiasAdd")
    moving, idle = optimize(graph, PICTURE, "", tasks, 8, lambda _: None)
    assert np.abs(idle.pictures[12] - idle.pictures[1]).max() > 0.02
    own = moving.checkpoint.state.parameters - idle.checkpoint.state.parameters
    pixels = 17 * 17 * 3
    assert np.abs(own[:pixels]).max() > 0.01
    np.testing.assert_array_equal(own[pixels:], 0)


def test_problems_are_found_for_objectives_of_any_form():
    graph = tiny_graphs.small(depth=5, seed=4, dead=(2,))
    lines = [
        'channel("conv1/Relu", 2)',
        '2 * neuron("conv1/Relu", 2) - 0.1 * total_variation()',
        'channel("conv1/Relu", 2) + channel("conv1/Relu", 1)',
        '0 * deepdream("conv1/Relu")',
    ]
    tasks = [Task(i, recipe(), (40,), None, parse(line).data) for i, line in enumerate(lines)]
    network = prepare(graph, "picture", "conv1/Relu")
    outcomes = optimize(network, PICTURE, "", tasks, 8, lambda _: None)
    found = {outcome.task.index: outcome.status for outcome in outcomes}
    assert found == {
        0: statuses.CONSTANT,
        1: statuses.CONSTANT,
        2: statuses.OK,
        3: statuses.NO_GRADIENT,
    }
