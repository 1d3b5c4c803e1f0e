"""What the import of a large model takes, beside what Keras takes to load and freeze it."""

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from lucid_sprites.models import import_model
from models.onnx.onnx_models import model, node, save

# Loads a model and freezes it as Keras' own tools do; prints the seconds of a processor.
_KERAS = """
import sys, time
import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
began = time.process_time()
model = keras.saving.load_model(sys.argv[1], compile=False)
call = tf.function(lambda pictures: model(pictures, training=False))
pictures = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
convert_variables_to_constants_v2(call.get_concrete_function(pictures)).graph.as_graph_def()
print(time.process_time() - began)
"""


def wide() -> keras.Model:
    """Few layers, many weights: 0.4 GB, most of them in a dense layer."""
    x = picture = keras.Input((224, 224, 3), name="picture")
    for depth in (64, 128, 256, 256, 512):
        x = keras.layers.Conv2D(depth, 3, strides=2, padding="same", activation="relu")(x)
    x = keras.layers.Dense(4096, activation="relu")(keras.layers.Flatten()(x[:, :7, :7]))
    return keras.Model(picture, keras.layers.Dense(10)(x))


def deep() -> keras.Model:
    """Many layers, few weights."""
    return keras.applications.DenseNet121(weights=None)


def imported(file: Path, folder: Path) -> tuple[float, float]:
    """Seconds of a processor and bytes that the import of a model takes."""
    job = {"origin": {"file": str(file)}, "input": {}, "edges": [68, 77, 84],
           "graph": str(folder / "model.pb"), "catalogue": str(folder / "layers.json")}  # fmt: skip
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "lucid_sprites.models.import_model", json.dumps([job])],
        env={**os.environ, "PYTHONPATH": str(Path(import_model.__file__).parents[2])},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    after = os.times()
    seconds = after.children_user + after.children_system
    (megabytes,) = re.findall(r"(\d+) MB at most", done.stderr)
    return seconds - before.children_user - before.children_system, float(megabytes) * 1e6


@pytest.mark.stress
@pytest.mark.parametrize("build", [wide, deep])
def test_an_import_costs_what_reading_costs(build, tmp_path, capsys):
    file = tmp_path / "net.keras"
    keras.utils.set_random_seed(0)
    build().save(file)
    size = file.stat().st_size
    seconds, memory = imported(file, tmp_path)
    alone = subprocess.run(
        [sys.executable, "-c", _KERAS, str(file)], capture_output=True, text=True, check=True
    )
    keras_seconds = float(alone.stdout)
    with capsys.disabled():
        print(f"\n{build.__name__}: {size / 1e6:.0f} MB, {seconds:.1f} s beside {keras_seconds:.1f}"
              f" of Keras, {memory / 1e9:.2f} GB")  # fmt: skip
    # The program's own start, with Keras, takes about 5 s.
    assert seconds < 5 + max(5, 2 * keras_seconds)
    assert memory < 1e9 + 3 * size


def of_pytorch() -> onnx.ModelProto:
    """Like `wide`, as an ONNX file."""
    random = np.random.default_rng(0)
    sizes = [3, 64, 128, 256, 256, 512]
    constants = {
        f"w{n}": random.normal(size=(deep, shallow, 3, 3)).astype(np.float32) * 0.05
        for n, (shallow, deep) in enumerate(pairwise(sizes))
    }
    constants["dense"] = random.normal(size=(4096, 7 * 7 * 512)).astype(np.float32) * 0.01
    nodes, last = [], "x"
    for n in range(len(sizes) - 1):
        nodes += [
            node("Conv", f"{last} w{n}", f"c{n}", strides=[2, 2], pads=[1, 1, 1, 1]),
            node("Relu", f"c{n}", f"r{n}"),
        ]
        last = f"r{n}"
    nodes += [node("Flatten", last, "flat"), node("Gemm", "flat dense", "wide", transB=1),
              node("Relu", "wide")]  # fmt: skip
    return model(nodes, constants, picture=("n", 3, 224, 224))


@pytest.mark.stress
def test_an_onnx_file_takes_no_more_memory(tmp_path, capsys):
    file = save(of_pytorch(), tmp_path)
    size = file.stat().st_size
    seconds, memory = imported(file, tmp_path)
    with capsys.disabled():
        print(f"\nONNX: {size / 1e6:.0f} MB, {seconds:.1f} s, {memory / 1e9:.2f} GB")
    assert seconds < 20
    assert memory < 1e9 + 3 * size
