"""What one worker process of the engine is asked to do, with one thread; see `bench`.

TensorFlow is imported inside the functions: the program that asks needs none.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cases import STEPS, canvas_pixels

from lucid_sprites.recipe.settings import DEFAULTS, recipes, resolve

if TYPE_CHECKING:
    from lucid_sprites.recipe.settings import Recipe

_MATRIX_EDGE = 1024
_PRODUCTS_A_RUN = 4
_SECONDS_OF_PEAK = 0.5


@dataclass(frozen=True)
class Job:
    """Whole batches of sprites for one worker.

    Attributes:
        graph: path of the frozen graph.
        picture: its picture input, as the catalogue has it.
        layer: name of the node.
        indexes: channels, taken in turn until all batches are full.
        scale: edge of a sprite in pixels.
        batch, batches: sprites that advance together, and how many times.
        steps: updates.
        precision: of the convolutions.
    """

    graph: str
    picture: dict[str, Any]
    layer: str
    indexes: list[int]
    scale: int
    batch: int
    batches: int
    steps: int
    precision: str


@dataclass(frozen=True)
class EngineSample:
    """What a job took.

    Attributes:
        seconds: from the imported TensorFlow to the last picture, for `STEPS` updates.
        measured_seconds: for the updates really done.
        setup_seconds: to the end of the first update.
        step_seconds: of an ordinary update of a batch, on the mean canvas.
        sprites: pictures that came out.
        peak_megabytes: largest resident memory of the process.
    """

    seconds: float
    measured_seconds: float
    setup_seconds: float
    step_seconds: float
    sprites: int
    peak_megabytes: float


def describe(graph: str) -> dict[str, Any]:
    """The layer catalogue of a graph, as plain data."""
    import lean_tensorflow  # noqa: F401

    from lucid_sprites.models import catalogue
    from lucid_sprites.models.loaders.load_model import load
    from lucid_sprites.models.normal_form.normalize import normalize

    loaded = load({"file": graph})
    normal = normalize(loaded.graph, {}, graph, loaded.facts, loaded.assumed_range)
    return catalogue.describe(normal, [84], graph).as_dict()


def living_channels(job: Job) -> list[int]:
    """Those of the job's channels that are not constant over pictures."""
    from lucid_sprites.recipe import statuses

    dead = set()
    # Constant channels come first: nothing has to be optimized to know them.
    for outcome in _outcomes(replace(job, steps=1), job.indexes, lambda _: None):
        if outcome.status != statuses.CONSTANT:
            break
        dead.add(outcome.task.index)
    return [index for index in job.indexes if index not in dead]


def render_beside_others(job: Job, flags: Path, workers: int) -> EngineSample:
    """`render`, then keep the core busy until all workers are done.

    An idle core would make its neighbour faster.

    Args:
        flags: empty folder that the workers share.
        workers: how many there are.
    """
    try:
        return render(job)
    finally:
        (flags / str(os.getpid())).touch()
        with _matrix_products() as run:
            while len(list(flags.iterdir())) < workers:
                run()


def render(job: Job) -> EngineSample:
    """Render all sprites of a job, with a watch on every update."""
    import lean_tensorflow  # noqa: F401

    from lucid_sprites.recipe import statuses

    moments = []
    sprites = 0
    start = time.perf_counter()
    for outcome in _outcomes(job, _indexes(job), lambda _: moments.append(time.perf_counter())):
        sprites += outcome.status == statuses.OK and job.steps in outcome.pictures
    seconds = time.perf_counter() - start
    step_seconds = _ordinary_step(job, moments)
    return EngineSample(
        seconds=seconds + job.batches * (STEPS - job.steps) * step_seconds,
        measured_seconds=seconds,
        setup_seconds=moments[0] - start,
        step_seconds=step_seconds,
        sprites=sprites,
        peak_megabytes=peak_megabytes(),
    )


