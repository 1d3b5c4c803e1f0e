"""lucid as an engine, in a process of its own: importing lucid changes `import tensorflow`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import lucid_sprites
import tiny_graphs

PROGRAM = """
import json, sys
from lucid_sprites import tensorflow_start
tensorflow_start.block_keras()
import numpy as np
from lucid_sprites.recipe.settings import DEFAULTS, Recipe
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.models.graph.prepare import prepare

picture = InputSpec("picture", None, None, 3, -1.0, 1.0, {})
network = prepare(frozen_graph.read(sys.argv[1]), "picture", "conv1/Relu")
steps = []

def run(engine, index, seed=0, transforms=({"pad": 2}, {"jitter": 2}), thresholds=(4, 20)):
    recipe = Recipe(16, 0.05, list(transforms), "fft", True, DEFAULTS["loss_crisis"], seed, 0,
                    engine)
    (outcome,) = optimize(network, picture, "conv1/Relu", [Task(index, recipe, thresholds)], 8,
                          steps.append)
    return outcome

first, again, other = run("lucid", 2), run("lucid", 2), run("lucid", 2, seed=1)
ours, dead = run("batched", 2), run("lucid", 1, thresholds=(4, 60))
print(json.dumps({
    "steps": sum(steps[:20]),
    "same": all(np.array_equal(first.pictures[t], again.pictures[t]) for t in (4, 20)),
    "seeds differ": not np.array_equal(first.pictures[20], other.pictures[20]),
    "rise": [first.losses[4], first.losses[20]],
    "ours": ours.losses[20],
    "dead": [dead.status, dead.step, sorted(dead.pictures)],
    "shape": first.pictures[20].shape,
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    graph = tiny_graphs.small(dead=(1,))
    path = tiny_graphs.save(graph, tmp_path_factory.mktemp("reference") / "graph.pb")
    package = Path(lucid_sprites.__file__).parents[1]
    command = [sys.executable, "-c", PROGRAM, str(path)]
    ran = subprocess.run(
        command, env={"PYTHONPATH": str(package)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


def test_the_same_seed_gives_the_same_picture_and_another_another(found):
    assert found["same"] and found["seeds differ"]


def test_every_step_is_one_update(found):
    assert found["steps"] == 20


def test_the_objective_rises_as_with_the_batched_engine(found):
    before, after = found["rise"]
    assert after > 1.5 * before
    assert after == pytest.approx(found["ours"], rel=0.15)


def test_a_dead_unit_is_found_out_by_its_loss(found):
    status, step, pictures = found["dead"]
    assert status == "recurring_loss"
    assert 17 < step < 60
    assert pictures == [4]
