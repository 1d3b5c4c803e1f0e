"""Our pictures of real channels beside lucid's, judged by what they excite in the network.

Neither engine is the judge: it is the graph as it was saved, on the pictures as they are and under
32 draws of lucid's standard transforms, the same draws for both.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import lucid_sprites
from imported import picture
from lucid_sprites.engine import precision
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.settings import DEFAULTS, Recipe

# Means vary by about 1 % from one start to another.
PARITY = 0.97
LAYERS = {n: f"MobilenetV1/MobilenetV1/Conv2d_{n}_pointwise/Relu6" for n in (2, 8, 12)}
CHANNELS, EDGE, STEPS = range(16), 64, 256
JUDGES = ("as they are", "transformed")
GRID = "LUCID_SPRITES_PARITY_GRID"

# In a program of its own: the shim puts another module in the place of `tensorflow`.
PROGRAM = """
import sys

import numpy as np

import lucid_sprites.lucid_compat
import tensorflow as tf
from lucid.modelzoo.vision_base import Model
from lucid.optvis import objectives, param, render, transform


class MobileNet(Model):
    model_path = sys.argv[1]
    image_shape = [128, 128, 3]
    image_value_range = (-1, 1)
    input_name = "input"


model = MobileNet()
model.load_graphdef()


def rendered(layer, channel, edge, steps):
    def start():
        # lucid's own `use_fixed_seed` would draw the same transforms for every channel.
        np.random.seed(channel)
        tf.set_random_seed(channel)
        return param.image(edge)

    (pictures,) = render.render_vis(
        model,
        objectives.channel(layer, channel),
        start,
        transforms=transform.standard_transforms,
        thresholds=(steps - 1,),  # lucid saves after one update more
        verbose=False,
    )
    return pictures[0]


def judged(layer, channels, pictures, draws=32):
    needed = tf.graph_util.extract_sub_graph(model.graph_def, [layer])

    def activations(images):
        (tensor,) = tf.import_graph_def(needed, {"input": 2 * images - 1}, [layer + ":0"])
        return tf.gather(tf.reduce_mean(tensor, [1, 2]), channels, batch_dims=1)

    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        images = tf.constant(pictures)
        plain = activations(images)
        moved = activations(transform.compose(transform.standard_transforms)(images))
        return [session.run(plain), np.mean([session.run(moved) for _ in range(draws)], axis=0)]


given, found = np.load(sys.argv[2]), {}
for name in given["names"]:
    layer, channels, ours = str(given[f"{name}/layer"]), given[f"{name}/channels"], given[name]
    edge, steps = ours.shape[1], int(given["steps"])
    lucids = np.stack([rendered(layer, channel, edge, steps) for channel in channels])
    found[name] = lucids
    # Both in one batch: lucid draws its transforms once for all pictures of a batch.
    both = judged(layer, np.tile(channels, 2), np.concatenate([ours, lucids]))
    found[f"{name}/activations"] = np.reshape(both, (2, 2, len(channels)))
np.savez(sys.argv[3], **found)
"""


@dataclass
class Layer:
    """Pictures [channel, edge, edge, 3] and mean activations [channel] by judge, of both."""

    channels: list[int]
    ours: np.ndarray
    lucids: np.ndarray
    activations: dict[str, tuple[np.ndarray, np.ndarray]]


def our_pictures(graph: Path, layer: str, arithmetic: str) -> dict[int, np.ndarray]:
    """Pictures of the channels that are not constant."""
    own = {key: DEFAULTS[key] for key in Recipe.__dataclass_fields__ if key in DEFAULTS}
    recipe = Recipe(**{**own, "scale": EDGE, "precision": arithmetic}, attempt=0)
    whole = frozen_graph.read(graph)
    expected = picture(whole)
    network = prepare(whole, expected.name, layer)
    tasks = [Task(channel, recipe, (STEPS,)) for channel in CHANNELS]
    outcomes = list(optimize(network, expected, layer, tasks, 16, lambda _: None))
    assert {o.status for o in outcomes} <= {statuses.OK, statuses.CONSTANT}
    return {o.task.index: o.pictures[STEPS] for o in outcomes if o.status == statuses.OK}


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def layers(request, mobilenet, tmp_path_factory) -> dict[int, Layer]:
    """What both have made of each layer."""
    if request.param == "bfloat16" and not precision.has_bfloat16():
        pytest.skip("this processor has no arithmetic for bfloat16")
    folder = tmp_path_factory.mktemp("parity")
    given = {"names": [str(n) for n in LAYERS], "steps": STEPS}
    for n, layer in LAYERS.items():
        pictures = dict(sorted(our_pictures(mobilenet, layer, request.param).items()))
        given[f"{n}/layer"], given[f"{n}/channels"] = layer, list(pictures)
        given[str(n)] = np.stack(list(pictures.values()))
    np.savez(folder / "given.npz", **given)
    (folder / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, folder / "program.py", mobilenet, folder / "given.npz",
         folder / "found.npz"],
        env={**os.environ, "PYTHONPATH": str(Path(lucid_sprites.__file__).parents[1])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = np.load(folder / "found.npz")
    made = {
        n: Layer(
            given[f"{n}/channels"],
            given[str(n)],
            found[str(n)],
            {judge: tuple(found[f"{n}/activations"][i]) for i, judge in enumerate(JUDGES)},
        )
        for n in LAYERS
    }
    if os.environ.get(GRID) and request.param == "float32":
        grid(made).save(os.environ[GRID])
    return made


def grid(layers: dict[int, Layer]) -> Image.Image:
    """Two rows a layer, ours above lucid's; a column for each channel."""
    left, top, gap = 110, 16, 4
    height = top + 2 * (EDGE + gap)
    sheet = Image.new("RGB", (left + len(CHANNELS) * (EDGE + gap), height * len(layers)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, (n, layer) in enumerate(layers.items()):
        for part, (who, pictures) in enumerate([("ours", layer.ours), ("lucid", layer.lucids)]):
            y = row * height + top + part * (EDGE + gap)
            draw.text((4, y + EDGE // 2 - 6), f"Conv2d_{n} {who}", fill="black")
            for channel, shown in zip(layer.channels, pictures, strict=True):
                x = left + channel * (EDGE + gap)
                draw.text((x, row * height + 2), str(channel), fill="black")
                sheet.paste(Image.fromarray((shown * 255).astype(np.uint8)), (x, y))
    return sheet


@pytest.mark.stress
@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("n", LAYERS)
def test_our_pictures_excite_their_channels_as_lucids_do(layers, n, judge, capsys):
    layer = layers[n]
    ours, lucids = layer.activations[judge]
    ratio = ours.mean() / lucids.mean()
    alive = lucids > 0.01
    with capsys.disabled():
        print(f"\nConv2d_{n:<2} {judge:<11} {len(ours)} channels: ours {ours.mean():.4f}, "
              f"lucid {lucids.mean():.4f}, ratio of means {ratio:.4f}, mean of "
              f"{alive.sum()} ratios {(ours[alive] / lucids[alive]).mean():.4f}, "
              f"lowest {(ours[alive] / lucids[alive]).min():.3f}")  # fmt: skip
    assert len(layer.channels) >= 12
    assert lucids.mean() > 0.3
    assert ratio >= PARITY