def peak_megabytes() -> float:
    """Largest resident memory of this process so far."""
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def multiplications(graph: str, input_name: str, channels: int, layer: str, edge: int) -> int:
    """Multiplications of one forward pass up to `layer` for a canvas of `edge` pixels.

    Counted at that very size: convolutions without padding have less to do for a small canvas,
    pixel by pixel, than for a large one.
    """
    import lean_tensorflow  # noqa: F401
    import tensorflow.compat.v1 as tf

    from lucid_sprites.models.graph import prepare
    from lucid_sprites.models.loaders import frozen_graph

    pruned = prepare.prepare(frozen_graph.read(graph), input_name, layer)
    with tf.Graph().as_default() as imported:
        canvas = tf.placeholder(tf.float32, [1, edge, edge, channels])
        tf.import_graph_def(pruned, input_map={input_name: canvas}, name="")
        total = 0
        for operation in imported.get_operations():
            if operation.type in ("Conv2D", "DepthwiseConv2dNative"):
                height, width, depth = operation.inputs[1].shape.as_list()[:3]
                taps = height * width * (depth if operation.type == "Conv2D" else 1)
                total += taps * operation.outputs[0].shape.num_elements()
        return total


def matmul_peak(seconds: float = _SECONDS_OF_PEAK) -> float:
    """Float32 GFLOP/s of matrix products, with one thread."""
    with _matrix_products() as run:
        run()
        runs, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            run()
            runs += 1
        elapsed = time.perf_counter() - start
    return runs * _PRODUCTS_A_RUN * 2 * _MATRIX_EDGE**3 / elapsed / 1e9


def tensorflow_version() -> str:
    """Of the TensorFlow that everything runs on."""
    import lean_tensorflow  # noqa: F401
    import tensorflow.compat.v1 as tf

    return tf.__version__


@contextmanager
def _matrix_products() -> Iterator[Callable[[], object]]:
    """A call that does `_PRODUCTS_A_RUN` matrix products, one after another."""
    import lean_tensorflow  # noqa: F401
    import tensorflow.compat.v1 as tf

    from lucid_sprites import tensorflow_start

    shape = [_MATRIX_EDGE, _MATRIX_EDGE]
    with (
        tf.Graph().as_default(),
        tf.Session(config=tensorflow_start.session_config()) as session,
    ):
        factor = tf.get_variable(
            "factor", shape, initializer=tf.initializers.random_normal(stddev=_MATRIX_EDGE**-0.5)
        )
        product = factor.read_value()
        for _ in range(_PRODUCTS_A_RUN):
            product = tf.matmul(product, factor)
        session.run(tf.global_variables_initializer())
        yield session.make_callable(product.op)


def _recipe(job: Job) -> "Recipe":
    settings = {
        **DEFAULTS, "scale": job.scale, "thresholds": [job.steps], "precision": job.precision
    }  # fmt: skip
    return recipes(resolve(settings, "benchmark"))[0]


def _indexes(job: Job) -> list[int]:
    count = job.batch * job.batches
    return [job.indexes[i % len(job.indexes)] for i in range(count)]


def _outcomes(job: Job, indexes: list[int], progress: Any) -> Any:
    """The engine's outcomes; a channel that comes again has another seed."""
    from lucid_sprites.engine.optimize import Task, optimize
    from lucid_sprites.models.graph import prepare
    from lucid_sprites.models.loaders import frozen_graph
    from lucid_sprites.recipe.layer_catalogue import InputSpec

    recipe = _recipe(job)
    tasks = [
        Task(index, replace(recipe, seed=indexes[:place].count(index)), (job.steps,))
        for place, index in enumerate(indexes)
    ]
    network = prepare.prepare(frozen_graph.read(job.graph), job.picture["name"], job.layer)
    picture = InputSpec(**job.picture)
    return optimize(network, picture, job.layer, tasks, job.batch, progress)


def _ordinary_step(job: Job, moments: list[float]) -> float:
    """Seconds of an update of one batch on the mean canvas, from the ends of all updates.

    The time goes with the pixels of the canvas, which the engine draws for each step number.
    """
    from lucid_sprites.engine import relu_gradients, transforms
    from lucid_sprites.recipe import transform_lists

    if len(moments) != job.batches * job.steps:
        raise RuntimeError(
            f"{job.layer}: {len(moments)} updates of batches instead of "
            f"{job.batches} x {job.steps}: all sprites of a batch have failed"
        )
    standard = transform_lists.steps("standard")
    sizes = transforms.sample(standard, [(0, 0, 0)], (job.scale, job.scale), 0, job.steps).sizes
    seconds = pixels = 0.0
    for number, (before, after) in enumerate(pairwise(moments), start=1):
        step = number % job.steps
        # Neither updates with redirected gradients nor the first one without are ordinary.
        if step > relu_gradients.REDIRECTED_STEPS:
            seconds += after - before
            pixels += float(sizes[step].prod())
    return seconds / pixels * canvas_pixels(job.scale)
