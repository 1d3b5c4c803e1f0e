"""A network from an ONNX file, through the real Snakemake."""

import os

import numpy as np
import onnx
import pytest

from models.onnx.onnx_models import model, node
from workflow_project import Project


def write(project: Project, seed: int) -> None:
    """A small network with its weights in a file of their own."""
    random = np.random.default_rng(seed)
    nodes = [
        node("Conv", "x stem.weight stem.bias", "y", name="/stem/Conv", pads=[1, 1, 1, 1]),
        node("Relu", "y", "z", name="/act/Relu"),
        node("MaxPool", "z", "p", name="/pool/MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", "p head.weight", name="/head/Conv"),
    ]
    shapes = {"stem.weight": (4, 3, 3, 3), "stem.bias": (4,), "head.weight": (5, 4, 1, 1)}
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    folder = project.folder / "graphs/net"
    folder.mkdir(parents=True, exist_ok=True)
    # What is there would be added to.
    (folder / "best.onnx.data").unlink(missing_ok=True)
    onnx.save_model(
        model(nodes, weights), folder / "best.onnx", save_as_external_data=True,
        location="best.onnx.data", size_threshold=0,
    )  # fmt: skip


@pytest.fixture
def network(tmp_path):
    project = Project(tmp_path / "project")
    write(project, 0)
    project.configure(
        {
            "defaults": {"thresholds": [4], "scale": 16, "transforms": [{"jitter": 2}]},
            "series": {
                "net": {
                    "input": {"range": [0, 1]},
                    "layers": ["act/Relu", "head/Conv2D"],
                    "indexes": "0-1",
                }
            },
        }
    )
    return project


def test_sprites_of_an_onnx_file(network):
    jobs, optimized = network.render()
    assert (jobs["render_sprite"], optimized) == (4, 4)
    assert network.render() == ({}, 0)
    first = network.sprites()
    # The same weights written again are checked, and nothing is optimized.
    os.utime(network.folder / "graphs/net/best.onnx.data")
    assert network.render()[1] == 0
    assert network.sprites() == first
    # Only the file beside the model changes.
    before = (network.folder / "graphs/net/best.onnx").read_bytes()
    write(network, 1)
    assert (network.folder / "graphs/net/best.onnx").read_bytes() == before
    assert network.render()[1] == 4
    assert not set(network.sprites().values()) & set(first.values())


def test_a_file_that_cannot_be_imported_stops_the_run_with_one_message(network):
    (network.folder / "graphs/net/best.onnx.data").unlink()
    done = network.run("--dry-run")
    assert done.code != 0
    assert "best.onnx.data are missing; copy this file, too" in done.text
    assert "Traceback" not in done.text
