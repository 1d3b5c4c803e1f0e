"""The optimization of many sprites of one layer, in waves that start together."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import TypeAlias

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

from lucid_sprites.engine import random_streams, relu_gradients, status
from lucid_sprites.engine.batch_graph import BatchGraph
from lucid_sprites.engine.objectives import build
from lucid_sprites.engine.objectives.units import BEYOND_LAYER
from lucid_sprites.engine.state import State
from lucid_sprites.engine.task import Checkpoint, Outcome, Task, stuck_loss_detector
from lucid_sprites.errors import UserError
from lucid_sprites.photos import UnreadablePhotoError
from lucid_sprites.recipe import statuses
from lucid_sprites.recipe.engine_limits import BATCH_MULTIPLE
from lucid_sprites.recipe.layer_catalogue import InputSpec
from lucid_sprites.recipe.objectives import text
from lucid_sprites.recipe.objectives.arithmetic import ObjectiveData
from lucid_sprites.recipe.objectives.vocabulary import UNITS
from lucid_sprites.recipe.settings import canonical_json

log = logging.getLogger(__name__)

Progress = Callable[[int], object]
_Extremes: TypeAlias = dict[str, tuple[np.ndarray, np.ndarray]]
"""Lowest and highest value of each channel on noise, before its nonlinearity, by layer."""

# Transforms are sampled for this many steps at once: cheap to sample, small to hold.
_STEPS_SAMPLED = 64
_NOISE_PICTURES = 32

# What an objective comes to that does not fit the network, the canvas or its photo.
_REFUSALS = (ValueError, tf.errors.InvalidArgumentError, UnreadablePhotoError)
# What TensorFlow says of a position that a layer does not have.
_BEYOND = ("does not index into", BEYOND_LAYER)


def optimize(
    network: GraphDef,
    picture: InputSpec,
    layer: str,
    tasks: Iterable[Task],
    batch: int,
    progress: Progress,
) -> Iterator[Outcome]:
    """Run all tasks, in batches of sprites that are at the same step of the same recipe.

    The pictures of a task do not depend on the other tasks, nor on `batch`; but for the members
    of a joint group, which run together in a batch of their own.

    Args:
        network: prepared for `layer`, or for the layers of the tasks' objectives.
        layer: whose channels the tasks without an objective of their own are.
        batch: a multiple of `recipe.engine_limits.BATCH_MULTIPLE`; halved where the memory is too
            small.
        progress: called with the number of sprites that have advanced by a step.

    Yields:
        outcomes, a batch at a time, as soon as it is done.

    Raises:
        UserError: not enough memory for the smallest batch.
    """

    def batch_key(task: Task) -> str:
        """Equal for tasks that one graph can advance."""
        recipe = {**task.recipe.as_dict(), "seed": None, "attempt": None}
        return canonical_json([recipe, build.template(task.objective_on(layer)), task.group_size])

    for _, group in groupby(sorted(tasks, key=batch_key), key=batch_key):
        alike = list(group)
        if alike[0].recipe.engine == "lucid":
            # Imported here: importing lucid changes what `import tensorflow` means.
            from lucid_sprites.engine.lucid_reference import render

            yield from (render(network, picture, layer, task, progress) for task in alike)
        else:
            yield from _one_by_one_if_need_be(network, picture, layer, alike, batch, progress)


def _one_by_one_if_need_be(
    network: GraphDef,
    picture: InputSpec,
    layer: str,
    tasks: list[Task],
    batch: int,
    progress: Progress,
) -> Iterator[Outcome]:
    """Run tasks of one graph; an objective that the network refuses fails alone."""
    done: set[int] = set()
    try:
        for outcome in _within_memory(network, picture, layer, tasks, batch, progress):
            done.add(id(outcome.task))
            yield outcome
        return
    except _REFUSALS as error:
        if tasks[0].objective is None:  # a layer's own channel: nothing that a user has written
            raise
        reason = _reason(error, tasks[0])
    left = [task for task in tasks if id(task) not in done]
    if len(left) == 1 or left[0].group_size:
        log.error("%s", reason)
        yield from (Outcome(task, statuses.REFUSED, reason=reason) for task in left)
        return
    for task in left:
        yield from _one_by_one_if_need_be(network, picture, layer, [task], batch, progress)


def _reason(error: Exception, task: Task) -> str:
    """Why the network refuses an objective, for people."""
    line = text(task.objective_on(""))
    if isinstance(error, UnreadablePhotoError):
        return f"{line}: {error}"
    says = error.message if isinstance(error, tf.errors.OpError) else str(error)
    if any(known in says for known in _BEYOND):
        return (
            f"{line}: x or y is beyond the layer, which transforms may make smaller than it is "
            f"for {task.recipe.size} pixels"
        )
    # TensorFlow says what is wrong in front of the nodes that it came from.
    cause = re.search(r"^(.+)\n\s*\[\[", says, re.MULTILINE)
    shown = cause[1] if cause else says.partition("\n")[0]
    return f"{line}: the network refuses it at {task.recipe.size} pixels: {shown}"


def _within_memory(
    network: GraphDef,
    picture: InputSpec,
    layer: str,
    tasks: list[Task],
    batch: int,
    progress: Progress,
) -> Iterator[Outcome]:
    """Run tasks of one graph; a batch that is too large for the memory is halved."""
    done: set[int] = set()
    while True:
        waiting = [task for task in tasks if id(task) not in done]
        try:
            with _batch_graph(network, picture, layer, waiting, batch) as batch_graph:
                for outcome in _waves(batch_graph, layer, waiting, progress):
                    done.add(id(outcome.task))
                    yield outcome
            return
        except (tf.errors.ResourceExhaustedError, MemoryError) as error:
            together = _batch(tasks, batch)
            if together == BATCH_MULTIPLE or tasks[0].group_size:
                size = tasks[0].recipe.size
                raise UserError(
                    f"layer {layer}: not enough memory for {together} sprites of {size} pixels "
                    "at once; choose a smaller scale or a machine with more memory"
                ) from error
            batch = max(BATCH_MULTIPLE, together // 2 // BATCH_MULTIPLE * BATCH_MULTIPLE)
            log.warning("out of memory: going on with batches of %d", batch)


def _batch_graph(
    network: GraphDef, picture: InputSpec, layer: str, tasks: list[Task], batch: int
) -> BatchGraph:
    """The graph of a batch for tasks with one key."""
    objectives, first = [task.objective_on(layer) for task in tasks], tasks[0]
    size = _batch(tasks, batch)
    return BatchGraph(network, picture, objectives, first.recipe, size, first.group_size)


def _batch(tasks: list[Task], batch: int) -> int:
    """No larger than `tasks` need; a joint group is one batch whatever its size."""
    count = tasks[0].group_size or min(batch, len(tasks))
    return -(-count // BATCH_MULTIPLE) * BATCH_MULTIPLE


def _waves(
    batch_graph: BatchGraph, layer: str, tasks: list[Task], progress: Progress
) -> Iterator[Outcome]:
    if tasks[0].group_size:
        if len(tasks) != tasks[0].group_size:
            raise ValueError(
                f"{len(tasks)} tasks of one form are no joint group of {tasks[0].group_size}"
            )
        yield from _wave(batch_graph, layer, tasks, progress)
        return
    extremes = _extremes_on_noise(batch_graph, layer, tasks)
    constant = _constant(extremes, layer, tasks)
    scale = _scale(extremes, tasks[0].objective_on(layer))
    living = [task for task in tasks if id(task) not in constant]
    yield from (Outcome(task, statuses.CONSTANT) for task in tasks if id(task) in constant)
    for start in sorted({task.first_step for task in living}):
        together = [task for task in living if task.first_step == start]
        for i in range(0, len(together), batch_graph.batch):
            part = together[i : i + batch_graph.batch]
            yield from _wave(batch_graph, layer, part, progress, scale)


def _extremes_on_noise(batch_graph: BatchGraph, layer: str, tasks: list[Task]) -> _Extremes:
    """Of the layers that the tasks look at channels of."""
    looks = [build.channels(task.objective_on(layer)) for task in tasks]
    names = sorted({name for channels in looks for name, _ in channels or ()})
    noise = _noise(batch_graph) if names else np.empty(0)
    return {name: batch_graph.channel_extremes(name, noise) for name in names}


def _constant(extremes: _Extremes, layer: str, tasks: list[Task]) -> set[int]:
    """Ids of the tasks that look at nothing but constant channels."""
    constant = {name: status.constant_channels(*both) for name, both in extremes.items()}
    looks = {id(task): build.channels(task.objective_on(layer)) for task in tasks}
    return {
        key
        for key, channels in looks.items()
        if channels and all(constant[name][number] for name, number in channels)
    }


def _scale(extremes: _Extremes, objective: ObjectiveData) -> float:
    """Of a single unit's values: by how much those of its layer change; 1 for other objectives."""
    if objective["objective"] not in UNITS:
        return 1.0
    return status.median_spread(*extremes[objective["layer"]]) or 1.0


