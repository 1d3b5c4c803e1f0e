"""Objectives beside lucid's own on the ImageNet MobileNet: the same numbers within float error."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lucid_sprites

PROGRAM = """
import json, sys
import numpy as np
from PIL import Image
from lucid_sprites import lucid_compat, tensorflow_start
from lucid.optvis import objectives as lucid
from lucid.recipes.caricature import dot_compare
from lucid_sprites.recipe.settings import DEFAULTS, Recipe, photo
from lucid_sprites.engine.objectives import build
from lucid_sprites.engine.batch_graph import BatchGraph
from lucid_sprites.engine.state import State
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.recipe.objectives import objective

tf = lucid_compat.tf
A, B = [f"MobilenetV1/MobilenetV1/Conv2d_{n}_pointwise/Relu6" for n in (4, 6)]
EDGE, MEMBERS = 64, 5
PICTURE = InputSpec("input", None, None, 3, -1.0, 1.0, {})
random = np.random.RandomState(0)
coarse = random.uniform(0.02, 0.98, (MEMBERS, EDGE // 4, EDGE // 4, 4))
pictures = coarse.repeat(4, axis=1).repeat(4, axis=2).astype(np.float32)
levels = (255 * random.uniform(size=(EDGE, EDGE, 3))).astype(np.uint8)
Image.fromarray(levels).save("photo.png")
image = (levels / 255).astype(np.float32)
vector, tensor = random.normal(size=64), random.normal(size=(2, 3, 64))
whole = frozen_graph.read(sys.argv[1])


def ours(made, alpha=False, group_size=0):
    setting = Recipe(
        scale=EDGE, learning_rate=0.05, transforms="none", parametrization="pixel",
        decorrelate=False, loss_crisis=DEFAULTS["loss_crisis"], seed=0, attempt=0, alpha=alpha,
    )
    shown = pictures if alpha else pictures[..., :3]
    logits = np.log(shown / (1 - shown))
    graph = prepare(whole, "input", *(build.layers(made.data) or [A]))
    with BatchGraph(graph, PICTURE, [made.data], setting, 8, group_size) as program:
        zeros = np.zeros_like(logits[0])
        program.load([State(each, zeros, zeros) for each in logits], [made.data] * MEMBERS)
        (drawn,) = program.sample([(0, 0, 0)] * MEMBERS, 0, 1)
        return program.advance(0, drawn)[:MEMBERS].tolist()


def theirs(made, shown):
    with tf.Graph().as_default(), tf.Session(config=tensorflow_start.session_config()) as session:
        t_input = tf.constant(shown)
        graph = prepare(whole, "input", A, B)
        seen = t_input[..., :3] * 2 - 1
        tensors = tf.import_graph_def(graph, {"input": seen}, [A + ":0", B + ":0"], name="net")
        tensors = [tf.ensure_shape(t, [len(shown), None, None, t.shape[-1]]) for t in tensors]
        names = dict(zip((A, B), tensors), input=t_input)
        return float(np.sum(session.run(made(lambda name: names[name]))))


def alone(made, alpha=False):
    shown = pictures if alpha else pictures[..., :3]
    return [theirs(made, each[None]) for each in shown]


PHOTO = {"photo": photo("photo.png", "")}
pairs = {
    "channel": (objective("channel", A, 7), lucid.channel(A, 7)),
    "neuron": (objective("neuron", B, 7, 1, 2), lucid.neuron(B, 7, 1, 2)),
    "centre": (objective("neuron", A, 7), lucid.neuron(A, 7)),
    "direction": (objective("direction", A, vector.tolist()), lucid.direction(A, vector)),
    "cossim": (
        objective("direction", A, vector.tolist(), 1.5), lucid.direction(A, vector, 1.5),
    ),
    "direction_neuron": (
        objective("direction_neuron", A, vector.tolist(), None, 2, 1),
        lucid.direction_neuron(A, vector, None, 2, 1),
    ),
    "tensor_direction": (
        objective("tensor_direction", A, tensor.tolist(), 1),
        lucid.tensor_direction(A, tensor, 1),
    ),
    "deepdream": (objective("deepdream", B), lucid.deepdream(B)),
    "total_variation": (objective("total_variation"), lucid.total_variation()),
    "total_variation of a layer": (objective("total_variation", A), lucid.total_variation(A)),
    "L1": (objective("L1", constant=0.5), lucid.L1(constant=0.5)),
    "L2": (objective("L2", A, 0.1), lucid.L2(A, 0.1)),
    "blur_input_each_step": (
        objective("blur_input_each_step"), lucid.blur_input_each_step(),
    ),
    "penalize_boundary_complexity": (
        objective("penalize_boundary_complexity", 5, 0.4),
        lucid.penalize_boundary_complexity((1, EDGE, EDGE, 3), 5, C=0.4),
    ),
    "input_diff": (objective("input_diff", PHOTO), lucid.input_diff(image)),
    "arithmetic": (
        objective("channel", A, 7) - 0.5 * objective("channel", B, 3) * objective("deepdream", A),
        lucid.channel(A, 7) - 0.5 * (lucid.channel(B, 3) * lucid.deepdream(A)),
    ),
}
found = {name: [ours(mine), alone(other)] for name, (mine, other) in pairs.items()}
alpha = objective("blur_alpha_each_step")
found["blur_alpha_each_step"] = [
    ours(alpha, alpha=True), alone(lucid.blur_alpha_each_step(), alpha=True)
]
for name, mine, other in (
    ("diversity", objective("diversity", B), lucid.diversity(B)),
    ("alignment", objective("alignment", B, 3), lucid.alignment(B, 3)),
):
    total = sum(ours(mine, group_size=MEMBERS))
    found[name] = [[total], [theirs(other, pictures[..., :3])]]
for power in (0, 2):
    mine = ours(objective("caricature", A, PHOTO, power))
    other = [
        theirs(dot_compare(A, 1, power), np.stack([image, each]))
        for each in pictures[..., :3]
    ]
    found[f"caricature {power}"] = [mine, other]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(mobilenet, tmp_path_factory):
    """Ours and lucid's values for five pictures, by objective; lucid needs a process of its own."""
    folder = tmp_path_factory.mktemp("lucid")
    package = Path(lucid_sprites.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(mobilenet)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_objective_has_lucids_value(found):
    assert len(found) == 21
    for name, (ours, lucids) in found.items():
        assert ours == pytest.approx(lucids, rel=2e-5, abs=1e-6), name


def test_the_pictures_tell_objectives_apart(found):
    """Else equal values would prove nothing."""
    for name, (ours, _) in found.items():
        assert max(map(abs, ours)) > 1e-4, name
        assert len(ours) == 1 or len(set(ours)) > 1, name
