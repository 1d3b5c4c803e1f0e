"""What the engine's choices pay: time of one sprite's step with each of them taken back.

Every variant runs in a process of its own, for the first session of a process fixes its threads;
the variants take turns, and the least of the medians of all turns counts.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorflow.compat.v1 import ConfigProto

LAYER = "MobilenetV1/MobilenetV1/Conv2d_8_pointwise/Relu6"
VARIANTS = {
    "as it is": {},
    "batch of 8": {"batch": 8},
    "batch of 16": {"batch": 16},
    "batch of 32": {"batch": 32},
    "two threads": {"threads": 2},
    "constants and batch norm not folded": {"fold": False},
    "gradients redirected in every step": {"redirect": True},
    "canvas of one size": {"fixed": True},
    "no transforms": {"transforms": "none"},
    "convolutions in bfloat16": {"precision": "bfloat16"},
    "gradient of the first convolution as TensorFlow has it": {"first": False},
    "other gradients of convolutions as TensorFlow has them": {"turned": False},
    "all products of large convolutions": {"fewer": False},
}


def measure(graph: str, layer: str, batch: int, scale: int, options: dict) -> float:
    """Milliseconds for each sprite and step, median of 60 steps, in this process."""
    from lucid_sprites import tensorflow_start

    tensorflow_start.block_keras()
    default = tensorflow_start.session_config

    def configured(**own: str) -> "ConfigProto":
        config = default(**own)
        threads = options.get("threads", 1)
        config.intra_op_parallelism_threads = config.inter_op_parallelism_threads = threads
        return config

    tensorflow_start.session_config = configured

    import numpy as np

    from lucid_sprites.engine import random_streams
    from lucid_sprites.engine.batch_graph import BatchGraph
    from lucid_sprites.engine.convolutions import (
        stride1_input_gradient,
        strided_input_gradient,
        winograd_graph,
    )
    from lucid_sprites.models.graph import prepare
    from lucid_sprites.models.loaders import frozen_graph
    from lucid_sprites.models.normal_form.normalize import normalize
    from lucid_sprites.recipe.settings import DEFAULTS, recipes, resolve

    wanted = {
        "scale": scale,
        "transforms": options.get("transforms", "standard"),
        "precision": options.get("precision", "float32"),
    }
    (recipe, *_) = recipes(resolve({**DEFAULTS, **wanted}, ""))
    if not options.get("first", True):
        strided_input_gradient.with_dense_gradient = lambda network: network
    if not options.get("turned", True):
        stride1_input_gradient.with_turned_gradient = lambda network: network
    if not options.get("fewer", True):
        winograd_graph.suit = lambda precision: False
    whole = frozen_graph.read(graph)
    picture = normalize(whole, {}, graph).picture
    make = prepare.prepare if options.get("fold", True) else prepare.prune
    batch = options.get("batch", batch)
    network = make(whole, picture.name, layer)
    channels = [
        {"objective": "channel", "layer": layer, "n_channel": index} for index in range(batch)
    ]
    with BatchGraph(network, picture, channels, recipe, batch) as program:
        keys = [(0, 0, index) for index in range(batch)]
        starts = [random_streams.start_noise(*key, program.parameter_shape) for key in keys]
        program.load([program.fresh(start) for start in starts], channels)
        drawn = program.sample(keys, 0, 80)
        seconds = []
        for step in range(80):
            chosen = 0 if options.get("fixed") else step
            start = time.perf_counter()
            program.advance(0 if options.get("redirect") else 20 + step, drawn[chosen])
            seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[20:])) / batch * 1000


def main() -> None:
    """Measure all variants and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph", help="a frozen graph, by default a MobileNet v1")
    parser.add_argument("--layer", default=LAYER)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--scale", type=int, default=64)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--variant", help="measure only this one, in this process")
    arguments = parser.parse_args()
    if arguments.variant:
        options = json.loads(arguments.variant)
        print(measure(
            arguments.graph, arguments.layer, arguments.batch, arguments.scale, options
        ))  # fmt: skip
        return
    of_all = ["--layer", arguments.layer, "--batch", arguments.batch, "--scale", arguments.scale]
    found: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(arguments.turns):
        for name, options in VARIANTS.items():
            command = [sys.executable, __file__, arguments.graph, "--variant", json.dumps(options)]
            ran = subprocess.run(
                [*command, *map(str, of_all)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            found[name].append(float(ran.stdout.split()[-1]))
    print("| variant | ms for a sprite and step |\n|---|---|")
    for name, values in found.items():
        print(f"| {name} | {min(values):.3f} |")


if __name__ == "__main__":
    main()