def _noise(batch_graph: BatchGraph) -> np.ndarray:
    """Pictures of coloured squares of 1 to 16 pixels, from no contrast to full contrast."""
    shape = batch_graph.canvas_shape
    pictures = []
    for number in range(_NOISE_PICTURES):
        square = 2 ** (number % 5)
        noise = random_streams.shared_uniform(number, 1, int(np.prod(shape))).reshape(shape)
        coarse = noise[::square, ::square].repeat(square, axis=0).repeat(square, axis=1)
        contrast = (number + 1) / _NOISE_PICTURES
        pictures.append(0.5 + contrast * (coarse[: shape[0], : shape[1]] - 0.5))
    return np.array(pictures, np.float32)


def _wave(
    batch_graph: BatchGraph,
    layer: str,
    tasks: list[Task],
    progress: Progress,
    scale: float = 1.0,
) -> list[Outcome]:
    """Advance tasks that start at the same step until each is done or has failed.

    Args:
        scale: of the sprites' losses.
    """
    first_step = tasks[0].first_step
    states = [_start(batch_graph, task) for task in tasks]
    batch_graph.load(states, [task.objective_on(layer) for task in tasks])
    outcomes = [Outcome(task, step=first_step) for task in tasks]
    watches = [stuck_loss_detector(task, batch_graph.highest, scale) for task in tasks]
    running = list(range(len(tasks)))
    for step, samples in _steps(batch_graph, tasks, first_step):
        losses = batch_graph.advance(step, samples)
        progress(len(running))
        noted = {slot: outcomes[slot].note(losses[slot].item(), watches[slot]) for slot in running}
        running = [slot for slot in running if noted[slot]]
        if step + 1 == relu_gradients.REDIRECTED_STEPS and not batch_graph.lifts:
            running = _with_gradient(outcomes, running, batch_graph.has_gradient())
        running = _kept(batch_graph, outcomes, running)
        done = [s for s in running if outcomes[s].step == tasks[s].thresholds[-1]]
        for slot, state in zip(done, _states(batch_graph, done), strict=True):
            memory = watches[slot].memory()
            outcomes[slot].checkpoint = Checkpoint(outcomes[slot].step, state, memory)
        running = [slot for slot in running if slot not in done]
        if not running:
            break
    return outcomes


