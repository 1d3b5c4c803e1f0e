"""What a long job takes of the memory, and what an added threshold takes of the time."""

import json
import os
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest
import tensorflow.compat.v1 as tf

import lucid_sprites
import tiny_graphs
from imported import picture
from lucid_sprites.engine.optimize import optimize
from lucid_sprites.engine.task import Task
from lucid_sprites.files import sha256
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.settings import DEFAULTS, Recipe, resolve

SPRITES, BATCH = 1000, 32
CONV_8 = "MobilenetV1/MobilenetV1/Conv2d_8_pointwise/Relu6"


def wide() -> tf.GraphDef:
    """1,000 channels that cost little: one convolution in strides of 8."""

    def build():
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        kernel = np.random.RandomState(0).normal(size=(4, 4, 3, SPRITES)).astype(np.float32)
        tf.nn.conv2d(picture, kernel / 5, strides=8, padding="SAME", name="wide")

    return tiny_graphs.frozen(build)


@pytest.fixture(scope="module")
def block(tmp_path_factory) -> tuple[list[tuple[int, int]], Path]:
    """(sprites done, resident bytes) as one job of 1,000 sprites goes on, and its folder."""
    folder = tmp_path_factory.mktemp("block")
    graph = tiny_graphs.save(wide(), folder / "wide.pb")
    spec = {
        "graph": str(graph),
        "graph_sha256": sha256(graph),
        "content": sha256(graph),
        "picture": picture(frozen_graph.read(graph)).as_dict(),
        "number": 0,
        "layer": "wide",
        "batch": BATCH,
        "keep_state": True,
        "groups": [
            {
                "indexes": f"0-{SPRITES - 1}",
                "settings": resolve({**DEFAULTS, "thresholds": [20]}, "test"),
            }
        ],
    }
    log = folder / "log"
    process = subprocess.Popen(
        [sys.executable, "-m", "lucid_sprites.sprites.optimize_block", "--spec", json.dumps(spec),
         "--store", folder / "store", "--made", "a", "--out", folder / "block.zip", "--log", log],
        env={**os.environ, "PYTHONPATH": str(Path(lucid_sprites.__file__).parents[1])},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    samples = []
    job = psutil.Process(process.pid)
    while process.poll() is None:
        done = log.read_text().count(" attempt ") if log.exists() else 0
        # A job that has just ended has no memory left to tell of.
        if resident := job.memory_info().rss:
            samples.append((done, resident))
        time.sleep(0.02)
    assert process.returncode == 0, log.read_text()
    assert log.read_text().count(": ok at step 20") == SPRITES
    return samples, folder


@pytest.mark.stress
def test_memory_stays_what_it_was_after_the_first_batch(block, capsys):
    samples, folder = block
    with zipfile.ZipFile(folder / "block.zip") as archive:
        assert len(archive.namelist()) == SPRITES + 2
    first = statistics.median(r for done, r in samples if BATCH <= done < 2 * BATCH)
    later = [resident for done, resident in samples if done >= 2 * BATCH]
    with capsys.disabled():
        print(f"\n{len(samples)} samples; after the first batch {first / 2**20:.0f} MiB, "
              f"later {min(later) / 2**20:.0f} to {max(later) / 2**20:.0f} MiB")  # fmt: skip
    assert len(later) > 50
    assert 0.9 * first < min(later)
    assert max(later) < 1.1 * first


@pytest.mark.stress
def test_an_added_threshold_costs_the_time_of_its_steps(mobilenet, capsys):
    whole = frozen_graph.read(mobilenet)
    expected = picture(whole)
    network = prepare(whole, expected.name, CONV_8)
    own = {key: DEFAULTS[key] for key in Recipe.__dataclass_fields__ if key in DEFAULTS}
    recipe = Recipe(**own, attempt=0)

    def timed(tasks):
        begun = time.perf_counter()
        outcomes = list(optimize(network, expected, CONV_8, tasks, BATCH, lambda _: None))
        return time.perf_counter() - begun, outcomes

    timed([Task(0, recipe, (20,))])  # the first optimization of a process is slower
    seconds = {"0 to 256": [], "256 to 512": []}
    for _ in range(3):
        taken, begun = timed([Task(index, recipe, (256,)) for index in range(BATCH)])
        seconds["0 to 256"].append(taken)
        living = [outcome for outcome in begun if outcome.status == statuses.OK]
        assert len(living) >= 28
        resumed = [Task(o.task.index, recipe, (512,), o.checkpoint) for o in living]
        taken, ended = timed(resumed)
        seconds["256 to 512"].append(taken)
        assert {(o.status, o.step) for o in ended} == {(statuses.OK, 512)}
    first, added = (statistics.median(values) for values in seconds.values())
    with capsys.disabled():
        print(f"\n{seconds}; added steps cost {added / first:.3f} of the first")
    assert added <= 1.15 * first
