"""The small project of the random walk: its files, and what a user may do to them."""

import json
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow.compat.v1 as tf
import yaml
from PIL import Image

import tiny_graphs
from workflow_project import Project

CODE = """import keras

@keras.saving.register_keras_serializable()
class Half(keras.layers.Layer):
    def call(self, picture):
        return picture * {factor}
"""
CONFIG = {
    "defaults": {"thresholds": [2], "scale": 16, "transforms": [{"jitter": 2}],
                 "batch_size": 8, "indexes": "0-1"},
    "series": {
        "one": {"layers": [{"layer": "conv1/Relu"}, {"layer": "conv2/Relu"}]},
        "two": {"instances": [{"instance": "m", "file": "models/m.pb"}],
                "layers": [{"layer": "conv2/Relu"}], "tables": {"area": "tables/area.csv"}},
        "three": {"instances": [{"instance": "k", "file": "models/k.keras",
                                 "code": "models/layers.py"}],
                  "layers": [{"layer": "*Relu"}]},
    },
    "images": [{"pictures": ["photos/p.png"], "series": "two", "layers": "r"}],
    "studies": {
        "mixes": {"series": ["two"], "objectives": ['channel("conv2/Relu", 1)'],
                  "start": "photos/start.png"},
    },
}  # fmt: skip
PAST = 1_600_000_000
"""Seconds since 1970: older than anything that a run makes."""


def network(first: int, late: int, has_side: bool) -> bytes:
    """picture -> conv1/Relu (6) -> pool -> conv2/Relu (5), with the kernels' own seeds.

    With a side branch the catalogue has more layers in front of conv1, which compute the same as
    before: their numbers change, and nothing else.
    """

    def build() -> None:
        picture = tf.placeholder(tf.float32, [None, None, None, 3], name="picture")
        if has_side:
            tf.nn.relu(_convolution(picture, 2, 99, "side/Conv2D"), name="side/Relu")
        relu = tf.nn.relu(_convolution(picture, 6, first, "conv1/Conv2D"), name="conv1/Relu")
        pooled = tf.nn.max_pool2d(relu, 2, 2, "VALID", name="pool")
        tf.nn.relu(_convolution(pooled, 5, 10 + late, "conv2/Conv2D"), name="conv2/Relu")

    return tiny_graphs.frozen(build).SerializeToString()


def _convolution(picture: tf.Tensor, depth: int, seed: int, name: str) -> tf.Tensor:
    shape = (3, 3, picture.shape[-1], depth)
    kernel = np.random.RandomState(seed).normal(size=shape).astype(np.float32) / 3
    return tf.nn.conv2d(picture, kernel, strides=1, padding="SAME", name=name)


def make(folder: Path) -> None:
    """Write the project, and beside it the `variants` that its models are replaced by."""
    variants = folder.parent / "variants"
    variants.mkdir(parents=True)
    for first in range(2):
        for late in range(2):
            for side in range(2):
                name = f"{first}{late}{side}.pb"
                (variants / name).write_bytes(network(first, late, bool(side)))
    for place, variant in {"graphs/one/a": "000", "graphs/one/b": "110", "models/m": "100"}.items():
        target = folder / f"{place}.pb"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(variants / f"{variant}.pb", target)
    _keras_model(folder / "models")
    for name, seed in (("p", 0), ("start", 1)):
        picture(folder / f"photos/{name}.png", seed)
    table(folder / "tables/area.csv", 1)
    Project(folder).configure(CONFIG)


def _keras_model(folder: Path) -> None:
    (folder / "layers.py").write_text(CODE.format(factor=0.5))
    names: dict[str, Any] = {}
    exec(CODE.format(factor=0.5), names)
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3), name="picture")
    convolved = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(names["Half"]()(inputs))
    keras.Model(inputs, convolved).save(folder / "k.keras")


def picture(path: Path, seed: int) -> None:
    """Noise; all pictures have one size in pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    levels = np.random.RandomState(seed).randint(0, 255, (24, 24, 3), np.uint8)
    Image.fromarray(levels).save(path)


def table(path: Path, factor: int) -> None:
    """A table about the units of series two; all have one size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"conv2/Relu,{index},{factor * (index + 1)}" for index in range(4)]
    path.write_text("\n".join(["layer,index,area", *rows]) + "\n")


class Site(Project):
    """The project at one step of the walk.

    Attributes:
        chance: decides all that is random in the step.
    """

    def __init__(self, folder: Path, chance: random.Random) -> None:
        super().__init__(folder)
        self.chance = chance

    @property
    def variants(self) -> list[Path]:
        """Graphs that an instance may be replaced by; those of one last digit are of one size."""
        return sorted((self.folder.parent / "variants").glob("*.pb"))

    @property
    def graphs(self) -> list[Path]:
        """The frozen graphs of the project, those that nobody names included."""
        return [*sorted(self.folder.glob("graphs/one/*.pb")),
                *sorted(self.folder.glob("models/*.pb"))]  # fmt: skip

    @contextmanager
    def editing(self) -> Iterator[dict[str, Any]]:
        """The config, written back at the end."""
        config = self.config()
        yield config
        self.configure(config)

    @property
    def review(self) -> Path:
        return self.folder / "graphs/one/review.yaml"

    def write_review(self, entries: list[dict[str, Any]]) -> None:
        self.review.write_text(yaml.safe_dump({"series": "one", "redo": entries}))

    def replace(self, path: Path, content: bytes, seconds: float | None = None) -> None:
        """Put another file in the place of `path`, dated now or as said."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_bytes(content)
        if seconds is not None:
            os.utime(fresh, (seconds, seconds))
        fresh.rename(path)

    def begin_again(self) -> None:
        """Throw away everything that was made, and the dates of what it is made of."""
        for folder in ("results", ".snakemake"):
            shutil.rmtree(self.folder / folder, ignore_errors=True)
        for path in self.folder.rglob("*"):
            os.utime(path)


def layers_of(config: dict[str, Any], series: str) -> list[dict[str, Any]]:
    """The layers that a series of the config has, each as a mapping."""
    return config["series"][series]["layers"]


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())