def _start(batch_graph: BatchGraph, task: Task) -> State:
    if task.checkpoint:
        return task.checkpoint.state
    return batch_graph.fresh(random_streams.start_noise(*task.key, batch_graph.parameter_shape))


def _steps(
    batch_graph: BatchGraph, tasks: list[Task], first_step: int
) -> Iterator[tuple[int, tuple[np.ndarray, ...]]]:
    """Each step's number and what is sampled for it."""
    keys = [task.key for task in tasks]
    last = max(task.thresholds[-1] for task in tasks)
    for start in range(first_step, last, _STEPS_SAMPLED):
        samples = batch_graph.sample(keys, start, min(_STEPS_SAMPLED, last - start))
        yield from enumerate(samples, start)


def _with_gradient(
    outcomes: list[Outcome], running: list[int], has_gradient: np.ndarray
) -> list[int]:
    for slot in running:
        if not has_gradient[slot]:
            outcomes[slot].status = statuses.NO_GRADIENT
    return [slot for slot in running if has_gradient[slot]]


def _kept(batch_graph: BatchGraph, outcomes: list[Outcome], running: list[int]) -> list[int]:
    """Keep the pictures that are due; the slots that go on."""
    due = [slot for slot in running if outcomes[slot].due]
    if not due:
        return running
    pictures = batch_graph.pictures()
    fires = _fires(batch_graph, outcomes)
    spoilt = [slot for slot in due if not outcomes[slot].keep(pictures[slot], fires[slot])]
    return [slot for slot in running if slot not in spoilt]


def _fires(batch_graph: BatchGraph, outcomes: list[Outcome]) -> list[bool]:
    """Whether the units of a batch that lifts them do fire, moved by their picture."""
    if not batch_graph.lifts:
        return [True] * len(outcomes)
    moved = batch_graph.has_gradient()
    return [bool(moved[slot]) and outcome.loss > 0 for slot, outcome in enumerate(outcomes)]


def _states(batch_graph: BatchGraph, slots: list[int]) -> list[State]:
    if not slots:
        return []
    states = batch_graph.states()
    return [states[slot] for slot in slots]
