"""Convolutions in bfloat16, on the real MobileNet where it is there."""

import re
from pathlib import Path

import numpy as np
import pytest

import tiny_graphs
from imported import picture
from lucid_sprites.engine import precision
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.errors import UserError
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.settings import DEFAULTS, Recipe

LAYER = "MobilenetV1/MobilenetV1/Conv2d_8_pointwise/Relu6"
CHANNELS = [3, 5, 8, 9, 11]
needs_bfloat16 = pytest.mark.skipif(
    not precision.has_bfloat16(), reason="this processor has no arithmetic for bfloat16"
)


def recipe(arithmetic, **settings):
    own = {key: DEFAULTS[key] for key in Recipe.__dataclass_fields__ if key in DEFAULTS}
    return Recipe(**{**own, "scale": 32, "precision": arithmetic, **settings}, attempt=0)


def run(graph, layer, setting, channels, thresholds=(1, 20, 24), batch=8, checkpoints=()):
    whole = frozen_graph.read(graph) if isinstance(graph, Path) else graph
    expected = picture(whole)
    network = prepare(whole, expected.name, layer)
    tasks = [Task(i, setting, thresholds, dict(checkpoints).get(i)) for i in channels]
    outcomes = list(optimize(network, expected, layer, tasks, batch, lambda _: None))
    assert {outcome.status for outcome in outcomes} == {statuses.OK}
    return {outcome.task.index: outcome for outcome in outcomes}


@pytest.fixture(scope="module")
def coarse(mobilenet):
    return run(mobilenet, LAYER, recipe("bfloat16"), CHANNELS)


@needs_bfloat16
def test_it_computes_otherwise_but_nearly_the_same(mobilenet, coarse):
    fine = run(mobilenet, LAYER, recipe("float32"), CHANNELS)
    first = np.array([[runs[i].losses[1] for i in CHANNELS] for runs in (coarse, fine)])
    assert (first[0] != first[1]).all()
    np.testing.assert_allclose(first[0], first[1], rtol=0.05, atol=0.005)


@needs_bfloat16
def test_a_neuron_whose_loss_recurs_is_no_problem(mobilenet):
    """One position has one number of 8 bits; in float32 the test for stuck losses holds."""
    objective = {"objective": "neuron", "layer": LAYER, "n_channel": 3, "x": None, "y": None}
    outcomes = {}
    for arithmetic in ("float32", "bfloat16"):
        whole = frozen_graph.read(mobilenet)
        strict = {"bins": 10, "hits": 0, "factor": 1, "minimum": 0}
        setting = recipe(arithmetic, loss_crisis=strict)
        task = Task(0, setting, (40,), objective=objective)
        network = prepare(whole, picture(whole).name, LAYER)
        (outcomes[arithmetic],) = optimize(
            network, picture(whole), LAYER, [task], 8, lambda _: None
        )
    assert outcomes["float32"].status == statuses.RECURRING
    assert outcomes["bfloat16"].status == statuses.OK


@needs_bfloat16
def test_pictures_keep_all_their_colours(coarse):
    """A picture rounded to bfloat16 has at most 256 values between 0.25 and 0.75 or so."""
    for outcome in coarse.values():
        assert len(np.unique(outcome.pictures[24])) > 2000


@needs_bfloat16
def test_a_sprite_is_the_same_in_any_slot_alone_and_resumed(mobilenet, coarse):
    setting = recipe("bfloat16")
    alone = run(mobilenet, LAYER, setting, [9])
    crowd = run(
        mobilenet, LAYER, setting, [20, 21, 22, 23, 24, 25, 26, 27, 28, *CHANNELS], batch=16
    )
    begun = run(mobilenet, LAYER, setting, [11, 9], (20,))
    checkpoints = {i: outcome.checkpoint for i, outcome in begun.items()}
    resumed = run(mobilenet, LAYER, setting, [9], (24,), checkpoints=checkpoints)
    for found in (alone, crowd, resumed):
        assert found[9].pictures[24].tobytes() == coarse[9].pictures[24].tobytes()


def test_a_processor_without_it_is_refused_by_name(monkeypatch, tmp_path):
    processor = tmp_path / "cpuinfo"
    processor.write_text("model name\t: some\nflags\t\t: fpu avx2 avx512f\n")
    monkeypatch.setattr(precision, "_PROCESSOR", processor)
    with pytest.raises(UserError, match=re.escape("this processor has no arithmetic")) as error:
        run(tiny_graphs.small(), "conv1/Relu", recipe("bfloat16"), [0])
    assert "avx512_bf16" in str(error.value) and "float32" in str(error.value)


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 sse\n", True),
        ("flags : fpu amx_bf16\nflags : fpu amx_bf16\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("flags\t\t: fpu avx512f\n", False),
        ("model name : bf16\n", False),
        (None, False),
    ],
)
def test_what_the_processor_says(monkeypatch, tmp_path, text, has):
    processor = tmp_path / "cpuinfo"
    if text is not None:
        processor.write_text(text)
    monkeypatch.setattr(precision, "_PROCESSOR", processor)
    assert precision.has_bfloat16() == has
