"""What the 512 maps of a layer cost for a picture of 227 pixels, in time and memory."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image

from input_specs import input_spec
from lucid_sprites import tensorflow_start
from lucid_sprites.images.reconstruction import Reconstructor, whole_maps
from lucid_sprites.images.strongest_patch import strongest_patches
from lucid_sprites.models.graph.prepare import prepare
from lucid_sprites.models.loaders import frozen_graph
from lucid_sprites.recipe.image_settings import DEFAULTS

pytestmark = pytest.mark.stress

LAYER = "fire9_concat"
INPUT = "Placeholder"
MEMORY = 1.5 * 2**30
# Prints the largest memory of a program in KiB. Linux counts it from that of whoever starts the
# program, and this process is large after other tests.
_MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture
def squeezenet(shared_data) -> Path:
    return shared_data / "pb04_azure_squeezenet_catdog" / "catdog_model.pb"


@pytest.fixture
def cat(shared_data) -> Path:
    return shared_data / "photos" / "chelsea.png"


def test_512_maps_take_a_fifth_of_a_gradient_call_for_each(squeezenet, cat):
    """A gradient call for a map: its gradient is built and run, as tf_cnnvis does it.

    In processor time, which other programs on the machine do not change much.
    """
    with Image.open(cat) as image:
        value = np.asarray(image.convert("RGB").resize((227, 227)), np.float32)
    network = prepare(frozen_graph.read(squeezenet), INPUT, LAYER)
    started = time.process_time()
    with Reconstructor(network, INPUT, LAYER, "gradient", value) as built:
        count = sum(
            1 for _ in built.reconstruct(whole_maps(built.features, range(512), "gradient"))
        )
    batched = (time.process_time() - started) / count
    calls = 10
    with tf.Graph().as_default(), tf.Session(config=tensorflow_start.session_config()) as session:
        fed = tf.placeholder(tf.float32, [1, *value.shape])
        (features,) = tf.import_graph_def(network, {INPUT: fed}, [f"{LAYER}:0"])
        started = time.process_time()
        for channel in range(calls):
            (gradient,) = tf.gradients(features[..., channel], fed)
            session.run(gradient, {fed: value[None]})
        single = (time.process_time() - started) / calls
        signal = tf.placeholder(tf.float32, features.shape)
        (gradient,) = tf.gradients(features, fed, grad_ys=signal)
        call = session.make_callable(gradient, [fed, signal])
        one = np.zeros(features.shape.as_list(), np.float32)
        one[..., 3] = 1
        call(value[None], one)
        started = time.process_time()
        for _ in range(32):
            call(value[None], one)
        prebuilt = (time.process_time() - started) / 32
    print(f"a map: {1000 * batched:.1f} ms; a call: {1000 * single:.1f} ms, built once before: "
          f"{1000 * prebuilt:.1f} ms")  # fmt: skip
    assert count == 512
    assert batched < single / 5
    assert batched < prebuilt


def test_strongest_patches_take_a_third_of_a_run_for_each(squeezenet, cat):
    """Against runs of a gradient that is built before; 256 maps, what they need built, too."""
    with Image.open(cat) as image:
        value = np.asarray(image.convert("RGB").resize((227, 227)), np.float32)
    network = prepare(frozen_graph.read(squeezenet), INPUT, "fire4_concat")
    with tf.Graph().as_default(), tf.Session(config=tensorflow_start.session_config()) as session:
        fed = tf.placeholder(tf.float32, [1, *value.shape])
        (features,) = tf.import_graph_def(network, {INPUT: fed}, ["fire4_concat:0"])
        (gradient,) = tf.gradients(features[..., 3], fed)
        call = session.make_callable(gradient, [fed])
        call(value[None])
        started = time.process_time()
        for _ in range(32):
            call(value[None])
        single = (time.process_time() - started) / 32
    with Reconstructor(network, INPUT, "fire4_concat", "deconvolution", value) as built:
        started = time.process_time()
        count = sum(1 for _ in strongest_patches(built, range(256)))
        close = (time.process_time() - started) / count
    print(f"a map: {1000 * close:.2f} ms; a run: {1000 * single:.2f} ms")
    assert count == 256
    assert close < single / 3


@pytest.mark.parametrize(
    ("method", "normalize"),
    [("deconvolution", "contrast"), ("gradient", "contrast"), ("deconvolution", "layer"),
     ("deconvolution_strongest", "layer")],
)  # fmt: skip
def test_the_job_stays_within_its_memory(squeezenet, cat, tmp_path, method, normalize):
    layer = {"number": 86, "name": LAYER}
    picture = input_spec(INPUT, 227, 227, high=255.0)
    settings = {**DEFAULTS, "normalize": normalize}
    spec = {
        "graph": str(squeezenet), "input": picture.as_dict(), "picture": str(cat),
        "image": "cat", "method": method, "groups": [{"layers": [layer], "settings": settings}],
    }  # fmt: skip
    job = [sys.executable, "-m", "lucid_sprites.images.show_picture", "--spec", json.dumps(spec),
           "--made", "a", "--out", str(tmp_path / "views.zip")]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *job],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    peak = 1024 * int(done.stdout)
    print(f"{method}, {normalize}: {peak / 2**20:.0f} MiB")
    assert peak < MEMORY
